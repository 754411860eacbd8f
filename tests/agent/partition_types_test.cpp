#include "agent/disk/gpt.h"
#include "agent/disk/partition_types.h"
#include "common/platform/exec.h"
#include "common/platform/files.h"

#include <catch2/catch.hpp>
#include <chrono>

using namespace bm;
using namespace bm::agent;
namespace fs = std::filesystem;

namespace {

struct Growth {
    const char* type; ///< as sfdisk takes it
    const char* name;
    bool grows;
};

/// A disk of 64 MiB whose last partition is the given one, before it a Linux file system of 8 MiB.
class GrowthDisk {
public:
    void make(const Growth& growth)
    {
        const std::string script =
            std::string("label: gpt\nstart=16MiB, size=8MiB, type=") + growth.type + ", name=\"" +
            growth.name + "\"\nstart=2MiB, size=8MiB, type=0FC63DAF-8483-4772-8E79-3D69D8477DE4, name=root\n";
        platform::writeFileAtomically(folder_.path() / "script", script);
        shell("rm -f disk; truncate -s 64M disk; sfdisk -q disk < script");
    }
    std::string shell(const std::string& script)
    {
        const platform::Exit exit = exec_->run(
            {{"/bin/bash", "-c",
              "set -e; export PATH=$PATH:/usr/sbin:/sbin; cd " + folder_.path().string() + "; " + script}},
            model::Deadline::in(std::chrono::seconds{20}));
        INFO(exit.err);
        REQUIRE(exit.code == 0);
        return exit.out;
    }
    BlockDevice device() { return BlockDevice(folder_.path() / "disk", BlockDevice::Access::Write); }

private:
    platform::TemporaryFolder folder_{"bm-growth-test"};
    std::unique_ptr<platform::Exec> exec_ = platform::makeExec(platform::kAllCapabilities);
};

} // namespace

TEST_CASE("the type of the last partition decides whether it grows", "[agent][gpt]")
{
    const std::vector<Growth> all{{"0FC63DAF-8483-4772-8E79-3D69D8477DE4", "root", true},
                                  {"4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709", "", true},
                                  {"3884DD41-8582-4404-B9A8-E9B84F2DF50E", "ROOT", true},
                                  {"EBD0A0A2-B9E5-4433-87C0-68B6B72699C7", "Basic data partition", true},
                                  {"E6D6D379-F507-44C2-A23C-238F2A3DF928", "", true},
                                  {"CA7D7CCB-63ED-4C53-861C-1742536059CC", "", true},
                                  {"0FC63DAF-8483-4772-8E79-3D69D8477DE4", "META", false},
                                  {"0FC63DAF-8483-4772-8E79-3D69D8477DE4", "STATE", false},
                                  {"DE94BBA4-06D1-4D40-A16A-BFD50179D6AC", "", false},
                                  {"E3C9E316-0B5C-4DB8-817D-F92DF00215AE", "", false},
                                  {"0657FD6D-A4AB-43C4-84E5-0933C84B4F4F", "root", false},
                                  {"C12A7328-F81F-11D2-BA4B-00A0C93EC93B", "", false},
                                  {"21686148-6449-6E6F-744E-656564454649", "", false},
                                  {"A19D880F-05FC-4D3B-A006-743F0F84911E", "", false},
                                  {"BFBFAFE7-A34F-448A-9A5B-6213EB736C22", "", false},
                                  {"01234567-89AB-CDEF-0123-456789ABCDEF", "root", false}};
    GrowthDisk disk;
    for (const Growth& growth : all) {
        INFO(growth.type << " " << growth.name);
        disk.make(growth);
        BlockDevice device = disk.device();
        std::optional<Gpt> table = Gpt::read(device);
        REQUIRE(table);
        const std::vector<Extent> before = table->partitions();
        table->moveToEnd(device);
        REQUIRE(table->last()->name == growth.name);
        CHECK(table->growLast(0) == growth.grows);
        const std::vector<Extent> after = table->partitions();
        CHECK(after[1].last == before[1].last); // only the last one grows
        CHECK(after[0].last == (growth.grows ? std::uint64_t{63} * 2048 - 1 : before[0].last));
        table->write(device);
        CHECK_THAT(disk.shell("sgdisk --verify disk"), Catch::Contains("No problems found"));
    }
}

TEST_CASE("types have the names that sfdisk prints", "[agent][gpt]")
{
    GrowthDisk disk;
    const std::string listed = disk.shell("sfdisk --list-types --label gpt | tr A-F a-f");
    std::size_t known = 0;
    for (std::size_t at = 0; at < listed.size();) {
        const std::size_t end = std::min(listed.find('\n', at), listed.size());
        const std::string line = listed.substr(at, end - at);
        at = end + 1;
        constexpr std::size_t kGuidChars = 36;
        if (line.size() < kGuidChars + 2 || line[8] != '-')
            continue;
        const PartitionUse use = partitionUse(line.substr(0, kGuidChars), "");
        std::string name(use.name);
        for (char& c : name)
            c = c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
        if (use.name != "unknown")
            CHECK(line.substr(line.find_first_not_of(' ', kGuidChars)) == name);
        known += use.name != "unknown" ? 1 : 0;
    }
    CHECK(known > 50);
}
