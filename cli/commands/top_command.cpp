// `bm top`: a live view of the fleet.
#include "cli/commands/commands.h"
#include "cli/views/screen.h"
#include "cli/views/top_view.h"
#include "common/model/error.h"

#include <iostream>
#include <unistd.h>

namespace bm::cli {

using model::Error;
using model::ErrorCode;
using nlohmann::json;

namespace {

struct TopOptions {
    bool once = false;
    double seconds = 2;
};

json openRollouts(Shell& shell)
{
    try {
        json open = json::array();
        const json answer = shell.client().get("/v1/rollouts");
        for (const json& rollout : answer.at("rollouts")) {
            const std::string state = plainText(valueAt(rollout, "state"));
            if (state == "running" || state == "paused" || state == "aborting")
                open.push_back(rollout);
        }
        return open;
    } catch (const Error& error) {
        if (error.code() == ErrorCode::NotFound)
            return nullptr; // this bmd has no rollouts
        throw;
    }
}

FleetSnapshot readFleet(Shell& shell)
{
    return {shell.client().endpoint().url, shell.client().get("/v1/fleet"),
            shell.client().get("/v1/operations?limit=1000").at("operations"), openRollouts(shell)};
}

int once(Shell& shell)
{
    const FleetSnapshot fleet = readFleet(shell);
    if (!shell.view().table()) {
        json all = fleet.fleet;
        all["operations_at_work"] = fleet.operations;
        all["rollouts"] = fleet.rollouts;
        shell.print(all);
        return 0;
    }
    for (const std::string& line : renderTop(fleet, 1000, 0))
        std::cout << line << "\n";
    return 0;
}

int top(Shell& shell, const TopOptions& options)
{
    if (options.once || ::isatty(STDOUT_FILENO) != 1 || !shell.view().table())
        return once(shell);
    const std::chrono::milliseconds pause(static_cast<std::int64_t>(options.seconds * 1000));
    FleetSnapshot fleet =
        readFleet(shell); // before the screen opens, so that a connection error prints on the plain terminal
    const Screen screen;
    std::string trouble;
    do {
        std::vector<std::string> lines = renderTop(fleet, screen.width(), screen.height() - 1);
        lines.insert(lines.begin() + 1, trouble);
        lines.resize(std::min(lines.size(), screen.height()));
        screen.draw(lines);
        if (!screen.wait(pause))
            return 0;
        try {
            fleet = readFleet(shell);
            trouble.clear();
        } catch (const Error& error) {
            trouble = cutTo("bmd does not answer: " + error.message(), screen.width());
        }
    } while (true);
}

} // namespace

void addTopCommand(CLI::App& app, Shell& shell)
{
    const auto options = std::make_shared<TopOptions>();
    CLI::App* command =
        app.add_subcommand("top", "Watch the fleet live: states, operations, rollouts, failures");
    command->add_flag("--once", options->once, "print once as text (default when stdout is not a terminal)");
    command->add_option("--every", options->seconds, "seconds between refreshes")
        ->check(CLI::Range(0.2, 3600.0));
    command->footer("Examples:\n  bm top\n  bm top --once\n\nPress q to quit.");
    command->callback(
        [&shell, options] { shell.action = [&shell, options] { return top(shell, *options); }; });
}

} // namespace bm::cli
