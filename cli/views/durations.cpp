#include "cli/views/durations.h"

#include "cli/views/output.h"
#include "cli/views/timeline.h"
#include "common/model/event_kinds.h"
#include "common/model/step_kinds.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <optional>
#include <string_view>

namespace bm::cli {

using nlohmann::json;

namespace {

struct Seen {
    std::int64_t at = 0;
    std::string kind;
    std::string message;
    std::string operation;
};

/// What ends a part of the boot, in the order of a boot.
struct Milestone {
    std::array<std::optional<model::EventKind>, 3> kinds; ///< any of them
    std::string_view text;
};
constexpr auto kBoot = std::to_array<Milestone>({
    {{model::EventKind::DhcpOffer, model::EventKind::DhcpAck, model::EventKind::DhcpProxy},
     "firmware, until the DHCP offer"},
    {{model::EventKind::TftpRead}, "DHCP, until the loader is fetched"},
    {{model::EventKind::HttpScript}, "loader, until it asks for its script"},
    {{model::EventKind::HttpKernel}, "script, until the kernel is fetched"},
    {{model::EventKind::HttpRamdisk}, "kernel, until the RAM disk is fetched"},
    {{model::EventKind::AgentLookup, model::EventKind::AgentContact}, "RAM disk, until its agent calls"},
});
constexpr auto kAfter = std::to_array<Milestone>({
    {{model::EventKind::DhcpOffer, model::EventKind::DhcpAck},
     "firmware and loader of the system, until its DHCP"},
    {{model::EventKind::RolloutNodeDone}, "system, until it can be logged in to"},
});

bool ends(const Milestone& milestone, const std::string& kind)
{
    return std::ranges::any_of(milestone.kinds,
                               [&](const auto& one) { return one && model::toText(*one) == kind; });
}

std::vector<Seen> seenOf(const json& events)
{
    std::vector<Seen> seen;
    for (const json& event : events)
        seen.push_back({millisOf(event.value("at", "")), event.value("kind", ""), event.value("message", ""),
                        plainText(event.value("operation_uuid", json()))});
    return seen;
}

/// The first of the last deployment's events.
std::optional<std::size_t> beginningOf(const std::vector<Seen>& seen)
{
    for (std::size_t i = seen.size(); i-- > 0;)
        if (seen[i].kind == model::toText(model::EventKind::OperationStarted) && seen[i].message == "deploy")
            return i;
    return std::nullopt;
}

/// Parts from @p from to @p until, each ended by the first sight of its milestone after the one before.
template <std::size_t count>
void addParts(std::vector<Stretch>& stretches, const std::vector<Seen>& seen,
              const std::array<Milestone, count>& milestones, std::int64_t from, std::int64_t until,
              bool part)
{
    for (const Milestone& milestone : milestones) {
        const auto found = std::find_if(seen.begin(), seen.end(), [&](const Seen& event) {
            return event.at >= from && event.at <= until && ends(milestone, event.kind);
        });
        if (found == seen.end())
            continue;
        stretches.push_back({"", std::string(milestone.text), from, found->at - from, part});
        from = found->at;
    }
}

} // namespace

std::vector<Stretch> durationsOf(const json& events)
{
    std::vector<Stretch> stretches;
    const std::vector<Seen> seen = seenOf(events);
    const std::optional<std::size_t> begin = beginningOf(seen);
    if (!begin)
        return stretches;
    const std::string operation = seen[*begin].operation;
    std::string step;
    std::int64_t since = 0;
    std::int64_t switchedOn = 0;
    std::int64_t ended = 0;
    for (std::size_t i = *begin; i < seen.size(); ++i) {
        const Seen& event = seen[i];
        if (event.operation != operation)
            continue;
        if (event.kind == model::toText(model::EventKind::StepStarted) && event.message != step) {
            step = event.message;
            since = event.at;
        } else if (event.kind == model::toText(model::EventKind::StepDone) && !step.empty()) {
            stretches.push_back({step, model::titleOfStep(step), since, event.at - since, false});
            if (step == "power_on")
                switchedOn = event.at;
            if (step == "await_agent")
                addParts(stretches, seen, kBoot, std::max(since, switchedOn), event.at, true);
            step.clear();
        }
        if (event.kind == model::toText(model::EventKind::OperationDone))
            ended = event.at;
    }
    if (ended > 0)
        addParts(stretches, seen, kAfter, ended, INT64_MAX, false);
    return stretches;
}

namespace {

double secondsOf(std::int64_t millis)
{
    return static_cast<double>(millis) / 1000.0;
}

/// What took longest; of a stretch that is split into parts, the longest of these counts.
const Stretch* slowestOf(const std::vector<Stretch>& stretches)
{
    const Stretch* slowest = nullptr;
    for (std::size_t i = 0; i < stretches.size(); ++i) {
        const bool split = i + 1 < stretches.size() && !stretches[i].part && stretches[i + 1].part;
        if (!split && (slowest == nullptr || stretches[i].millis > slowest->millis))
            slowest = &stretches[i];
    }
    return slowest;
}

/// The fleet's usual time for @p step beside the time it took.
void addMedian(json& row, const Stretch& stretch, const json& medians)
{
    if (!medians.is_object() || stretch.step.empty())
        return;
    for (const json& median : medians.at("steps"))
        if (median.at("name") == stretch.step) {
            const auto usual = median.at("median_ms").get<std::int64_t>();
            row["median_s"] = secondsOf(usual);
            row["difference_s"] = secondsOf(stretch.millis - usual);
        }
}

} // namespace

json durationRows(const std::vector<Stretch>& stretches, const json& medians)
{
    json rows = json::array();
    std::int64_t whole = 0;
    for (const Stretch& stretch : stretches)
        whole += stretch.part ? 0 : stretch.millis;
    const Stretch* slowest = slowestOf(stretches);
    for (const Stretch& stretch : stretches) {
        json row = {{"step", stretch.step.empty() ? json() : json(stretch.step)},
                    {"text", (stretch.part ? "  " : "") + stretch.text},
                    {"at_s", secondsOf(stretch.beganMillis - stretches.front().beganMillis)},
                    {"took_s", secondsOf(stretch.millis)},
                    {"share", whole == 0 ? 0 : stretch.millis * 100 / whole},
                    {"median_s", nullptr},
                    {"difference_s", nullptr},
                    {"slowest", &stretch == slowest}};
        addMedian(row, stretch, medians);
        rows.push_back(std::move(row));
    }
    return rows;
}

} // namespace bm::cli
