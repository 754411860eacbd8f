#include "cli/views/top_view.h"

#include "cli/views/output.h"
#include "cli/views/progress_view.h"

#include <algorithm>
#include <fmt/format.h>

namespace bm::cli {

using nlohmann::json;

namespace {

constexpr std::size_t kFailuresShown = 5;

std::string stateLine(const json& fleet)
{
    std::string line;
    for (const auto& [state, count] : fleet.at("states").items())
        line += fmt::format("{}{} {}", line.empty() ? "" : "   ", state, count.get<std::int64_t>());
    return line.empty() ? "no nodes yet: bm node enrol -f inventory.yaml" : line;
}

double paceOf(const json& operation)
{
    return operation.value("mb_per_s", 0.0);
}

std::string operationLine(const json& operation, std::size_t nameWidth)
{
    const NodeProgress p =
        progressOf(operation.at("node").is_string() ? operation.at("node").get<std::string>()
                                                    : operation.at("node_uuid").get<std::string>(),
                   operation);
    std::string line = fmt::format("  {} {:<9} ", paddedTo(cutTo(p.node, nameWidth), nameWidth), p.kind);
    line += paddedTo(p.state == "queued" ? "queued" : p.stepTitle, 26);
    if (p.bytesTotal > 0 && showsBytes(p.step)) {
        line += fmt::format("{:>3} %  {:>7.1f} MB/s", p.bytesDone * 100 / p.bytesTotal, p.megabytesPerSecond);
        if (p.etaSeconds >= 0)
            line += "  " + humanDuration(p.etaSeconds) + " left";
    }
    return line;
}

std::string rolloutLine(const json& rollout)
{
    const auto number = [&](const char* path) {
        const json& value = valueAt(rollout, path);
        return value.is_number() ? value.get<std::int64_t>() : 0;
    };
    std::string line =
        fmt::format("  {}  {:<8} {}  {} of {} done, {} running, {} failed",
                    paddedTo(plainText(valueAt(rollout, "name")), 20), plainText(valueAt(rollout, "state")),
                    plainText(valueAt(rollout, "image")), number("nodes/done"), number("nodes/total"),
                    number("nodes/working"), number("nodes/failed"));
    if (number("bytes_total") > 0)
        line += fmt::format("  {} %", number("bytes_done") * 100 / number("bytes_total"));
    if (number("seconds_left") > 0)
        line += "  " + humanDuration(number("seconds_left")) + " left";
    return line;
}

std::string failureLine(const json& failure)
{
    const std::string at = plainText(failure.at("finished_at"));
    return fmt::format("  {}  {}  {}: {} [{}]", at.size() > 19 ? at.substr(11, 8) : at,
                       failure.at("node").is_string() ? failure.at("node").get<std::string>()
                                                      : failure.at("node_uuid").get<std::string>(),
                       failure.at("kind").get<std::string>(), failure.at("message").get<std::string>(),
                       failure.at("code").get<std::string>());
}

void addSection(std::vector<std::string>& lines, const std::string& title, std::vector<std::string> rows,
                std::size_t most)
{
    if (rows.empty())
        return;
    lines.emplace_back();
    lines.push_back(title);
    const std::size_t more = rows.size() > most ? rows.size() - most : 0;
    rows.resize(rows.size() - more);
    lines.insert(lines.end(), rows.begin(), rows.end());
    if (more > 0)
        lines.push_back(fmt::format("  ... and {} more", more));
}

std::vector<std::string> operationLines(const json& operations)
{
    std::vector<const json*> sorted;
    std::size_t nameWidth = 8;
    for (const json& operation : operations) {
        sorted.push_back(&operation);
        if (operation.at("node").is_string())
            nameWidth = std::max(nameWidth, textWidth(operation.at("node").get<std::string>()));
    }
    nameWidth = std::min<std::size_t>(nameWidth, 36);
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](const json* a, const json* b) { return paceOf(*a) > paceOf(*b); });
    std::vector<std::string> lines;
    lines.reserve(sorted.size());
    for (const json* operation : sorted)
        lines.push_back(operationLine(*operation, nameWidth));
    return lines;
}

template <class Render> std::vector<std::string> each(const json& list, const Render& render)
{
    std::vector<std::string> lines;
    if (list.is_array())
        for (const json& member : list)
            lines.push_back(render(member));
    return lines;
}

} // namespace

std::vector<std::string> renderTop(const FleetSnapshot& snapshot, std::size_t width, std::size_t height)
{
    double pace = 0;
    for (const json& operation : snapshot.operations)
        pace += paceOf(operation);
    const json& fleet = snapshot.fleet;
    std::vector<std::string> lines;
    lines.push_back(
        fmt::format("bm top  {}  {} UTC", snapshot.server, plainText(fleet.at("at")).substr(11, 8)));
    lines.push_back(
        fmt::format("{} nodes, {} powered on, {} in maintenance", fleet.at("nodes").get<std::int64_t>(),
                    fleet.at("powered_on").get<std::int64_t>(), fleet.at("maintenance").get<std::int64_t>()));
    lines.push_back(stateLine(fleet));
    lines.push_back(fmt::format("operations: {} running, {} queued, {:.0f} MB/s",
                                valueAt(fleet, "operations/running").get<std::int64_t>(),
                                valueAt(fleet, "operations/queued").get<std::int64_t>(), pace));
    std::vector<std::string> failures;
    addSection(failures, "failed in the last 24 hours", each(fleet.at("failures"), failureLine),
               kFailuresShown);
    addSection(lines, "rollouts", each(snapshot.rollouts, rolloutLine), height == 0 ? 1000 : 8);
    const std::size_t taken = lines.size() + failures.size() + 3;
    const std::size_t room = height == 0 ? 100'000 : std::max<std::size_t>(height, taken + 1) - taken;
    addSection(lines, "running", operationLines(snapshot.operations), room);
    lines.insert(lines.end(), failures.begin(), failures.end());
    if (height > 0 && lines.size() > height)
        lines.resize(height);
    for (std::string& line : lines)
        line = cutTo(line, width);
    return lines;
}

} // namespace bm::cli
