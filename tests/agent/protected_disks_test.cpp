// Disks that the rules of a node protect: no step that destroys data writes them.
#include "agent/copy/write_image_step.h"
#include "agent/disk/kernel_disks.h"
#include "agent/hardware/burnin/burnin_steps.h"
#include "agent/hardware/erase/erase_steps.h"
#include "agent/hardware/raid/raid_steps.h"
#include "agent/step/chosen_disk.h"
#include "agent/tree/tree_step.h"
#include "tests/agent/step_world.h"

using namespace bm;
using namespace bm::agent;
using Catch::Matchers::Contains;
using model::Error;
using model::ErrorCode;
using nlohmann::json;

namespace {

constexpr const char* kSkipData = R"([{"serial": "DATA1"}])";

/// Two files as disks; the second one, DATA1, is skipped.
struct ProtectedWorld : StepWorld {
    ProtectedWorld()
    {
        add("SYS1");
        add("DATA1");
        rules.skip.text = kSkipData;
    }
    void add(const std::string& serial)
    {
        const std::string path = (folder.path() / serial).string();
        std::ofstream(path, std::ios::binary) << std::string(std::size_t{1} << 16U, 'x');
        std::filesystem::resize_file(path, std::uintmax_t{8} << 20U);
        wire::Disk disk;
        disk.name = path;
        disk.serial = serial;
        disk.sizeBytes = std::uint64_t{8} << 20U;
        disks.push_back(disk);
    }
    std::string contentOf(const std::string& serial) const
    {
        return platform::readFile(folder.path() / serial, std::size_t{16} << 20U);
    }
    platform::TemporaryFolder folder{"bm-protected"};
};

const json kRaidOfAll = json::parse(
    R"({"target_raid_config": {"logical_disks": [{"size_gb": "MAX", "raid_level": "1", "controller": "software"}]}})");
const json kRaidOfData = json::parse(
    R"({"target_raid_config": {"logical_disks": [{"size_gb": "MAX", "raid_level": "1", "controller": "software",
        "physical_disks": [{"serial": "SYS1"}, {"serial": "DATA1"}]}]}})");

} // namespace

TEST_CASE("cleaning never writes a skipped disk", "[agent][protected]")
{
    ProtectedWorld world;
    const std::string before = world.contentOf("DATA1");
    const StepFunction step =
        GENERATE(as<StepFunction>{}, eraseDevicesMetadata, eraseDevicesExpress, eraseDevices);
    const json result = world.run(step);
    CHECK(result["erased"].size() == 1);
    CHECK(result["erased"][0]["serial"] == "SYS1");
    CHECK(result["skipped"][0]["reason"] == "skipped by properties/skip_block_devices[0]");
    CHECK(world.contentOf("SYS1").find_first_not_of('\0') == std::string::npos);
    CHECK(world.contentOf("DATA1") == before);
}

TEST_CASE("a burn-in never writes a skipped disk", "[agent][protected]")
{
    ProtectedWorld world;
    const std::string before = world.contentOf("DATA1");
    const json result = world.run(burnInDiskStep, {{"mode", "write"}, {"seconds", 1}});
    CHECK(result["skipped"][0]["name"] == world.disks[1].name);
    CHECK(world.contentOf("DATA1") == before);
}

TEST_CASE("RAID takes and frees no skipped disk", "[agent][protected]")
{
    ProtectedWorld world;
    const std::string before = world.contentOf("DATA1");
    CHECK(world.failure(raidCreateConfiguration, kRaidOfAll).code() == ErrorCode::DiskNotFound);
    CHECK_THAT(world.failure(raidCreateConfiguration, kRaidOfData).message(),
               Contains("physical_disks[1]: no free disk matches"));
    CHECK(world.fake.called.empty());
    FakeExec members([](const std::vector<std::string>&) -> platform::Exit {
        return {.code = 0, .out = "MD_UUID=a:b:c:d\n", .err = {}};
    });
    world.exec = &members;
    const json result = world.run(raidDeleteConfiguration);
    CHECK(result["erased"].size() == 1);
    CHECK(std::ranges::none_of(members.called, [&](const std::string& line) {
        return line.find(world.disks[1].name) != std::string::npos;
    }));
    CHECK(world.contentOf("DATA1") == before);
}

