// Log lines that dnsmasq 2.90 and in.tftpd 5.2 print.
#include "pxe/complaints.h"
#include "pxe/contacts.h"

#include <catch2/catch.hpp>

using namespace bm::pxe;
using Catch::Matchers::Contains;

namespace {

struct Said {
    std::string line;
    std::string kind;
    std::string mac;
    std::string address;
    std::string detail;
};

void check(const Said& said, const std::optional<BootContact>& contact)
{
    CAPTURE(said.line);
    REQUIRE(contact);
    CHECK(bm::model::toText(contact->kind) == said.kind);
    CHECK((contact->mac ? contact->mac->text : "") == said.mac);
    CHECK(contact->address == said.address);
    CHECK(contact->detail == said.detail);
}

} // namespace

TEST_CASE("contacts in dnsmasq's log", "[pxe]")
{
    const std::string mac = "52:54:00:77:00:01";
    const std::vector<Said> all{
        {"dnsmasq-dhcp[30960]: 31873682 DHCPDISCOVER(prov0) 52:54:00:77:00:01 ", "dhcp.discover", mac, "",
         ""},
        {"dnsmasq-dhcp[30960]: 31873682 DHCPOFFER(prov0) 10.78.0.100 52:54:00:77:00:01 ", "dhcp.offer", mac,
         "10.78.0.100", ""},
        {"dnsmasq-dhcp[30960]: 31873682 DHCPREQUEST(prov0) 10.78.0.100 52:54:00:77:00:01 ", "dhcp.request",
         mac, "10.78.0.100", ""},
        {"dnsmasq-dhcp[30960]: 31873682 DHCPACK(prov0) 10.78.0.100 52:54:00:77:00:01 lab-bios", "dhcp.ack",
         mac, "10.78.0.100", "lab-bios"},
        {"dnsmasq-dhcp[31033]: 3694249070 PXE(prov0) 52:54:00:77:00:01 proxy", "dhcp.proxy", mac, "",
         "proxy"},
        {"dnsmasq-dhcp[675]: 2433572712 PXE(prov0) 10.78.0.50 52:54:00:77:00:01 undionly.kpxe", "dhcp.proxy",
         mac, "10.78.0.50", "undionly.kpxe"},
        {"dnsmasq-dhcp[675]: 3251962794 PXE(prov0) 52:54:00:77:00:01 proxy-ignored", "dhcp.ignored", mac, "",
         "proxy-ignored"},
    };
    for (const Said& said : all)
        check(said, contactFromDnsmasq(said.line));
}

