#include "agent/disk/file_system_growth.h"
#include "agent/disk/gpt.h"
#include "agent/start/esp_loader.h"
#include "common/platform/log.h"
#include "common/text/lower_case.h"
#include "tests/images/store_world.h"
#include "tests/support/places.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

using namespace bm;
using agent::BlockDevice;
using agent::Gpt;
using images::testing::soon;
using nlohmann::json;
namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20U;
constexpr unsigned kFreeMib = 96; ///< of the disk behind the image

/// A maker's image, built as tests/data/vendors/NAME.json describes it, in a store of its own.
class VendorWorld {
public:
    explicit VendorWorld(const json& vendor) : vendor_(vendor)
    {
        settings_.folder = folder_.path() / "store";
        settings_.reserveBytes = kMiB;
        settings_.maxImageBytes = 2048 * kMiB;
        settings_.compressionLevel = 1;
    }

    fs::path path(const std::string& name) const { return folder_.path() / name; }

    std::string shell(const std::string& script)
    {
        const platform::Exit exit = exec_->run(
            {{"/bin/bash", "-c",
              "set -e; export PATH=$PATH:/usr/sbin:/sbin; cd " + folder_.path().string() + "; " + script}},
            soon());
        INFO(script << ": " << exit.err << exit.out);
        REQUIRE(exit.code == 0);
        return exit.out;
    }

    /// Builds image.raw and writes it in the form that the maker publishes. @return the file to import
    fs::path build()
    {
        std::string table = "label: gpt\n";
        std::string script = "set +x; ";
        unsigned at = 1;
        for (const json& part : vendor_.at("partitions")) {
            const auto size = part.at("size_mib").get<unsigned>();
            table += fmt::format("image{} : start={}MiB, size={}MiB, type={}, name=\"{}\"\n",
                                 part.at("number").get<int>(), at, size, part.at("type").get<std::string>(),
                                 part.value("name", ""));
            if (const std::string kind = part.value("fs", ""); !kind.empty())
                script += fmt::format(
                    "truncate -s {0}M part; {1} part > out 2>&1 || {{ cat out >&2; exit 1; }}; {2}"
                    "dd if=part of=image.raw bs=1M seek={3} conv=notrunc,sparse status=none; rm part; ",
                    size, maker(kind), kind == "vfat" ? espFiles() : "", at);
            at += size;
        }
        imageMib_ = at + 1;
        platform::writeFileAtomically(path("table"), table);
        shell(fmt::format("truncate -s {}M image.raw; sfdisk -q image.raw < table; {}", imageMib_, script));
        return publish(vendor_.at("published_as"));
    }

    images::StoredImage import(const fs::path& file)
    {
        images::ImageStore store(settings_, *exec_);
        const images::StoredImage stored = store.import({.file = file, .expectedChecksum = {}}, {}, soon());
        blocks_ = store.blocksFile(stored.contentId);
        manifest_ = store.manifestFile(stored.contentId);
        return stored;
    }

    /// Deploys the image to a disk that is larger. @return the agent's log
    std::string deploy()
    {
        shell(fmt::format("truncate -s {}M disk", imageMib_ + kFreeMib));
        const fs::path agent = fs::canonical("/proc/self/exe").parent_path() / "../../agent/bm-agent";
        const platform::Exit exit =
            exec_->run({{agent.string(), "write", "--manifest", manifest_.string(), "--blocks",
                         blocks_.string(), "--to", path("disk").string(), "--grow"}},
                       soon());
        INFO(exit.err);
        REQUIRE(exit.code == 0);
        return exit.err + exit.out;
    }

    platform::Exec& exec() { return *exec_; }

private:
    static std::string maker(const std::string& kind)
    {
        if (kind == "vfat")
            return "mkfs.vfat -F 32";
        if (kind == "ntfs")
            return "mkntfs -F -q -Q";
        return kind == "ext4" ? "mkfs.ext4 -q" : "mkfs." + kind + " -q";
    }

    /// Commands that put the files of the ESP into "part". A .csv is in UTF-16 with a mark, as shim wants it.
    std::string espFiles()
    {
        std::string script = "echo loader > x; ";
        for (const auto& [name, content] : vendor_.at("esp").items()) {
            for (std::size_t slash = name.find('/'); slash != std::string::npos;
                 slash = name.find('/', slash + 1))
                script +=
                    fmt::format("mmd -i part -D s '::/{}' 2>/dev/null || true; ", name.substr(0, slash));
            std::string source = "x";
            if (model::lowerCase(name).ends_with(".csv")) {
                source = "csv";
                platform::writeFileAtomically(path("text"), content.get<std::string>());
                script += "{ printf '\\377\\376'; iconv -t UTF-16LE text; } > csv; ";
            }
            script += fmt::format("mcopy -i part {} '::/{}'; ", source, name);
        }
        return script;
    }

