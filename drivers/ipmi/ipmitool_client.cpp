#include "drivers/ipmi/ipmitool_client.h"

#include "common/model/error.h"
#include "common/platform/condition.h"
#include "common/platform/files.h"
#include "common/platform/log.h"
#include "common/text/text.h"
#include "drivers/ipmi/bmc_target.h"
#include "drivers/ipmi/password_file.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <thread>
#include <utility>

#include <fmt/format.h>

namespace bm::drivers {

using model::Deadline;
using model::Error;
using model::ErrorCode;
using platform::Command;
using platform::Exit;
using std::chrono::milliseconds;

namespace {

constexpr int kBestSuite = 17;    ///< HMAC-SHA256, AES-CBC-128
constexpr int kFallbackSuite = 3; ///< HMAC-SHA1, AES-CBC-128; mandatory in IPMI 2.0
constexpr milliseconds kFirstBackOff{250};
constexpr milliseconds kLongestBackOff{4000};

// ipmitool parses a vendor list of 4.7 MB at each start unless its HOME has one. This short list suffices.
constexpr std::string_view kVendors = R"(2
  IBM
11
  Hewlett-Packard
42
  Sun Microsystems
161
  Motorola
343
  Intel Corporation
674
  Dell Inc.
2011
  Huawei
2623
  ASUSTeK
4753
  MontaVista Software, Inc.
5771
  Cisco Systems
6653
  Tyan
7154
  IPMI forum
7244
  Quanta
10368
  Fujitsu
10876
  Super Micro Computer Inc.
15370
  Giga-Byte
19046
  Lenovo
20301
  IBM eServer X
37945
  Inspur
42817
  OpenPOWER
47196
  Hewlett Packard Enterprise
49622
  OpenBMC
52538
  Ampere
)";

Error errorOf(const BmcAccess& bmc, const IpmiFailure& failure)
{
    return {failure.code, fmt::format("BMC {}: {}", bmc.key, failure.message), failure.hint};
}

/// The cipher suites to try, in this order. Only a configured one is weaker than 3.
std::vector<int> suitesFor(const BmcAccess& bmc, std::optional<int> accepted)
{
    if (bmc.cipherSuite)
        return {*bmc.cipherSuite};
    if (accepted.value_or(bmc.rememberedSuite.value_or(kBestSuite)) == kFallbackSuite)
        return {kFallbackSuite, kBestSuite};
    return {kBestSuite, kFallbackSuite};
}

/// One failure of all @p answers, the last of which counts, unless it says only that the BMC lacks the suite.
IpmiFailure failureOfAll(const BmcAccess& bmc, const std::vector<std::pair<int, IpmiFailure>>& answers)
{
    IpmiFailure all = answers.back().second;
    if (all.cipherRefused)
        all = answers.front().second;
    if (answers.size() == 1 && !all.roleRefused)
        return all;
    all.message.clear();
    for (const auto& [suite, failure] : answers)
        all.message += fmt::format("cipher suite {}: {}; ", suite, failure.message);
    all.message += "privilege level " + bmc.privilege;
    return all;
}

bool mayRetry(const IpmiFailure& failure, Retry retry)
{
    return failure.transient && (retry == Retry::Acting || failure.code != ErrorCode::BmcUnreachable);
}

/// Waits for @p span or until the deadline.
void pause(milliseconds span, const Deadline& deadline)
{
    platform::pauseFor(std::min(span, deadline.left()), deadline.stop);
}

/// A BMC's answers reach a C program of many parsers: it may send datagrams, and read what it needs.
platform::Confinement confinementOf(const IpmiSettings& settings, const std::filesystem::path& vendors)
{
    constexpr std::uint64_t kMemory = std::uint64_t{512} << 20U;
    constexpr std::uint64_t kCpuSeconds = 60;
    platform::Confinement made;
    made.readPaths = {vendors.string(), "/etc/localtime"};
    made.programs = {settings.ipmitool};
    made.network = platform::NetworkReach::Udp;
    made.landlockOptional = true; // power must not depend on a kernel's option; the other measures remain
    made.memoryBytes = kMemory;
    made.cpuSeconds = kCpuSeconds;
    return made;
}

std::filesystem::path vendorsFile(const IpmiSettings& settings)
{
    return settings.runFolder / "ipmitool-home/.local/usr/share/misc/enterprise-numbers.txt";
}

/// The bytes of a hexadecimal key for the environment. driver_info is valid.
std::string bytesOfHex(const std::string& hex)
{
    std::string bytes;
    for (const std::byte byte : text::bytesFromHex(hex).value_or(std::vector<std::byte>{}))
        bytes += static_cast<char>(byte);
    while (!bytes.empty() && bytes.back() == '\0')
        bytes.pop_back(); // ipmitool pads with zeros
    return bytes;
}

} // namespace

