#include "common/http/proxy/proxy_header.h"
#include "common/model/error.h"
#include "tests/http/fixture.h"

#include <atomic>
#include <catch2/catch.hpp>

using namespace bm::http;
using namespace bm::test;
using namespace std::chrono_literals;
using namespace std::string_literals;
using bm::model::Error;
using bm::platform::networkFromText;
using Catch::Matchers::Contains;

namespace {

const std::string kMark("\r\n\r\n\0\r\nQUIT\n", 12);

/// A header of version 2.
std::string binary(unsigned char command, unsigned char family, const std::string& rest)
{
    std::string text = kMark;
    text += static_cast<char>(command);
    text += static_cast<char>(family);
    text += static_cast<char>(rest.size() >> 8U);
    text += static_cast<char>(rest.size() & 0xffU);
    return text + rest;
}

const std::string kAddresses4("\xc0\x00\x02\x07\xc0\x00\x02\x01\x12\x34\x18\xf1",
                              12); // 192.0.2.7 -> 192.0.2.1
const std::string kAddresses6 =
    "\x20\x01\x0d\xb8"s + std::string(11, '\0') + "\x07" + std::string(16, '\1') + "\x12\x34\x18\xf1";

std::string clientIn(const std::string& bytes)
{
    const std::optional<ProxyHeader> header = parseProxyHeader(bytes);
    if (!header)
        return "unfinished";
    return header->client ? bm::platform::toText(*header->client) : "none";
}

TrustedProxies proxies()
{
    return {.networks = {*networkFromText("127.0.0.2"), *networkFromText("10.9.0.0/16")},
            .proxyProtocol = false};
}

std::string clientOfList(const std::vector<std::string>& fields)
{
    return clientBehind(proxies(), {"127.0.0.2", {}}, fields, {}).address;
}

/// Answers with the client and the base of links.
void addWho(TestServer& world)
{
    world.router.add(Method::Get, "/who", [](Request& request, Response& response) {
        response.sendText(200, request.peerAddress + " " + request.localBase + " end");
    });
}

std::string ask(RawClient& client, const std::string& fields, const std::string& before = "")
{
    client.send(before + "GET /who HTTP/1.1\r\nHost: bm.example\r\n" + fields + "\r\n");
    const std::string answer = client.readUntil(" end");
    const std::size_t body = answer.find("\r\n\r\n");
    return body == std::string::npos ? answer : answer.substr(body + 4);
}

} // namespace

TEST_CASE("a PROXY protocol header of version 1", "[http][proxy]")
{
    SECTION("names the client of its family")
    {
        const std::string line = "PROXY TCP4 192.0.2.7 192.0.2.1 4711 6385\r\n";
        CHECK(clientIn(line) == "192.0.2.7");
        CHECK(parseProxyHeader(line + "GET / HTTP/1.1\r\n")->length == line.size());
        CHECK(clientIn("PROXY TCP6 2001:db8::7 2001:db8::1 1 2\r\n") == "2001:db8::7");
        CHECK(clientIn("PROXY TCP6 ::ffff:192.0.2.7 2001:db8::1 1 2\r\n") == "192.0.2.7");
    }
    SECTION("is the proxy's own where it is unknown")
    {
        CHECK(clientIn("PROXY UNKNOWN\r\n") == "none");
        CHECK(clientIn("PROXY UNKNOWN ffff::1 any text 1 2\r\n") == "none");
    }
    SECTION("is unfinished until its line ends")
    {
        const std::string line = "PROXY TCP4 192.0.2.7 192.0.2.1 4711 6385\r\n";
        for (std::size_t length = 0; length < line.size(); ++length)
            CHECK(clientIn(line.substr(0, length)) == "unfinished");
    }
    SECTION("is refused when it is malformed")
    {
        for (const std::string wrong :
             {"GET / HTTP/1.1\r\n\r\n", "PROXY\r\n", "PROXY TCP4 192.0.2.7 192.0.2.1 4711\r\n",
              "PROXY TCP4 192.0.2.7 192.0.2.1 4711 6385 1\r\n",
              "PROXY TCP4  192.0.2.7 192.0.2.1 4711 6385\r\n", "PROXY TCP4 2001:db8::7 192.0.2.1 1 2\r\n",
              "PROXY TCP6 192.0.2.7 192.0.2.1 1 2\r\n", "PROXY TCP6 [2001:db8::7] ::1 1 2\r\n",
              "PROXY TCP4 192.0.2.7 192.0.2.1 70000 1\r\n", "PROXY TCP4 192.0.2.7 192.0.2.1 01 1\r\n",
              "PROXY TCP4 192.0.2.7 192.0.2.1 -1 1\r\n", "PROXY UDP4 192.0.2.7 192.0.2.1 1 1\r\n",
              "proxy TCP4 192.0.2.7 192.0.2.1 1 1\r\n", "PROXY TCP4 web 192.0.2.1 1 1\r\n"})
            CHECK_THROWS_AS(parseProxyHeader(wrong), Error);
        CHECK_THROWS_AS(parseProxyHeader("PROXY TCP4 192.0.2.7\0 192.0.2.1 1 1\r\n"s), Error);
        CHECK_THROWS_AS(parseProxyHeader("PROXY UNKNOWN " + std::string(100, 'x')), Error);
    }
}

