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

namespace {

std::optional<Error> failureOf(const std::function<void(std::size_t)>& work, std::size_t index)
{
    try {
        work(index);
        return std::nullopt;
    } catch (const Error& error) {
        return error;
    } catch (const std::exception& error) {
        return Error(ErrorCode::AgentFailed, error.what());
    }
}

void throwFailures(const std::vector<std::optional<Error>>& failures)
{
    std::string messages;
    std::size_t count = 0;
    const Error* first = nullptr;
    for (const std::optional<Error>& failure : failures) {
        if (!failure)
            continue;
        first = first == nullptr ? &*failure : first;
        messages += fmt::format("{}{}", messages.empty() ? "" : "; ", failure->message());
        ++count;
    }
    if (first != nullptr)
        throw Error(first->code(),
                    failures.size() == 1
                        ? messages
                        : fmt::format("{} of {} disks: {}", count, failures.size(), messages),
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
        log.info(fmt::format("not {} {}: {}", doing, disk.name, disk.verdict));
        out.skipped.push_back({disk.name, disk.verdict});
    }
    return out;
}

void workOnDisks(const std::vector<wire::Disk>& disks, std::size_t atOnce, const std::stop_token& stop,
                 const std::function<void(std::size_t index)>& work)
{
    std::vector<std::optional<Error>> failures(disks.size());
    std::atomic<std::size_t> next{0};
    const auto takeAndWork = [&] {
        for (std::size_t i = next++; i < disks.size() && !stop.stop_requested(); i = next++)
            failures[i] = failureOf(work, i);
    };
    {
        std::vector<std::jthread> threads;
        threads.reserve(std::min(atOnce, disks.size()));
        for (std::size_t i = 1; i < std::min(atOnce, disks.size()); ++i)
            threads.emplace_back(takeAndWork);
        takeAndWork();
    }
    throwIfStopped(stop);
    throwFailures(failures);
}

} // namespace bm::agent
