// BootServices' in.tftpd and a TFTP client.
#include "tests/pxe/world.h"

#include <catch2/catch.hpp>

#include <fstream>
#include <sys/stat.h>

using namespace bm;
using namespace bm::tests;

namespace {

/// tftp-hpa's client always exits with 0, so the test reads the file.
std::string fetch(const World& world, const std::string& name)
{
    const std::filesystem::path to = world.folder.path() / "fetched";
    std::filesystem::remove(to);
    world.network.onMachines({"/usr/bin/tftp", "10.78.0.1", "-m", "binary", "-c", "get", name, to.string()});
    return std::filesystem::exists(to) ? platform::readFile(to) : "";
}

/// umask, as in bmd's unit.
struct Umask {
    explicit Umask(mode_t mask) : before(::umask(mask)) {}
    ~Umask() { ::umask(before); }
    Umask(const Umask&) = delete;
    Umask& operator=(const Umask&) = delete;
    mode_t before;
};

} // namespace

TEST_CASE("loaders over TFTP", "[pxe][peer]")
{
    const Umask umask(027);
    World world([](pxe::BootSettings& s) {
        s.dhcp = pxe::DhcpMode::Off;
        s.ramdiskFolder = s.runFolder.parent_path() / "ramdisk";
        std::filesystem::create_directories(s.ramdiskFolder);
        platform::writeFileAtomically(s.ramdiskFolder / "vmlinuz", "a kernel"); // 0640 by the umask
        platform::writeFileAtomically(s.ramdiskFolder / "initrd.img", "a RAM disk");
    });
    world.start();
    REQUIRE(within([&] { return !fetch(world, "undionly.kpxe").empty(); }));
    CHECK(fetch(world, "undionly.kpxe") == platform::readFile("/usr/lib/ipxe/undionly.kpxe"));
    CHECK(fetch(world, "snponly.efi") == platform::readFile("/usr/lib/ipxe/snponly.efi"));
    CHECK(fetch(world, "vmlinuz") == "a kernel");
    CHECK(fetch(world, "initrd.img") == "a RAM disk");
    // in.tftpd's lines arrive after its answers.
    std::optional<pxe::BootContact> read;
    REQUIRE(within([&] {
        read = world.contact("tftp.read", "10.78.0.50");
        return read && read->detail == "initrd.img";
    }));
    CHECK(read->at.time_since_epoch().count() > 0);
    CHECK(fetch(world, "no such file").empty());
    const auto nak = world.contact("tftp.nak", "10.78.0.50");
    REQUIRE(nak);
    CHECK(nak->detail == "File not found");
    CHECK(fetch(world, "../dhcp-hosts").empty());
    CHECK(fetch(world, "/etc/passwd").empty());
}

TEST_CASE("a contact that cannot be stored does not end TFTP", "[pxe][peer]")
{
    World world([](pxe::BootSettings& s) { s.dhcp = pxe::DhcpMode::Off; });
    world.services = std::make_unique<pxe::BootServices>(
        world.settings, [](const pxe::BootContact&) { throw std::runtime_error("disk full"); });
    world.start();
    CHECK(within([&] { return !fetch(world, "undionly.kpxe").empty(); }));
    CHECK_FALSE(fetch(world, "snponly.efi").empty());
}

TEST_CASE("a missing boot loader makes start() throw", "[pxe]")
{
    World world([](pxe::BootSettings& s) {
        s.dhcp = pxe::DhcpMode::Off;
        s.loaderFolder = "/nonexistent";
    });
    CHECK_THROWS_WITH(world.start(), Catch::Matchers::Contains("/nonexistent/undionly.kpxe is missing"));
}
