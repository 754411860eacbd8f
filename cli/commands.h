#pragma once
#include "cli/client.h"
#include "cli/output.h"

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <string>

namespace bm::cli {

/// What all commands share: global options, the client (made when first needed), the chosen action and its
/// exit code.
struct Shell {
    std::string endpointOption;
    std::string formatOption = "table";
    std::function<int()> action; ///< set by the command that was given
    std::unique_ptr<Client> client_;

    Client& client();
    Format format() const;
};

/// Exit codes, stable: 0 done, 1 an operation failed, 2 wrong usage or input, 3 not found, 4 busy or in
/// conflict, 5 not allowed, 6 bmd not reachable.
int exitCodeOf(const std::exception& failure);

void addNodeCommands(CLI::App& app, Shell& shell);
void addPowerCommands(CLI::App& app, Shell& shell);
void addImageCommands(CLI::App& app, Shell& shell);
void addProvisionCommands(CLI::App& app, Shell& shell);
void addCompletionCommand(CLI::App& app, Shell& shell);

/// The path of a node: "/v1/nodes/<encoded ident>" + @p rest.
std::string nodePath(const std::string& ident, const std::string& rest = {});

/// Parses and runs. @return the exit code
int runCommandLine(int argc, const char* const* argv);

} // namespace bm::cli
