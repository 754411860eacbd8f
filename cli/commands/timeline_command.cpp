// `bm node timeline`: the events of a node, and the durations of its last deployment.
#include "cli/commands/node_subcommands.h"
#include "cli/views/durations.h"
#include "cli/views/timeline.h"

#include <cmath>
#include <fmt/format.h>
#include <iostream>

namespace bm::cli {

using nlohmann::json;

namespace {

struct TimelineOptions {
    std::string node;
    bool durations = false;
    bool compare = false;
    int last = 100;
};

json eventsOf(Shell& shell, const std::string& node)
{
    json events = json::array();
    std::int64_t after = 0;
    for (int page = 0; page < 1000; ++page) {
        const json answer =
            shell.client().get(nodePath(node, "/events?limit=1000&after=" + std::to_string(after)));
        for (const json& event : answer.at("events"))
            events.push_back(event);
        if (answer.at("events").empty())
            break;
        after = answer.at("events").back().at("sequence").get<std::int64_t>();
    }
    return events;
}

std::string secondsText(const json& seconds, bool sign)
{
    if (!seconds.is_number())
        return "-";
    double value = seconds.get<double>();
    const int decimals = std::abs(value) < 10 ? 2 : 1;
    if (std::abs(value) < 0.005)
        value = 0; // avoid "-0.00"
    return sign ? fmt::format("{:+.{}f} s", value, decimals) : fmt::format("{:.{}f} s", value, decimals);
}

void printDurations(Shell& shell, json rows, bool compared)
{
    if (!shell.view().table()) {
        shell.print(rows, {{"STEP", "step"}});
        return;
    }
    for (json& row : rows) {
        row["note"] = row.at("slowest") == true ? "<- slowest" : "";
        row["took"] = secondsText(row.at("took_s"), false);
        row["began"] = secondsText(row.at("at_s"), true);
        row["part"] = fmt::format("{} %", row.at("share").get<std::int64_t>());
        row["median"] = secondsText(row.at("median_s"), false);
        row["difference"] = secondsText(row.at("difference_s"), true);
        if (row.at("note") == "")
            row["note"] = " ";
    }
    std::vector<Column> columns{{"WHAT", "text"}, {"BEGAN", "began"}, {"TOOK", "took"}, {"SHARE", "part"}};
    if (compared) {
        columns.push_back({"MEDIAN", "median"});
        columns.push_back({"DIFFERENCE", "difference"});
    }
    columns.push_back({"", "note"});
    shell.print(rows, columns);
}

json mediansFor(Shell& shell, const TimelineOptions& options, const std::string& node)
{
    const json states = shell.client().get(nodePath(node, "?fields=instance_info"));
    const json& image = valueAt(states, "instance_info/image_source");
    const std::string query =
        image.is_string() ? "&image=" + platform::urlEncode(image.get<std::string>()) : "";
    json medians = shell.client().get("/v1/steps/medians?last=" + std::to_string(options.last) + query);
    if (shell.view().table())
        std::cerr << fmt::format("compared with the last {} deployments of {}\n",
                                 medians.at("deployments").get<std::int64_t>(), plainText(image));
    return medians;
}

int timeline(Shell& shell, const TimelineOptions& options)
{
    const std::string node = shell.node(options.node);
    const json events = eventsOf(shell, node);
    const bool only = options.durations || options.compare;
    if (!only && !shell.view().table()) {
        shell.print(events, {{"KIND", "kind"}, {"AT", "at"}, {"MESSAGE", "message"}});
        return 0;
    }
    if (!only)
        std::cout << renderTimeline(events);
    const std::vector<Stretch> stretches = durationsOf(events);
    if (stretches.empty()) {
        if (only)
            std::cerr << node << " has no deployment yet\n";
        return 0;
    }
    if (!only)
        std::cout << "\nDurations of the last deployment:\n";
    printDurations(shell,
                   durationRows(stretches, options.compare ? mediansFor(shell, options, node) : json()),
                   options.compare);
    return 0;
}

} // namespace

void addNodeTimeline(CLI::App& node, Shell& shell)
{
    const auto options = std::make_shared<TimelineOptions>();
    CLI::App* command =
        node.add_subcommand("timeline", "Show the events of a node and the durations of its last deployment");
    command->add_option("node", options->node, "name or uuid")->required();
    command->add_flag("--durations", options->durations, "print only the durations");
    command->add_flag("--compare", options->compare,
                      "compare the durations with the fleet's medians for the same image");
    command->add_option("--last", options->last, "number of deployments to compare with")
        ->check(CLI::Range(1, 1000));
    command->footer("Examples:\n  bm node timeline rack1-07\n  bm node timeline rack1-07 --compare");
    command->callback(
        [&shell, options] { shell.action = [&shell, options] { return timeline(shell, *options); }; });
}

} // namespace bm::cli
