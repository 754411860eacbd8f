#include "images/formats/boot_menu.h"
#include "images/formats/iso9660.h"
#include "tests/images/boot_world.h"

#include <nlohmann/json.hpp>

using namespace bm;
using namespace bm::images;
using namespace bm::images::testing;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;
using model::ErrorCode;
using nlohmann::json;

namespace {

json descriptionOf(const StoredImage& stored)
{
    return json::parse(stored.description.text);
}

ByteRange rangeOf(const json& file)
{
    return {file.at("offset").get<std::uint64_t>(), file.at("bytes").get<std::uint64_t>()};
}

std::string partText(StoreWorld& world, const StoredImage& stored, const std::vector<ByteRange>& parts)
{
    return platform::readFile(world.store.partFile(stored.contentId, parts, soon()), std::size_t{64} << 20U);
}

const Files kPair{{"vmlinuz", fakeKernel()}, {"initrd.img", fakeInitrd()}};

std::string patched(const std::filesystem::path& path, std::size_t at, const std::string& bytes)
{
    std::string text = platform::readFile(path, std::size_t{64} << 20U);
    text.replace(at, bytes.size(), bytes);
    std::ofstream(path, std::ios::binary) << text;
    return path.string();
}

} // namespace

TEST_CASE("a kernel and its initrd are imported from one archive", "[images][ramdisk]")
{
    StoreWorld world;
    for (const char* format : {"ustar", "newc"}) {
        INFO(format);
        const StoredImage stored = world.import(makeArchive(world.path("pair"), format, kPair));
        CHECK(stored.kind == model::ImageKind::Ramdisk);
        const json description = descriptionOf(stored);
        CHECK(description.at("kernel").at("version") == "6.1.0-test");
        CHECK(description.at("kernel").at("efi") == true);
        CHECK(description.at("architecture") == "x86_64");
        CHECK_FALSE(description.contains("boot_mode"));
        CHECK(description.at("initrd").at(0).at("compression") == "gz");
        CHECK(partText(world, stored, {rangeOf(description.at("kernel"))}) == fakeKernel());
    }
    SECTION("with kernel arguments in a file")
    {
        Files files = kPair;
        files.emplace_back("kernel_arguments", "console=ttyS0 quiet\n");
        const StoredImage stored = world.import(makeArchive(world.path("with"), "ustar", files));
        CHECK(descriptionOf(stored).at("kernel_arguments") == "console=ttyS0 quiet");
    }
    SECTION("from a compressed archive")
    {
        makeArchive(world.path("pair.tar"), "ustar", kPair);
        world.shell("gzip -k pair.tar");
        const StoredImage plain = world.import(world.path("pair.tar"));
        const StoredImage packed = world.import(world.path("pair.tar.gz"));
        CHECK(packed.sourceFormat == "tar+gz");
        CHECK(packed.contentId == plain.contentId);
    }
    SECTION("a kernel without an EFI stub boots on BIOS")
    {
        std::string kernel = fakeKernel();
        kernel.replace(0, 2, "\xea\x05");
        const StoredImage stored = world.import(
            makeArchive(world.path("old"), "ustar", {{"vmlinuz", kernel}, {"initrd.img", fakeInitrd()}}));
        CHECK(descriptionOf(stored).at("boot_mode") == "bios");
    }
}

TEST_CASE("invalid kernels and initrds are refused", "[images][ramdisk][refusal]")
{
    StoreWorld world;
    const auto refusal = [&](const Files& files) {
        return failureOf([&] {
            world.store.import(
                {.file = makeArchive(world.path("pair"), "ustar", files), .kind = model::ImageKind::Ramdisk},
                {}, soon());
        });
    };
    SECTION("an invalid, compressed or ELF kernel")
    {
        CHECK_THAT(refusal({{"vmlinuz", std::string(9000, 'x')}, {"initrd.img", fakeInitrd()}}).message,
                   Contains("HdrS"));
        CHECK_THAT(refusal({{"vmlinuz", fakeInitrd()}, {"initrd.img", fakeInitrd()}}).hint,
                   Contains("decompress it"));
        CHECK_THAT(refusal({{"vmlinuz", "\x7f" + std::string("ELF") + std::string(9000, 'x')},
                            {"initrd.img", fakeInitrd()}})
                       .hint,
                   Contains("bzImage"));
    }
    SECTION("a truncated kernel")
    {
        const Failure failure =
            refusal({{"vmlinuz", fakeKernel().substr(0, 6000)}, {"initrd.img", fakeInitrd()}});
        CHECK(failure.code == ErrorCode::ImageCorrupt);
        CHECK_THAT(failure.message, Contains("truncated"));
    }
    SECTION("an invalid initrd")
    {
        CHECK_THAT(refusal({{"vmlinuz", fakeKernel()}, {"initrd.img", std::string(5000, 'x')}}).message,
                   Contains("initrd.img is not an initrd"));
    }
    SECTION("a missing file, or a further one")
    {
        CHECK_THAT(refusal({{"vmlinuz", fakeKernel()}}).message, Contains("no initrd.img"));
        CHECK_THAT(refusal({{"initrd.img", fakeInitrd()}}).message, Contains("no vmlinuz"));
        CHECK_THAT(refusal({{"vmlinuz", fakeKernel()}, {"evil", "x"}}).message,
                   Contains("files besides kernel"));
    }
    SECTION("a truncated archive")
    {
        makeArchive(world.path("pair"), "newc", kPair);
        world.shell("truncate -s 10000 pair");
        CHECK(world.refusal(world.path("pair")).code == ErrorCode::ImageCorrupt);
    }
    SECTION("a disk image imported with that kind")
    {
        makeDisk(world);
        CHECK_THAT(failureOf([&] {
                       world.store.import({.file = world.path("disk.raw"), .kind = model::ImageKind::Ramdisk},
                                          {}, soon());
                   }).hint,
                   Contains("--kernel"));
    }
}

