#include "cli/client/assignments.h"
#include "cli/commands/image_subcommands.h"
#include "cli/shell/node_watch.h"

#include <fmt/format.h>
#include <iostream>

namespace bm::cli {

using nlohmann::json;

namespace {

struct CaptureOptions {
    std::string node;
    std::string name;
    std::vector<std::string> disk;
    std::string kind;
    bool generalise = false;
    bool wait = false;
    int timeoutMinutes = 240;
};

int capture(Shell& shell, const CaptureOptions& options)
{
    const std::string node = shell.node(options.node);
    json body = {{"name", options.name}};
    if (options.generalise)
        body["generalise"] = true;
    if (!options.kind.empty())
        body["kind"] = options.kind;
    if (!options.disk.empty())
        body["root_device"] = hintsOf(options.disk, "--disk");
    shell.client().send("POST", nodePath(node, "/capture"), body);
    if (!options.wait) {
        std::cout << node << ": capture to " << options.name << " started; to watch it: bm node timeline "
                  << node << "\n";
        return 0;
    }
    if (!watchNodes(shell, {node}, std::chrono::minutes{options.timeoutMinutes}))
        return 1;
    const json image = shell.client().get("/v1/images/" + platform::urlEncode(options.name));
    const char* const text = image.at("kind") == "tree"
                                 ? "{}: ready, {} of files, {} without holes, {} stored\n"
                                 : "{}: ready, {} on disk, {} in use, {} stored\n";
    std::cout << fmt::format(
        fmt::runtime(text), options.name, humanBytes(image.at("size_bytes").get<double>()),
        humanBytes(image.at("data_bytes").get<double>()), humanBytes(image.at("stored_bytes").get<double>()));
    return 0;
}

} // namespace

void addImageCapture(CLI::App& image, Shell& shell)
{
    const auto options = std::make_shared<CaptureOptions>();
    CLI::App* command = image.add_subcommand(
        "capture",
        "Capture the disk of an active node as an image; the node is shut down, read and restarted");
    command->add_option("node", options->node, "name or uuid of an active node")->required();
    command->add_option("--name", options->name, "name of the image")->required();
    command->add_option(
        "--disk", options->disk,
        "disk to capture, as root device hints: serial=..., wwn=... (default: the deployed disk)");
    command
        ->add_option("--kind", options->kind,
                     "disk (default): used blocks of the disk; tree: files of the root file system")
        ->check(CLI::IsMember({"disk", "tree"}));
    command->add_flag(
        "--generalise", options->generalise,
        "omit machine-id, ssh host keys, leases and logs from the image; the node keeps its own");
    command->add_flag("--wait", options->wait, "show progress until the capture ends");
    command->add_option("--timeout", options->timeoutMinutes, "minutes to wait")
        ->check(CLI::Range(1, 100'000));
    command->footer("Example:\n  bm image capture rack1-07 --name golden --generalise --wait\n"
                    "  bm provision golden rack1-08 --wait\n"
                    "  bm image capture rack1-07 --name golden-files --kind tree --generalise --wait");
    command->callback(
        [&shell, options] { shell.action = [&shell, options] { return capture(shell, *options); }; });
}

} // namespace bm::cli
