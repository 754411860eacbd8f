// Disks that the kernel finds after the agent has started: steps wait for them.
#include "agent/hardware/erase/erase_steps.h"
#include "agent/hardware/raid/raid_steps.h"
#include "agent/step/chosen_disk.h"
#include "tests/agent/step_world.h"

#include <utility>

using namespace bm;
using namespace bm::agent;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using model::Error;
using model::ErrorCode;
using nlohmann::json;

namespace {

constexpr const char* kExpectLate = R"([{"name": "/dev/sdb", "serial": "LATE1", "size_bytes": 8388608}])";

/// The disk SYS1, and LATE1, which appears after a time; files as disks. The clock is the sum of the pauses.
struct LateWorld : StepWorld {
    explicit LateWorld(std::chrono::seconds appears = std::chrono::hours{1})
    {
        add("SYS1");
        patience.pause = [this, appears](std::chrono::seconds span) {
            waited += span;
            if (waited == appears)
                add("LATE1");
        };
        patience.says = [this](const std::string& text) { said.push_back(text); };
        patience.gaveUp = [this](const std::string& text) { warnings.push_back(text); };
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
    bool isWritten(const std::string& serial) const
    {
        return platform::readFile(folder.path() / serial, std::size_t{16} << 20U)[0] != 'x';
    }
    std::string chosen(const json& hints, const char* remembered = nullptr)
    {
        wire::DiskChoice choice{.rootDevice = {hints.dump()}};
        if (remembered != nullptr)
            choice.remembered = wire::DiskIdentity{.name = "/dev/sdz", .serial = remembered};
        return serialsOf(
            [&](const StepContext& context) { return std::vector{chooseDisk(choice, context)}; });
    }
    std::string serialsOf(const std::function<std::vector<wire::Disk>(const StepContext&)>& choose)
    {
        std::string serials;
        run([&](const StepContext& context) -> model::JsonText {
            for (const wire::Disk& disk : choose(context))
                serials += disk.serial + " ";
            return {};
        });
        return serials;
    }
    platform::TemporaryFolder folder{"bm-late"};
    std::chrono::seconds waited{0};
    std::vector<std::string> said;
    std::vector<std::string> warnings;
};

} // namespace

TEST_CASE("cleaning waits for a disk that the machine had", "[agent][late]")
{
    LateWorld world(20s);
    world.rules.expected = {kExpectLate};
    const StepFunction step =
        GENERATE(as<StepFunction>{}, eraseDevicesMetadata, eraseDevicesExpress, eraseDevices);
    CHECK(world.run(step)["erased"].size() == 2);
    CHECK(world.waited == 20s);
    CHECK(world.isWritten("LATE1"));
    CHECK_THAT(world.said.at(0), Contains("up to 30 s: /dev/sdb") && Contains("LATE1"));
    CHECK(world.warnings.empty());
}

TEST_CASE("cleaning erases nothing while a disk is absent", "[agent][late]")
{
    LateWorld world;
    world.rules.expected = {kExpectLate};
    const StepFunction step =
        GENERATE(as<StepFunction>{}, eraseDevicesMetadata, eraseDevicesExpress, eraseDevices);
    SECTION("its error names the disk")
    {
        const Error refused = world.failure(step);
        CHECK(refused.code() == ErrorCode::DiskNotFound);
        CHECK_THAT(refused.message(), Contains("nothing was erased") && Contains("LATE1"));
        CHECK_THAT(refused.hint(), Contains("bm node inspect"));
        CHECK(world.waited == 30s);
        CHECK(world.warnings.size() == 1);
        CHECK_FALSE(world.isWritten("SYS1"));
    }
    SECTION("but for a skipped disk nothing waits")
    {
        world.rules.skip.text = R"([{"serial": "LATE1"}])";
        CHECK(world.run(step)["erased"].size() == 1);
        CHECK(world.waited == 0s);
    }
}

TEST_CASE("a machine without a disk is waited for", "[agent][late]")
{
    LateWorld world(20s);
    world.disks.clear();
    CHECK(world.run(eraseDevicesMetadata)["erased"].size() == 1);
    CHECK(world.waited == 20s);
}

TEST_CASE("a step waits longer for a disk that its hint names", "[agent][late]")
{
    LateWorld world(100s);
    const json byName = {{"serial", "LATE1"}};
    SECTION("as root device")
    {
        CHECK(world.chosen(byName) == "LATE1 ");
    }
    SECTION("as further disk")
    {
        const wire::Disk first = world.disks[0];
        CHECK(world.serialsOf([&](const StepContext& context) {
            return chooseMoreDisks({{byName.dump()}}, context, first);
        }) == "LATE1 ");
    }
    SECTION("to read it")
    {
        CHECK(world.serialsOf([&](const StepContext& context) {
            return std::vector{chooseDiskToRead({.rootDevice = {byName.dump()}}, context)};
        }) == "LATE1 ");
    }
    SECTION("for RAID")
    {
        const json arguments = json::parse(R"({"target_raid_config": {"logical_disks": [{"size_gb": "MAX",
            "raid_level": "1", "controller": "software",
            "physical_disks": [{"serial": "SYS1"}, {"serial": "LATE1"}]}]}})");
        CHECK(world.failure(raidCreateConfiguration, arguments).code() !=
              ErrorCode::DiskNotFound); // too small
    }
    CHECK(world.waited == 100s);
}

