#include "common/text/host_address.h"

#include "common/text/names.h"

#include <array>
#include <catch2/catch.hpp>
#include <string>

using bm::text::HostAddress;
using bm::text::isPlainName;
using Kind = HostAddress::Kind;

namespace {

/// The canonical text of @p text; "" when it is refused.
std::string parsed(std::string_view text)
{
    const std::optional<HostAddress> address = HostAddress::parse(text);
    return address ? address->text() : "";
}

/// As parsed(), for a stored value.
std::string stored(std::string_view text)
{
    const std::optional<HostAddress> address = HostAddress::parseStored(text);
    return address ? address->text() : "";
}

} // namespace

TEST_CASE("the address of a machine is an IP address or a host name", "[text]")
{
    CHECK(HostAddress::parse("192.0.2.1")->kind() == Kind::Ipv4);
    CHECK(HostAddress::parse("2001:db8::1")->kind() == Kind::Ipv6);
    CHECK(HostAddress::parse("bmc-1.lab")->kind() == Kind::Name);
    CHECK(parsed("127.0.0.1") == "127.0.0.1"); // which addresses bmd may reach is another rule
    CHECK(parsed("[2001:DB8:0:0::1]") == "2001:db8::1");
    CHECK(parsed("::ffff:192.0.2.1") == "192.0.2.1");
    CHECK(parsed("fe80::1%eth0.4") == "fe80::1%eth0.4");
    CHECK(parsed("BMC-1.Lab.Example.") == "bmc-1.lab.example.");
    CHECK(parsed("1a") == "1a");
    CHECK(parsed("3com.example") == "3com.example");
    CHECK(parsed(std::string(63, 'a') + ".b") == std::string(63, 'a') + ".b");
    const std::string longest = std::string(63, 'a') + "." + std::string(63, 'b') + "." +
                                std::string(63, 'c') + "." + std::string(61, 'd');
    CHECK(longest.size() == 253);
    CHECK(parsed(longest) == longest);
    CHECK(parsed(longest + "e").empty());
}

TEST_CASE("text that is no address is refused", "[text]")
{
    const auto hostile = std::to_array<std::string_view>({
        "",
        ".",
        "-oProxyCommand=id",
        "--help",
        "-1.example",
        "a.-b",
        "a-.b",
        "a..b",
        "127.0.0.1:8080",
        "127.0.0.1/admin",
        "127.0.0.1?x=",
        "127.0.0.1#",
        "user@192.0.2.1",
        "a b",
        " 192.0.2.1",
        "192.0.2.1\n",
        "a\tb",
        "a;b",
        "$(id)",
        "${netX/mac}",
        "{name}",
        "a'b",
        "a\"b",
        "a\\b",
        "a,b",
        "a_b",
        "http://a/",
        "b\xc3\xbc.example",
        "\xff",
        // What resolvers read as numbers.
        "127.1",
        "0x7f.0.0.1",
        "0x7f000001",
        "0x",
        "2130706433",
        "0177.0.0.1",
        "192.0.2.01",
        "192.0.2.256",
        "1.2.3.4.5",
        "a.127.1",
        "a.0x7f",
        // Addresses of no machine.
        "0.0.0.0",
        "0.1.2.3",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "ff02::1",
        "::ffff:0.0.0.0",
        "::ffff:255.255.255.255",
        // Broken forms of IPv6.
        "[2001:db8::1",
        "2001:db8::1]",
        "[2001:db8::1]:80",
        "[192.0.2.1]",
        "[bmc]",
        "[]",
        "[",
        ":",
        "2001:db8::1%eth0",
        "fe80::1%",
        "fe80::1%-x",
        "fe80::1%a/b",
        "fe80::1%sixteen-letters-",
        "fe80::1%eth0%eth1",
        "::ffff:192.0.2.1%eth0",
        "1:2:3:4:5:6:7:8:9",
    });
    for (const std::string_view text : hostile) {
        INFO(text);
        CHECK(parsed(text).empty());
    }
    CHECK(parsed(std::string_view("192.0.2.1\0x", 11)).empty());
    CHECK(parsed(std::string_view("bmc\0", 4)).empty());
    CHECK(parsed(std::string(64, 'a')).empty());
    CHECK(parsed(std::string(100'000, '1')).empty());
    CHECK(parsed(std::string(100'000, ':')).empty());
}

TEST_CASE("addresses that an earlier version stored keep working unless they do harm", "[text]")
{
    CHECK(stored("BMC_1.lab") == "BMC_1.lab");
    CHECK(stored("10.1") == "10.1");
    CHECK(stored("bmc-") == "bmc-");
    CHECK(stored("[2001:DB8::1]") == "2001:db8::1");
    CHECK(HostAddress::parseStored("bmc_1")->kind() == Kind::Name);
    for (const std::string_view text :
         {"-oProxyCommand=id", "-x", "a:80", "a/b", "a?b", "a@b", "a b", "", "a\n", "a%b"})
        CHECK(stored(text).empty());
}

TEST_CASE("an address has a form for URLs", "[text]")
{
    CHECK(HostAddress::parse("192.0.2.1")->authority() == "192.0.2.1");
    CHECK(HostAddress::parse("2001:db8::1")->authority() == "[2001:db8::1]");
    CHECK(HostAddress::parse("fe80::1%eth0")->authority() == "[fe80::1%25eth0]");
    CHECK(HostAddress::parse("bmc")->authority() == "bmc");
    CHECK(HostAddress::parse("192.0.2.1")->authority(80) == "192.0.2.1:80");
    CHECK(HostAddress::parse("::1")->authority(8080) == "[::1]:8080");
}

TEST_CASE("names that people type do not begin with a hyphen", "[text]")
{
    CHECK(isPlainName("web-1.a_b", 255));
    CHECK_FALSE(isPlainName("-web", 255));
    CHECK_FALSE(isPlainName("", 255));
    CHECK_FALSE(isPlainName("abcd", 3));
    CHECK_FALSE(isPlainName("a b", 255));
    CHECK_FALSE(isPlainName("a~b", 255));
    CHECK(isPlainName("a~b", 255, "-._~"));
    CHECK_FALSE(isPlainName("\xc3\xbc", 255));
}
