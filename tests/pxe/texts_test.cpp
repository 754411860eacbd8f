// dnsmasq's configuration and iPXE's scripts.
#include "common/model/error.h"
#include "common/platform/exec.h"
#include "common/platform/files.h"
#include "pxe/dnsmasq_config.h"
#include "pxe/lease_file.h"
#include "tests/pxe/settings.h"

#include <catch2/catch.hpp>
#include <vector>

using namespace bm;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

/// The output of `dnsmasq --test` for @p text.
std::string dnsmasqSays(const std::string& text)
{
    const platform::TemporaryFolder folder("bm-pxe");
    platform::writeFileAtomically(folder.path() / "dnsmasq.conf", text);
    const platform::Exit exit = platform::makeExec()->run(
        {{"/usr/sbin/dnsmasq", "--test", "--conf-file=" + (folder.path() / "dnsmasq.conf").string()}},
        model::Deadline::in(std::chrono::seconds{20}));
    return exit.out + exit.err;
}

pxe::BootHost host(const std::string& mac, const std::string& name, bool boot = false)
{
    return {*model::macFromText(mac), name, boot};
}

} // namespace

TEST_CASE("dnsmasq accepts every configuration of bmd's", "[pxe][peer]")
{
    pxe::BootSettings settings = tests::settings("/run/bm");
    SECTION("managed, the least") {}
    SECTION("managed, with all")
    {
        settings.router = "10.78.0.254";
        settings.dns = {"10.78.0.3", "10.78.0.4"};
        settings.leaseTime = "30m";
        settings.routerAdvertisements = true;
    }
    SECTION("proxy")
    {
        settings.dhcp = pxe::DhcpMode::Proxy;
    }
    CHECK_THAT(dnsmasqSays(pxe::dnsmasqConfig(settings)), Contains("syntax check OK"));
}

TEST_CASE("dnsmasq --test does refuse nonsense", "[pxe][peer]")
{
    CHECK_THAT(dnsmasqSays("dhcp-boot\nnonsense=1\n"), !Contains("syntax check OK"));
}

