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

struct TimedEvent {
    std::int64_t at = 0;
    std::string kind;
    std::string message;
    std::string operation;
};

/// An event that ends a part of the boot; the rows are in boot order.
struct Milestone {
    std::array<std::optional<model::EventKind>, 3> kinds; ///< any of them ends the part
    std::string_view text;
};
constexpr auto kBoot = std::to_array<Milestone>({
    {{model::EventKind::DhcpOffer, model::EventKind::DhcpAck, model::EventKind::DhcpProxy},
     "firmware (until the DHCP offer)"},
    {{model::EventKind::TftpRead}, "DHCP (until the loader is fetched)"},
    {{model::EventKind::HttpScript}, "loader (until it requests its script)"},
    {{model::EventKind::HttpKernel}, "script (until the kernel is fetched)"},
    {{model::EventKind::HttpRamdisk}, "kernel (until the RAM disk is fetched)"},
    {{model::EventKind::AgentLookup, model::EventKind::AgentContact}, "RAM disk (until the agent calls)"},
});
constexpr auto kAfter = std::to_array<Milestone>({
    {{model::EventKind::DhcpOffer, model::EventKind::DhcpAck},
     "firmware and loader of the system (until its DHCP request)"},
    {{model::EventKind::RolloutNodeDone}, "system (until a login is possible)"},
});

bool ends(const Milestone& milestone, const std::string& kind)
{
    return std::ranges::any_of(milestone.kinds,
                               [&](const auto& one) { return one && model::toText(*one) == kind; });
}

std::vector<TimedEvent> timedEventsOf(const json& events)
{
    std::vector<TimedEvent> timed;
    for (const json& event : events)
        timed.push_back({millisOf(event.value("at", "")), event.value("kind", ""), event.value("message", ""),
                         plainText(event.value("operation_uuid", json()))});
    return timed;
}

/// The index of the first event of the last deployment.
std::optional<std::size_t> beginningOf(const std::vector<TimedEvent>& timed)
{
    for (std::size_t i = timed.size(); i-- > 0;)
        if (timed[i].kind == model::toText(model::EventKind::OperationStarted) &&
            timed[i].message == "deploy")
            return i;
    return std::nullopt;
}

/// Adds one stretch per milestone between @p from and @p until. Each milestone ends at its first event after
/// the previous milestone.
template <std::size_t count>
void addParts(std::vector<Stretch>& stretches, const std::vector<TimedEvent>& timed,
              const std::array<Milestone, count>& milestones, std::int64_t from, std::int64_t until,
              bool part)
{
    for (const Milestone& milestone : milestones) {
        const auto found = std::find_if(timed.begin(), timed.end(), [&](const TimedEvent& event) {
            return event.at >= from && event.at <= until && ends(milestone, event.kind);
        });
        if (found == timed.end())
            continue;
        stretches.push_back({"", std::string(milestone.text), from, found->at - from, part});
        from = found->at;
    }
}

} // namespace

std::vector<Stretch> durationsOf(const json& events)
{
    std::vector<Stretch> stretches;
    const std::vector<TimedEvent> timed = timedEventsOf(events);
    const std::optional<std::size_t> begin = beginningOf(timed);
    if (!begin)
        return stretches;
    const std::string operation = timed[*begin].operation;
    std::string step;
    std::int64_t since = 0;
    std::int64_t switchedOn = 0;
    std::int64_t ended = 0;
    for (std::size_t i = *begin; i < timed.size(); ++i) {
        const TimedEvent& event = timed[i];
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
                addParts(stretches, timed, kBoot, std::max(since, switchedOn), event.at, true);
            step.clear();
        }
        if (event.kind == model::toText(model::EventKind::OperationDone))
            ended = event.at;
    }
    if (ended > 0)
        addParts(stretches, timed, kAfter, ended, INT64_MAX, false);
    return stretches;
}

namespace {

double secondsOf(std::int64_t millis)
{
    return static_cast<double>(millis) / 1000.0;
}

/// The longest stretch. A stretch with parts is represented by its longest part.
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

/// Adds the fleet's median duration of the step to @p row.
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