TEST_CASE("a PROXY protocol header of version 2", "[http][proxy]")
{
    SECTION("names the client of its family")
    {
        CHECK(clientIn(binary(0x21, 0x11, kAddresses4)) == "192.0.2.7");
        CHECK(clientIn(binary(0x21, 0x21, kAddresses6)) == "2001:db8::7");
        CHECK(parseProxyHeader(binary(0x21, 0x11, kAddresses4) + "GET")->length == 28);
    }
    SECTION("is the proxy's own for LOCAL, UNSPEC and UNIX")
    {
        CHECK(clientIn(binary(0x20, 0x11, kAddresses4)) == "none");
        CHECK(clientIn(binary(0x20, 0x00, "")) == "none");
        CHECK(clientIn(binary(0x21, 0x00, "any")) == "none");
        CHECK(clientIn(binary(0x21, 0x31, std::string(216, 'x'))) == "none");
    }
    SECTION("tells the client's TLS in its TLV")
    {
        const auto https = [](char flags) {
            const std::string vector = "\x20\x00\x05"s + flags + "\0\0\0\0"s;
            return parseProxyHeader(binary(0x21, 0x11, kAddresses4 + "\x04\x00\x01x"s + vector))->https;
        };
        CHECK(parseProxyHeader(binary(0x21, 0x11, kAddresses4))->https == std::nullopt);
        CHECK(https('\1') == true);
        CHECK(https('\0') == false);
    }
    SECTION("is unfinished until its last byte")
    {
        const std::string bytes = binary(0x21, 0x21, kAddresses6);
        for (std::size_t length = 0; length < bytes.size(); ++length)
            CHECK(clientIn(bytes.substr(0, length)) == "unfinished");
    }
    SECTION("is refused when it is malformed")
    {
        CHECK_THROWS_AS(parseProxyHeader(binary(0x11, 0x11, kAddresses4)), Error); // version 1
        CHECK_THROWS_AS(parseProxyHeader(binary(0x22, 0x11, kAddresses4)), Error); // an unknown command
        CHECK_THROWS_AS(parseProxyHeader(binary(0x21, 0x12, kAddresses4)), Error); // UDP
        CHECK_THROWS_AS(parseProxyHeader(binary(0x21, 0x21, kAddresses4)), Error); // no room
        CHECK_THROWS_AS(parseProxyHeader(binary(0x21, 0x11, kAddresses4 + "\x04\x00\x09x"s)), Error);
        CHECK_THROWS_AS(parseProxyHeader(binary(0x21, 0x11, kAddresses4 + "\x04"s)), Error);
        CHECK_THROWS_AS(parseProxyHeader(binary(0x21, 0x11, kAddresses4 + "\x20\x00\x01\x01"s)), Error);
        CHECK_THROWS_AS(parseProxyHeader(binary(0x21, 0x11, std::string(5000, 'x')).substr(0, 16)), Error);
    }
}