TEST_CASE("the wait for a disk ends", "[agent][late]")
{
    LateWorld world;
    const auto spanFor = [&](const json& hints) {
        CHECK_THROWS_WITH(world.chosen(hints), Contains("no disk matches"));
        return std::exchange(world.waited, 0s);
    };
    CHECK(spanFor({{"serial", "GONE"}}) == 120s);
    CHECK(spanFor({{"size", "> 9999"}}) == 30s);
    CHECK(world.warnings.size() == 2);
    SECTION("at once where the hints match skipped disks only")
    {
        world.add("DATA1");
        world.rules.skip.text = R"([{"serial": "DATA1"}])";
        CHECK_THROWS_WITH(world.chosen({{"serial", "DATA1"}}), Contains("match skipped disks only"));
        CHECK(world.waited == 0s);
    }
    SECTION("when the step is stopped")
    {
        world.patience.pause = [](std::chrono::seconds) { throw Error(ErrorCode::Aborted, "stopped"); };
        CHECK_THROWS_WITH(world.chosen({{"serial", "GONE"}}), "stopped");
    }
}

TEST_CASE("the disks of a mirror and of RAID are waited for", "[agent][late]")
{
    LateWorld world(20s);
    SECTION("mirror")
    {
        CHECK(world.serialsOf([](const StepContext& context) { return chooseDisks({}, context, true); }) ==
              "SYS1 LATE1 ");
    }
    SECTION("RAID of all disks")
    {
        const json arguments = json::parse(R"({"target_raid_config": {"logical_disks": [{"size_gb": "MAX",
            "raid_level": "1", "controller": "software"}]}})");
        CHECK(world.failure(raidCreateConfiguration, arguments).code() !=
              ErrorCode::DiskNotFound); // too small
    }
    CHECK(world.waited == 20s);
}

TEST_CASE("no other disk is written in place of an absent one", "[agent][late]")
{
    LateWorld world;
    world.rules.expected = {kExpectLate};
    CHECK_THROWS_WITH(world.chosen(json::object()), Contains("chooses no disk") && Contains("LATE1"));
    CHECK_THROWS_WITH(world.chosen(json::object(), "LATE1"), Contains("chooses no disk"));
    CHECK_THROWS_WITH(world.chosen({{"size", ">= 0"}}), Contains("chooses no disk"));
    CHECK(world.chosen(json::object(), "SYS1") == "SYS1 ");
    CHECK(world.chosen({{"serial", "SYS1"}}) == "SYS1 ");
    world.waited = 0s;
    CHECK(world.chosen({{"serial", "SYS1"}}) == "SYS1 ");
    CHECK(world.waited == 0s); // LATE1 does not matter
    SECTION("nor by a name, which the kernel may give to another disk")
    {
        const json absent = {{{"name", world.disks[0].name}, {"serial", "LATE1"}, {"size_bytes", 8388608}}};
        world.rules.expected = {absent.dump()};
        CHECK_THROWS_WITH(world.chosen({{"name", world.disks[0].name}}), Contains("chooses no disk"));
    }
    SECTION("nor read")
    {
        CHECK_THROWS_WITH(world.serialsOf([](const StepContext& context) {
            return std::vector{chooseDiskToRead({}, context)};
        }),
                          Contains("chooses no disk"));
    }
}
