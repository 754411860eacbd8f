#include "agent/commands.h"

#include "agent/agent_options.h"
#include "agent/base/missing_firmware.h"
#include "agent/base/proc_file.h"
#include "agent/disk/inventory_reader.h"
#include "agent/exchange_loop.h"
#include "agent/relay/relay_wire.h"
#include "agent/start/kernel_start.h"
#include "agent/step_table.h"
#include "common/model/error.h"
#include "common/platform/files.h"
#include "common/platform/log.h"
#include "common/text/printable.h"

#include <csignal>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <pthread.h>
#include <sys/reboot.h>
#include <thread>
#include <unistd.h>

namespace bm::agent {
namespace {

/// Turns SIGTERM and SIGINT into a stop request. Create it before any other thread, so that no other thread
/// receives the signals.
class StopOnSignal {
public:
    StopOnSignal()
    {
        sigemptyset(&set_);
        sigaddset(&set_, SIGTERM);
        sigaddset(&set_, SIGINT);
        sigaddset(&set_, SIGUSR1); // wakes the signal thread for its end
        pthread_sigmask(SIG_BLOCK, &set_, nullptr);
        waiter_ = std::jthread([this] {
            int signal = 0;
            sigwait(&set_, &signal);
            source_.request_stop();
        });
    }
    ~StopOnSignal() { pthread_kill(waiter_.native_handle(), SIGUSR1); }
    StopOnSignal(const StopOnSignal&) = delete;
    StopOnSignal& operator=(const StopOnSignal&) = delete;
    std::stop_token token() const { return source_.get_token(); }

private:
    sigset_t set_{};
    std::stop_source source_;
    std::jthread waiter_;
};

void changePower(PowerChange change, const RunOptions& options, AgentLog& log)
{
    if (change == PowerChange::Kernel) {
        log.info("starting the deployed kernel");
        if (options.mayPowerOff)
            jump();
        log.warning("the deployed kernel could not be started");
        return;
    }
    log.info(change == PowerChange::Off ? "powering off" : "rebooting");
    ::sync();
    if (options.mayPowerOff)
        ::reboot(change == PowerChange::Off ? RB_POWER_OFF : RB_AUTOBOOT);
}

/// Not from getrusage, which includes the parent's peak before exec.
std::uint64_t peakMemoryKib()
{
    return bytesInProcFile("/proc/self/status", "VmHWM") / 1024;
}

wire::Inventory inventoryBy(const RunOptions& options, const BootArguments& arguments)
{
    if (options.inventoryFile.empty())
        return readInventory(arguments.bootInterface);
    wire::Inventory inventory = wire::inventoryFromJson(platform::readFile(options.inventoryFile));
    wire::judgeDisks(inventory.disks);
    return inventory;
}

RelayPlan planFrom(const WriteRelay& relay)
{
    RelayPlan plan;
    plan.token = platform::readFile(relay.tokenFile, 4096).substr(0, kTokenBytes);
    if (plan.token.size() != kTokenBytes)
        throw model::Error(model::ErrorCode::InvalidInput, relay.tokenFile.string() + " holds no token",
                           "64 hex digits: openssl rand -hex 32");
    for (const std::string& source : relay.sources) {
        const std::optional<PeerAddress> peer = PeerAddress::parse(source);
        if (!peer)
            throw model::Error(model::ErrorCode::InvalidInput,
                               "--source " + source + ": expected ADDRESS:PORT");
        plan.sources.push_back(*peer);
    }
    return plan;
}

/// Null without a token.
std::unique_ptr<RelayCopy> joinRelay(ImageOrder& order, const WriteRelay& relay)
{
    if (relay.tokenFile.empty())
        return nullptr;
    auto copy = std::make_unique<RelayCopy>(planFrom(relay));
    order.relay = copy.get();
    order.relaySettings = relay.settings;
    order.relaySettings.cacheBytes = relay.cacheMib << 20U;
    return copy;
}

nlohmann::json relayResult(const RelayCopy& copy)
{
    const wire::AgentRelayReport report = copy.report();
    return {{"from", report.bytesFrom}, {"served_bytes", report.bytesServed}};
}

} // namespace

int runAgent(const RunOptions& options)
{
    platform::neverWaitForConsole();
    const StopOnSignal signals;
    AgentLog log;
    const BootArguments arguments = parseKernelCommandLine(readAttribute(options.commandLine));
    ServerSession session(makeIdentity(arguments, options.stateFolder));
    log.info(fmt::format("connecting to {} as the agent of node {}", arguments.apiBase, arguments.nodeUuid));
    for (const std::string& sentence : missingFirmware())
        log.warning(sentence);
    StepTools tools;
    tools.steps = allSteps();
    tools.apiBase = arguments.apiBase;
    tools.token = [&session](const std::string& url) { return session.tokenFor(url); };
    tools.disks = [&] {
        return options.inventoryFile.empty() ? readDisks() : inventoryBy(options, arguments).disks;
    };
    tools.folder = options.stateFolder / "steps";
    tools.mayChangeMachine = options.mayPowerOff;
    tools.bootInterface = arguments.bootInterface;
    ExchangeLoop::Parts parts;
    parts.inventory = [&] { return inventoryBy(options, arguments); };
    parts.changePower = [&](PowerChange change) { changePower(change, options, log); };
    ExchangeLoop(session, std::move(tools), std::move(parts), log).run(signals.token());
    return 0;
}

int writeOnce(DeployOrder order, const std::vector<std::filesystem::path>& disks, const WriteRelay& relay)
{
    const StopOnSignal signals;
    AgentLog log;
    StepProgress progress;
    const std::unique_ptr<RelayCopy> copy = joinRelay(order, relay);
    const DeployOutcome outcome = deployDisks(order, disks, progress, log, signals.token());
    nlohmann::json out = {{"image_bytes", outcome.imageBytes},     {"bytes_written", outcome.bytesWritten},
                          {"bytes_fetched", outcome.bytesFetched}, {"bytes_present", outcome.bytesPresent},
                          {"write_seconds", outcome.writeSeconds}, {"seconds", outcome.seconds},
                          {"peak_memory_kib", peakMemoryKib()}};
    if (copy)
        out["relay"] = relayResult(*copy);
    fmt::print("{}\n", out.dump());
    return 0;
}

int writeTreeOnce(TreeOrder order, const std::string& layoutFile, const std::vector<std::string>& disks,
                  const WriteRelay& relay)
{
    const StopOnSignal signals;
    AgentLog log;
    StepProgress progress;
    order.layout = layout::layoutFromJson(layoutFile.find('/') == std::string::npos
                                              ? layout::namedLayout(layoutFile)
                                              : nlohmann::json::parse(platform::readFile(layoutFile)));
    const std::unique_ptr<RelayCopy> copy = joinRelay(order, relay);
    const std::unique_ptr<platform::Exec> exec = platform::makeExec(platform::kAllCapabilities);
    const TreeOutcome outcome =
        deployTree(order, {disks.begin(), disks.end()}, *exec, progress, log, signals.token());
    nlohmann::json out = {{"entries", outcome.entries},
                          {"files_read_back_while_copying", outcome.filesReadBack},
                          {"content_bytes", outcome.contentBytes},
                          {"archive_bytes", outcome.archiveBytes},
                          {"bytes_fetched", outcome.bytesFetched},
                          {"manifest_xxh3", outcome.manifestDigest},
                          {"preserved", outcome.preserved},
                          {"write_seconds", outcome.writeSeconds},
                          {"seconds", outcome.seconds},
                          {"peak_memory_kib", peakMemoryKib()}};
    if (copy)
        out["relay"] = relayResult(*copy);
    fmt::print("{}\n", out.dump());
    return 0;
}

int printInventory()
{
    const model::JsonText inventory = toJson(readInventory({}));
    const std::string shown = nlohmann::json::parse(inventory.text).dump(2);
    fmt::print("{}\n", text::printable(shown, text::Breaks::Kept)); // firmware and disks wrote their names
    return 0;
}

} // namespace bm::agent