TEST_CASE("the client behind trusted proxies", "[http][proxy]")
{
    SECTION("is the last address that is not a proxy's")
    {
        CHECK(clientOfList({}) == "127.0.0.2");
        CHECK(clientOfList({"192.0.2.7"}) == "192.0.2.7");
        CHECK(clientOfList({"192.0.2.7, 10.9.1.1"}) == "192.0.2.7");
        CHECK(clientOfList({"198.51.100.1, 192.0.2.7"}) == "192.0.2.7"); // the first one is the client's word
        CHECK(clientOfList({"127.0.0.2, 192.0.2.7 ,10.9.1.1"}) == "192.0.2.7");
        CHECK(clientOfList({"198.51.100.1", "192.0.2.7", "10.9.0.1"}) == "192.0.2.7");
        CHECK(clientOfList({"10.9.0.3, 10.9.0.4"}) == "10.9.0.3");
    }
    SECTION("may come with a port")
    {
        CHECK(clientOfList({"192.0.2.7:4711"}) == "192.0.2.7");
        CHECK(clientOfList({"[2001:db8::7]:4711"}) == "2001:db8::7");
        CHECK(clientOfList({"2001:DB8::7"}) == "2001:db8::7");
    }
    SECTION("is the nearest known one where an entry is no address")
    {
        CHECK(clientOfList({"192.0.2.7, unknown"}) == "127.0.0.2");
        CHECK(clientOfList({"192.0.2.7, _hidden, 10.9.0.1"}) == "10.9.0.1");
        CHECK(clientOfList({"192.0.2.7,"}) == "127.0.0.2");
        CHECK(clientOfList({""}) == "127.0.0.2");
    }
    SECTION("has the scheme that the nearest proxy names")
    {
        const auto https = [](const std::vector<std::string>& fields) {
            return clientBehind(proxies(), {"127.0.0.2", {}}, {"192.0.2.7"}, fields).https;
        };
        CHECK(https({}) == std::nullopt);
        CHECK(https({"https"}) == true);
        CHECK(https({"HTTP"}) == false);
        CHECK(https({"http, https"}) == true);
        CHECK(https({"javascript"}) == std::nullopt);
    }
}

