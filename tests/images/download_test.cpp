#include "images/sources/download.h"
#include "tests/images/flaky_server.h"
#include "tests/images/store_world.h"

using namespace bm;
using namespace bm::images::testing;
using Catch::Matchers::Contains;
using model::ErrorCode;

TEST_CASE("a download equals the server's file", "[images][download]")
{
    const platform::TemporaryFolder folder;
    const std::filesystem::path file = folder.path() / "spool";
    const std::string content = noise(700'000, 5);

    SECTION("in one response, with progress")
    {
        const FlakyServer server({.content = content});
        std::uint64_t last = 0;
        download(
            server.url(), file, kMiB,
            [&](std::uint64_t done, std::uint64_t total) {
                CHECK(total == content.size());
                last = done;
            },
            soon());
        CHECK(last == content.size());
        CHECK(platform::readFile(file) == content);
        CHECK_FALSE(std::filesystem::exists(file.string() + ".version"));
    }
    SECTION("over a connection that keeps breaking")
    {
        const FlakyServer server({.content = content, .cutAfter = 200'000});
        download(server.url(), file, kMiB, {}, soon());
        CHECK(platform::readFile(file) == content);
        std::size_t ranges = 0;
        for (const std::string& request : server.requests())
            ranges += request.find("Range: bytes=") != std::string::npos ? 1U : 0U;
        CHECK(ranges == 3);
    }
    SECTION("resumed at the end of an earlier try")
    {
        const FlakyServer server({.content = content});
        platform::writeFileAtomically(file, content.substr(0, 500'000));
        platform::writeFileAtomically(file.string() + ".version", server.tag());
        download(server.url(), file, kMiB, {}, soon());
        CHECK(platform::readFile(file) == content);
        CHECK_THAT(server.requests().back(), Contains("Range: bytes=500000-699999"));
    }
    SECTION("restarted when the file changed")
    {
        const FlakyServer server({.content = content});
        platform::writeFileAtomically(file, noise(500'000, 9));
        platform::writeFileAtomically(file.string() + ".version", "\"old\"");
        download(server.url(), file, kMiB, {}, soon());
        CHECK(platform::readFile(file) == content);
    }
    SECTION("restarted when the version is unknown")
    {
        const FlakyServer server({.content = content});
        platform::writeFileAtomically(file, noise(500'000, 9));
        download(server.url(), file, kMiB, {}, soon());
        CHECK(platform::readFile(file) == content);
    }
    SECTION("restarted when the server supports neither ranges nor HEAD")
    {
        const FlakyServer server({.content = content, .ranges = false, .head = false});
        platform::writeFileAtomically(file, noise(500'000, 9));
        download(server.url(), file, kMiB, {}, soon());
        CHECK(platform::readFile(file) == content);
    }
    SECTION("complete from an earlier try")
    {
        const FlakyServer server({.content = content});
        platform::writeFileAtomically(file, content);
        platform::writeFileAtomically(file.string() + ".version", server.tag());
        download(server.url(), file, kMiB, {}, soon());
        CHECK(server.requests().size() == 1);
        CHECK(platform::readFile(file) == content);
    }
}

TEST_CASE("a failed download names the reason", "[images][download]")
{
    const platform::TemporaryFolder folder;
    const std::filesystem::path file = folder.path() / "spool";
    const auto failure = [&](const std::string& url, std::uint64_t limit = kMiB) {
        return failureOf(
            [&] { download(url, file, limit, {}, model::Deadline::in(std::chrono::seconds{20})); });
    };
    SECTION("a file larger than the limit, declared or not")
    {
        const FlakyServer told({.content = noise(5000, 1)});
        CHECK(failure(told.url(), 4999).code == ErrorCode::TooLarge);
        const FlakyServer found({.content = noise(5000, 1), .head = false});
        CHECK(failure(found.url(), 4999).code == ErrorCode::TooLarge);
    }
    SECTION("a missing file")
    {
        const FlakyServer server({.content = {}, .status = 404});
        const Failure found = failure(server.url());
        CHECK(found.code == ErrorCode::InvalidInput);
        CHECK_THAT(found.message, Contains("404"));
    }
    SECTION("another scheme, without secrets in the message")
    {
        for (const char* url :
             {"file:///etc/passwd", "ftp://user:geheim@host/x", "/etc/passwd", "", "httpx://a"}) {
            const Failure found = failure(url);
            CHECK(found.code == ErrorCode::InvalidInput);
            CHECK_THAT(found.message, !Contains("geheim"));
        }
    }
    SECTION("stopped between two tries")
    {
        const FlakyServer server({.content = {}, .status = 503});
        std::stop_source stop;
        const std::jthread stopper([&] {
            while (server.requests().size() < 2)
                std::this_thread::yield();
            stop.request_stop();
        });
        CHECK(failureOf([&] {
                  download(server.url(), file, kMiB, {},
                           model::Deadline::in(std::chrono::minutes{1}, stop.get_token()));
              }).code == ErrorCode::Aborted);
    }
    SECTION("late")
    {
        const FlakyServer server({.content = {}, .status = 503});
        CHECK(failureOf([&] {
                  download(server.url(), file, kMiB, {}, model::Deadline::in(std::chrono::milliseconds{300}));
              }).code == ErrorCode::DeadlineExceeded);
    }
}
