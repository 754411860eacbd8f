// The firmware's entries for a deployed disk: efibootmgr's output, loaders in an ESP made by mkfs.fat and
// mtools, the BIOS's drives.
#include "agent/disk/gpt.h"
#include "agent/start/bios_drives.h"
#include "agent/start/boot_csv.h"
#include "agent/start/boot_entries.h"
#include "agent/start/esp_loader.h"
#include "common/model/error.h"
#include "common/platform/log.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fstream>

using namespace bm;
using namespace bm::agent;
using Texts = std::vector<std::string>;

namespace {

namespace fs = std::filesystem;

constexpr const char* kGuid = "77ed79e1-ae0b-4979-827f-ad7b119d688b";
constexpr const char* kOther = "fe906d3a-ed18-4d9a-a6cd-41b14322b3ad";

model::Deadline soon()
{
    return model::Deadline::in(std::chrono::minutes{1});
}

BootTarget target(const std::string& guid = kGuid)
{
    return {"/dev/vda", 1, guid, "\\EFI\\debian\\shimx64.efi"};
}

/// A simulated efibootmgr with its variables.
class Firmware final : public platform::Exec {
public:
    struct Option {
        std::string label, path;
    };
    std::map<std::string, Option> options;
    Texts order;
    std::string current;
    int writes = 0;
    bool full = false;
    bool forgetful = false;

    platform::Exit run(const platform::Command& command, const model::Deadline& /*deadline*/) override
    {
        platform::Exit exit;
        exit.code = 0;
        const Texts& argv = command.argv;
        REQUIRE(argv.at(0) == "efibootmgr");
        if (argv.at(1) == "-v") {
            exit.out = told();
            return exit;
        }
        ++writes;
        if (has(argv, "-B")) {
            options.erase(after(argv, "-b"));
            std::erase(order, after(argv, "-b"));
        } else if (has(argv, "-o")) {
            setOrder(after(argv, "-o"));
        } else if (full) {
            exit.code = 5;
            exit.err = "Could not prepare Boot variable: No space left on device\n";
        } else if (has(argv, "-C") && !forgetful) {
            options["00A0"] = {after(argv, "-L"), std::string("HD(1,GPT,") + kGuid +
                                                      ",0x800,0x100000)/File(" + after(argv, "-l") + ")"};
        }
        return exit;
    }

private:
    static bool has(const Texts& argv, const std::string& word) { return std::ranges::count(argv, word) > 0; }
    static std::string after(const Texts& argv, const std::string& word)
    {
        return *(std::ranges::find(argv, word) + 1);
    }
    void setOrder(std::string text)
    {
        order.clear();
        for (std::replace(text.begin(), text.end(), ',', ' '); !text.empty(); text.erase(0, 5))
            order.push_back(text.substr(0, 4));
    }
    std::string told() const
    {
        std::string out = fmt::format("BootCurrent: {}\nTimeout: 0 seconds\nBootOrder: {}\n", current,
                                      fmt::join(order, ","));
        for (const auto& [number, option] : options)
            out += fmt::format("Boot{}* {}\t{}\n", number, option.label, option.path);
        return out;
    }
};

std::string hd(const char* guid, const std::string& loader)
{
    return fmt::format("HD(1,GPT,{},0x800,0x100000)/File({})", guid, loader);
}

} // namespace

TEST_CASE("efibootmgr's output is parsed", "[agent][boot-entries]")
{
    const BootVariables found = parseBootVariables(
        "BootCurrent: 0003\nTimeout: 1 seconds\nBootOrder: 0003,0001,001A\n"
        "Boot0001* "
        "debian\tHD(1,GPT,77ED79E1-AE0B-4979-827F-AD7B119D688B,0x1000,0xff000)/"
        "File(\\EFI\\debian\\shimx64.efi)\n"
        "Boot0003* UEFI PXEv4 (MAC:525400770001)\tPciRoot(0x0)/Pci(0x3,0x0)/MAC(525400770001,1)/"
        "IPv4(0.0.0.00.0.0.0,0,0)N.....YM....R,Y.\n"
        "Boot001A  Windows Boot "
        "Manager\tHD(2,GPT,fe906d3a-ed18-4d9a-a6cd-41b14322b3ad,0x800,0x1000)/\\EFI\\x.efi\n"
        "Boot001B* no path\nBootZZZZ* nonsense\nMirroredPercentageAbove4G: 0.00\n");
    CHECK(found.current == "0003");
    CHECK(found.order == Texts{"0003", "0001", "001A"});
    REQUIRE(found.entries.size() == 4);
    CHECK(found.entries[0].label == "debian");
    CHECK(found.entries[0].partition == kGuid);
    CHECK(found.entries[0].loader == "\\EFI\\debian\\shimx64.efi");
    CHECK(found.entries[1].label == "UEFI PXEv4 (MAC:525400770001)");
    CHECK(found.entries[1].partition.empty());
    CHECK(found.entries[2].loader == "\\EFI\\x.efi");
    CHECK(found.entries[3].label == "no path");
}