TEST_CASE("lines of dnsmasq that are no contact", "[pxe]")
{
    for (const std::string line :
         {"", "dnsmasq-dhcp[675]: 3251962794 tags: efi, prov0",
          "dnsmasq-dhcp[30960]: 31873682 next server: 10.78.0.1",
          "dnsmasq-dhcp[30960]: 31873682 vendor class: PXEClient:Arch:00000:UNDI:003001",
          "dnsmasq-dhcp[30960]: read /run/bm/dhcp-hosts", "DHCPACK(prov0) 10.78.0.100 ff:ff:ff:ff:ff:ff x",
          "DHCPACK(prov0) 10.78.0.100 nonsense",
          // texts of clients that hold a message
          "dnsmasq-dhcp[30960]: 7 vendor class: DHCPACK(prov0) 10.78.0.66 52:54:00:77:00:01 x",
          "dnsmasq-dhcp[30960]: 7 user class: dnsmasq-dhcp[30960]: 8 DHCPACK(prov0) 10.78.0.66 "
          "52:54:00:77:00:01",
          "dnsmasq-dhcp[30960]: 7 client provides name: DHCPACK(prov0) 10.78.0.66 52:54:00:77:00:01 x",
          "DHCPACK(prov0) 10.78.0.66 52:54:00:77:00:01 x"})
        CHECK_FALSE(contactFromDnsmasq(line));
    CHECK_FALSE(contactFromDnsmasq(std::string(100'000, 'a')));
}

TEST_CASE("vendor classes in dnsmasq's log", "[pxe]")
{
    const std::optional<VendorClass> found = vendorClassFromDnsmasq(
        "dnsmasq-dhcp[30960]: 31873682 vendor class: PXEClient:Arch:00007:UNDI:003016");
    REQUIRE(found);
    CHECK(found->text == "PXEClient:Arch:00007:UNDI:003016");
    CHECK(std::string("dnsmasq-dhcp[30960]: 31873682 DHCPDISCOVER(prov0) 52:54:00:77:00:01 ")
              .starts_with(found->beginning));
    CHECK_FALSE(std::string("dnsmasq-dhcp[30960]: 318736820 DHCPDISCOVER(prov0) 52:54:00:77:00:01 ")
                    .starts_with(found->beginning));
    CHECK_FALSE(vendorClassFromDnsmasq("dnsmasq-dhcp[1]: 7 client provides name: 1 vendor class: x"));
    CHECK_FALSE(vendorClassFromDnsmasq("dnsmasq-dhcp[1]: 7 user class: iPXE"));
    CHECK_FALSE(vendorClassFromDnsmasq("dnsmasq-dhcp[1]: 7 vendor class: " + std::string(2'000, 'x')));
}

TEST_CASE("contacts in in.tftpd's syslog messages", "[pxe]")
{
    const std::vector<Said> all{
        {"<29>Nov 21 00:53:32 in.tftpd[3910]: RRQ from 10.78.0.50 filename undionly.kpxe\n", "tftp.read", "",
         "10.78.0.50", "undionly.kpxe"},
        {"<29>Nov 21 00:53:32 in.tftpd[3915]: RRQ from 10.78.0.50 filename /tftpboot/with space\n",
         "tftp.read", "", "10.78.0.50", "/tftpboot/with space"},
        {"<30>Nov 21 00:53:32 in.tftpd[3913]: sending NAK (1, File not found) to 10.78.0.50", "tftp.nak", "",
         "10.78.0.50", "File not found"},
        {"<30>Nov 21 00:53:32 in.tftpd[3923]: sending NAK (0, Permission denied) to 10.78.0.50", "tftp.nak",
         "", "10.78.0.50", "Permission denied"},
        {"<29>Nov 21 00:53:32 in.tftpd[3910]: RRQ from ::ffff:10.78.0.50 filename a\n", "tftp.read", "",
         "10.78.0.50", "a"},
    };
    for (const Said& said : all)
        check(said, contactFromTftpd(said.line));
    CHECK_FALSE(contactFromTftpd("<29>Nov 21 00:53:32 in.tftpd[3919]: WRQ from 10.78.0.50 filename up\n"));
    CHECK_FALSE(contactFromTftpd(""));
    const auto nested = contactFromTftpd("<29>Nov 21 00:53:32 in.tftpd[3910]: RRQ from 10.78.0.50 filename "
                                         "x[1]: RRQ from 10.78.0.9 filename y\n");
    REQUIRE(nested);
    CHECK(nested->address == "10.78.0.50");
}

TEST_CASE("complaints come with a hint", "[pxe]")
{
    const auto bind =
        complaintFromDnsmasq("dnsmasq: failed to bind DHCP server socket: Address already in use");
    REQUIRE(bind);
    CHECK(bind->text == "failed to bind DHCP server socket: Address already in use");
    CHECK_THAT(bind->hint, Contains("another DHCP server"));
    const auto lease = complaintFromDnsmasq(
        "dnsmasq: cannot open or create lease file /run/bm/dnsmasq.leases: Permission denied");
    REQUIRE(lease);
    CHECK_THAT(lease->hint, Contains("paths.run_dir"));
    const auto range = complaintFromDnsmasq(
        "dnsmasq-dhcp[7]: 31873682 no address range available for DHCP request via prov0");
    REQUIRE(range);
    CHECK(range->text == "no address range available for DHCP request via prov0");
    const auto taken = complaintFromTftpd(
        "<27>Nov 21 00:53:32 in.tftpd[3926]: cannot bind to local IPv4 socket: Address already in use");
    REQUIRE(taken);
    CHECK(taken->text == "cannot bind to local IPv4 socket: Address already in use");
    CHECK_THAT(taken->hint, Contains("tftp.port"));
    const auto absent = complaintFromTftpd("<27>Nov 21 00:53:32 in.tftpd[3958]: cannot bind to local IPv4 "
                                           "socket: Cannot assign requested address");
    REQUIRE(absent);
    CHECK_THAT(absent->hint, Contains("provisioning.address"));
}

TEST_CASE("a line that quotes a machine's text is no complaint", "[pxe]")
{
    for (const std::string line : {"dnsmasq-dhcp[7]: 31873682 vendor class: error failed",
                                   "dnsmasq-dhcp[7]: 1 client provides name: failed",
                                   "dnsmasq-dhcp[7]: 1 sent size: 14 option: 67 bootfile-name  error",
                                   "dnsmasq[7]: started, version 2.90 DNS disabled"})
        CHECK_FALSE(complaintFromDnsmasq(line));
    CHECK_FALSE(
        complaintFromTftpd("<29>Nov 21 00:53:32 in.tftpd[3910]: RRQ from 10.78.0.50 filename cannot error"));
}
