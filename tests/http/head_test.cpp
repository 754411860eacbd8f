#include "common/http/head.h"

#include "common/model/error.h"

#include <catch2/catch.hpp>

using namespace bm::http;
using bm::model::Error;

namespace {

Head parse(const std::string& lines)
{
    return parseHead(lines + "\r\n\r\n");
}

} // namespace

TEST_CASE("the length of a head", "[http][head]")
{
    CHECK(headLength("GET / HTTP/1.1\r\nHost: a\r\n") == 0);
    CHECK(headLength("GET / HTTP/1.1\r\nHost: a\r\n\r\nbody") == 27);
    CHECK(headLength("GET / HTTP/1.1\n\nbody") == 16);
    CHECK(headLength("") == 0);
    const std::string head = "GET / HTTP/1.1\r\nHost: a\r\n\r\nbody";
    for (std::size_t searched = 0; searched < 27; ++searched)
        CHECK(headLength(head, searched) == 27);
}

TEST_CASE("a request's head", "[http][head]")
{
    SECTION("gives the path and the query decoded")
    {
        const Head head = parse("GET /v1/nodes/a%20b/?x=1+2&y=%26&flag HTTP/1.1\r\nHost: bm:6385");
        CHECK(head.path == "/v1/nodes/a b");
        REQUIRE(head.query.size() == 3);
        CHECK(head.query[0] == std::pair<std::string, std::string>("x", "1 2"));
        CHECK(head.query[1].second == "&");
        CHECK(head.query[2].first == "flag");
        CHECK(head.host == "bm:6385");
        CHECK(head.keepAlive);
    }
    SECTION("may be in absolute form")
    {
        CHECK(parse("GET http://a:1/v1?x=y HTTP/1.1").path == "/v1");
    }
    SECTION("keeps HTTP/1.0 open on request only")
    {
        CHECK_FALSE(parse("GET / HTTP/1.0").keepAlive);
        CHECK(parse("GET / HTTP/1.0\r\nConnection: Keep-Alive").keepAlive);
        CHECK_FALSE(parse("GET / HTTP/1.1\r\nConnection: te, Close").keepAlive);
    }
    SECTION("finds fields whatever their case")
    {
        CHECK(parse("GET / HTTP/1.1\r\nx-A: v").field("X-a") == "v");
    }
    SECTION("is refused when the body's length is ambiguous")
    {
        CHECK_THROWS_AS(parse("POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4"), Error);
        CHECK_THROWS_AS(parse("POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked"), Error);
        CHECK_THROWS_AS(parse("POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked"), Error);
        CHECK_THROWS_AS(parse("POST / HTTP/1.1\r\nContent-Length: -3"), Error);
        CHECK_THROWS_AS(parse("POST / HTTP/1.1\r\nContent-Length: 3x"), Error);
        CHECK_THROWS_AS(parse("POST / HTTP/1.0\r\nTransfer-Encoding: chunked"), Error);
    }
    SECTION("is refused when it is malformed")
    {
        CHECK_THROWS_AS(parse("hello"), Error);
        CHECK_THROWS_AS(parse("GET / HTTP/2.0"), Error);
        CHECK_THROWS_AS(parse("GET nodes HTTP/1.1"), Error);
        CHECK_THROWS_AS(parse("GET /%zz HTTP/1.1"), Error);
        CHECK_THROWS_AS(parse("GET /%00 HTTP/1.1"), Error);
        CHECK_THROWS_AS(parse("GET /%4 HTTP/1.1"), Error);
        CHECK_THROWS_AS(parse("GET / HTTP/1.1\r\nHost: a;reboot"), Error);
    }
}
