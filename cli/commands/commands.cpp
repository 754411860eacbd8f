#include "cli/commands/commands.h"

#include "cli/shell/suggest.h"
#include "cli/views/terminal.h"
#include "common/model/error.h"
#include "common/text/printable.h"
#include "common/text/utf8.h"

#include <algorithm>
#include <fmt/format.h>
#include <iostream>

namespace bm::cli {

using model::Error;

namespace {

constexpr const char* kFooter = R"(Examples:
  bm node enrol -f inventory.yaml
  bm image add debian-12.qcow2 --name debian-12
  bm provision debian-12 rack1-07 rack1-08 --ssh-key ~/.ssh/id_ed25519.pub --wait
  bm node timeline rack1-07

bm finds bmd by: --endpoint, --context, BM_ENDPOINT, BM_CONTEXT, `bm context use`, ~/.config/bm/client.yaml,
/etc/bm/client.yaml, else http://127.0.0.1:6385.
Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not found, 4 busy or in conflict, 5 not allowed, 6 bmd not reachable.)";

void printFailure(const std::exception& failure)
{
    if (const auto* error = dynamic_cast<const Error*>(&failure)) {
        std::cerr << "bm: " << error->what() << " [" << model::toText(error->code()) << "]\n";
        if (!error->hint().empty())
            std::cerr << "hint: " << error->hint() << "\n";
    } else {
        std::cerr << "bm: " << failure.what() << "\n";
    }
}

void addEverything(CLI::App& app, Shell& shell)
{
    app.footer(kFooter);
    app.require_subcommand(1);
    app.fallthrough();
    app.set_version_flag("--version", std::string("bm ") + BM_VERSION);
    app.add_option("--endpoint", shell.endpointOption, "address of bmd, for example http://host:6385")
        ->type_name("URL");
    app.add_option("--context", shell.contextOption, "a context of `bm context list`")->type_name("NAME");
    app.add_option("-o,--output", shell.formatOption,
                   "table, wide (more columns), json, yaml, or name (one a line)")
        ->check(CLI::IsMember({"table", "wide", "json", "yaml", "name"}));
    app.add_option("--columns", shell.columnsOption, "columns to print: name,state,properties/rack")
        ->delimiter(',');
    app.add_option("--sort", shell.sortOption, "column to sort by: --sort state; descending: --sort=-state");
    app.add_flag("--no-header", shell.noHeader, "omit the column titles of a table");
    addNodeCommands(app, shell);
    addPowerCommands(app, shell);
    addImageCommands(app, shell);
    addRolloutCommands(app, shell);
    addProvisionCommands(app, shell);
    addTopCommand(app, shell);
    addLogsCommand(app, shell);
    addDoctorCommand(app, shell);
    addContextCommands(app, shell);
    addWebhookCommands(app, shell);
    addAuditCommands(app, shell);
    addScheduleCommands(app, shell);
    addCompletionCommand(app, shell);
}

/// Requests are JSON, which has UTF-8 only.
void requireUtf8(const std::vector<std::string>& words)
{
    for (const std::string& word : words)
        if (!text::isUtf8(word))
            throw Error(model::ErrorCode::InvalidInput,
                        fmt::format("the argument \"{}\" is not UTF-8", text::printable(word)),
                        "bytes of a file go by its name: --user-data FILE");
}

/// --help and --version arrive here too and exit with 0.
int refused(const CLI::App& app, const CLI::ParseError& error, const std::vector<std::string>& words)
{
    if (error.get_exit_code() != 0)
        if (const Suggestion said = suggestionFor(app, words); !said.message.empty()) {
            std::cerr << "bm: " << said.message << "\nhint: " << said.hint << "\n";
            return 2;
        }
    return app.exit(error) == 0 ? 0 : 2;
}

} // namespace

int runCommandLine(int argc, const char* const* argv)
{
    const SafeOutput safe;
    CLI::App app{"bm: provisions bare-metal servers", "bm"};
    Shell shell;
    addEverything(app, shell);
    const std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
    try {
        requireUtf8(words);
        app.parse(argc, argv);
        return shell.action ? shell.action() : 2;
    } catch (const CLI::ParseError& error) {
        return refused(app, error, words);
    } catch (const std::exception& failure) {
        std::cout.flush();
        printFailure(failure);
        return exitCodeOf(failure);
    }
}

} // namespace bm::cli
