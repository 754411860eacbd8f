#include "cli/client/assignments.h"
#include "cli/client/config_drive_file.h"
#include "cli/client/operator_file.h"
#include "cli/client/ssh_key.h"
#include "cli/commands/commands.h"
#include "cli/commands/fleet_options.h"
#include "cli/shell/node_watch.h"
#include "cli/views/confirm.h"
#include "common/layout/disk_layout.h"
#include "common/model/error.h"
#include "common/platform/files.h"
#include "common/text/base64.h"
#include "common/text/utf8.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fmt/format.h>
#include <iostream>
#include <optional>

namespace bm::cli {

using model::Error;
using model::ErrorCode;
using nlohmann::json;
using namespace std::chrono_literals;

namespace {

struct ProvisionOptions {
    std::string image;
    std::vector<std::string> nodes;
    std::vector<std::string> sshKeys;
    std::vector<std::string> rootDevice;
    std::vector<std::string> moreDisks;
    std::string hostName;
    std::string userData;
    std::string metaData;
    std::string networkData;
    std::string configDrive;
    bool noConfigDrive = false;
    bool noGrow = false;
    bool full = false;
    std::optional<bool> kexec{};
    std::string layout;
    std::vector<std::string> preserve;
    std::optional<std::string> kernelArguments{};
    bool wait = false;
    bool yes = false;
    FleetOptions fleet{};
    int timeoutMinutes = 240;
};

constexpr std::size_t kLargestUserData = std::size_t{48} << 20U; // base64 of it fits into a request

constexpr std::size_t kLargestDriveFile = std::size_t{96} << 20U; // base64 of 64 MiB

/// JSON has no bytes, so bytes that are no text travel as base64.
void addUserData(json& body, const std::string& bytes)
{
    if (text::isUtf8(bytes) && bytes.find('\0') == std::string::npos)
        body["user_data"] = bytes;
    else
        body["user_data_base64"] = text::toBase64(bytes);
}

json jsonFile(const std::string& file)
{
    json value = json::parse(readOperatorFile(file), nullptr, false);
    if (value.is_discarded())
        throw Error(ErrorCode::InvalidInput, file + " is not valid JSON");
    return value;
}

/// The layout that --layout names: a built-in name, or a file. A file's path contains a dot or a slash.
json layoutOf(const std::string& given)
{
    if (given != "-" && given.find_first_of("./") == std::string::npos) {
        layout::namedLayout(given); // throws for an unknown name and lists the known ones
        return given;
    }
    return layout::layoutFromText(readOperatorFile(given), given);
}

/// Standard input has one reader.
void refuseSecondReader(const ProvisionOptions& options)
{
    std::vector<std::string> files{options.userData, options.metaData, options.networkData, options.layout,
                                   options.configDrive};
    files.insert(files.end(), options.sshKeys.begin(), options.sshKeys.end());
    if (std::ranges::count(files, "-") > 1)
        throw Error(ErrorCode::InvalidInput, "two options read standard input",
                    "- stands for standard input once; name files for the other options");
}

json requestOf(const ProvisionOptions& options)
{
    refuseSecondReader(options);
    json body = {{"image", options.image}};
    if (options.noGrow)
        body["grow_last_partition"] = false;
    if (options.full)
        body["full"] = true;
    if (options.kexec)
        body["kexec"] = *options.kexec;
    if (!options.layout.empty())
        body["layout"] = layoutOf(options.layout);
    if (!options.preserve.empty())
        body["preserve"] = options.preserve;
    if (options.kernelArguments)
        body["kernel_arguments"] = *options.kernelArguments;
    if (!options.hostName.empty())
        body["host_name"] = options.hostName;
    for (const std::string& given : options.sshKeys)
        for (const std::string& key : sshKeys(given))
            body["ssh_keys"].push_back(key);
    if (!options.rootDevice.empty())
        body["root_device"] = hintsOf(options.rootDevice, "--root-device");
    for (const std::string& disk : options.moreDisks)
        body["more_disks"].push_back(hintsOf(CLI::detail::split(disk, ','), "--also-disk"));
    if (!options.userData.empty())
        addUserData(body, readOperatorFile(options.userData, kLargestUserData));
    if (!options.metaData.empty())
        body["meta_data"] = jsonFile(options.metaData);
    if (!options.networkData.empty())
        body["network_data"] = jsonFile(options.networkData);
    if (!options.configDrive.empty())
        body["config_drive"] =
            configDriveOf(readOperatorFile(options.configDrive, kLargestDriveFile), options.configDrive);
    if (options.noConfigDrive)
        body["config_drive"] = false;
    return body;
}

/// Asks for confirmation when several of the nodes run an instance, which the deployment overwrites.
void confirmRunning(Shell& shell, const ProvisionOptions& options, const std::vector<std::string>& nodes)
{
    if (options.yes || nodes.size() < 2)
        return;
    std::size_t running = 0;
    try {
        for (const json& node : fieldsOf(shell.client(), nodes, "provision_state"))
            if (node.at("provision_state") == "active")
                ++running;
    } catch (const Error& error) {
        if (error.code() != ErrorCode::NotFound)
            throw;
        return; // the request for each of these nodes fails with its own message
    }
    confirmMany(fmt::format("deploy {} to {} nodes and overwrite the running system of {} of them",
                            options.image, nodes.size(), running),
                running, options.yes);
}

int provision(Shell& shell, const ProvisionOptions& options)
{
    json body = requestOf(options);
    if (options.fleet.any()) {
        if (!options.hostName.empty())
            throw Error(ErrorCode::InvalidInput, "--host-name needs exactly one node",
                        "without --host-name each node's name is its host name");
        body.erase("image");
        const std::vector<std::string> named =
            options.nodes.empty() ? std::vector<std::string>{} : shell.nodes(options.nodes);
        return provisionFleet(shell, options.fleet, options.image, named, body, options.yes, options.wait);
    }
    if (options.nodes.empty())
        throw Error(ErrorCode::InvalidInput, "no nodes given",
                    "bm provision IMAGE NODE..., or --select class=web,rack=r1..r4");
    const std::vector<std::string> nodes = shell.nodes(options.nodes);
    confirmRunning(shell, options, nodes);
    const Ordered done = orderOnEach(shell, nodes, options.wait, [&](const std::string& node) {
        shell.client().send("POST", nodePath(node, "/provision"), body);
    });
    return finishOrder(shell, done, options.wait, std::chrono::minutes{options.timeoutMinutes},
                       [&](const std::string& node) {
                           return options.image + " started; to watch it: bm node timeline " + node;
                       });
}

int undeploy(Shell& shell, const ProvisionOptions& options)
{
    const std::vector<std::string> nodes = shell.nodes(options.nodes);
    confirmMany(fmt::format("undeploy {} nodes and wipe their disks' metadata", nodes.size()), nodes.size(),
                options.yes);
    const Ordered done = orderOnEach(shell, nodes, options.wait, [&](const std::string& node) {
        shell.client().send("PUT", nodePath(node, "/states/provision"), {{"target", "deleted"}});
    });
    return finishOrder(shell, done, options.wait, std::chrono::minutes{options.timeoutMinutes},
                       [](const std::string&) { return std::string("undeploy started"); });
}

int abort(Shell& shell, const ProvisionOptions& options)
{
    for (const std::string& node : shell.nodes(options.nodes)) {
        shell.client().send("POST", nodePath(node, "/operation/abort"), nullptr);
        std::cout << node << ": the operation stops at its next safe point\n";
    }
    return 0;
}

/// A complete config drive has all its parts, and none has no parts: bmd would drop them.
void addDriveOptions(CLI::App& command, ProvisionOptions& options)
{
    CLI::Option* drive = command.add_option(
        "--config-drive", options.configDrive,
        "complete config drive: an ISO 9660 or FAT image, as it is, gzipped, or base64 of that; - is stdin");
    CLI::Option* none = command.add_flag("--no-config-drive", options.noConfigDrive, "write no config drive");
    drive->excludes(none);
    for (const char* part : {"--ssh-key", "--host-name", "--user-data", "--meta-data", "--network-data"})
        for (CLI::Option* whole : {drive, none})
            whole->excludes(command.get_option(part));
}

void addRequestOptions(CLI::App& command, ProvisionOptions& options)
{
    command.add_option("--ssh-key", options.sshKeys,
                       "public keys for logins: a file, a folder of *.pub, or the key itself; - is stdin");
    command.add_option("--root-device", options.rootDevice,
                       "disk to write, as root device hints: serial=..., wwn=..., \"size=>= 400\"");
    command.add_option(
        "--also-disk", options.moreDisks,
        "a further disk for the same disk image, as root device hints: serial=...[,model=...] (may be "
        "repeated)");
    command.add_option("--host-name", options.hostName, "host name (default: the node's name)");
    command.add_option("--user-data", options.userData,
                       "file for the config drive's user_data: text, gzip or any other bytes; - is stdin");
    command.add_option("--meta-data", options.metaData, "JSON file merged into meta_data.json");
    command.add_option("--network-data", options.networkData, "JSON file for network_data.json");
    addDriveOptions(command, options);
    command.add_flag("--no-grow", options.noGrow, "do not grow the last partition and its file system");
    command.add_flag("--kexec,!--no-kexec", options.kexec,
                     "start the deployed kernel from the RAM disk, without a second firmware boot");
    command.add_option("--layout", options.layout,
                       "disk layout of a tree image: plain, xfs, btrfs, or a YAML file (docs/trees.md)");
    command.add_option("--preserve", options.preserve,
                       "keep the content of this file system of the layout: /srv (may be repeated)");
    command.add_option("--kernel-arguments", options.kernelArguments,
                       "kernel arguments of a RAM disk image; %default% inserts the image's own "
                       "(docs/ramdisk-deployments.md)");
    command.add_flag("--full", options.full,
                     "copy every block (default: compare with the disk first when that is faster)");
}

} // namespace

void addProvisionCommands(CLI::App& app, Shell& shell)
{
    const auto options = std::make_shared<ProvisionOptions>();
    CLI::App* command =
        app.add_subcommand("provision", "Deploy an image to nodes in any state and start them");
    command->add_option("image", options->image, "name or tag of the image (bm image list, bm image tags)")
        ->required();
    command->add_option("nodes", options->nodes, "names, globs or uuids (or use --select)");
    addRequestOptions(*command, *options);
    addFleetOptions(*command, options->fleet);
    command->add_flag("--wait", options->wait, "show progress until all deployments end");
    command->add_flag("--yes", options->yes, "do not ask before overwriting running systems");
    command->add_option("--timeout", options->timeoutMinutes, "minutes to wait")
        ->check(CLI::Range(1, 100'000));
    command->footer(
        "Example:\n  bm provision debian-12 rack1-07 rack1-08 --ssh-key ~/.ssh/id_ed25519.pub --wait\n"
        "  bm provision debian-12 'rack1-*' --yes\n"
        "  bm provision web-root rack1-07 --layout web.yaml --preserve /srv\n"
        "  bm provision web:stable --select class=web,rack=r1..r4 --max-parallel 64 --canary 2 --max-fail 5% "
        "--order rack");
    command->callback(
        [&shell, options] { shell.action = [&shell, options] { return provision(shell, *options); }; });

    CLI::App* down = app.add_subcommand(
        "undeploy", "Undeploy nodes: switch them off, wipe the disk metadata, make them available");
    down->add_option("nodes", options->nodes, "names, globs or uuids")->required();
    down->add_flag("--wait", options->wait, "show progress until all operations end");
    down->add_flag("--yes", options->yes, "do not ask");
    down->footer("Example:\n  bm undeploy rack1-07 --wait");
    down->callback(
        [&shell, options] { shell.action = [&shell, options] { return undeploy(shell, *options); }; });

    CLI::App* stop = app.add_subcommand("abort", "Stop the operations of nodes at their next safe point");
    stop->add_option("nodes", options->nodes, "names, globs or uuids")->required();
    stop->footer("Example:\n  bm abort rack1-07");
    stop->callback(
        [&shell, options] { shell.action = [&shell, options] { return abort(shell, *options); }; });
}

} // namespace bm::cli