TEST_CASE("dnsmasq's lease file", "[pxe]")
{
    const model::UtcTime now{std::chrono::seconds{1'800'000'000}};
    const std::string text = "1800003600 52:54:00:77:00:01 10.78.0.100 rack1-07 01:52:54:00:77:00:01\n"
                             "1799999999 52:54:00:77:00:02 10.78.0.101 * *\n"
                             "0 52:54:00:77:00:03 10.78.0.102 * ff:00\n"
                             "1800003600 06-52:54:00:77:00:04 10.78.0.103 * *\n"
                             "duid 00:01:00:01:2b\n"
                             "1800003600 1234 fd00::1 * 00:01\n"
                             "1800003600 52:54:00:77:00:05 10.78.0.104"; // the file ends in its midst
    const auto holder = [&](const std::string& address) {
        const auto mac = pxe::leaseHolder(text, address, now);
        return mac ? mac->text : std::string();
    };
    CHECK(holder("10.78.0.100") == "52:54:00:77:00:01");
    CHECK(holder("10.78.0.101").empty());                // over
    CHECK(holder("10.78.0.102") == "52:54:00:77:00:03"); // for ever
    CHECK(holder("10.78.0.103").empty());                // no Ethernet
    CHECK(holder("10.78.0.104") == "52:54:00:77:00:05");
    CHECK(holder("10.78.0.10").empty());
    CHECK(holder("").empty());
    CHECK(holder("rack1-07").empty());
    CHECK_FALSE(pxe::leaseHolderIn("/nowhere/dnsmasq.leases", "10.78.0.100", now));

    const auto leased = [&](const std::vector<std::string>& macs) {
        std::vector<model::MacAddress> known;
        for (const std::string& mac : macs)
            known.push_back(*model::macFromText(mac));
        return pxe::leasedAddress(text, known, now).value_or("");
    };
    CHECK(leased({"52:54:00:77:00:01"}) == "10.78.0.100");
    CHECK(leased({"52:54:00:77:00:02"}).empty());                               // over
    CHECK(leased({"52:54:00:77:00:01", "52:54:00:77:00:03"}) == "10.78.0.102"); // ends last
    CHECK(leased({"52:54:00:77:00:04"}).empty());                               // no Ethernet
    CHECK(leased({"52:54:00:99:99:99"}).empty());
    CHECK(leased({}).empty());
    CHECK_FALSE(pxe::leasedAddressIn("/nowhere/dnsmasq.leases", {}, now));
}

TEST_CASE("dnsmasq's configuration", "[pxe]")
{
    pxe::BootSettings settings = tests::settings("/run/bm");
    SECTION("has no router and no DNS server unless configured")
    {
        const std::string text = pxe::dnsmasqConfig(settings);
        CHECK_THAT(text, Contains("dhcp-option=option:router\n"));
        CHECK_THAT(text, Contains("dhcp-option=option:dns-server\n"));
    }
    SECTION("has boot files for known machines alone")
    {
        for (const pxe::DhcpMode mode : {pxe::DhcpMode::Managed, pxe::DhcpMode::Proxy}) {
            settings.dhcp = mode;
            std::istringstream lines(pxe::dnsmasqConfig(settings));
            for (std::string line; std::getline(lines, line);)
                if (line.starts_with("dhcp-boot") || line.starts_with("pxe-service"))
                    CHECK_THAT(line, Contains("=tag:known,"));
        }
    }
    SECTION("gives a MAC address one lease, whatever client id it sends")
    {
        settings.dhcp = pxe::DhcpMode::Managed;
        CHECK_THAT(pxe::dnsmasqConfig(settings), Contains("dhcp-ignore-clid\n"));
    }
    SECTION("answers no DNS queries")
    {
        CHECK_THAT(pxe::dnsmasqConfig(settings), Contains("port=0\n"));
    }
}

TEST_CASE("the hosts file", "[pxe]")
{
    const std::string mac = "52:54:00:77:00:01";
    SECTION("has a line per machine, with its name")
    {
        CHECK(pxe::dhcpHosts({host(mac, "rack1-07", true), host("52:54:00:77:00:02", "b")}) ==
              "52:54:00:77:00:01,rack1-07\n52:54:00:77:00:02,b\n");
    }
    SECTION("is empty without machines")
    {
        CHECK(pxe::dhcpHosts({}).empty());
    }
    SECTION("keeps a dotted name's first label")
    {
        CHECK(pxe::dhcpHosts({host(mac, "web.example.org")}) == mac + ",web\n");
    }
    SECTION("omits names that are no host names")
    {
        const std::vector<std::string> names{"",        "-a",   "a-",       "rack1_07",          "a b",
                                             "a,set:x", "a\nb", "\xc3\xa4", std::string(64, 'a')};
        for (const std::string& name : names)
            CHECK(pxe::dhcpHosts({host(mac, name)}) == mac + "\n");
    }
    SECTION("omits names that dnsmasq reads as a lease time or a keyword")
    {
        for (const std::string name :
             {"12h", "3600", "5M", "1w", "2d", "ignore", "Infinite", "7.example.org"})
            CHECK(pxe::dhcpHosts({host(mac, name)}) == mac + "\n");
        for (const std::string name : {"h", "s1", "12hh", "a5m"})
            CHECK(pxe::dhcpHosts({host(mac, name)}) == mac + "," + name + "\n");
    }
    SECTION("sets no tag, which dnsmasq 2.90 does not survive")
    {
        CHECK_THAT(pxe::dhcpHosts({host(mac, "a", true)}), !Contains("set:"));
    }
}

TEST_CASE("the RAM disk's script", "[pxe]")
{
    pxe::RamdiskBoot boot{
        "http://10.78.0.1:6386", "4e8c", *model::macFromText("52:54:00:77:00:01"), "c0ffee", "", {}};
    SECTION("carries the agent's arguments")
    {
        const std::string text = pxe::ramdiskScript(boot);
        CHECK_THAT(text, StartsWith("#!ipxe\n"));
        CHECK_THAT(text, Contains("bm.api=http://10.78.0.1:6386 bm.node=4e8c bm.secret=c0ffee "
                                  "BOOTIF=01-52-54-00-77-00-01 panic=60 "));
        CHECK_THAT(text,
                   Contains("initrd --name initrd.img http://10.78.0.1:6386/boot/initrd.img || goto failed"));
        CHECK_THAT(text, !Contains("bm.vlan"));
    }
    SECTION("carries the VLAN and the operator's arguments")
    {
        boot.vlan = 42;
        boot.extraArguments = "mitigations=off quiet";
        CHECK_THAT(pxe::ramdiskScript(boot),
                   Contains(" bm.vlan=42 ") && Contains(" mitigations=off quiet || goto failed"));
    }
    SECTION("does not show the secret on the console")
    {
        std::istringstream lines(pxe::ramdiskScript(boot));
        for (std::string line; std::getline(lines, line);)
            if (line.starts_with("echo"))
                CHECK_THAT(line, !Contains("c0ffee"));
    }
}

TEST_CASE("the script of a RAM disk deployment", "[pxe]")
{
    pxe::ImageBoot boot{"http://10.78.0.1:6386/boot/nodes/4e8c/70c3", "http://10.78.0.1:6386/boot/script",
                        "rescue", "boot=live fetch={iso} again={iso}",
                        *model::macFromText("52:54:00:77:00:01")};
    const std::string text = pxe::imageScript(boot);
    CHECK_THAT(text, StartsWith("#!ipxe\n"));
    CHECK_THAT(text, Contains("kernel http://10.78.0.1:6386/boot/nodes/4e8c/70c3/vmlinuz initrd=initrd.img "
                              "BOOTIF=01-52-54-00-77-00-01 boot=live "
                              "fetch=http://10.78.0.1:6386/boot/nodes/4e8c/70c3/image.iso "
                              "again=http://10.78.0.1:6386/boot/nodes/4e8c/70c3/image.iso || goto failed\n"));
    CHECK_THAT(text, !Contains("config.img") && Contains("chain --replace"));
    boot.configDrive = true;
    CHECK_THAT(
        pxe::imageScript(boot),
        Contains("initrd=initrd.img initrd=config.img ") &&
            Contains("initrd --name config.img http://10.78.0.1:6386/boot/nodes/4e8c/70c3/config.img"));
}

TEST_CASE("a RAM disk deployment's script holds no command of a client", "[pxe]")
{
    pxe::ImageBoot boot;
    boot.baseUrl = "http://10.78.0.1:6386/boot/nodes/4e8c/70c3";
    boot.mac = *model::macFromText("52:54:00:77:00:01");
    boot.title = "debian || shell\n${netX/mac}";
    CHECK_THAT(pxe::imageScript(boot), Contains("starting the RAM disk debian____shell___netX_mac_\n"));
    for (const char* arguments :
         {"quiet || shell", "a\nshell", "${netX/mac}", "x && shell", "# x", "a ; shell"}) {
        boot.arguments = arguments;
        CHECK_THROWS_AS(pxe::imageScript(boot), model::Error);
    }
}

TEST_CASE("the script of a machine that gets none now", "[pxe]")
{
    const std::string text = pxe::waitScript("bm starts it again", "http://10.78.0.1:6386/boot/script");
    CHECK_THAT(text, StartsWith("#!ipxe\necho bm: bm starts it again; asking again in 10 s\nsleep 10\n"));
    CHECK_THAT(text,
               Contains("chain --replace --autofree http://10.78.0.1:6386/boot/script?mac=${netX/mac:hexhyp}&"
                        "platform=${platform} || reboot\n"));
    CHECK_THAT(text, !Contains("kernel") && !Contains("secret"));
}

TEST_CASE("scripts that boot the machine's own disk", "[pxe]")
{
    const std::string known = pxe::localDiskScript("nothing to do");
    CHECK_THAT(known, StartsWith("#!ipxe\n") && Contains("nothing to do") &&
                          Contains("sanboot --no-describe --drive 0x80 || exit 1"));
    CHECK_THAT(pxe::localDiskScript("nothing to do", 0x81), Contains("--drive 0x81 || exit 1"));
    CHECK_THAT(known, Contains("iseq ${platform} efi && exit 1 ||\n"));
    const std::string unknown = pxe::unknownMachineScript(*model::macFromText("52:54:00:77:00:01"));
    CHECK_THAT(unknown, StartsWith("#!ipxe\n") && Contains("52:54:00:77:00:01 is not enrolled") &&
                            Contains("exit 1\n"));
}
