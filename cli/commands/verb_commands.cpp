#include "cli/client/password_file.h"
#include "cli/client/step_words.h"
#include "cli/commands/node_subcommands.h"
#include "cli/shell/node_watch.h"
#include "cli/views/confirm.h"
#include "common/model/error.h"

#include <array>
#include <fmt/format.h>
#include <iostream>

namespace bm::cli {

using model::Error;
using model::ErrorCode;
using nlohmann::json;

namespace {

struct VerbOptions {
    std::vector<std::string> nodes;
    std::vector<std::string> steps;
    std::string stepsFile;
    std::string runbook;
    std::string passwordFile;
    bool noRamdisk = false;
    bool wait = false;
    bool yes = false;
    int timeoutMinutes = 240;
};

enum class Takes : std::uint8_t { Nothing, Steps, Password };

/// A verb of Ironic's provision API. @c word is its target.
struct Verb {
    const char* word;
    const char* help;
    const char* question; ///< confirmation for several nodes; nullptr: the verb destroys nothing
    Takes takes;
    const char* example;
};

// clang-format off
constexpr auto kVerbs = std::to_array<Verb>({
    {"manage",   "Manage nodes: verify their BMCs; an available node leaves the pool", nullptr, Takes::Nothing, "bm node manage 'rack1-*' --wait"},
    {"provide",  "Clean manageable nodes and make them available", nullptr, Takes::Nothing, "bm node provide 'rack1-*' --wait"},
    {"inspect",  "Inspect manageable nodes: CPU, memory, disks, NICs, neighbours", nullptr, Takes::Nothing, "bm node inspect rack1-07 --wait"},
    {"clean",    "Run clean steps on manageable nodes: wipe, burn in, build RAID (docs/steps.md)", "clean {} nodes", Takes::Steps,
     "bm node clean rack1-07 --step deploy.burnin_memory,seconds=3600 --step deploy.erase_devices --wait\n  bm node clean 'rack1-*' --runbook CUSTOM_BURN_IN --yes"},
    {"service",  "Run service steps on active nodes; each is shut down and restarted", "shut down and service {} nodes", Takes::Steps,
     "bm node service rack1-07 --step bios.factory_reset --wait"},
    {"adopt",    "Adopt nodes that already run a system, without changing it", nullptr, Takes::Nothing, "bm node adopt rack1-07 --wait"},
    {"rescue",   "Boot active nodes into the rescue RAM disk with an SSH server", "shut down {} running nodes for rescue", Takes::Password,
     "bm node rescue rack1-07 --password-file rescue.password --wait"},
    {"unrescue", "Boot rescued nodes into their own systems", nullptr, Takes::Nothing, "bm node unrescue rack1-07 --wait"},
    {"unhold",   "Continue the operations that a hold step has stopped", nullptr, Takes::Nothing, "bm node unhold rack1-07"},
});
// clang-format on

std::string passwordOf(const VerbOptions& options)
{
    if (options.passwordFile != "-")
        return readPasswordFile(options.passwordFile);
    std::string password;
    if (!std::getline(std::cin, password) || password.empty())
        throw Error(ErrorCode::InvalidInput, "standard input holds no password",
                    "echo ... | bm node rescue NODE --password-file -");
    return password;
}

json bodyOf(const Verb& verb, const VerbOptions& options)
{
    json body = {{"target", verb.word}};
    if (verb.takes == Takes::Password)
        body["rescue_password"] = passwordOf(options);
    if (verb.takes != Takes::Steps)
        return body;
    if (!options.runbook.empty())
        body["runbook"] = options.runbook;
    else
        body[fmt::format("{}_steps", verb.word)] = stepsOf(options.steps, options.stepsFile);
    if (options.noRamdisk)
        body["disable_ramdisk"] = true;
    return body;
}

int run(Shell& shell, const Verb& verb, const VerbOptions& options)
{
    if (verb.takes == Takes::Steps && options.runbook.empty() && options.steps.empty() &&
        options.stepsFile.empty())
        throw Error(ErrorCode::InvalidInput, fmt::format("{} needs steps", verb.word),
                    "--step INTERFACE.STEP[,ARGUMENT=VALUE...], --steps FILE or --runbook NAME; "
                    "docs/steps.md lists them");
    const json body = bodyOf(verb, options);
    const std::vector<std::string> nodes = shell.nodes(options.nodes);
    if (verb.question != nullptr)
        confirmMany(fmt::format(fmt::runtime(verb.question), nodes.size()), nodes.size(), options.yes);
    const Ordered done = orderOnEach(shell, nodes, options.wait, [&](const std::string& node) {
        shell.client().send("PUT", nodePath(node, "/states/provision"), body);
    });
    return finishOrder(shell, done, options.wait, std::chrono::minutes{options.timeoutMinutes},
                       [&](const std::string& node) {
                           return fmt::format("{} started; to watch it: bm node timeline {}", verb.word,
                                              node);
                       });
}

void addSteps(CLI::App& command, VerbOptions& options)
{
    CLI::Option* step =
        command.add_option("--step", options.steps, "INTERFACE.STEP[,ARGUMENT=VALUE...] (may be repeated)");
    CLI::Option* file = command.add_option("--steps", options.stepsFile, "JSON file with a list of steps");
    command.add_option("--runbook", options.runbook, "name of a runbook whose steps to run")
        ->excludes(step)
        ->excludes(file);
    command.add_flag("--no-ramdisk", options.noRamdisk,
                     "do not boot the RAM disk: for steps that need no agent");
}

void addVerb(CLI::App& node, Shell& shell, const Verb& verb)
{
    const auto options = std::make_shared<VerbOptions>();
    CLI::App* command = node.add_subcommand(verb.word, verb.help);
    command->add_option("nodes", options->nodes, "names, globs or uuids")->required();
    if (verb.takes == Takes::Steps)
        addSteps(*command, *options);
    if (verb.takes == Takes::Password)
        command
            ->add_option("--password-file", options->passwordFile,
                         "file with root's password; - is standard input")
            ->required();
    command->add_flag("--wait", options->wait, "show progress until all operations end");
    command->add_option("--timeout", options->timeoutMinutes, "minutes to wait")
        ->check(CLI::Range(1, 100'000));
    if (verb.question != nullptr)
        command->add_flag("--yes", options->yes, "do not ask");
    command->footer(fmt::format("Example:\n  {}", verb.example));
    command->callback([&shell, &verb, options] {
        shell.action = [&shell, &verb, options] { return run(shell, verb, *options); };
    });
}

int allowReboot(Shell& shell, const VerbOptions& options)
{
    for (const std::string& node : shell.nodes(options.nodes)) {
        shell.client().send("POST", nodePath(node, "/operation/reboot-ok"), nullptr);
        std::cout << fmt::format("{}: it boots the RAM disk at its next start; restart it by hand\n", node);
    }
    return 0;
}

} // namespace

void addNodeRebootOk(CLI::App& node, Shell& shell)
{
    const auto options = std::make_shared<VerbOptions>();
    CLI::App* command = node.add_subcommand(
        "reboot-ok", "Let machines that bm cannot switch boot the RAM disk again within their operation");
    command->add_option("nodes", options->nodes, "names, globs or uuids")->required();
    command->footer("Example:\n  bm node reboot-ok rack1-07");
    command->callback(
        [&shell, options] { shell.action = [&shell, options] { return allowReboot(shell, *options); }; });
}

void addNodeVerbs(CLI::App& node, Shell& shell)
{
    for (const Verb& verb : kVerbs)
        addVerb(node, shell, verb);
}

} // namespace bm::cli