/// The result of one run: its output or its failure.
struct IpmitoolClient::Outcome {
    std::string out{};
    std::optional<IpmiFailure> failure{};
};

IpmitoolClient::IpmitoolClient(platform::Exec& exec, IpmiSettings settings)
    : exec_(exec), settings_(std::move(settings)), turns_(settings_.minInterval)
{}

std::optional<int> IpmitoolClient::cipherSuite(const BmcAccess& bmc) const
{
    return turns_.cipherSuite(bmc.key);
}

BmcIdentity IpmitoolClient::identify(const BmcAccess& bmc, const Deadline& deadline)
{
    BmcIdentity identity = parseMcInfo(call(bmc, {"mc", "info"}, Retry::Acting, deadline));
    (*manufacturers_.lock())[bmc.key] = identity.manufacturerId;
    return identity;
}

std::optional<std::uint32_t> IpmitoolClient::manufacturer(const BmcAccess& bmc, const Deadline& deadline)
{
    {
        const auto known = manufacturers_.lock();
        if (const auto found = known->find(bmc.key); found != known->end())
            return found->second;
    }
    if (bmc.manufacturer)
        return bmc.manufacturer;
    try {
        return identify(bmc, deadline).manufacturerId;
    } catch (const Error& error) {
        if (error.code() != ErrorCode::BmcUnsupported && error.code() != ErrorCode::BmcRejected &&
            error.code() != ErrorCode::BmcBadReply)
            throw;
        platform::logDebug("ipmi", "BMC {} does not name its manufacturer: {}", bmc.key, error.message());
    }
    (*manufacturers_.lock())[bmc.key] = std::nullopt;
    return std::nullopt;
}

std::optional<std::uint32_t> IpmitoolClient::knownManufacturer(const BmcAccess& bmc)
{
    const auto known = manufacturers_.lock();
    const auto found = known->find(bmc.key);
    return found == known->end() ? std::nullopt : found->second;
}

void IpmitoolClient::prepareFolder()
{
    std::call_once(folderReady_, [this] {
        PasswordFile::prepareFolder(settings_.runFolder);
        const std::filesystem::path vendors = vendorsFile(settings_);
        std::error_code ignored; // writeFileAtomically() reports an error here, too
        std::filesystem::create_directories(vendors.parent_path(), ignored);
        platform::writeFileAtomically(vendors, kVendors);
    });
}

Command IpmitoolClient::commandFor(const BmcAccess& bmc, int suite,
                                   const std::vector<std::string>& arguments) const
{
    Command command;
    // -v: prints the reason of a refused login. -N 1 -R 2: a lost packet costs one to two seconds, and a dead
    // BMC is detected after six.
    command.argv = {settings_.ipmitool,
                    "-I",
                    "lanplus",
                    "-H",
                    bmc.host,
                    "-p",
                    std::to_string(bmc.port),
                    "-L",
                    bmc.privilege,
                    "-C",
                    std::to_string(suite),
                    "-N",
                    "1",
                    "-R",
                    "2",
                    "-v"};
    command.confinement = confinementOf(settings_, vendorsFile(settings_));
    command.env = {{"HOME", (settings_.runFolder / "ipmitool-home").string()}, {"LC_ALL", "C"}};
    if (!bmc.user.empty())
        command.argv.insert(command.argv.end(), {"-U", bmc.user});
    if (!bmc.kgKey.empty()) {
        command.argv.emplace_back("-K");
        command.env["IPMI_KGKEY"] = bytesOfHex(bmc.kgKey.text());
    }
    command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
    return command;
}