TEST_CASE("a boot entry for the deployed disk", "[agent][boot-entries]")
{
    platform::setLogLevel(platform::LogLevel::Error);
    AgentLog log;
    Firmware firmware;
    const std::string loader = target().loader;
    firmware.options = {{"0000", {"UiApp", "FvVol(x)/FvFile(y)"}},
                        {"0001", {"bm: old", hd(kOther, loader)}},
                        {"0002", {"debian", hd(kOther, loader)}},
                        {"0003", {"UEFI PXEv4", "PciRoot(0x0)/MAC(525400770001,1)"}},
                        {"0004", {"UEFI HTTPv4", "PciRoot(0x0)/MAC(525400770001,1)/Uri()"}},
                        {"0005", {"UEFI Misc Device", "PciRoot(0x0)/Pci(0x4,0x0)"}}};
    firmware.order = {"0003", "0004", "0001", "0002", "0005", "0000"};
    firmware.current = "0003";
    const auto enter = [&](const Texts& gone) {
        return enterTargets({target()}, "bm: debian-12", gone, firmware, log, soon());
    };

    SECTION("comes right after the network entry that this machine was started from, if that is the first")
    {
        const BootEntriesOutcome outcome = enter({});
        CHECK(outcome.entries == Texts{"Boot00A0 bm: debian-12"});
        CHECK(outcome.removed == Texts{"Boot0001 bm: old"});
        CHECK(firmware.order == Texts{"0003", "00A0", "0004", "0002", "0005", "0000"});
    }
    SECTION("comes first where the network is not")
    {
        firmware.order = {"0005", "0003", "0004"};
        enter({});
        CHECK(firmware.order == Texts{"00A0", "0005", "0003", "0004"});
    }
    SECTION("is not rewritten when it is right")
    {
        enter({});
        const int before = firmware.writes;
        const BootEntriesOutcome again = enter({});
        CHECK(firmware.writes == before);
        CHECK(again.entries == Texts{"Boot00A0 bm: debian-12"});
        CHECK(again.removed.empty());
    }
    SECTION("replaces its own duplicate")
    {
        enter({});
        firmware.options["00B0"] = firmware.options["00A0"];
        CHECK(enter({}).removed == Texts{"Boot00B0 bm: debian-12"});
        CHECK(firmware.options.contains("00A0"));
    }
    SECTION("entries of others are removed only with their partition, which was on this disk")
    {
        CHECK(enter({kOther}).removed == Texts{"Boot0001 bm: old", "Boot0002 debian"});
        CHECK(firmware.options.contains("0003"));
    }
    SECTION("without a target bm's own entries are removed, and the others keep their order")
    {
        const BootEntriesOutcome outcome = enterTargets({}, "", {}, firmware, log, soon());
        CHECK(outcome.removed == Texts{"Boot0001 bm: old"});
        CHECK(firmware.order == Texts{"0003", "0004", "0002", "0005", "0000"});
    }
    SECTION("a full variable store is reported")
    {
        firmware.full = true;
        CHECK_THROWS_WITH(enter({}), Catch::Contains("No space left"));
    }
    SECTION("firmware that drops the entry is reported")
    {
        firmware.forgetful = true;
        CHECK_THROWS_WITH(enter({}), Catch::Contains("does not have it"));
    }
    platform::setLogLevel(platform::LogLevel::Info);
}

TEST_CASE("every firmware can show a label", "[agent][boot-entries]")
{
    CHECK(bootLabel("debian-12") == "bm: debian-12");
    CHECK(bootLabel("a\tb\xc3\xa4") == "bm: a_b__");
    CHECK(bootLabel(std::string(200, 'x')).size() == 52);
}

