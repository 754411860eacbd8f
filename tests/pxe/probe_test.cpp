// The network probes of bm doctor, against a real dnsmasq and in.tftpd.
#include "common/model/error.h"
#include "common/platform/network_probe.h"
#include "pxe/dhcp_probe.h"
#include "tests/pxe/world.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <thread>

using namespace bm;
using namespace bm::tests;
using model::Deadline;

namespace {

constexpr std::chrono::seconds kLong{20};

/// A foreign DHCP server at 10.78.0.2, with the further options @p more; the destructor ends it.
class Rogue {
public:
    Rogue(const World& world, const std::vector<std::string>& more)
    {
        platform::Service service;
        service.name = "rogue-dnsmasq";
        service.command.argv = {
            "/usr/sbin/dnsmasq", "-k",
            "--port=0",          "--conf-file=/dev/null",
            "--pid-file=",       "--user=",
            "--group=",          "--interface=d0",
            "--bind-interfaces", "--no-ping",
            "--log-facility=-",  "--dhcp-leasefile=" + (world.folder.path() / "rogue.leases").string()};
        service.command.argv.insert(service.command.argv.end(), more.begin(), more.end());
        service.command.capabilities = platform::kAllCapabilities;
        server_ = std::make_unique<platform::Supervisor>(std::move(service));
        std::thread([this, &world] { // its thread, and so its child, live in the other server's namespace
            Network::enter(world.network.otherServer());
            server_->start();
        })
            .join();
    }

private:
    std::unique_ptr<platform::Supervisor> server_;
};

std::vector<pxe::DhcpOffer> offersSoon()
{
    std::vector<pxe::DhcpOffer> offers;
    within([&] {
        offers = pxe::probeDhcp("prov0", Deadline::in(kLong));
        return !offers.empty();
    });
    return offers;
}

} // namespace

TEST_CASE("other DHCP servers on the provisioning network", "[pxe][doctor][peer]")
{
    World world([](pxe::BootSettings& s) { s.tftp = false; });
    world.start(); // bmd's own server answers machines; the probe does not receive it
    SECTION("none")
    {
        CHECK(pxe::probeDhcp("prov0", Deadline::in(kLong)).empty());
    }
    SECTION("one that hands out addresses and a boot file")
    {
        const Rogue rogue(world, {"--dhcp-range=10.78.0.200,10.78.0.220,1h", "--dhcp-boot=evil.efi"});
        const std::vector<pxe::DhcpOffer> offers = offersSoon();
        REQUIRE(offers.size() == 1);
        CHECK(offers[0].server == "10.78.0.2");
        CHECK(offers[0].offered.starts_with("10.78.0.2"));
        CHECK(offers[0].bootFile == "evil.efi");
    }
    SECTION("a proxy, which offers no address")
    {
        const Rogue rogue(world,
                          {"--dhcp-range=10.78.0.0,proxy", "--pxe-service=X86-64_EFI,other,other.efi"});
        const std::vector<pxe::DhcpOffer> offers = offersSoon();
        REQUIRE(offers.size() == 1);
        CHECK(offers[0].offered == "0.0.0.0");
    }
    SECTION("an interface without a probe gives the reason")
    {
        CHECK_THROWS_WITH(pxe::probeDhcp("no-such-if", Deadline::in(kLong)), Catch::Contains("no interface"));
    }
}

TEST_CASE("boot files by TFTP, without options, as firmware fetches them", "[pxe][doctor][peer]")
{
    World world([](pxe::BootSettings& s) { s.dhcp = pxe::DhcpMode::Off; });
    world.start();
    const auto fetch = [](const std::string& name) {
        return platform::fetchByTftp("10.78.0.1", 69, name, Deadline::in(kLong));
    };
    REQUIRE(within([&] {
        try {
            return fetch("snponly.efi") > 0;
        } catch (const model::Error&) {
            return false;
        }
    }));
    CHECK(fetch("snponly.efi") == std::filesystem::file_size("/usr/lib/ipxe/snponly.efi"));
    CHECK(fetch("undionly.kpxe") == std::filesystem::file_size("/usr/lib/ipxe/undionly.kpxe"));
    CHECK_THROWS_WITH(fetch("no-such-file"), Catch::Contains("not found", Catch::CaseSensitive::No));
    world.services->stop();
    CHECK_THROWS_AS(
        platform::fetchByTftp("10.78.0.1", 69, "snponly.efi", Deadline::in(std::chrono::seconds{2})),
        model::Error);
}
