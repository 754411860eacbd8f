// Erasing disks: the block layer's methods on real loop devices; NVMe and ATA commands with scripted answers,
// since the test has no such disk.
#include "agent/base/aligned_buffer.h"
#include "agent/base/random_pattern.h"
#include "agent/disk/disk_samples.h"
#include "agent/hardware/erase/ata_security.h"
#include "agent/hardware/erase/disk_eraser.h"
#include "agent/hardware/erase/erase_steps.h"
#include "agent/hardware/erase/nvme_eraser.h"
#include "agent/hardware/erase/overwriting.h"
#include "tests/agent/step_world.h"

namespace wire = bm::wire;
using namespace bm::agent;
using bm::model::Error;
using bm::model::ErrorCode;
using bm::platform::Exit;
using nlohmann::json;
using namespace std::string_literals;

namespace {

std::string idController(unsigned oacs, unsigned fna, unsigned sanicap, unsigned cmic = 0)
{
    std::string bytes(4096, '\0');
    bytes[76] = static_cast<char>(cmic);
    bytes[256] = static_cast<char>(oacs);
    bytes[328] = static_cast<char>(sanicap);
    bytes[524] = static_cast<char>(fna);
    return bytes;
}

constexpr const char* kSecurity =
    "\nATA device, with non-removable media\nCommands/features:\n\tEnabled\tSupported:\n"
    "Security: \n\tMaster password revision code = 65534\n\t\tsupported\n"
    "\tnot\tenabled\n\tnot\tlocked\n\tnot\tfrozen\n\tnot\texpired: security count\n"
    "\t\tsupported: enhanced erase\n"
    "\t2min for SECURITY ERASE UNIT. 8min for ENHANCED SECURITY ERASE UNIT.\n"
    "Logical Unit WWN Device Identifier: 5002538d40878f8e\n";

std::string replaced(std::string text, const std::string& from, const std::string& to)
{
    const std::size_t at = text.find(from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
}

/// A simulated disk for hdparm.
class AtaDisk {
public:
    explicit AtaDisk(std::string file) : file_(std::move(file)) {}
    Exit operator()(const std::vector<std::string>& argv)
    {
        if (argv[1] == "-I")
            return {.code = 0,
                    .out = enabled ? replaced(kSecurity, "\tnot\tenabled", "\t\tenabled") : kSecurity,
                    .err = {}};
        if (argv[3] == "--security-set-pass")
            enabled = true;
        else if (argv[3] == "--security-disable")
            enabled = false;
        else if (argv[3] == failing)
            return {.code = 5, .out = {}, .err = "SECURITY_ERASE: Input/output error"};
        else if (!lying)
            erase();
        return {.code = 0, .out = {}, .err = {}};
    }
    std::string failing;
    bool enabled = false;
    bool lying = false;

private:
    void erase()
    {
        enabled = false;
        BlockDevice(file_, BlockDevice::Access::Read); // it is there
        std::ofstream(file_, std::ios::binary | std::ios::in) << std::string(std::size_t{4} << 20U, '\0');
    }
    std::string file_;
};

} // namespace

TEST_CASE("erase_devices on a disk that discards", "[agent][erase]")
{
    StepWorld world;
    const LoopDisk loop(24, noise(24));
    wire::Disk cd;
    cd.name = "/dev/sr0";
    cd.candidate = false;
    cd.verdict = "optical drive";
    world.disks = {loop.disk, cd};
    const json result = world.run(eraseDevices);
    CHECK(result["erased"].size() == 1);
    CHECK(result["erased"][0]["name"] == loop.disk.name);
    CHECK(result["erased"][0]["serial"] == loop.disk.serial);
    CHECK(result["erased"][0]["method"] == "discard");
    CHECK(result["erased"][0]["seconds"].is_number());
    CHECK(result["skipped"] == json::parse(R"([{"name": "/dev/sr0", "reason": "optical drive"}])"));
    CHECK(loop.isZero());
    CHECK(world.progress.bytesTotal() == loop.disk.sizeBytes);
    CHECK(world.progress.bytesDone() == loop.disk.sizeBytes);
    CHECK(world.log.tail().find("secure-discard failed") != std::string::npos);
    CHECK(world.run(eraseDevices)["erased"][0]["method"] == "discard"); // a second run, on an empty disk
}

TEST_CASE("erase_devices refuses nonsense, and a disk in use", "[agent][erase]")
{
    StepWorld world;
    CHECK(world.failure(eraseDevices, {{"shred_passes", 0}}).code() == ErrorCode::InvalidInput);
    CHECK(world.failure(eraseDevices, {{"shred_passes", 1000}}).code() == ErrorCode::InvalidInput);
    CHECK(world.failure(eraseDevices, {{"allow_shred", "yes"}}).code() == ErrorCode::InvalidInput);
    const LoopDisk used(8, noise(1));
    const LoopDisk other(8, noise(1));
    const BlockDevice claimed(used.disk.name, BlockDevice::Access::Write);
    world.disks = {used.disk, other.disk};
    const Error failed = world.failure(eraseDevices);
    CHECK(failed.code() == ErrorCode::Conflict);
    CHECK(failed.message().find("1 of 2 disks: " + used.disk.name + " is in use") == 0);
    CHECK(other.isZero());
    CHECK_FALSE(used.isZero());
}

TEST_CASE("a discard that does not read as zeros is no erasure", "[agent][erase]")
{
    StepProgress progress;
    const LoopDisk loop(100, noise(2));
    ProgressShare share(progress, 1000);
    BlockDevice device(loop.disk.name, BlockDevice::Access::Write);
    CHECK(firstNonZero(device, {}) == 0U);
    CHECK(zeroAll(device, share, {}) == std::nullopt);
    CHECK(firstNonZero(device, {}) == std::nullopt);
    CHECK(progress.bytesDone() == 1000);
    device.write(device.sizeBytes() - 4096, std::span<const std::byte>(AlignedBuffer(4096).bytes()));
    AlignedBuffer ones(4096);
    std::ranges::fill(ones.bytes(), std::byte{1});
    device.write(device.sizeBytes() - 4096, ones.bytes());
    CHECK(firstNonZero(device, {}).has_value());
}

TEST_CASE("shredding leaves zeros and reports its progress", "[agent][erase]")
{
    StepProgress progress;
    const std::string before = noise(4);
    const LoopDisk loop(4, before);
    ProgressShare share(progress, loop.disk.sizeBytes);
    BlockDevice device(loop.disk.name, BlockDevice::Access::Write);
    CHECK(shred(device, 2, share, {}) == std::nullopt);
    device.flush();
    CHECK(loop.isZero());
    CHECK(progress.bytesDone() == loop.disk.sizeBytes);
}

TEST_CASE("stopping an erasure", "[agent][erase]")
{
    StepProgress progress;
    const LoopDisk loop(8, noise(8));
    ProgressShare share(progress, loop.disk.sizeBytes);
    BlockDevice device(loop.disk.name, BlockDevice::Access::Write);
    std::stop_source stop;
    stop.request_stop();
    CHECK_THROWS_AS(shred(device, 1, share, stop.get_token()), Error);
    CHECK_THROWS_AS(discardToZeros(device, share, stop.get_token()), Error);
    CHECK_FALSE(loop.isZero());
}

TEST_CASE("the random pattern is the same each time and differs from piece to piece", "[agent][erase]")
{
    const RandomPattern pattern(7);
    std::vector<std::byte> one(4096);
    std::vector<std::byte> again(4096);
    std::vector<std::byte> other(4096);
    pattern.fill(one, 3);
    RandomPattern(7).fill(again, 3);
    pattern.fill(other, 4);
    CHECK(one == again);
    CHECK(one != other);
}

TEST_CASE("an NVMe controller's capabilities are read", "[agent][erase]")
{
    const std::optional<NvmeAbilities> can = parseIdController(idController(0x12, 0x5, 0x3, 0x2));
    REQUIRE(can);
    CHECK(can->format);
    CHECK(can->selfTest);
    CHECK(can->formatsAllNamespaces);
    CHECK(can->formatCrypto);
    CHECK(can->sanitizeCrypto);
    CHECK(can->sanitizeBlock);
    CHECK(can->severalControllers);
    CHECK_FALSE(parseIdController(std::string(4095, '\0')));
    CHECK(parseSanitizeLog("\x00\x80\x02\x00"s)->state == SanitizeState::Running);
    CHECK(parseSanitizeLog("\x00\x80\x02\x00"s)->done == 0x8000);
    CHECK(parseSanitizeLog("\xff\xff\x01\x01"s)->state == SanitizeState::Done);
    CHECK(parseSanitizeLog("\xff\xff\x03\x00"s)->state == SanitizeState::Failed);
    CHECK_FALSE(parseSanitizeLog("\xff\xff\x03"s));
    CHECK(nvmeSubsystemOf("/dev/nvme12n1") == "nvme12");
    CHECK(nvmeSubsystemOf("/dev/sda").empty());
}

TEST_CASE("erasing an NVMe disk", "[agent][erase]")
{
    LoopDisk loop(8, noise(4));
    loop.disk.bus = "nvme";
    const std::string device = loop.disk.name;
    std::string id = idController(0x2, 0x4, 0);
    bool erases = true;
    std::string failing;
    FakeExec fake([&](const std::vector<std::string>& argv) -> Exit {
        if (argv[1] == "id-ctrl")
            return {.code = 0, .out = id, .err = {}};
        if (argv[1] == "format" && (argv.size() < 6 || argv[5] == failing))
            return {.code = 1, .out = {}, .err = "NVMe status: Invalid Field"};
        if (argv[1] == "sanitize-log")
            return {.code = 0, .out = "\xff\xff\x01\x00"s, .err = {}};
        if (erases)
            std::ofstream(loop.file(), std::ios::binary | std::ios::in) << std::string(8U << 20U, '\0');
        return {.code = 0, .out = {}, .err = {}};
    });
    StepWorld world;
    world.exec = &fake;
    world.disks = {loop.disk};
    const std::string format = "nvme format " + device + " --force --ses ";
    SECTION("is formatted by a cryptographic erase where it has one")
    {
        CHECK(world.run(eraseDevicesExpress)["erased"][0]["method"] == "nvme-format");
        CHECK(fake.hasCalled(format + "2 --timeout 7200000"));
    }
    SECTION("else by a user-data erase")
    {
        failing = "2";
        CHECK(world.run(eraseDevices)["erased"][0]["method"] == "nvme-format");
        CHECK(fake.hasCalled(format + "1 --timeout 7200000"));
    }
    SECTION("that has no format is sanitized")
    {
        id = idController(0, 0, 2);
        StepProgress progress;
        ProgressShare share(progress, 1);
        const EraseTools tools{fake, world.log, share, {}, std::chrono::milliseconds{1}};
        CHECK(eraseWholly(loop.disk, true, {}, tools).method == "nvme-sanitize");
        CHECK(fake.hasCalled("nvme sanitize " + device + " --sanact 2"));
    }
    SECTION("that has neither has its metadata erased, quickly")
    {
        id = idController(0, 0, 0);
        CHECK(world.run(eraseDevicesExpress)["erased"][0]["method"] == "metadata");
    }
    SECTION("that reports a format without doing it is erased by another method")
    {
        erases = false;
        CHECK(world.run(eraseDevices)["erased"][0]["method"] == "discard");
        CHECK(world.log.tail().find("the data from byte 0 on is unchanged") != std::string::npos);
        CHECK(loop.isZero());
    }
    SECTION("whose format would erase a protected namespace is erased by another method")
    {
        id = idController(0x2, 0x7, 0x3);
        wire::Disk mine = loop.disk;
        StepProgress progress;
        ProgressShare share(progress, 1);
        const EraseTools tools{fake, world.log, share, {}, std::chrono::milliseconds{1}};
        CHECK(eraseWholly(mine, false, {}, tools).method == "discard");
        for (const std::string& line : fake.called)
            CHECK(line.find("nvme id-ctrl") == 0);
    }
}

TEST_CASE("namespaces of one device", "[agent][erase]")
{
    wire::Disk one;
    one.name = "/dev/nvme0n1";
    wire::Disk two;
    two.name = "/dev/nvme0n2";
    CHECK(mayEraseWholeDevice(one, {one, two}));
    two.candidate = false;
    CHECK_FALSE(mayEraseWholeDevice(one, {one, two}));
    two.name = "/dev/nvme1n1";
    CHECK(mayEraseWholeDevice(one, {one, two}));
}

TEST_CASE("hdparm's security section is parsed", "[agent][erase]")
{
    const AtaSecurity found = parseAtaSecurity(kSecurity);
    CHECK(found.supported);
    CHECK_FALSE(found.enabled);
    CHECK_FALSE(found.locked);
    CHECK_FALSE(found.frozen);
    CHECK_FALSE(found.expired);
    CHECK(found.enhanced);
    CHECK(found.erase.count() == 2);
    CHECK(found.enhancedErase.count() == 8);
    CHECK(parseAtaSecurity(replaced(kSecurity, "not\tfrozen", "\tfrozen")).frozen);
    CHECK_FALSE(parseAtaSecurity(replaced(kSecurity, "\t\tsupported\n", "\tnot\tsupported\n")).supported);
    CHECK_FALSE(parseAtaSecurity(replaced(kSecurity, "\t\tsupported: ", "\tnot\tsupported: ")).enhanced);
    CHECK(parseAtaSecurity(replaced(kSecurity, "2min", "more than 508min")).erase.count() == 508);
    for (const std::string& text :
         {""s, "\nSecurity:"s, "\nSecurity:\n\t"s, "\nSecurity: \n\tnot\n\tmin for\n"s})
        CHECK_FALSE(parseAtaSecurity(text).supported);
}

TEST_CASE("erasing an ATA disk", "[agent][erase]")
{
    LoopDisk loop(8, noise(4));
    loop.disk.bus = "ata";
    AtaDisk ata(loop.file());
    FakeExec fake([&](const std::vector<std::string>& argv) { return ata(argv); });
    StepWorld world;
    world.exec = &fake;
    world.disks = {loop.disk};
    const std::string hdparm = "hdparm --user-master u --security-";
    SECTION("uses the enhanced erase if the disk has it")
    {
        CHECK(world.run(eraseDevices)["erased"][0]["method"] == "ata-secure-erase");
        CHECK(fake.hasCalled(hdparm + "erase-enhanced NULL " + loop.disk.name));
        CHECK_FALSE(ata.enabled);
    }
    SECTION("falls back to the normal erase")
    {
        ata.failing = "--security-erase-enhanced";
        CHECK(world.run(eraseDevices)["erased"][0]["method"] == "ata-secure-erase");
        CHECK(fake.hasCalled(hdparm + "erase NULL " + loop.disk.name));
        CHECK_FALSE(ata.enabled);
    }
    SECTION("first removes the password of an interrupted erasure")
    {
        ata.enabled = true;
        CHECK(world.run(eraseDevices)["erased"][0]["method"] == "ata-secure-erase");
        CHECK(fake.hasCalled(hdparm + "disable NULL " + loop.disk.name));
    }
    SECTION("detects a disk that reports an erasure without doing it, and leaves no password")
    {
        ata.lying = true;
        CHECK(world.run(eraseDevices)["erased"][0]["method"] == "discard");
        CHECK_FALSE(ata.enabled);
        CHECK(loop.isZero());
    }
}
