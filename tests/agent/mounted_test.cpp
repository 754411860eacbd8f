// What the kernel does at a damaged block is the agent's choice, not that of the file system's maker.
#include "agent/disk/block_device.h"
#include "agent/disk/mounted.h"
#include "common/platform/exec.h"
#include "tests/agent/step_world.h"

using namespace bm;
using namespace bm::agent;
using Catch::Matchers::Contains;

namespace {

std::string optionsOf(const std::filesystem::path& folder)
{
    std::ifstream mounts("/proc/self/mounts");
    std::string device, at, kind, options, rest;
    while (mounts >> device >> at >> kind >> options && std::getline(mounts, rest))
        if (at == folder)
            return options;
    return "";
}

} // namespace

TEST_CASE("A file system whose superblock says panic does not stop the RAM disk's kernel", "[agent][mount]")
{
    const bool readOnly = GENERATE(false, true);
    const LoopDisk disk(16);
    const auto made = platform::makeExec()->run({.argv = {"mkfs.ext4", "-q", "-e", "panic", disk.disk.name}},
                                                model::Deadline::in(std::chrono::minutes{1}));
    REQUIRE(made.code == 0);
    const BlockDevice device(disk.disk.name, BlockDevice::Access::Write);
    const Mounted mounted(device, {0, device.sizeBytes()}, FileSystem::Ext, readOnly);
    CHECK_THAT(optionsOf(mounted.root()), Contains(readOnly ? "errors=continue" : "errors=remount-ro"));
}