    fs::path publish(const std::string& form)
    {
        if (form == "raw.zst")
            shell("zstd -q -1 image.raw -o published");
        else if (form == "raw.bz2")
            shell("bzip2 -1 -c image.raw > published");
        else
            shell(fmt::format("qemu-img convert -q -f raw -O {} {} image.raw published",
                              form == "vhd" ? "vpc" : form, form == "vhd" ? "-o force_size" : ""));
        return path("published");
    }

    json vendor_;
    platform::TemporaryFolder folder_{"bm-vendor-test"};
    std::unique_ptr<platform::Exec> exec_ = platform::makeExec(platform::kAllCapabilities);
    images::StoreSettings settings_;
    unsigned imageMib_ = 0;
    fs::path blocks_;
    fs::path manifest_;
};

std::vector<Gpt::Entry> entriesOf(const fs::path& disk)
{
    return Gpt::read(BlockDevice(disk, BlockDevice::Access::Read))->entries();
}

/// The partitions of the disk are the image's; @p grows is larger, up to the last MiB of the disk.
void checkPartitions(const std::vector<Gpt::Entry>& image, const std::vector<Gpt::Entry>& disk,
                     unsigned grows, std::uint64_t diskBytes)
{
    REQUIRE(image.size() == disk.size());
    for (std::size_t i = 0; i < image.size(); ++i) {
        INFO("partition " << image[i].number);
        CHECK(disk[i].number == image[i].number);
        CHECK(disk[i].type == image[i].type);
        CHECK(disk[i].guid == image[i].guid);
        CHECK(disk[i].name == image[i].name);
        CHECK(disk[i].extent.first == image[i].extent.first);
        CHECK(disk[i].extent.last ==
              (image[i].number == grows ? (diskBytes / kMiB - 1) * (kMiB / 512) - 1 : image[i].extent.last));
    }
}

/// The file system of partition @p grows; "" when bm grows none.
std::string grownFileSystem(const json& vendor, unsigned grows)
{
    for (const json& part : vendor.at("partitions"))
        if (part.at("number") == grows)
            if (const std::string kind = part.value("fs", "");
                kind == "ext4" || kind == "xfs" || kind == "btrfs")
                return kind;
    return {};
}

void checkVendor(const json& vendor)
{
    VendorWorld world(vendor);
    const auto grows = vendor.at("grows").get<unsigned>();
    const images::StoredImage stored = world.import(world.build());
    CHECK(stored.kind == model::ImageKind::Disk);
    const std::string log = world.deploy();
    CHECK((log.find("does not grow") == std::string::npos) == (grows != 0));
    const fs::path disk = world.path("disk");
    checkPartitions(entriesOf(world.path("image.raw")), entriesOf(disk), grows, fs::file_size(disk));
    CHECK_THAT(world.shell("sgdisk --verify disk"), Catch::Contains("No problems found"));

    agent::AgentLog agentLog;
    const agent::FileSystemGrowth growth = agent::growLastFileSystem(disk, world.exec(), agentLog, soon());
    CHECK(growth.trouble.empty());
    CHECK(growth.fileSystem == grownFileSystem(vendor, grows));
    CHECK((growth.bytesAfter > growth.bytesBefore + 64 * kMiB) == !growth.fileSystem.empty());

    const std::optional<agent::EspPlace> esp = agent::findEsp(BlockDevice(disk, BlockDevice::Access::Read));
    REQUIRE(esp);
    CHECK(agent::loaderIn(disk, *esp, world.exec(), soon()) == vendor.at("loader").get<std::string>());
}

} // namespace

TEST_CASE("images as their makers publish them", "[vendors]")
{
    platform::setLogLevel(platform::LogLevel::Error);
    std::size_t vendors = 0;
    for (const fs::directory_entry& file : fs::directory_iterator(tests::dataFolder() + "/vendors")) {
        const json vendor = json::parse(platform::readFile(file.path()));
        DYNAMIC_SECTION(vendor.at("name").get<std::string>())
        {
            REQUIRE_FALSE(vendor.at("source").get<std::string>().empty());
            checkVendor(vendor);
        }
        ++vendors;
    }
    CHECK(vendors == 10);
    platform::setLogLevel(platform::LogLevel::Info);
}
