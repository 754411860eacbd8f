#include "agent/exchange_loop.h"

#include "common/model/error.h"

#include <algorithm>
#include <fmt/format.h>

#ifndef BM_AGENT_VERSION
#define BM_AGENT_VERSION "0"
#endif

namespace bm::agent {

using model::Error;
using model::ErrorCode;
using namespace std::chrono_literals;

namespace {

constexpr std::chrono::milliseconds kFirstBackOff = 1s;
constexpr std::chrono::milliseconds kLongestBackOff = 10s;
constexpr std::chrono::milliseconds kShortestPause = 50ms; ///< limit of the server's interval

} // namespace

ExchangeLoop::ExchangeLoop(ServerSession& session, StepTools tools, Parts parts, AgentLog& log)
    : session_(session), parts_(std::move(parts)), log_(log), disks_(tools.disks),
      runner_(std::move(tools), log, [this] {
          {
              const std::scoped_lock lock(mutex_);
              finished_ = true;
          }
          changed_.notify_all();
      })
{}

void ExchangeLoop::run(const std::stop_token& stop)
{
    while (!stop.stop_requested()) {
        if (once(stop)) {
            backOff_ = 0ms;
            pause(std::max(callAgain_, kShortestPause), stop, true);
        } else {
            backOff_ = std::clamp(backOff_ * 2, kFirstBackOff, kLongestBackOff);
            pause(backOff_, stop, false);
        }
    }
}

/// @return true if the server answered without an error
bool ExchangeLoop::once(const std::stop_token& stop)
{
    try {
        if (!session_.hasToken()) {
            session_.lookup(stop);
            log_.info("known to the server as node " + session_.identity().nodeUuid);
        }
        exchange(stop);
        lastTrouble_.clear();
        return true;
    } catch (const Error& error) {
        if (error.code() == ErrorCode::Unauthorized) {
            session_.forgetToken();
            if (runner_.powerChange() == PowerChange::Kernel)
                parts_.changePower(PowerChange::Kernel); // the answer was lost
        }
        if (!stop.stop_requested())
            warnOnce(error);
        return false;
    }
}

/// Logs an error once, not every ten seconds.
void ExchangeLoop::warnOnce(const Error& error)
{
    if (error.message() == lastTrouble_)
        return;
    lastTrouble_ = error.message();
    log_.warning(fmt::format("{}; retrying", error.message()));
}

void ExchangeLoop::exchange(const std::stop_token& stop)
{
    {
        const std::scoped_lock lock(mutex_);
        finished_ = false; // this report has the finished step
    }
    wire::AgentExchangeRequest request;
    request.bootId = session_.identity().bootId;
    request.agentVersion = BM_AGENT_VERSION;
    request.keepsDiskRules = true;
    request.step = runner_.report();
    const bool runs = request.step && request.step->state == wire::AgentStepState::Running;
    const std::string disks = runs && sentDisks_ ? *sentDisks_ : diskNames(); // a step's disks come and go
    if (sentDisks_ != disks)
        request.inventory = toJson(parts_.inventory());
    watch(request.step);
    request.relay = runner_.relayReport();
    request.log = log_.tail();
    const PowerChange change = runner_.powerChange();
    const wire::AgentExchangeAnswer answer = session_.exchange(request, stop);
    sentDisks_ = disks;
    log_.drop(request.log.size());
    if (request.relay)
        runner_.relayReported(request.relay->left.size());
    callAgain_ = std::chrono::milliseconds{answer.callAgainMs};
    if (change != PowerChange::None)
        parts_.changePower(change);
    if (answer.abort)
        runner_.abort();
    if (answer.step && !answer.abort)
        runner_.offer(*answer.step, answer.relay);
    else if (!answer.step)
        runner_.nothingOffered();
}

/// The disks that may hold an image; those of the last inventory when they cannot be read now.
std::string ExchangeLoop::diskNames() const
{
    std::string names;
    try {
        for (const wire::Disk& disk : disks_())
            if (disk.candidate)
                names += fmt::format("{} {} {}\n", disk.name, disk.serial, disk.wwnWithExtension);
    } catch (const std::exception&) { // a disk is going while the kernel lists it
        return sentDisks_.value_or("");
    }
    return names;
}

/// Logs that a running step makes no progress.
void ExchangeLoop::watch(const std::optional<wire::AgentStepReport>& step)
{
    if (!step || step->state != wire::AgentStepState::Running)
        return watch_.forget();
    if (const std::string text =
            watch_.look(step->id, step->bytesDone, step->message, std::chrono::steady_clock::now());
        !text.empty())
        log_.warning(text);
}

void ExchangeLoop::pause(std::chrono::milliseconds span, const std::stop_token& stop, bool untilFinished)
{
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, stop, span, [&] { return untilFinished && finished_; });
}

} // namespace bm::agent
