#pragma once
#include "cli/shell/shell.h"

#include <CLI/CLI.hpp>

namespace bm::cli {

void addNodeCommands(CLI::App& app, Shell& shell);
void addPowerCommands(CLI::App& app, Shell& shell);
void addImageCommands(CLI::App& app, Shell& shell);
void addProvisionCommands(CLI::App& app, Shell& shell);
void addRolloutCommands(CLI::App& app, Shell& shell);
void addContextCommands(CLI::App& app, Shell& shell);
void addDoctorCommand(CLI::App& app, Shell& shell);
void addLogsCommand(CLI::App& app, Shell& shell);
void addTopCommand(CLI::App& app, Shell& shell);
void addWebhookCommands(CLI::App& app, Shell& shell);
void addAuditCommands(CLI::App& app, Shell& shell);
void addScheduleCommands(CLI::App& app, Shell& shell);
void addCompletionCommand(CLI::App& app, Shell& shell);

/// Parses the arguments and runs the command. @return the exit code
int runCommandLine(int argc, const char* const* argv);

} // namespace bm::cli
