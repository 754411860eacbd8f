// Ironic's skip_block_devices.
#include "common/model/error.h"
#include "common/wire/agent/disk_rules.h"

#include <catch2/catch.hpp>

using namespace bm::wire;
using bm::model::Error;
using bm::model::ErrorCode;
using Catch::Matchers::Contains;

namespace {

std::vector<Disk> systemAndData()
{
    Disk system;
    system.name = "/dev/sda";
    system.serial = "SYS1";
    system.sizeBytes = std::uint64_t{100} << 30U;
    Disk data = system;
    data.name = "/dev/sdb";
    data.serial = "DATA1";
    data.model = "BIG DISK";
    data.sizeBytes = std::uint64_t{4000} << 30U;
    std::vector<Disk> disks{system, data};
    judgeDisks(disks);
    return disks;
}

std::string skippedBy(const std::string& list)
{
    std::vector<Disk> disks = systemAndData();
    applySkips(disks, skipListFrom(list));
    std::string out;
    for (const Disk& disk : disks) {
        CHECK(disk.skipped == !disk.candidate);
        if (disk.skipped)
            out += disk.name + " ";
    }
    return out;
}

Error refusalOf(const std::string& list)
{
    try {
        skipListFrom(list);
    } catch (const Error& error) {
        return error;
    }
    return {ErrorCode::Internal, "accepted"};
}

} // namespace

TEST_CASE("disks are skipped by the hints of root devices", "[wire][disk-rules]")
{
    CHECK(skippedBy("").empty());
    CHECK(skippedBy("null").empty());
    CHECK(skippedBy("[]").empty());
    CHECK(skippedBy(R"([{"serial": "DATA1"}])") == "/dev/sdb ");
    CHECK(skippedBy(R"("[{\"serial\": \"data1\"}]")") == "/dev/sdb ");
    CHECK(skippedBy(R"([{"serial": "GONE"}, {"size": ">= 1000", "model": "<in> big"}])") == "/dev/sdb ");
    CHECK(skippedBy(R"([{"serial": "DATA1", "model": "other"}])").empty()); // all hints of an element
    CHECK(skippedBy(R"([{"serial": "s!= SYS1"}])") == "/dev/sdb ");
    CHECK(skippedBy(R"([{"rotational": false}])") == "/dev/sda /dev/sdb ");
}

TEST_CASE("a list that says nothing or cannot be read is refused with its path", "[wire][disk-rules]")
{
    const std::string list = GENERATE(as<std::string>{}, R"([{}])", R"({"serial": "DATA1"})", R"(["DATA1"])",
                                      R"([{"colour": "red"}])", R"([{"serial": null}])",
                                      R"([{"size": "big"}])", "7", R"("DATA1")", "[");
    CAPTURE(list);
    const Error refused = refusalOf(list);
    CHECK(refused.code() == ErrorCode::InvalidInput);
    CHECK_THAT(refused.message(), Catch::StartsWith("properties/skip_block_devices"));
}

TEST_CASE("a disk is known again by its serial number and WWN, else by its path", "[wire][disk-rules]")
{
    const auto disk = [](const std::string& serial, const std::string& wwn, const std::string& path = "") {
        Disk one;
        one.serial = serial;
        one.wwnWithExtension = wwn;
        one.byPath = path;
        return one;
    };
    CHECK(isSameDisk(disk("S1", "0x5"), disk("S1", "0x5")));
    CHECK(isSameDisk(disk("S1", ""), disk("S1", "0x5")));
    CHECK_FALSE(isSameDisk(disk("S1", "0x5", "p"), disk("S1", "0x6", "p"))); // drives of one RAID controller
    CHECK_FALSE(isSameDisk(disk("S1", "0x5", "p"), disk("S2", "0x5", "p")));
    CHECK(isSameDisk(disk("", "", "p"), disk("", "", "p")));
    CHECK_FALSE(isSameDisk(disk("", ""), disk("", ""))); // nothing identifies them
    DiskRules rules;
    CHECK_FALSE(fromJson<DiskRules>(toJson(rules).text, "rules").expected);
    rules.expected = {R"([{"name": "/dev/sdb", "serial": "S2"}])"};
    const DiskRules read = fromJson<DiskRules>(toJson(rules).text, "rules");
    REQUIRE(read.expected);
    const std::vector<Disk> absent = absentFrom({disk("S1", "")}, disksFrom(read.expected->text));
    REQUIRE(absent.size() == 1);
    CHECK(absent.front().serial == "S2");
    CHECK(absentFrom({disk("S2", "0x7")}, absent).empty());
}

TEST_CASE("a skipped disk takes no image", "[wire][disk-rules]")
{
    std::vector<Disk> disks = systemAndData();
    applySkips(disks, skipListFrom(R"([{"serial": "DATA1"}])"));
    const auto pick = [&](const std::string& hints, RootDevicePolicy policy = RootDevicePolicy::Single) {
        return pickRootDevice(disks, parseRootDeviceHints(hints), policy, RememberedDisk{"", "DATA1"}).name;
    };
    CHECK(pick("{}") == "/dev/sda"); // the other disk is no candidate, whatever bm wrote last
    CHECK(pick(R"({"size": ">= 10"})", RootDevicePolicy::Smallest) == "/dev/sda");
    CHECK_THROWS_WITH(pick(R"({"serial": "DATA1"})"),
                      Contains("match skipped disks only: /dev/sdb") &&
                          Contains("[skipped by properties/skip_block_devices[0]]"));
    CHECK_THROWS_WITH(pick(R"({"serial": "GONE"})"), Contains("no disk matches"));
    CHECK_THROWS_AS(pickMirror(disks, {}), Error);
    CHECK_THROWS_AS(refuseSkipped(disks, parseRootDeviceHints(R"({"size": "> 1000"})")), Error);
    CHECK_NOTHROW(refuseSkipped(disks, parseRootDeviceHints(R"({"size": ">= 10"})")));
    CHECK_NOTHROW(refuseSkipped(disks, {}));
    applySkips(disks, skipListFrom(R"([{"size": ">= 0"}])"));
    CHECK_THROWS_WITH(refuseSkipped(disks, {}), Contains("all disks of the machine are skipped: /dev/sda"));
    CHECK_THROWS_WITH(pick("{}"), Contains("all disks of the machine are skipped"));
    CHECK_THROWS_WITH(
        refuseSkipped(disks, parseRootDeviceHints(R"({"size": ">= 1"})"), "the hints of more_disks"),
        Contains("the hints of more_disks (size: >= 1) match skipped disks only"));
}
