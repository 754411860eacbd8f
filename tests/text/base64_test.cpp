#include "common/text/base64.h"

#include <catch2/catch.hpp>

using namespace bm::text;

TEST_CASE("base64 as RFC 4648 has it", "[text][base64]")
{
    CHECK(toBase64("") == "");
    CHECK(toBase64("f") == "Zg==");
    CHECK(toBase64("foobar") == "Zm9vYmFy");
    CHECK(fromBase64("Zm9vYg==") == "foob");
    CHECK(fromBase64(toBase64(std::string("\0\xff\n", 3))) == std::string("\0\xff\n", 3));
    CHECK(fromBase64("Zm9v\n Yg==\n", " \n") == "foob");
    for (const char* wrong : {"Zg", "Zg=", "Z===", "Zm9v!", "Zm9v\n", "Zg==Zg==", "Zm-_"})
        CHECK_FALSE(fromBase64(wrong));
}
