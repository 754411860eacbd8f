// Burn-in: short real runs, and injected hardware faults.
#include "agent/hardware/burnin/burnin_cpu.h"
#include "agent/hardware/burnin/burnin_disk.h"
#include "agent/hardware/burnin/burnin_memory.h"
#include "agent/hardware/burnin/burnin_steps.h"
#include "tests/agent/step_world.h"

#include <atomic>

using namespace bm::agent;
namespace wire = bm::wire;
using bm::model::Error;
using bm::model::ErrorCode;
using bm::platform::Exit;
using nlohmann::json;
using namespace std::chrono_literals;
using namespace std::string_literals;

namespace {

Error failureOf(const std::function<void()>& work)
{
    try {
        work();
    } catch (const Error& error) {
        return error;
    }
    FAIL("nothing was found");
    throw std::logic_error("unreachable");
}

constexpr const char* kAtaRunning =
    R"({"ata_smart_data": {"self_test": {"status": {"value": 249, "remaining_percent": 90}}}})";
constexpr const char* kAtaPassed = R"({"ata_smart_data": {"self_test": {"status": {"value": 0}}}})";
constexpr const char* kAtaFailed = R"({"ata_smart_data": {"self_test": {"status": {"value": 121}}}})";

} // namespace

TEST_CASE("burning in CPUs", "[agent][burnin]")
{
    StepProgress progress;
    SECTION("computes the right results")
    {
        const CpuBurnInOutcome done = burnInCpus({.span = 300ms, .cpus = 1}, progress, {});
        CHECK(done.cpus == 1);
        CHECK(done.rounds > 0);
        CHECK(done.seconds >= 0.3);
        CHECK(progress.message().find("burning in 1 CPUs") == 0);
    }
    SECTION("names the CPU with a wrong result")
    {
        std::atomic<int> count{0};
        const CpuBurnIn order{.span = 30s, .cpus = 1, .tamper = [&](std::uint64_t& value) {
                                  value ^= ++count == 6 ? 0x40U : 0U;
                              }};
        const Error found = failureOf([&] { burnInCpus(order, progress, {}); });
        CHECK(found.code() == ErrorCode::AgentFailed);
        CHECK(found.message().find("miscomputes: XXH3 gave 0x") != std::string::npos);
        CHECK(found.message().find("in round 1") != std::string::npos);
    }
    SECTION("can be stopped")
    {
        std::stop_source stop;
        stop.request_stop();
        CHECK(failureOf([&] { burnInCpus({.span = 30s}, progress, stop.get_token()); }).code() ==
              ErrorCode::Aborted);
    }
}

TEST_CASE("burning in memory", "[agent][burnin]")
{
    StepProgress progress;
    MemoryBurnIn order{.span = 1s, .bytes = std::uint64_t{64} << 20U};
    SECTION("writes and reads back")
    {
        const MemoryBurnInOutcome done = burnInMemory(order, progress, {});
        CHECK(done.bytesTested > 0);
        CHECK(done.bytesTested <= order.bytes);
        CHECK(done.bytesWritten >= done.bytesTested);
        CHECK(done.bytesRead > 0);
    }
    SECTION("names the byte that changed")
    {
        order.span = 30s;
        std::atomic<int> count{0};
        order.tamper = [&](std::span<std::byte> piece) {
            if (++count == 9)
                piece[0x12345] ^= std::byte{4};
        };
        const Error found = failureOf([&] { burnInMemory(order, progress, {}); });
        CHECK(found.code() == ErrorCode::AgentFailed);
        CHECK(found.message().find("2345 of the tested range") != std::string::npos);
    }
    SECTION("leaves the RAM disk's share of the memory free")
    {
        order.span = 30s;
        order.keepFreeBytes = std::uint64_t{1} << 60U;
        CHECK(burnInMemory(order, progress, {}).bytesTested == 0);
        CHECK(memoryToTest(90, order.keepFreeBytes) == 0);
        CHECK(memoryToTest(50, 0) > memoryToTest(10, 0));
    }
}

TEST_CASE("burning in a disk", "[agent][burnin]")
{
    StepProgress progress;
    const std::string before = noise(2);
    const LoopDisk loop(40, before);
    SECTION("reads each piece twice and changes nothing")
    {
        BlockDevice device(loop.disk.name, BlockDevice::Access::Read);
        const DiskBurnInOutcome done = burnInDisk(device, {.span = 500ms}, progress, {});
        CHECK(done.bytesWritten == 0);
        CHECK(done.bytesRead > 0);
        CHECK(bm::platform::readFile(loop.file(), 64U << 20U).starts_with(before));
    }
    SECTION("writes and reads back the whole disk")
    {
        BlockDevice device(loop.disk.name, BlockDevice::Access::Write);
        const DiskBurnInOutcome done = burnInDisk(device, {.span = 700ms, .write = true}, progress, {});
        CHECK(done.bytesWritten > 0);
        CHECK(done.bytesRead > 0);
        CHECK_FALSE(loop.isZero());
    }
    SECTION("names the disk and the offset of a difference")
    {
        BlockDevice device(loop.disk.name, BlockDevice::Access::Write);
        int reads = 0;
        const DiskBurnIn order{
            .span = 30s, .write = true, .tamper = [&](std::uint64_t, std::span<std::byte> bytes) {
                bytes[7] ^= ++reads == 3 ? std::byte{1} : std::byte{0};
            }};
        const Error found = failureOf([&] { burnInDisk(device, order, progress, {}); });
        CHECK(found.code() == ErrorCode::AgentFailed);
        CHECK(found.message().find(loop.disk.name + " does not return the written data") == 0);
        CHECK(found.message().find("from byte 2097152 on") != std::string::npos);
    }
}

