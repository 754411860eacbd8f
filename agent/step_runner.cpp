#include "agent/step_runner.h"

#include "agent/base/stop_wait.h"
#include "agent/relay/relay_wire.h"
#include "common/model/error.h"
#include "common/platform/files.h"
#include "common/platform/guarded.h"
#include "common/wire/json/json_reader.h"

#include <atomic>
#include <fmt/format.h>
#include <system_error>

namespace bm::agent {

using model::Error;
using model::ErrorCode;
using nlohmann::json;
using wire::AgentStepReport;
using wire::AgentStepState;

namespace {

wire::AgentError wireError(const Error& error)
{
    return {std::string(toText(error.code())), error.message(), error.hint()};
}

constexpr std::uint64_t kMostCacheBytes = std::uint64_t{16} << 30U;

RelayPlan planFrom(const wire::AgentRelayPlan& said)
{
    RelayPlan plan{.token = said.token, .sources = {}, .bytesPerSecond = said.bytesPerSecond};
    for (const std::string& source : said.sources)
        if (const std::optional<PeerAddress> peer = PeerAddress::parse(source))
            plan.sources.push_back(*peer);
    return plan;
}

bool isFileName(const std::string& id)
{
    return !id.empty() && id.size() <= 64 &&
           id.find_first_not_of("0123456789abcdefABCDEF-") == std::string::npos;
}

} // namespace

struct StepRunner::Task {
    wire::AgentStepOrder order;
    StepProgress progress;
    bool resume = false;
    std::optional<RelayCopy> relay;
    RelaySettings relaySettings{};
    platform::Guarded<AgentStepReport> outcome;
    std::atomic<bool> finished{false};
    std::jthread thread; ///< last member: joined before the others are destroyed
};

StepRunner::StepRunner(StepTools tools, AgentLog& log, std::function<void()> onFinished)
    : tools_(std::move(tools)), log_(log), onFinished_(std::move(onFinished)),
      exec_(platform::makeExec(platform::kAllCapabilities))
{
    std::filesystem::create_directories(tools_.folder);
}

StepRunner::~StepRunner()
{
    abort();
}

DiskPatience StepRunner::patienceOf(StepProgress& progress, const std::stop_token& stop)
{
    return {.pause = [stop](std::chrono::seconds span) { waitUnlessStopped(span, stop); },
            .says =
                [this, &progress](const std::string& text) {
                    progress.message(text);
                    log_.info(text);
                },
            .gaveUp =
                [this, &progress](const std::string& text) {
                    progress.message(text);
                    log_.warning(text);
                }};
}

std::filesystem::path StepRunner::recordFile(const std::string& id) const
{
    return tools_.folder / (id + ".json");
}

void StepRunner::offer(const wire::AgentStepOrder& order, const std::optional<wire::AgentRelayPlan>& relay)
{
    if (task_ && task_->order.id == order.id) {
        if (task_->relay && relay)
            task_->relay->plan(planFrom(*relay));
        return;
    }
    if (task_ && !task_->finished) {
        log_.warning(fmt::format("the server orders {}: stopping {}", order.name, task_->order.name));
        abort();
        return;
    }
    start(order, relay);
}

void StepRunner::start(const wire::AgentStepOrder& order, const std::optional<wire::AgentRelayPlan>& relay)
{
    if (!isFileName(order.id))
        throw Error(ErrorCode::InvalidInput,
                    fmt::format("the server's step id \"{}\" is not a UUID", order.id));
    task_ = std::make_unique<Task>();
    task_->order = order;
    if (relay && relay->token.size() == kTokenBytes) {
        task_->relay.emplace(planFrom(*relay));
        task_->relaySettings.port = relay->port;
        task_->relaySettings.cacheBytes = std::min<std::uint64_t>(relay->cacheBytes, kMostCacheBytes);
    }
    std::error_code ignored;
    if (std::filesystem::exists(recordFile(order.id), ignored)) {
        const json record = wire::parseObject(platform::readFile(recordFile(order.id)), "step record");
        task_->resume = true;
        if (record.contains("result")) {
            log_.info(fmt::format("{} was done before this agent started", order.name));
            *task_->outcome.lock() = {.id = order.id,
                                      .state = AgentStepState::Done,
                                      .message = "done",
                                      .result = {record["result"].dump()}};
            task_->finished = true;
            return;
        }
    }
    log_.info(fmt::format("step {}{}", order.name, task_->resume ? ", begun before" : ""));
    platform::writeFileAtomically(recordFile(order.id), "{}", 0600);
    Task& task = *task_;
    task_->thread = std::jthread([this, &task](const std::stop_token& stop) { work(task, stop); });
}

void StepRunner::work(Task& task, const std::stop_token& stop)
{
    AgentStepReport report{.id = task.order.id, .state = AgentStepState::Done, .message = "done"};
    try {
        const auto found = tools_.steps.find(task.order.name);
        if (found == tools_.steps.end())
            throw Error(ErrorCode::AgentFailed,
                        fmt::format("this agent knows no step \"{}\"", task.order.name),
                        "the RAM disk is older than bmd: build it again");
        const MachineDisks disks(tools_.disks,
                                 wire::fromJson<wire::DiskRules>(task.order.diskRules.text, "disk_rules"),
                                 "/sys", patienceOf(task.progress, stop));
        const StepContext context{task.order.arguments,
                                  tools_.apiBase,
                                  tools_.token,
                                  disks,
                                  *exec_,
                                  task.progress,
                                  log_,
                                  task.resume,
                                  stop,
                                  task.relay ? &*task.relay : nullptr,
                                  task.relaySettings,
                                  tools_.mayChangeMachine,
                                  tools_.bootInterface};
        report.result = found->second(context);
        platform::writeFileAtomically(recordFile(task.order.id), "{\"result\": " + report.result.text + "}",
                                      0600);
    } catch (const Error& error) {
        report.error = wireError(error);
    } catch (const std::exception& error) {
        report.error = wireError(Error(ErrorCode::AgentFailed, error.what()));
    }
    if (report.error) {
        report.state = AgentStepState::Failed;
        report.message = "failed";
        log_.warning(fmt::format("step {} failed: {} ({})", task.order.name, report.error->message,
                                 report.error->code));
    } else {
        log_.info(fmt::format("step {} done", task.order.name));
    }
    *task.outcome.lock() = report;
    task.finished = true;
    onFinished_();
}

void StepRunner::abort()
{
    if (task_)
        task_->thread.request_stop();
}

void StepRunner::nothingOffered()
{
    if (task_ && task_->finished)
        task_.reset();
}

std::optional<AgentStepReport> StepRunner::report()
{
    if (!task_)
        return std::nullopt;
    AgentStepReport report{.id = task_->order.id, .message = task_->progress.message()};
    if (task_->finished)
        report = *task_->outcome.lock();
    report.bytesDone = task_->progress.bytesDone();
    report.bytesTotal = task_->progress.bytesTotal();
    return report;
}

std::optional<wire::AgentRelayReport> StepRunner::relayReport()
{
    if (!task_ || !task_->relay)
        return std::nullopt;
    return task_->relay->report();
}

void StepRunner::relayReported(std::size_t left)
{
    if (task_ && task_->relay)
        task_->relay->reported(left);
}

PowerChange StepRunner::powerChange()
{
    if (!task_ || !task_->finished)
        return PowerChange::None;
    const AgentStepReport outcome = *task_->outcome.lock();
    return outcome.state == AgentStepState::Done ? powerChangeOf(task_->order.name, outcome.result)
                                                 : PowerChange::None;
}

} // namespace bm::agent