TEST_CASE("the boot menu of an ISO image selects its kernel", "[images][ramdisk][iso]")
{
    StoreWorld world;
    const auto import = [&](const Files& files) {
        return world.import(makeArchive(world.path("x.iso"), "iso9660", files));
    };
    const std::string other = fakeKernel(12'000);
    SECTION("by isolinux, with paths relative to its folder")
    {
        const StoredImage stored =
            import({{"isolinux/isolinux.cfg", "UI vesamenu.c32\nINCLUDE live.cfg\n"},
                    {"isolinux/live.cfg",
                     "label memtest\n linux memtest\ndefault live-amd64\nlabel other\n kernel "
                     "/live/other\n append initrd=/live/initrd.img\n"
                     "label live-amd64\n kernel /live/vmlinuz-6.1.0-13-amd64\n append boot=live "
                     "initrd=/live/initrd.img,/live/more.img quiet\n"},
                    {"live/vmlinuz-6.1.0-13-amd64", fakeKernel()},
                    {"live/other", other},
                    {"live/initrd.img", fakeInitrd()},
                    {"live/more.img", fakeInitrd(77)}});
        CHECK(stored.kind == model::ImageKind::Ramdisk);
        CHECK(stored.sourceFormat == "iso");
        const json description = descriptionOf(stored);
        CHECK(description.at("kernel").at("path") == "live/vmlinuz-6.1.0-13-amd64");
        CHECK(description.at("kernel_arguments") == "boot=live quiet");
        CHECK(description.at("menu").at("title") == "live-amd64");
        CHECK(partText(world, stored, {rangeOf(description.at("kernel"))}) == fakeKernel());
        const std::string both =
            partText(world, stored,
                     {rangeOf(description.at("initrd").at(0)), rangeOf(description.at("initrd").at(1))});
        CHECK(both == fakeInitrd() + std::string(3, '\0') + fakeInitrd(77) + std::string(3, '\0'));
    }
    SECTION("GRUB's menu comes before that of isolinux")
    {
        const StoredImage stored =
            import({{"boot/grub/grub.cfg",
                     "set default=\"1\"\nmenuentry 'First' {\n linux /casper/other\n initrd "
                     "/casper/initrd\n}\nmenuentry \"Try it\" --hotkey=t {\n  linux  "
                     "($root)/casper/vmlinuz ${options} --- quiet\n  initrd /casper/initrd\n}\n"},
                    {"isolinux/isolinux.cfg",
                     "default a\nlabel a\nkernel /casper/other\nappend initrd=/casper/initrd"},
                    {"casper/vmlinuz", fakeKernel()},
                    {"casper/other", other},
                    {"casper/initrd", fakeInitrd()}});
        const json description = descriptionOf(stored);
        CHECK(description.at("kernel").at("path") == "casper/vmlinuz");
        CHECK(description.at("kernel_arguments") == "--- quiet");
    }
    SECTION("the usual paths apply without a menu")
    {
        const json description = descriptionOf(
            import({{"install.amd/vmlinuz", fakeKernel()}, {"install.amd/initrd.gz", fakeInitrd()}}));
        CHECK(description.at("kernel").at("path") == "install.amd/vmlinuz");
    }
    SECTION("compressed")
    {
        makeArchive(world.path("y.iso"), "iso9660",
                    {{"casper/vmlinuz", fakeKernel()}, {"casper/initrd", fakeInitrd()}});
        world.shell("xz y.iso");
        CHECK(world.import(world.path("y.iso.xz")).sourceFormat == "iso+xz");
    }
}

TEST_CASE("an invalid ISO image is refused", "[images][ramdisk][iso][refusal]")
{
    StoreWorld world;
    const Files files{{"casper/vmlinuz", fakeKernel()}, {"casper/initrd", fakeInitrd()}};
    const std::filesystem::path iso = makeArchive(world.path("x.iso"), "iso9660", files);
    constexpr std::size_t kRootExtent = 16 * 2048 + 156 + 2;
    SECTION("truncated")
    {
        world.shell("truncate -s -40K x.iso");
        const Failure failure = world.refusal(iso);
        CHECK(failure.code == ErrorCode::ImageCorrupt);
        CHECK_THAT(failure.message, Contains("truncated"));
    }
    SECTION("a root folder outside the image")
    {
        patched(iso, kRootExtent, "\xff\xff\xff\x7f");
        CHECK(world.refusal(iso).code == ErrorCode::ImageCorrupt);
    }
    SECTION("a folder that contains itself")
    {
        // casper's record in the root folder leads back to the root folder
        const std::string text = platform::readFile(iso, std::size_t{64} << 20U);
        std::size_t name = text.find("CASPER"); // the path tables have it, too
        while (name != std::string::npos && (text[name - 1] != 6 || text[name - 8] != 2))
            name = text.find("CASPER", name + 1);
        REQUIRE(name != std::string::npos);
        patched(iso, name - 33 + 2, text.substr(kRootExtent, 4));
        CHECK_THAT(world.refusal(iso).message, Contains("finds no kernel and initrd"));
    }
    SECTION("a menu that includes itself")
    {
        const Failure failure = world.refusal(
            makeArchive(world.path("loop.iso"), "iso9660",
                        {{"isolinux/isolinux.cfg", "include isolinux.cfg\ninclude isolinux.cfg\n"}}));
        CHECK_THAT(failure.message, Contains("finds no kernel and initrd"));
    }
    SECTION("an invalid kernel, with the reason")
    {
        const Failure failure = world.refusal(
            makeArchive(world.path("bad.iso"), "iso9660",
                        {{"casper/vmlinuz", std::string(9000, 'x')}, {"casper/initrd", fakeInitrd()}}));
        CHECK_THAT(failure.message, StartsWith("casper/vmlinuz is not a bootable kernel"));
    }
}

TEST_CASE("boot files are deleted with their image", "[images][ramdisk]")
{
    StoreWorld world;
    const StoredImage stored = world.import(makeArchive(world.path("pair"), "ustar", kPair));
    const ByteRange kernel = rangeOf(descriptionOf(stored).at("kernel"));
    const std::filesystem::path file = world.store.partFile(stored.contentId, {kernel}, soon());
    CHECK(world.store.partFile(stored.contentId, {kernel}, soon()) == file);
    SECTION("a range outside the image is refused")
    {
        CHECK(failureOf([&] {
                  world.store.partFile(stored.contentId, {{100, stored.sizeBytes}}, soon());
              }).code == ErrorCode::ImageCorrupt);
    }
    SECTION("a damaged block yields no file")
    {
        patched(world.store.blocksFile(stored.contentId), 20, "damage");
        CHECK_THROWS_AS(world.store.partFile(stored.contentId, {{0, 512}}, soon()), model::Error);
    }
    SECTION("when the image is removed")
    {
        world.store.remove(stored.contentId);
        CHECK_FALSE(std::filesystem::exists(file));
    }
    SECTION("when a sweep finds the image missing")
    {
        std::filesystem::remove(world.store.manifestFile(stored.contentId));
        world.store.sweep();
        CHECK_FALSE(std::filesystem::exists(file));
    }
}

TEST_CASE("boot menus are parsed", "[images][ramdisk]")
{
    CHECK(grubMenu("menuentry 'no initrd' {\nlinux /a\n}\n").entries.empty());
    CHECK(grubMenu("menuentry x {\nlinux $k\ninitrd /b\n}\n").entries.empty());
    CHECK(syslinuxMenu("label a\nkernel k\nappend initrd=i x=1 || y\n").entries.at(0).arguments == "x=1 y");
    const BootMenu menu = syslinuxMenu("default B\nlabel a\nlinux 1\ninitrd i\nlabel b\nlinux 2\ninitrd i\n");
    REQUIRE(menu.entries.size() == 2);
    CHECK(menu.entries.front().kernel == "2");
}