TEST_CASE("the burn-in steps", "[agent][burnin]")
{
    StepWorld world;
    const LoopDisk loop(24, noise(24));
    world.disks = {loop.disk};
    CHECK(world.run(burnInCpuStep, {{"seconds", 1}, {"cpus", 1}})["rounds_per_s"] > 0);
    const json disk = world.run(burnInDiskStep, {{"seconds", 1}, {"mode", "write"}});
    CHECK(disk["mode"] == "write");
    CHECK(disk["disks"][0]["bytes_written"] > 0);
    CHECK(disk["disks"][0]["mb_per_s"] > 0);
    CHECK(disk["skipped"] == json::array());
    CHECK(world.failure(burnInDiskStep, {{"mode", "hammer"}}).code() == ErrorCode::InvalidInput);
    CHECK(world.failure(burnInCpuStep, {{"seconds", 0}}).code() == ErrorCode::InvalidInput);
    CHECK(world.failure(burnInMemoryStep, {{"percent", 101}}).code() == ErrorCode::InvalidInput);
    const std::string begin = bm::platform::readFile(loop.file(), 64U << 20U).substr(0, 1U << 20U);
    CHECK(begin.find_first_not_of('\0') == std::string::npos); // no bytes of a partition table
}

TEST_CASE("results of SMART self-tests are read", "[agent][burnin]")
{
    CHECK(parseAtaSelfTest(kAtaRunning) == SelfTestState::Running);
    CHECK(parseAtaSelfTest(kAtaPassed) == SelfTestState::Passed);
    CHECK(parseAtaSelfTest(kAtaFailed) == SelfTestState::Failed);
    CHECK(parseAtaSelfTest(R"({"ata_smart_data": 7})") == SelfTestState::Unsupported);
    CHECK(parseAtaSelfTest("smartctl: what?") == SelfTestState::Unsupported);
    CHECK(parseSmartHealth(R"({"smart_status": {"passed": true}})") == "passed");
    CHECK(parseSmartHealth(R"({"smart_status": {"passed": false}})") == "failed");
    CHECK(parseSmartHealth("[]").empty());
    CHECK(parseNvmeSelfTest("\x01\x32\0\0\x0f"s) == SelfTestState::Running);
    CHECK(parseNvmeSelfTest("\0\0\0\0\x10"s) == SelfTestState::Passed);
    CHECK(parseNvmeSelfTest("\0\0\0\0\x17"s) == SelfTestState::Failed);
    CHECK(parseNvmeSelfTest("\0\0\0\0\x0f"s) == SelfTestState::Unsupported);
    CHECK(parseNvmeSelfTest("\0\0"s) == SelfTestState::Unsupported);
}

TEST_CASE("a disk's self-test", "[agent][burnin]")
{
    std::string last = kAtaPassed;
    bool begun = false;
    int looks = 0;
    FakeExec fake([&](const std::vector<std::string>& argv) -> Exit {
        if (argv[2] == "--health")
            return {.code = 0, .out = R"({"smart_status": {"passed": true}})", .err = {}};
        if (argv[2] == "--test=short")
            begun = true;
        else if (begun && ++looks >= 3)
            return {.code = 0, .out = last, .err = {}};
        return {.code = 0, .out = begun ? kAtaRunning : kAtaPassed, .err = {}};
    });
    const SmartSettings settings{.span = 10s, .poll = 1ms};
    SECTION("ends before the step ends")
    {
        const SmartOutcome found = checkSmart("/dev/sda", "ata", settings, fake, {});
        CHECK(found.health == "passed");
        CHECK(found.selfTest == "passed");
        CHECK(fake.hasCalled("smartctl --json --test=short /dev/sda"));
    }
    SECTION("that fails fails the step")
    {
        last = kAtaFailed;
        const Error found = failureOf([&] { checkSmart("/dev/sda", "ata", settings, fake, {}); });
        CHECK(found.code() == ErrorCode::AgentFailed);
        CHECK(found.message().find("/dev/sda reports a failure") == 0);
    }
    SECTION("may take longer than the limit")
    {
        last = kAtaRunning;
        CHECK(checkSmart("/dev/sda", "ata", {.span = 30ms, .poll = 1ms}, fake, {}).selfTest == "unfinished");
    }
    SECTION("is not supported by every disk")
    {
        FakeExec none;
        const SmartOutcome found = checkSmart("/dev/vda", "virtio", settings, none, {});
        CHECK(found.health.empty());
        CHECK(found.selfTest.empty());
        CHECK_FALSE(found.detail.empty());
    }
}
