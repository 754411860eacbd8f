// The choice of the disk for an image: Ironic's root device hints, and bm's refusals.
#include "common/model/error.h"
#include "common/wire/agent/hint_expression.h"
#include "common/wire/agent/root_device.h"

#include <catch2/catch.hpp>

using namespace bm::wire;
using bm::model::Error;
using bm::model::ErrorCode;

namespace {

constexpr std::uint64_t kGiB = std::uint64_t{1} << 30U;

std::vector<Disk> threeDisks()
{
    Disk ssd;
    ssd.name = "/dev/sda";
    ssd.sizeBytes = 480 * kGiB;
    ssd.model = "INTEL SSDSC2KB48";
    ssd.vendor = "ATA";
    ssd.serial = "BTYF8012";
    ssd.wwn = ssd.wwnWithExtension = "0x55cd2e414f6c0001";
    ssd.hctl = "0:0:0:0";
    ssd.byPath = "/dev/disk/by-path/pci-0000:00:17.0-ata-1.0";
    Disk spinning = ssd;
    spinning.name = "/dev/sdb";
    spinning.sizeBytes = 4000 * kGiB;
    spinning.model = "ST4000NM0035";
    spinning.serial = "ZC1A0001";
    spinning.wwn = spinning.wwnWithExtension = "0x5000c500a1b2c3d4";
    spinning.rotational = true;
    spinning.hctl = "1:0:0:0";
    spinning.byPath = "/dev/disk/by-path/pci-0000:00:17.0-ata-2.0";
    Disk small = ssd;
    small.name = "/dev/sdc";
    small.sizeBytes = 2 * kGiB;
    small.model = "SATA DOM";
    small.serial = "DOM1";
    small.wwn = small.wwnWithExtension = "0x5000000000000003";
    small.hctl = "2:0:0:0";
    small.byPath = "/dev/disk/by-path/pci-0000:00:1f.2-ata-1.0";
    std::vector<Disk> disks{ssd, spinning, small};
    judgeDisks(disks);
    return disks;
}

std::string pick(const std::string& hints, RootDevicePolicy policy = RootDevicePolicy::Single,
                 std::vector<Disk> disks = threeDisks(), std::optional<RememberedDisk> remembered = {})
{
    return pickRootDevice(disks, parseRootDeviceHints(hints), policy, remembered).name;
}

template <class Call> ErrorCode codeOf(Call call)
{
    try {
        call();
    } catch (const Error& error) {
        CAPTURE(error.message());
        return error.code();
    }
    return ErrorCode::Internal;
}

} // namespace

TEST_CASE("root device hints select a disk", "[wire][root-device]")
{
    struct Row {
        const char* hints;
        const char* disk;
    };
    const Row row = GENERATE(values<Row>({
        {R"({"serial": "ZC1A0001"})", "/dev/sdb"},
        {R"({"serial": "zc1a0001"})", "/dev/sdb"},
        {R"({"serial": "s== ZC1A0001"})", "/dev/sdb"},
        {R"({"serial": "s!= ZC1A0001", "size": "> 100"})", "/dev/sda"},
        {R"({"wwn": "0x5000c500a1b2c3d4"})", "/dev/sdb"},
        {R"({"wwn_with_extension": "<in> c500a1"})", "/dev/sdb"},
        {R"({"size": 480})", "/dev/sda"},
        {R"({"size": "== 480"})", "/dev/sda"},
        {R"({"size": "= 4000"})", "/dev/sdb"},
        {R"({"size": ">= 481"})", "/dev/sdb"},
        {R"({"size": "< 10"})", "/dev/sdc"},
        {R"({"size": "<= 480", "model": "<in> intel"})", "/dev/sda"},
        {R"({"size": "<or> 2 <or> 3"})", "/dev/sdc"},
        {R"({"model": "<all-in> intel ssd"})", "/dev/sda"},
        {R"({"model": "INTEL SSDSC2KB48"})", "/dev/sda"},
        {R"({"model": "<or> sata dom <or> other"})", "/dev/sdc"},
        {R"({"rotational": true})", "/dev/sdb"},
        {R"({"rotational": "true"})", "/dev/sdb"},
        {R"({"rotational": false, "size": ">= 100"})", "/dev/sda"},
        {R"({"name": "/dev/sdc"})", "/dev/sdc"},
        {R"({"name": "s== /dev/sdc"})", "/dev/sdc"},
        {R"({"by_path": "/dev/disk/by-path/pci-0000:00:1f.2-ata-1.0"})", "/dev/sdc"},
        {R"({"by_path": "/dev/disk/by-path/pci-0000:00:1f.2-ata-1"})", "/dev/sdc"},
        {R"({"vendor": "ata", "hctl": "1:0:0:0"})", "/dev/sdb"},
    }));
    CAPTURE(row.hints);
    CHECK(pick(row.hints) == row.disk);
}