TEST_CASE("a listener behind a proxy", "[http][proxy]")
{
    TestServer world;
    addWho(world);
    const std::string forged = "X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: https\r\n";

    SECTION("believes X-Forwarded-For and -Proto of a trusted peer, request by request")
    {
        world.config.proxies = proxies();
        world.start();
        RawClient proxy(world.server->port(), "127.0.0.2");
        CHECK(ask(proxy, forged) == "192.0.2.7 https://bm.example end");
        CHECK(ask(proxy, "X-Forwarded-For: 198.51.100.1, 192.0.2.8\r\n") ==
              "192.0.2.8 http://bm.example end");
        CHECK(ask(proxy, "") == "127.0.0.2 http://bm.example end");
    }
    SECTION("ignores the fields of other peers, and without the setting")
    {
        const bool trusting = GENERATE(true, false);
        if (trusting)
            world.config.proxies = proxies();
        world.start();
        RawClient stranger(world.server->port(), "127.0.0.3");
        CHECK(ask(stranger, forged) == "127.0.0.3 http://bm.example end");
    }
    SECTION("takes the PROXY protocol of a trusted peer, also in pieces")
    {
        world.config.proxies = proxies();
        world.config.proxies.proxyProtocol = true;
        world.start();
        RawClient proxy(world.server->port(), "127.0.0.2");
        CHECK(ask(proxy, forged, "PROXY TCP4 192.0.2.9 192.0.2.1 1 2\r\n") ==
              "192.0.2.9 http://bm.example end"); // the client is no proxy: its fields are ignored
        CHECK(ask(proxy, "") == "192.0.2.9 http://bm.example end");
        RawClient second(world.server->port(), "127.0.0.2");
        const std::string header = binary(0x21, 0x11, kAddresses4);
        second.send(header.substr(0, 5));
        std::this_thread::sleep_for(20ms); // else the kernel joins the pieces
        CHECK(ask(second, "", header.substr(5)) == "192.0.2.7 http://bm.example end");
        RawClient chain(world.server->port(), "127.0.0.2");
        CHECK(ask(chain, forged, "PROXY TCP4 10.9.0.1 192.0.2.1 1 2\r\n") ==
              "192.0.2.7 https://bm.example end");
    }
    SECTION("closes a trusted peer's connection that does not begin with the header")
    {
        world.config.proxies = proxies();
        world.config.proxies.proxyProtocol = true;
        world.start();
        RawClient proxy(world.server->port(), "127.0.0.2");
        CHECK(ask(proxy, "").empty());
        CHECK(proxy.closed());
    }
    SECTION("reads a stranger's header as a malformed request")
    {
        const bool trusting = GENERATE(true, false);
        if (trusting) {
            world.config.proxies = proxies();
            world.config.proxies.proxyProtocol = true;
        }
        world.start();
        RawClient stranger(world.server->port(), "127.0.0.3");
        stranger.send("PROXY TCP4 192.0.2.9 192.0.2.1 1 2\r\nGET /who HTTP/1.1\r\nHost: a\r\n\r\n");
        CHECK(stranger.readAll().starts_with("HTTP/1.1 400"));
    }
}

TEST_CASE("clients behind a proxy count for themselves", "[http][proxy]")
{
    std::atomic<int> inside = 0;
    Later<bool> go;
    TestServer world;
    addWho(world);
    world.router.add(Method::Get, "/wait", [&](Request&, Response& response) {
        ++inside;
        go.get();
        response.sendText(200, "done");
    });
    world.config.proxies = proxies();
    world.config.maxThreads = 4;
    const std::string slow = "GET /wait HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.66\r\n\r\n";
    std::vector<RawClient> clients;

    SECTION("for a share of the workers")
    {
        world.start();
        for (int i = 0; i < 8; ++i)
            clients.emplace_back(world.server->port(), "127.0.0.2").send(slow);
        while (inside < 3)
            std::this_thread::yield();
        RawClient other(world.server->port(), "127.0.0.2");
        CHECK_THAT(ask(other, "X-Forwarded-For: 192.0.2.7\r\n"), Contains("192.0.2.7 "));
        CHECK(inside == 3);
        go.set(true);
        for (RawClient& client : clients)
            CHECK(client.readUntil("done").starts_with("HTTP/1.1 200"));
    }
    SECTION("for the limit of connections")
    {
        world.config.maxConnectionsPerClient = 2;
        world.start();
        for (int i = 0; i < 2; ++i)
            clients.emplace_back(world.server->port(), "127.0.0.2").send(slow);
        while (inside < 2)
            std::this_thread::yield();
        RawClient third(world.server->port(), "127.0.0.2");
        third.send(slow);
        CHECK(third.readUntil("192.0.2.66 has 2 connections").starts_with("HTTP/1.1 503"));
        RawClient other(world.server->port(), "127.0.0.2");
        CHECK_THAT(ask(other, "X-Forwarded-For: 192.0.2.7\r\n"), Contains("192.0.2.7 "));
        go.set(true);
        for (RawClient& client : clients)
            CHECK(client.readUntil("done").starts_with("HTTP/1.1 200"));
    }
}