TEST_CASE("the loader among an ESP's files", "[agent][esp]")
{
    CHECK(loaderAmong("::/EFI/BOOT/BOOTX64.EFI\n::/EFI/debian/grubx64.efi\n::/EFI/debian/shimx64.efi\n") ==
          "\\EFI\\debian\\shimx64.efi");
    CHECK(loaderAmong("::/EFI/BOOT/BOOTX64.EFI\n::/EFI/BOOT/grubx64.efi\n::/EFI/BOOT/fbx64.efi\n") ==
          "\\EFI\\BOOT\\BOOTX64.EFI");
    CHECK(loaderAmong("::/efi/boot/bootx64.efi\n") == "\\efi\\boot\\bootx64.efi");
    CHECK(loaderAmong("::/EFI/systemd/systemd-bootx64.efi\n::/EFI/BOOT/BOOTX64.EFI\n") ==
          "\\EFI\\systemd\\systemd-bootx64.efi");
    CHECK(loaderAmong("::/EFI/Microsoft/Boot/bootmgfw.efi\n") == "\\EFI\\Microsoft\\Boot\\bootmgfw.efi");
    CHECK(loaderAmong("::/EFI/debian/shim\x01x64.efi\n::/EFI/debian/\n").empty());
    CHECK(loaderAmong("").empty());
    CHECK(loaderAmong("::/EFI/boot/bootx64.efi\n::/EFI/opensuse/grub.efi\n::/EFI/opensuse/shim.efi\n") ==
          "\\EFI\\opensuse\\shim.efi");
}

TEST_CASE("the loader that a BOOT.CSV names", "[agent][esp]")
{
    const auto wide = [](std::string_view text, bool big = false) {
        std::string out(big ? "\xfe\xff" : "\xff\xfe");
        for (const char c : text)
            out += big ? std::string{'\0', c} : std::string{c, '\0'};
        return out;
    };
    const std::string files = "::/EFI/boot/bootx64.efi\n::/EFI/boot/boot.csv\n::/EFI/opensuse/boot.csv\n"
                              "::/EFI/opensuse/BOOTX64.CSV\n::/EFI/opensuse/grubx64.efi\n"
                              "::/EFI/opensuse/Special.efi\n::/EFI/other/shimx64.efi\n";
    CHECK(bootCsvAmong(files) == std::vector<std::string>{"/EFI/opensuse/BOOTX64.CSV"});
    const auto loader = [&](const std::string& content) {
        return loaderAmong(files, {{"/EFI/opensuse/BOOTX64.CSV", content}});
    };
    for (const std::string& content :
         {wide("special.efi,opensuse-secureboot\n"), wide("special.efi,opensuse-secureboot\n", true),
          wide("special.efi,openSUSE,,entry\r\n"), std::string("special.efi,plain\n"), wide("special.efi"),
          wide("fwupdx64.efi,update,\\fwupd.efi ,x\nspecial.efi,main,,x\n"),
          wide("special.efi,openSUSE").substr(2)}) {
        INFO(content);
        CHECK(loader(content) == "\\EFI\\opensuse\\Special.efi");
    }
    for (const std::string& content : {wide("missing.efi,a"), wide("..\\boot\\bootx64.efi,a"), wide(""),
                                       std::string(1, '\xff'), wide("\x01,a")}) {
        INFO(content);
        CHECK(loader(content) == "\\EFI\\other\\shimx64.efi");
    }
    const std::string kernel =
        "::/EFI/boot/bootx64.efi\n::/EFI/redhat/BOOTX64.CSV\n::/EFI/redhat/shimx64.efi\n";
    CHECK(loaderAmong(kernel,
                      {{"/EFI/redhat/BOOTX64.CSV", wide("shimx64.efi,redhat,\\EFI\\Linux\\a.efi ,x\n")}}) ==
          "\\EFI\\boot\\bootx64.efi");
    CHECK(parseBootCsv(std::string(2'000'000, '\n')).empty());
}