TEST_CASE("hints that select no single disk", "[wire][root-device]")
{
    SECTION("several disks are refused, with the list and the hints to write")
    {
        try {
            pick("{}");
            FAIL("it chose");
        } catch (const Error& error) {
            CHECK(error.code() == ErrorCode::DiskAmbiguous);
            CHECK_THAT(error.message(),
                       Catch::Contains("/dev/sda (480.0 GiB, INTEL SSDSC2KB48, serial BTYF8012") &&
                           Catch::Contains("/dev/sdb") && Catch::Contains("/dev/sdc"));
            CHECK_THAT(error.hint(),
                       Catch::Contains(R"(properties/root_device='{"serial":"BTYF8012"}' for /dev/sda)"));
        }
    }
    SECTION("hints that leave two are refused, too")
    {
        CHECK(codeOf([] { pick(R"({"vendor": "ATA"})"); }) == ErrorCode::DiskAmbiguous);
    }
    SECTION("the hint that an error proposes works")
    {
        CHECK(pick(R"({"serial":"BTYF8012"})") == "/dev/sda");
    }
    SECTION("the only disk is taken")
    {
        std::vector<Disk> one = threeDisks();
        one.resize(1);
        CHECK(pick("{}", RootDevicePolicy::Single, one) == "/dev/sda");
    }
    SECTION("Ironic's policy takes the smallest of at least 4 GiB")
    {
        CHECK(pick("{}", RootDevicePolicy::Smallest) == "/dev/sda");
    }
    SECTION("the disk of the last deployment is taken, by WWN or by serial")
    {
        CHECK(pick("{}", RootDevicePolicy::Single, threeDisks(), RememberedDisk{"0x5000c500a1b2c3d4", ""}) ==
              "/dev/sdb");
        CHECK(pick("{}", RootDevicePolicy::Single, threeDisks(), RememberedDisk{"", "DOM1"}) == "/dev/sdc");
    }
    SECTION("a missing remembered disk selects nothing")
    {
        CHECK(codeOf([] {
                  pick("{}", RootDevicePolicy::Single, threeDisks(), RememberedDisk{"0x1", "GONE"});
              }) == ErrorCode::DiskAmbiguous);
    }
    SECTION("hints win over the remembered disk")
    {
        CHECK(pick(R"({"name": "/dev/sda"})", RootDevicePolicy::Single, threeDisks(),
                   RememberedDisk{"0x5000c500a1b2c3d4", ""}) == "/dev/sda");
    }
}

TEST_CASE("disks that are no candidates", "[wire][root-device]")
{
    std::vector<Disk> disks = threeDisks();
    Disk& last = disks.back();
    SECTION("a BMC's virtual media")
    {
        last.bus = "usb";
        last.vendor = "AMI";
        last.model = "Virtual HDisk0";
    }
    SECTION("an optical drive")
    {
        last.name = "/dev/sr0";
    }
    SECTION("a read-only disk")
    {
        last.readOnly = true;
    }
    SECTION("a loop device")
    {
        last.name = "/dev/loop0";
    }
    SECTION("a card reader without a card")
    {
        last.sizeBytes = 0;
    }
    SECTION("a disk below 1 MiB")
    {
        last.sizeBytes = 1024;
    }
    judgeDisks(disks);
    CHECK_FALSE(disks.back().candidate);
    CHECK_FALSE(disks.back().verdict.empty());
    CHECK(codeOf([&] { pick(R"({"serial": "DOM1"})", RootDevicePolicy::Single, disks); }) ==
          ErrorCode::DiskNotFound);
}

TEST_CASE("the paths of a multipath disk are no candidates, either of them", "[wire][root-device]")
{
    std::vector<Disk> disks = threeDisks();
    disks[1] = disks[0];
    disks[1].name = "/dev/sdb";
    disks[1].hctl = "1:0:0:0";
    SECTION("with a serial number of one path alone")
    {
        disks[1].serial.clear();
    }
    SECTION("with equal serial numbers") {}
    judgeDisks(disks);
    CHECK_FALSE(disks[0].candidate);
    CHECK_FALSE(disks[1].candidate);
    CHECK_THAT(disks[0].verdict, Catch::Contains("multipath") && Catch::Contains("/dev/sdb"));
    CHECK(pick("{}", RootDevicePolicy::Single, disks) == "/dev/sdc");
}

