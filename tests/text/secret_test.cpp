#include "common/text/secret.h"

#include <catch2/catch.hpp>

#include <new>
#include <string>
#include <type_traits>

using bm::text::Secret;

namespace {

/// A Secret in memory of the test, which outlives it: what is left behind can be read.
class Remains {
public:
    template <class... Given> explicit Remains(Given&&... given) : secret(new (memory_) Secret(given...)) {}
    bool hold(std::string_view text) const
    {
        std::string seen;
        for (const volatile unsigned char& byte : memory_) // volatile: after the object's life, too
            seen += static_cast<char>(byte);
        return seen.find(text) != std::string::npos;
    }
    Secret* secret;

private:
    alignas(Secret) unsigned char memory_[sizeof(Secret)];
};

} // namespace

TEST_CASE("a secret leaves no bytes behind", "[text][secret]")
{
    // Short enough for the buffer inside std::string; longer ones are wiped by the same call.
    const std::string text = "s3cret-of-bmc";
    SECTION("when it ends")
    {
        const Remains remains(text);
        CHECK(remains.hold(text));
        remains.secret->~Secret();
        CHECK_FALSE(remains.hold("s3cret"));
    }
    SECTION("when it is moved or assigned")
    {
        const Remains remains(text);
        Secret other(std::move(*remains.secret));
        CHECK(other.view() == text);
        CHECK_FALSE(remains.hold("s3cret"));
        *remains.secret = std::move(other);
        CHECK(remains.secret->view() == text);
        CHECK(other.empty()); // NOLINT(bugprone-use-after-move)
        *remains.secret = "another-secret";
        CHECK_FALSE(remains.hold("s3cret"));
        remains.secret->~Secret();
    }
    SECTION("in the text that it takes over, whatever its length")
    {
        for (const std::size_t length :
             {std::size_t{5}, std::size_t{15}, std::size_t{16}, std::size_t{5000}}) {
            std::string given(length, 'x');
            const Secret taken(std::move(given));
            CHECK(taken.size() == length);
            CHECK(given.empty()); // NOLINT(bugprone-use-after-move)
        }
    }
    SECTION("when a text is wiped")
    {
        std::string given(100, 'x');
        const char* const data = given.data();
        bm::text::wipe(given);
        CHECK(given.empty());
        REQUIRE(given.data() == data); // the same buffer
        for (std::size_t at = 0; at < 100; ++at)
            CHECK(data[at] == '\0');
    }
}

TEST_CASE("a secret is a value", "[text][secret]")
{
    static_assert(std::is_nothrow_move_constructible_v<Secret>);
    const Secret one("pw");
    Secret copy = one;
    CHECK(copy == one);
    CHECK(copy == "pw");
    copy.clear();
    CHECK(copy.empty());
    CHECK(one.text() == "pw");
}