TEST_CASE("the EFI system partition of a disk and its loaders", "[agent][esp]")
{
    const platform::TemporaryFolder folder("bm-esp-test");
    const std::unique_ptr<platform::Exec> exec = platform::makeExec(platform::kAllCapabilities);
    const auto shell = [&](const std::string& script) {
        const platform::Exit exit = exec->run(
            {{"/bin/bash", "-c",
              "set -e; export PATH=$PATH:/usr/sbin:/sbin; cd " + folder.path().string() + "; " + script}},
            soon());
        INFO(exit.err);
        REQUIRE(exit.code == 0);
    };
    shell(std::string("truncate -s 80M disk.raw; printf 'label: gpt\\nstart=2048, size=1MiB, "
                      "type=21686148-6449-6E6F-744E-656564454649\\nsize=40MiB, type=uefi, uuid=") +
          kGuid +
          "\\nsize=20MiB\\n' | sfdisk -q disk.raw; truncate -s 40M esp; mkfs.vfat esp >/dev/null; "
          "mmd -i esp ::/EFI ::/EFI/BOOT ::/EFI/debian; echo x >x; mcopy -i esp x ::/EFI/BOOT/BOOTX64.EFI; "
          "mcopy -i esp x ::/EFI/debian/grubx64.efi; dd if=esp of=disk.raw bs=1M seek=2 conv=notrunc,sparse "
          "status=none");
    const fs::path disk = folder.path() / "disk.raw";
    const auto found = [&] { return findEsp(BlockDevice(disk, BlockDevice::Access::Read)); };
    const std::optional<EspPlace> esp = found();
    REQUIRE(esp);
    CHECK(esp->number == 2);
    CHECK(esp->guid == kGuid);
    CHECK(esp->beginByte == std::uint64_t{2} << 20U);
    CHECK(loaderIn(disk, *esp, *exec, soon()) == "\\EFI\\debian\\grubx64.efi");
    SECTION("a BOOT.CSV in UTF-16 names the loader")
    {
        shell("mmd -i disk.raw@@2M ::/EFI/opensuse; mcopy -i disk.raw@@2M x ::/EFI/opensuse/shim.efi; "
              "mcopy -i disk.raw@@2M x ::/EFI/opensuse/signed.efi; printf "
              "'\\376\\377\\0s\\0i\\0g\\0n\\0e\\0d\\0.\\0e\\0f\\0i\\0,\\0a' | "
              "mcopy -i disk.raw@@2M - ::/EFI/opensuse/boot.csv");
        CHECK(loaderIn(disk, *esp, *exec, soon()) == "\\EFI\\opensuse\\signed.efi");
    }
    SECTION("an ESP without EFI/ has no loader")
    {
        shell("mkfs.vfat esp >/dev/null; dd if=esp of=disk.raw bs=1M seek=2 conv=notrunc status=none");
        CHECK(loaderIn(disk, *esp, *exec, soon()).empty());
    }
    SECTION("a partition without FAT is reported")
    {
        shell("dd if=/dev/zero of=disk.raw bs=1M seek=2 count=40 conv=notrunc status=none");
        CHECK_THROWS_WITH(loaderIn(disk, *esp, *exec, soon()), Catch::Contains("EFI system partition"));
    }
    SECTION("a disk without one")
    {
        shell("sfdisk -q --part-type disk.raw 2 linux");
        CHECK_FALSE(found());
    }
}

TEST_CASE("a disk's drive number in the BIOS", "[agent][bios]")
{
    const platform::TemporaryFolder folder("bm-edd-test");
    const fs::path edd = folder.path() / "firmware/edd";
    const auto drive = [&](const std::string& name, const std::string& sectors, const std::string& signature,
                           const std::string& pci) {
        fs::create_directories(edd / name);
        std::ofstream(edd / name / "sectors") << sectors << "\n";
        if (!signature.empty())
            std::ofstream(edd / name / "mbr_signature") << signature << "\n";
        if (!pci.empty())
            fs::create_symlink("../../../devices/pci0000:00/" + pci, edd / name / "pci_dev");
    };
    const auto number = [&](const DiskTraits& disk) {
        return biosNumberOf(readBiosDrives(folder.path()), disk);
    };
    const DiskTraits disk{8388608, 0x12345678, "/devices/pci0000:00/0000:00:05.0/virtio2/block/vdb"};

    SECTION("is unknown without edd")
    {
        CHECK_FALSE(number(disk));
    }
    SECTION("by its size")
    {
        drive("int13_dev80", "4194304", "0x00000000", "");
        drive("int13_dev81", "8388608", "0x00000000", "");
        CHECK(number(disk) == 0x81);
        CHECK_FALSE(number({1234, {}, ""}));
    }
    SECTION("by its controller, when sizes are equal")
    {
        drive("int13_dev80", "8388608", "0x12345678", "0000:00:04.0");
        drive("int13_dev81", "8388608", "0x00000000", "0000:00:05.0");
        CHECK(number(disk) == 0x81);
    }
    SECTION("by its signature, when the controllers are equal")
    {
        drive("int13_dev80", "8388608", "0x00000001", "0000:00:05.0");
        drive("int13_dev81", "8388608", "0x00000002", "0000:00:05.0");
        drive("int13_dev82", "8388608", "0x12345678", "0000:00:05.0");
        CHECK(number(disk) == 0x82);
    }
    SECTION("is unknown for disks with equal traits")
    {
        drive("int13_dev80", "8388608", "0x00000000", "");
        drive("int13_dev81", "8388608", "0x00000000", "");
        CHECK_FALSE(number(disk));
    }
}