TEST_CASE("the error of an impossible hint names it", "[wire][root-device]")
{
    const std::string hints =
        GENERATE(as<std::string>{}, R"({"colour": "red"})", R"({"size": "big"})", R"({"size": ">="})",
                 R"({"size": "s== x y >"})", R"({"rotational": "maybe"})", R"({"serial": ["a"]})",
                 R"({"serial": ">= abc"})", "[]", "{");
    CAPTURE(hints);
    if (hints ==
        R"({"size": "s== x y >"})") { // a text comparison is allowed on any hint, it just fits nothing
        CHECK(codeOf([&] { pick(hints); }) == ErrorCode::DiskNotFound);
        return;
    }
    CHECK(codeOf([&] { parseRootDeviceHints(hints); }) == ErrorCode::InvalidInput);
}

TEST_CASE("a value that begins like an operator is a value", "[wire][root-device]")
{
    CHECK(satisfies("s>1", "s>1", false));
    CHECK(satisfies("s1234", "s1234", false));
    CHECK_FALSE(satisfies("abc", "s!= abc", false));
}

TEST_CASE("disks with one bogus WWN are no paths of one disk", "[wire][root-device]")
{
    std::vector<Disk> disks = threeDisks();
    disks[1] = disks[0];
    disks[1].name = "/dev/sdb";
    SECTION("when their serial numbers differ")
    {
        disks[1].serial = "BTYF8013";
    }
    SECTION("when their sizes differ")
    {
        disks[1].serial.clear();
        disks[1].sizeBytes += kGiB;
    }
    judgeDisks(disks);
    CHECK(disks[0].candidate);
    CHECK(disks[1].candidate);
    CHECK(codeOf([&] { pick(R"({"wwn": "0x55cd2e414f6c0001"})", RootDevicePolicy::Single, disks); }) ==
          ErrorCode::DiskAmbiguous);
    if (disks[1].serial.empty())
        return;
    CHECK(pick(R"({"serial": "BTYF8013"})", RootDevicePolicy::Single, disks) == "/dev/sdb");
    CHECK(pick("{}", RootDevicePolicy::Single, disks, RememberedDisk{disks[0].wwn, "BTYF8013"}) ==
          "/dev/sdb");
    disks.erase(disks.begin()); // another disk of the same WWN is not the remembered one
    CHECK(codeOf([&] {
              pick("{}", RootDevicePolicy::Single, disks, RememberedDisk{disks[0].wwn, "BTYF8012"});
          }) == ErrorCode::DiskAmbiguous);
}

namespace {

/// Drives of a RAID controller: one serial number by VPD page 80h, unique ids by page 83h.
std::vector<Disk> drivesOfController()
{
    std::vector<Disk> disks = threeDisks();
    disks.pop_back();
    for (Disk& disk : disks) {
        disk.sizeBytes = 600 * kGiB;
        disk.model = "LOGICAL VOLUME";
        disk.serial = "PDNLH0BRH7V7GC";
        disk.wwn = "0x600508b1001c4d2a";
        disk.wwnWithExtension =
            disk.wwn + (disk.name == "/dev/sda" ? "1111111111111111" : "2222222222222222");
    }
    judgeDisks(disks);
    return disks;
}

} // namespace

TEST_CASE("the unique id chooses where drives share a serial number", "[wire][root-device]")
{
    const std::vector<Disk> disks = drivesOfController();
    const RootDevicePolicy policy = GENERATE(RootDevicePolicy::Single, RootDevicePolicy::Smallest);
    CHECK(pick(R"({"wwn_with_extension": "0x600508b1001c4d2a2222222222222222"})", policy, disks) ==
          "/dev/sdb");
    CHECK(pick(R"({"serial": "600508B1001C4D2A2222222222222222"})", policy, disks) == "/dev/sdb");
    CHECK(pick(R"({"serial": "s!= 600508b1001c4d2a2222222222222222"})", policy, disks) == "/dev/sda");
    CHECK(pick("{}", policy, disks,
               RememberedDisk{disks[1].wwn, disks[1].serial, disks[1].wwnWithExtension}) == "/dev/sdb");
    const std::string several = GENERATE(as<std::string>{}, R"({"serial": "PDNLH0BRH7V7GC"})",
                                         R"({"wwn": "0x600508b1001c4d2a"})", R"({"model": "<in> volume"})");
    CAPTURE(several);
    try {
        pick(several, policy, disks);
        FAIL("it chose");
    } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::DiskAmbiguous);
        CHECK_THAT(error.message(), Catch::Contains("/dev/sda") && Catch::Contains("/dev/sdb"));
        CHECK_THAT(error.hint(),
                   Catch::Contains(R"({"wwn_with_extension":"0x600508b1001c4d2a1111111111111111"})"));
    }
    CHECK_THROWS_AS(refuseTwins(disks, parseRootDeviceHints(R"({"serial": "PDNLH0BRH7V7GC"})")), Error);
    CHECK_NOTHROW(refuseTwins(disks, parseRootDeviceHints(R"({"size": ">= 100"})")));
}
