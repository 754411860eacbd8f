#include "agent/commands.h"
#include "common/model/error.h"
#include "common/text/printable.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace {

constexpr const char* kAbout =
    "bm-agent: runs in bm's RAM disk, asks bmd for steps and does them. Without a command it works for the "
    "server that\n"
    "the kernel command line names: bm.api=URL bm.node=UUID bm.secret=HEX [BOOTIF=MAC].\n"
    "Exit status: 0 done, 1 failed, above 100 wrong arguments.";

void addRun(CLI::App& app, bm::agent::RunOptions& options)
{
    app.add_option("--cmdline", options.commandLine, "read the kernel arguments from this file")
        ->capture_default_str();
    app.add_option("--state", options.stateFolder, "folder for the nonce and records of steps")
        ->capture_default_str();
    app.add_option("--inventory", options.inventoryFile,
                   "take the machine's disks from this JSON instead of from /sys");
    app.add_flag("!--no-power", options.mayPowerOff,
                 "note power_off and reboot, but do not carry them out; leave the firmware alone");
}

CLI::App* addWrite(CLI::App& app, bm::agent::DeployOrder& order, std::vector<std::filesystem::path>& disks,
                   std::vector<std::filesystem::path>& moreDisks, std::size_t& memoryMib)
{
    CLI::App* write = app.add_subcommand("write", "write an image to a disk or a file, without a server");
    write->add_option("--manifest", order.manifest, "file or URL of the image's manifest")->required();
    write->add_option("--blocks", order.blocks, "file or URL of the image's .zst file")->required();
    write->add_option("--to", disks, "disk, or file as long as the disk would be")->required()->expected(1);
    write->add_option("--also-to", moreDisks, "another disk or file that gets the same (may be repeated)");
    write->add_option("--sha256", order.manifestSha256, "of the manifest");
    order.copy.growLastPartition = false;
    write->add_flag("--grow", order.copy.growLastPartition, "let the last partition reach the disk's end");
    write->add_flag("--full", order.copy.full, "copy every block, whatever the disk holds");
    write->add_option("--config-drive", order.configDrive,
                      "file or URL of an ISO or FAT image for a new partition config-2");
    write->add_option("--memory", memoryMib, "MiB for buffers")
        ->check(CLI::Range(8, 4096))
        ->capture_default_str();
    write->add_option("--decoders", order.pipeline.decoders,
                      "threads that verify and decompress; 0: one per core");
    write->footer("Example: bm-agent write --manifest http://10.77.0.1/image.manifest --blocks "
                  "http://10.77.0.1/image.zst --to /dev/sdb\n"
                  "         --relay-token token --source 10.77.0.101:6387");
    return write;
}

void addRelay(CLI::App& write, bm::agent::WriteRelay& relay)
{
    write.add_option("--relay-token", relay.tokenFile,
                     "file with the copy's token, 64 hex digits: take from --source and serve others");
    write
        .add_option("--source", relay.sources,
                    "ADDRESS:PORT of another bm-agent to take from; at last --blocks")
        ->delimiter(',');
    write.add_option("--relay-port", relay.settings.port, "port to serve at")->capture_default_str();
    write.add_option("--relay-cache", relay.cacheMib,
                     "MiB of stored blocks kept for others; 0: by the memory");
}

struct TreeCommand {
    bm::agent::TreeOrder order;
    std::string layout = "plain";
    std::vector<std::string> disks;
    CLI::App* app = nullptr;
};

void addWriteTree(CLI::App& app, TreeCommand& tree)
{
    tree.app = app.add_subcommand("write-tree", "lay a tree onto a disk or two, without a server (root)");
    tree.app->add_option("--manifest", tree.order.manifest, "file or URL of the image's manifest")
        ->required();
    tree.app->add_option("--blocks", tree.order.blocks, "file or URL of the image's .zst file")->required();
    tree.app->add_option("--to", tree.disks, "disk, or file as long as the disk would be; twice for a mirror")
        ->required();
    tree.app->add_option("--sha256", tree.order.manifestSha256, "of the manifest");
    tree.app->add_option("--content-bytes", tree.order.contentBytes,
                         "of the tree's files, for the disk's least size");
    tree.app->add_option("--layout", tree.layout, "name of a layout, or path of one as JSON")
        ->capture_default_str();
    tree.app->add_option("--config-drive", tree.order.configDrive,
                         "file or URL of an ISO or FAT image for a new partition config-2");
    tree.app->footer(
        "Example: bm-agent write-tree --manifest image.manifest --blocks image.zst --to /dev/sdb "
        "--layout xfs");
}

int runCommand(int argc, char** argv)
{
    CLI::App app{kAbout};
    bm::agent::RunOptions run;
    bm::agent::DeployOrder order;
    std::vector<std::filesystem::path> disks;
    std::vector<std::filesystem::path> moreDisks;
    std::size_t memoryMib = order.pipeline.memoryBytes >> 20U;
    addRun(app, run);
    app.set_version_flag("--version", BM_AGENT_VERSION);
    CLI::App* write = addWrite(app, order, disks, moreDisks, memoryMib);
    bm::agent::WriteRelay relay;
    addRelay(*write, relay);
    TreeCommand tree;
    addWriteTree(app, tree);
    addRelay(*tree.app, relay);
    CLI::App* inventory = app.add_subcommand("inventory", "print the inventory that the server gets");
    app.require_subcommand(0, 1);
    CLI11_PARSE(app, argc, argv);
    order.pipeline.memoryBytes = memoryMib << 20U;
    disks.insert(disks.end(), moreDisks.begin(), moreDisks.end());
    if (write->parsed())
        return bm::agent::writeOnce(order, disks, relay);
    if (tree.app->parsed())
        return bm::agent::writeTreeOnce(tree.order, tree.layout, tree.disks, relay);
    return inventory->parsed() ? bm::agent::printInventory() : bm::agent::runAgent(run);
}

} // namespace

int main(int argc, char** argv)
{
    using bm::text::printable; // servers, disks and BMCs are named in messages
    try {
        return runCommand(argc, argv);
    } catch (const bm::model::Error& error) {
        fmt::print(stderr, "bm-agent: {} ({})\n", printable(error.message()), toText(error.code()));
        if (!error.hint().empty())
            fmt::print(stderr, "bm-agent: {}\n", printable(error.hint()));
    } catch (const std::exception& error) {
        fmt::print(stderr, "bm-agent: {}\n", printable(error.what()));
    }
    return 1;
}