TEST_CASE("a deployment writes no skipped disk", "[agent][protected]")
{
    ProtectedWorld world;
    const std::string before = world.contentOf("DATA1");
    const json image = {{"id", "i"},
                        {"name", "n"},
                        {"manifest_url", "/m"},
                        {"manifest_sha256", std::string(64, '0')},
                        {"size_bytes", 1},
                        {"blocks_url", "/b"}};
    SECTION("whichever hint names it")
    {
        const json arguments = {
            {"image", image}, {"root_device", {{"serial", "DATA1"}}}, {"layout", "plain"}};
        const Error refused = world.failure(writeImageStep, arguments);
        CHECK(refused.code() == ErrorCode::DiskNotFound);
        CHECK_THAT(refused.message(), Contains("match skipped disks only"));
    }
    SECTION("nor as a further disk")
    {
        const json arguments = {{"image", image}, {"more_disks", json::array({{{"serial", "DATA1"}}})}};
        CHECK_THAT(world.failure(writeImageStep, arguments).message(), Contains("match skipped disks only"));
    }
    SECTION("nor with rules that cannot be read")
    {
        world.rules.skip.text = R"([{"serail": "DATA1"}])";
        const Error refused = world.failure(writeImageStep, {{"image", image}});
        CHECK(refused.code() == ErrorCode::InvalidInput);
        CHECK_THAT(refused.message(), Contains("properties/skip_block_devices[0]: unknown hint"));
    }
    CHECK(world.contentOf("DATA1") == before);
}

TEST_CASE("steps that only read may name a skipped disk", "[agent][protected]")
{
    ProtectedWorld world;
    std::string chosen;
    const auto choose = [&](const json& hints) {
        world.run([&](const StepContext& context) -> model::JsonText {
            chosen = chooseDiskToRead({.rootDevice = {hints.dump()}}, context).serial;
            return {};
        });
        return chosen;
    };
    CHECK(choose(json::object()) == "SYS1");
    CHECK(choose({{"serial", "DATA1"}}) == "DATA1");
    CHECK(choose({{"size", ">= 0"}}) == "SYS1");
}

TEST_CASE("an array in common with a skipped disk protects both", "[agent][protected]")
{
    const platform::TemporaryFolder folder("bm-volumes");
    const std::filesystem::path sys = folder.path();
    const std::filesystem::path block = sys / "class/block";
    const auto make = [&](const std::string& name) { std::filesystem::create_directories(sys / "d" / name); };
    for (const char* name :
         {"sda/sda1/holders/md7", "sdb/holders/md7", "sdc/holders", "md7/slaves/sda1", "md7/slaves/sdb"})
        make(name);
    std::ofstream(sys / "d/sda/sda1/partition") << "1\n";
    std::filesystem::create_directories(block);
    for (const char* name : {"sda", "sda/sda1", "sdb", "sdc", "md7"})
        std::filesystem::create_directory_symlink(sys / "d" / name,
                                                  block / std::filesystem::path(name).filename());
    CHECK(disksInVolumesWith("/dev/sda", sys) == std::set<std::string>{"/dev/sdb"});
    CHECK(disksInVolumesWith("/dev/sdc", sys).empty());
    std::vector<wire::Disk> disks(3);
    for (std::size_t i = 0; i < disks.size(); ++i) {
        disks[i].name = std::string("/dev/sd") + static_cast<char>('a' + i);
        disks[i].serial = "S" + disks[i].name;
    }
    const MachineDisks machine([&] { return disks; }, {.skip = {R"([{"serial": "S/dev/sdb"}])"}}, sys);
    CHECK_THROWS_WITH(machine.refuseProtected({disks[0]}), Contains("/dev/sda and /dev/sdb"));
    CHECK_THROWS_WITH(machine.refuseProtected({disks[1]}), Contains("/dev/sdb must not be written"));
    CHECK_NOTHROW(machine.refuseProtected({disks[2]}));
}
