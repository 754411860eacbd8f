// `bm logs`: prints bmd's latest log lines and follows new ones.
#include "cli/commands/commands.h"
#include "common/model/error.h"
#include "common/text/printable.h"

#include <chrono>
#include <fmt/format.h>
#include <iostream>
#include <thread>

namespace bm::cli {

using nlohmann::json;
using namespace std::chrono_literals;

namespace {

struct LogOptions {
    std::string node;
    std::string level;
    std::string area;
    int lines = 200;
    bool follow = false;
};

std::string queryOf(Shell& shell, const LogOptions& options)
{
    std::string query;
    if (!options.node.empty())
        query += "&node=" + platform::urlEncode(shell.node(options.node));
    if (!options.level.empty())
        query += "&level=" + platform::urlEncode(options.level);
    if (!options.area.empty())
        query += "&area=" + platform::urlEncode(options.area);
    return query;
}

/// "10:00:01.250 warning boot        message (node rack1-07)"
std::string lineOf(const json& entry)
{
    const std::string at = plainText(entry.at("at"));
    std::string line = fmt::format(
        "{} {:<7} {:<10} {}", at.size() > 23 ? at.substr(0, 10) + " " + at.substr(11, 12) : at,
        plainText(entry.at("level")), plainText(entry.at("area")), plainText(entry.at("message")));
    if (entry.contains("node") && entry.at("node").is_string())
        line += " (node " + entry.at("node").get<std::string>() + ")";
    return text::printable(line);
}

void print(Shell& shell, const json& entries, bool follow)
{
    if (shell.view().table() && shell.columnsOption.empty()) {
        for (const json& entry : entries)
            std::cout << lineOf(entry) << "\n";
    } else if (follow) {
        for (const json& entry : entries)
            std::cout << entry.dump() << "\n"; // one object a line: a followed list never ends
    } else {
        shell.print(
            entries,
            {{"AT", "at"}, {"LEVEL", "level"}, {"AREA", "area"}, {"NODE", "node"}, {"MESSAGE", "message"}});
    }
    std::cout.flush();
}

int logs(Shell& shell, const LogOptions& options)
{
    const std::string query = queryOf(shell, options);
    json answer = shell.client().get(fmt::format("/v1/logs?limit={}{}", options.lines, query));
    print(shell, answer.at("logs"), options.follow);
    auto after = answer.at("next_after").get<std::int64_t>();
    while (options.follow && std::cout.good()) {
        std::this_thread::sleep_for(1s);
        answer = shell.client().get(fmt::format("/v1/logs?limit=5000&after={}{}", after, query));
        print(shell, answer.at("logs"), true);
        after = answer.at("next_after").get<std::int64_t>();
    }
    return 0;
}

} // namespace

void addLogsCommand(CLI::App& app, Shell& shell)
{
    const auto options = std::make_shared<LogOptions>();
    CLI::App* command = app.add_subcommand("logs", "Print bmd's latest log lines");
    command->add_option("--node", options->node, "only lines about this node");
    command->add_option("--level", options->level, "minimum level")
        ->check(CLI::IsMember({"debug", "info", "warning", "error"}));
    command->add_option("--area", options->area, "area of bmd: conductor, power, boot, http ...");
    command->add_option("-n,--lines", options->lines, "number of lines")->check(CLI::Range(1, 5000));
    command->add_flag("-f,--follow", options->follow,
                      "print new lines until Ctrl-C; with JSON output, one object a line");
    command->footer("Examples:\n  bm logs --level warning\n  bm logs --node rack1-07 -f");
    command->callback(
        [&shell, options] { shell.action = [&shell, options] { return logs(shell, *options); }; });
}

} // namespace bm::cli