IpmitoolClient::Outcome IpmitoolClient::runOnce(const BmcAccess& bmc, int suite,
                                                const std::vector<std::string>& arguments,
                                                const Deadline& deadline)
{
    Command command = commandFor(bmc, suite, arguments);
    std::optional<PasswordFile> password;
    if (bmc.password.empty()) {
        command.env["IPMI_PASSWORD"] = ""; // ipmitool would read an empty file as a line end
        command.argv.insert(command.argv.begin() + 1, "-E");
    } else {
        password.emplace(settings_.runFolder, bmc.password.view());
        command.argv.insert(command.argv.begin() + 1, {"-f", password->path().string()});
        command.confinement->readPaths.push_back(password->path().string());
    }
    const Deadline callDeadline = deadline.atMost(settings_.callTimeout);
    const milliseconds allowed = callDeadline.left();
    try {
        Exit exit = exec_.run(command, callDeadline);
        Outcome outcome;
        if (exit.code == 0)
            outcome.out = std::move(exit.out);
        else
            outcome.failure = classify(exit.err + "\n" + exit.out);
        settings_.observe(exit.took, outcome.failure ? model::toText(outcome.failure->code) : "");
        return outcome;
    } catch (const Error& error) {
        if (error.code() == ErrorCode::NotFound) // ipmitool is missing; the node exists
            throw Error(ErrorCode::Internal, error.message(),
                        "install ipmitool, or correct its configured path");
        if (error.code() != ErrorCode::DeadlineExceeded)
            throw;
        settings_.observe(allowed - callDeadline.left(), model::toText(ErrorCode::BmcUnreachable));
        IpmiFailure silent;
        silent.code = ErrorCode::BmcUnreachable;
        silent.message = fmt::format("no complete answer within {} ms", allowed.count());
        silent.hint = "check the address, the cable and the VLAN; a running BMC may need a reset";
        silent.transient = true;
        return {{}, silent};
    }
}

IpmitoolClient::Outcome IpmitoolClient::attempt(const BmcAccess& bmc,
                                                const std::vector<std::string>& arguments,
                                                const Deadline& deadline)
{
    BmcTurns::Turn turn = turns_.take(bmc, deadline);
    std::vector<std::pair<int, IpmiFailure>> answers;
    for (const int suite : suitesFor(bmc, turns_.cipherSuite(bmc.key))) {
        Outcome outcome = runOnce(bmc, suite, arguments, deadline);
        if (!outcome.failure) {
            turn.rememberCipherSuite(suite);
            return outcome;
        }
        answers.emplace_back(suite, *outcome.failure);
        if (!outcome.failure->mayTryOtherSuite()) // a timeout or a refused password
            break;
        platform::logInfo("ipmi", "BMC {} refuses cipher suite {}: {}", bmc.key, suite,
                          outcome.failure->message);
    }
    IpmiFailure failure = failureOfAll(bmc, answers);
    if (failure.code == ErrorCode::BmcAuthFailed)
        turn.rest(failure.message);
    return {{}, std::move(failure)};
}

std::string IpmitoolClient::call(const BmcAccess& bmc, const std::vector<std::string>& arguments, Retry retry,
                                 const Deadline& deadline)
{
    prepareFolder();
    BmcAccess target = bmc;
    target.host = bmcTarget(bmc, *settings_.outgoing, exec_, deadline);
    milliseconds backOff = kFirstBackOff;
    for (int tries = 0;; ++tries) {
        Outcome outcome = attempt(target, arguments, deadline);
        if (!outcome.failure)
            return std::move(outcome.out);
        if (tries >= settings_.retries || !mayRetry(*outcome.failure, retry) || deadline.left() <= backOff)
            throw errorOf(bmc, *outcome.failure);
        platform::logDebug("ipmi", "BMC {}: {}; again in {} ms", bmc.key, outcome.failure->message,
                           backOff.count());
        pause(backOff, deadline);
        backOff = std::min(backOff * 2, kLongestBackOff);
    }
}

} // namespace bm::drivers
