#include "agent/hardware/erase/per_disk.h"

#include "agent/base/stop_wait.h"
#include "common/model/error.h"

#include <algorithm>
#include <atomic>
#include <fmt/format.h>
#include <optional>
#include <thread>

namespace bm::agent {

using model::Error;
using model::ErrorCode;
using nlohmann::json;

namespace {

struct Outcome {
    json result;
    std::optional<Error> failure;
};

Outcome outcomeOf(const std::function<json(const wire::Disk&)>& work, const wire::Disk& disk)
{
    try {
        return {work(disk), std::nullopt};
    } catch (const Error& error) {
        return {{}, error};
    } catch (const std::exception& error) {
        return {{}, Error(ErrorCode::AgentFailed, error.what())};
    }
}

void throwFailures(const std::vector<Outcome>& outcomes)
{
    std::string messages;
    std::size_t count = 0;
    const Error* first = nullptr;
    for (const Outcome& outcome : outcomes) {
        if (!outcome.failure)
            continue;
        first = first == nullptr ? &*outcome.failure : first;
        messages += fmt::format("{}{}", messages.empty() ? "" : "; ", outcome.failure->message());
        ++count;
    }
    if (first != nullptr)
        throw Error(first->code(),
                    outcomes.size() == 1
                        ? messages
                        : fmt::format("{} of {} disks: {}", count, outcomes.size(), messages),
                    first->hint());
}

} // namespace

SortedDisks sortDisks(const std::vector<wire::Disk>& disks, AgentLog& log, std::string_view doing)
{
    SortedDisks out;
    for (const wire::Disk& disk : disks) {
        if (disk.candidate) {
            out.candidates.push_back(disk);
            continue;
        }
        log.note(fmt::format("not {} {}: {}", doing, disk.name, disk.verdict));
        out.skipped.push_back({{"name", disk.name}, {"reason", disk.verdict}});
    }
    return out;
}

json forEachDisk(const std::vector<wire::Disk>& disks, std::size_t atOnce, const std::stop_token& stop,
                 const std::function<json(const wire::Disk&)>& work)
{
    std::vector<Outcome> outcomes(disks.size());
    std::atomic<std::size_t> next{0};
    const auto takeAndWork = [&] {
        for (std::size_t i = next++; i < disks.size() && !stop.stop_requested(); i = next++)
            outcomes[i] = outcomeOf(work, disks[i]);
    };
    {
        std::vector<std::jthread> threads;
        threads.reserve(std::min(atOnce, disks.size()));
        for (std::size_t i = 1; i < std::min(atOnce, disks.size()); ++i)
            threads.emplace_back(takeAndWork);
        takeAndWork();
    }
    throwIfStopped(stop);
    throwFailures(outcomes);
    json results = json::array();
    for (Outcome& outcome : outcomes)
        results.push_back(std::move(outcome.result));
    return results;
}

} // namespace bm::agent
