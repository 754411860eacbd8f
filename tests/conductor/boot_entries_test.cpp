#include "conductor/nodes/management.h"
#include "tests/support/world.h"

#include <catch2/catch.hpp>

using namespace bm;
using model::BootDevice;
using model::State;
using test::World;
using namespace std::chrono_literals;

namespace {

/// The boot device that a deployment leaves on the BMC.
BootDevice deviceAfter(const std::string& vendor, const std::string& mode, const std::string& boot)
{
    World world;
    world.nodeIn(State::Available);
    world.core->nodes.update(
        "node-1",
        [&](model::Node& node) {
            node.driverInfo.text = R"({"fake_agent_delay": "never"})";
            node.properties.text = R"({"vendor": ")" + vendor + R"("})";
        },
        "alice");
    conductor::DeployRequest request;
    request.image = "debian";
    world.core->operations.provision("node-1", request, "alice");
    world.runUntilIdle(3s);
    const World::Agent agent = world.bootAgent("node-1");
    wire::AgentExchangeRequest first;
    first.bootId = agent.bootId;
    first.agentVersion = "0.1.0";
    first.inventory.emplace();
    first.inventory->text = R"({"cpus":2,"memory_mb":512,"cpu_arch":"x86_64","firmware":")" + mode +
                            R"(","nics":[{"name":"eth0","mac":")" + agent.mac + R"("}],"disks":[]})";
    world.core->agents.exchange(agent.uuid, agent.token, first, "192.0.2.7");
    world.runUntilIdle(1s);
    const wire::AgentExchangeAnswer instruction = world.exchange(agent);
    REQUIRE(instruction.step);
    REQUIRE(instruction.step->name == "write_image");
    wire::AgentStepReport report;
    report.id = instruction.step->id;
    report.state = wire::AgentStepState::Done;
    report.result.text = R"({"boot": )" + boot + "}";
    world.exchange(agent, report);
    world.runUntilIdle(5s);
    CHECK(world.stateOf("node-1") == State::Active);
    const auto set = conductor::Management(world.core->context).bootDevice("node-1");
    REQUIRE(set);
    return set->device;
}

} // namespace

TEST_CASE("the BMC sets no boot device where that undoes the new boot entry", "[conductor][boot-entries]")
{
    const std::string made = R"({"firmware": "uefi", "entries": ["Boot0003"], "loaders": ["\\EFI\\a.efi"]})";
    const std::string failed = R"({"firmware": "uefi", "entries": [], "trouble": "efivarfs is full"})";
    CHECK(deviceAfter("Lenovo", "uefi", made) == BootDevice::Pxe); // as set once, for the RAM disk
    CHECK(deviceAfter("Lenovo", "uefi", failed) == BootDevice::Disk);
    CHECK(deviceAfter("Lenovo", "bios", R"({"firmware": "bios", "drive": 128})") == BootDevice::Disk);
    CHECK(deviceAfter("Dell Inc.", "uefi", made) == BootDevice::Disk);
}
