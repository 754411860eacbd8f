#include "agent/hardware/rescue/rescue_server.h"

#include "agent/base/stop_wait.h"
#include "agent/disk/inventory_reader.h"
#include "common/model/error.h"
#include "common/platform/files.h"
#include "common/text/text.h"

#include <algorithm>
#include <cctype>
#include <csignal>
#include <fmt/format.h>
#include <system_error>

namespace bm::agent {

namespace fs = std::filesystem;
using model::Deadline;
using model::Error;
using model::ErrorCode;

namespace {

constexpr std::chrono::seconds kProgram{60}; ///< creating a host key needs random numbers
constexpr std::size_t kMostKeys = 100;
constexpr std::size_t kMostKeyBytes = std::size_t{16} << 10U;
constexpr std::size_t kMostHashBytes = 512;
constexpr std::size_t kMostShadowBytes = std::size_t{64} << 10U;

/// "$id$salt$hash"; does not accept the old form without $.
bool isHash(const std::string& text)
{
    const auto fits = [](unsigned char c) {
        return std::isalnum(c) != 0 ||
               std::string_view("./$,=-_").find(static_cast<char>(c)) != std::string_view::npos;
    };
    return text.size() >= 8 && text.size() <= kMostHashBytes && text.front() == '$' &&
           std::ranges::count(text, '$') >= 3 && std::ranges::all_of(text, fits);
}

bool isKeyLine(const std::string& text)
{
    const auto isControl = [](unsigned char c) { return std::iscntrl(c) != 0 && c != '\t'; };
    return !text.empty() && text.size() <= kMostKeyBytes && std::ranges::none_of(text, isControl) &&
           text.find(' ') != std::string::npos;
}

std::string textOf(const fs::path& path)
{
    std::error_code ignored;
    return fs::exists(path, ignored) ? platform::readFile(path, kMostShadowBytes) : std::string{};
}

/// True if @p pid is a running dropbear. The kernel reuses numbers, so it checks the command line, which a
/// zombie does not have.
bool isDropbear(int pid)
{
    return pid > 1 && readAttribute(fmt::format("/proc/{}/comm", pid)) == "dropbear" &&
           !readAttribute(fmt::format("/proc/{}/cmdline", pid)).empty();
}

} // namespace

void validate(const RescueAccess& access)
{
    if (access.hashedPassword.empty() && access.sshKeys.empty())
        throw Error(ErrorCode::InvalidInput,
                    "hashed_password and ssh_keys are both missing: nobody could log in");
    if (!access.hashedPassword.empty() && !isHash(access.hashedPassword))
        throw Error(ErrorCode::InvalidInput, "hashed_password is not a hash of crypt(3)",
                    "such as $6$salt$...: openssl passwd -6");
    if (access.sshKeys.size() > kMostKeys || !std::ranges::all_of(access.sshKeys, isKeyLine))
        throw Error(ErrorCode::InvalidInput,
                    "ssh_keys: expected up to 100 lines such as \"ssh-ed25519 AAAA... me\"");
}

std::string parseFingerprint(std::string_view text)
{
    constexpr std::string_view kLabel = "Fingerprint: ";
    const std::size_t begin = text.find(kLabel);
    if (begin == std::string_view::npos)
        return {};
    text.remove_prefix(begin + kLabel.size());
    return std::string(text.substr(0, text.find_first_of("\r\n ")));
}

std::string shadowWith(std::string_view shadow, const std::string& hash)
{
    std::string out = "root:" + hash + ":19000:0:99999:7:::\n";
    while (!shadow.empty()) {
        const std::size_t end = std::min(shadow.find('\n'), shadow.size());
        const std::string_view line = shadow.substr(0, end);
        if (!line.empty() && !line.starts_with("root:"))
            out += std::string(line) + "\n";
        shadow.remove_prefix(std::min(end + 1, shadow.size()));
    }
    return out;
}

RescueServer::RescueServer(platform::Exec& exec, AgentLog& log, RescuePlaces places, std::stop_token stop)
    : exec_(exec), log_(log), places_(std::move(places)), stop_(std::move(stop))
{}

std::string RescueServer::mustRun(const std::vector<std::string>& argv)
{
    const platform::Exit exit = exec_.run({argv}, Deadline::in(kProgram, stop_));
    if (exit.code != 0)
        throw Error(ErrorCode::AgentFailed,
                    fmt::format("{} ended with {}: {}", argv.front(), exit.code, exit.err));
    return exit.out;
}

void RescueServer::allow(const RescueAccess& access) const
{
    const std::string hash = access.hashedPassword.empty() ? "*" : access.hashedPassword;
    platform::writeFileAtomically(places_.shadow, shadowWith(textOf(places_.shadow), hash), 0600);
    const fs::path folder = places_.home / ".ssh";
    fs::create_directories(folder);
    for (const fs::path& path : {places_.home, folder}) // dropbear refuses key files that others could write
        fs::permissions(path, fs::perms::owner_all);
    std::string keys;
    for (const std::string& key : access.sshKeys)
        keys += key + "\n";
    platform::writeFileAtomically(folder / "authorized_keys", keys, 0600);
}

std::string RescueServer::hostKey()
{
    fs::create_directories(places_.state);
    fs::permissions(places_.state, fs::perms::owner_all);
    const std::string file = (places_.state / "host_key").string();
    std::error_code ignored;
    if (!fs::exists(file, ignored)) {
        const std::string part = file + ".part"; // a truncated file would be no key
        fs::remove(part, ignored);
        mustRun({"dropbearkey", "-t", "ed25519", "-f", part});
        fs::rename(part, file);
    }
    std::string fingerprint = parseFingerprint(mustRun({"dropbearkey", "-y", "-f", file}));
    if (fingerprint.empty())
        throw Error(ErrorCode::AgentFailed, "dropbearkey printed no fingerprint of " + file);
    return fingerprint;
}

/// Ends the listener; sessions remain.
void RescueServer::stopOld() const
{
    const std::string attribute = readAttribute(places_.state / "pid");
    std::string_view rest = attribute;
    const int pid = text::takeNumber<int>(rest).value_or(0);
    const Deadline deadline = Deadline::in(std::chrono::seconds{5}, stop_);
    if (!isDropbear(pid))
        return;
    ::kill(pid, SIGTERM);
    while (isDropbear(pid) && !deadline.over())
        waitUnlessStopped(std::chrono::milliseconds{20}, stop_);
}

std::string RescueServer::start(const RescueAccess& access)
{
    validate(access);
    allow(access);
    std::string fingerprint = hostKey();
    stopOld();
    std::vector<std::string> argv = {"dropbear",
                                     "-r",
                                     (places_.state / "host_key").string(),
                                     "-P",
                                     (places_.state / "pid").string(),
                                     "-p",
                                     places_.listen};
    if (access.hashedPassword.empty())
        argv.emplace_back("-s"); // keys only
    mustRun(argv);
    log_.info(fmt::format("dropbear listens on port {}, host key {}", places_.listen, fingerprint));
    return fingerprint;
}

} // namespace bm::agent
