#include "tests/http/fixture.h"

#include "common/http/tls/certificates.h"

#include <algorithm>
#include <catch2/catch.hpp>

using namespace bm::http;
using namespace bm::test;
using namespace std::chrono_literals;

namespace {

/// The streams of a handler, which all get the same bytes.
class Feeder {
public:
    void mount(TestServer& world, StreamSettings settings)
    {
        settings.onChange = [this] {
            const std::lock_guard lock(mutex_);
            ++changes_;
            changed_.notify_all();
        };
        world.router.add(Method::Get, "/stream", [this, settings](Request&, Response& response) {
            EventStreamPtr stream = response.openStream(settings);
            stream->write("hello\n");
            const std::lock_guard lock(mutex_);
            streams_.push_back(std::move(stream));
            changed_.notify_all();
        });
    }
    std::vector<EventStreamPtr> streams()
    {
        const std::lock_guard lock(mutex_);
        return streams_;
    }
    bool wait(const std::function<bool()>& condition)
    {
        const bm::model::Deadline deadline = bm::model::Deadline::in(20s);
        std::unique_lock lock(mutex_);
        while (!condition() && deadline.left() > 0ms)
            changed_.wait_for(lock, 20ms);
        return condition();
    }
    bool waitFor(std::size_t count)
    {
        return wait([&] { return streams_.size() >= count; });
    }
    /// True if onChange was called more than @p before times within 20 s.
    bool waitForChange(std::size_t before)
    {
        return wait([&] { return changes_ > before; });
    }
    std::size_t changes()
    {
        const std::lock_guard lock(mutex_);
        return changes_;
    }
    void write(std::string_view text)
    {
        for (const EventStreamPtr& stream : streams())
            stream->write(text);
    }
    void drop()
    {
        const std::lock_guard lock(mutex_);
        streams_.clear();
    }

private:
    std::mutex mutex_{};
    std::condition_variable changed_{};
    std::vector<EventStreamPtr> streams_{};
    std::size_t changes_ = 0;
};

constexpr std::string_view kAsk = "GET /stream HTTP/1.1\r\nHost: me\r\n\r\n";

} // namespace

TEST_CASE("an event stream", "[http][stream]")
{
    Feeder feeder;
    TestServer world;
    StreamSettings settings;
    settings.heartbeatEvery = 100ms;
    SECTION("is chunked, not cacheable, and ends at close()")
    {
        feeder.mount(world, settings);
        world.start();
        RawClient client(world.server->port());
        client.send(kAsk);
        REQUIRE(feeder.waitFor(1));
        feeder.write("one\n");
        const std::string heard = client.readUntil("one\n\r\n");
        CHECK(heard.find("HTTP/1.1 200 OK\r\n") == 0);
        CHECK(heard.find("Transfer-Encoding: chunked\r\n") != std::string::npos);
        CHECK(heard.find("Content-Type: text/event-stream") != std::string::npos);
        CHECK(heard.find("Content-Length") == std::string::npos);
        CHECK(heard.find("\r\n\r\n6\r\nhello\n\r\n") != std::string::npos);
        CHECK(heard.find("4\r\none\n\r\n") != std::string::npos);
        feeder.streams().front()->close();
        CHECK_FALSE(feeder.streams().front()->write("late"));
        CHECK(client.readAll().find("0\r\n\r\n") != std::string::npos);
        CHECK(client.closed());
    }
    SECTION("has heartbeats while it is idle")
    {
        feeder.mount(world, settings);
        world.start();
        RawClient client(world.server->port());
        client.send(kAsk);
        CHECK(client.readUntil(": still here\n\n").find(": still here\n\n") != std::string::npos);
        CHECK(client.readUntil(": still here\n\n").find(": still here\n\n") != std::string::npos);
    }
    SECTION("is plain bytes for HTTP/1.0, and nothing for HEAD")
    {
        feeder.mount(world, settings);
        world.start();
        RawClient old(world.server->port());
        old.send("GET /stream HTTP/1.0\r\n\r\n");
        const std::string heard = old.readUntil("hello\n");
        CHECK(heard.find("\r\n\r\nhello\n") != std::string::npos);
        CHECK(heard.find("chunked") == std::string::npos);
        RawClient head(world.server->port());
        head.send("HEAD /stream HTTP/1.1\r\nHost: me\r\n\r\n");
        CHECK(head.readAll().find("hello") == std::string::npos);
        REQUIRE(feeder.waitFor(2));
        CHECK_FALSE(feeder.streams().back()->isOpen());
    }
    SECTION("is over when the client hangs up, when its owner is gone, and when the server stops")
    {
        feeder.mount(world, settings);
        world.start();
        RawClient client(world.server->port());
        client.send(kAsk);
        client.readUntil("hello");
        client.hangUp();
        CHECK(feeder.wait([&] { return world.server->streamCount() == 0; }));
        CHECK_FALSE(feeder.streams().front()->isOpen());
        CHECK(feeder.changes() == 1);

        RawClient orphan(world.server->port());
        orphan.send(kAsk);
        REQUIRE(feeder.waitFor(2));
        feeder.drop();
        CHECK(orphan.readAll().find("0\r\n\r\n") != std::string::npos);

        RawClient last(world.server->port());
        last.send(kAsk);
        last.readUntil("hello");
        world.server->stop();
        CHECK(last.readAll().find("0\r\n\r\n") != std::string::npos);
        CHECK(feeder.streams().back()->write("x") == false);
    }
    SECTION("is refused beyond the listener's limit")
    {
        world.config.maxStreams = 1;
        feeder.mount(world, settings);
        world.start();
        RawClient client(world.server->port());
        client.send(kAsk);
        client.readUntil("hello");
        CHECK(feeder.wait([&] { return world.server->streamCount() == 1; }));
        const bm::platform::Exit exit = curl({"-i", world.url("/stream")});
        CHECK(exit.out.find("HTTP/1.1 503") == 0);
        CHECK(exit.out.find("Retry-After: 30") != std::string::npos);
    }
}

TEST_CASE("the listener drops a client that never reads its stream, without delay for others",
          "[http][stream]")
{
    Feeder feeder;
    TestServer world;
    StreamSettings settings;
    settings.bufferBytes = 64U * 1024U;
    settings.stallLimit = 700ms;
    feeder.mount(world, settings);
    world.start();
    RawClient deaf(world.server->port());
    deaf.send(kAsk);
    deaf.readUntil("hello");
    RawClient reader(world.server->port());
    reader.send(kAsk);
    reader.readUntil("hello");
    REQUIRE(feeder.waitFor(2));
    const std::vector<EventStreamPtr> streams = feeder.streams();
    const std::string line = std::string(999, 'x') + "\n";
    std::size_t refused = 0;
    std::size_t read = 0;
    int rounds = 0;
    while (streams[0]->isOpen() && rounds < 100'000) { // sockets take megabytes before they push back
        refused += streams[0]->write(line) ? 0U : 1U;
        REQUIRE(streams[1]->write(line));
        read += reader.readUntil("x\n\r\n").size();
        ++rounds;
    }
    CHECK_FALSE(streams[0]->isOpen());
    CHECK(refused > 0);
    CHECK(streams[1]->isOpen());
    CHECK(read >= static_cast<std::size_t>(rounds) * 1000);
    streams[1]->write("and on\n");
    CHECK(reader.readUntil("and on").find("and on") != std::string::npos);
}

TEST_CASE("a stream that refused bytes notifies its owner once it has space", "[http][stream]")
{
    Feeder feeder;
    TestServer world;
    StreamSettings settings;
    settings.bufferBytes = 64U * 1024U;
    feeder.mount(world, settings);
    world.start();
    RawClient client(world.server->port());
    client.send(kAsk);
    client.readUntil("hello");
    REQUIRE(feeder.waitFor(1));
    const EventStreamPtr stream = feeder.streams().front();
    const std::string line = std::string(9'999, 'x') + "\n";
    const std::size_t before = feeder.changes(); // the listener may find room as soon as write() refuses
    std::size_t written = 0;
    while (stream->write(line))
        written += line.size();
    REQUIRE(stream->isOpen());
    std::size_t xs = 0;
    std::thread reader([&] {
        while (xs < written / 10'000 * 9'999) {
            const std::string heard = client.readUntil("\n");
            xs += static_cast<std::size_t>(std::count(heard.begin(), heard.end(), 'x'));
            if (heard.empty())
                break;
        }
    });
    const bool notified = feeder.waitForChange(before);
    CHECK(stream->hasRoom());
    CHECK(stream->write("more\n"));
    reader.join();
    CHECK(notified);
    CHECK(xs == written / 10'000 * 9'999);
}

TEST_CASE("a hundred clients get the same bytes, on few threads", "[http][stream]")
{
    Feeder feeder;
    TestServer world;
    world.config.maxThreads = 2;
    world.config.maxConnectionsPerClient = 200;
    feeder.mount(world, {});
    world.start();
    std::vector<std::unique_ptr<RawClient>> clients;
    for (int i = 0; i < 100; ++i) {
        clients.push_back(std::make_unique<RawClient>(world.server->port()));
        clients.back()->send(kAsk);
    }
    REQUIRE(feeder.waitFor(100));
    for (int i = 0; i < 50; ++i)
        feeder.write("line " + std::to_string(i) + "\n");
    for (const auto& client : clients) {
        const std::string heard = client->readUntil("line 49\n");
        for (int i = 0; i < 50; ++i)
            CHECK(heard.find("\r\nline " + std::to_string(i) + "\n") != std::string::npos);
    }
    CHECK(curl({world.url("/none")}).out.find("there is no") != std::string::npos); // a worker is free
    world.server->stop();
    for (const EventStreamPtr& stream : feeder.streams())
        CHECK_FALSE(stream->isOpen());
}

TEST_CASE("an event stream over TLS", "[http][stream][tls]")
{
    Feeder feeder;
    TestServer world;
    const CertificateFiles files = ensureCertificates(world.folder.path(), {"127.0.0.1"});
    world.config.certificateFile = files.certificate;
    world.config.keyFile = files.key;
    feeder.mount(world, {});
    world.start();
    std::thread feeding([&] {
        if (!feeder.waitFor(1))
            return;
        for (int i = 0; i < 100; ++i)
            while (!feeder.streams().front()->write(std::string(20'000, static_cast<char>('a' + i % 26))))
                std::this_thread::yield();
        feeder.streams().front()->close();
    });
    const bm::platform::Exit exit = curl({"-k", world.url("/stream")});
    feeding.join();
    CHECK(exit.code == 0);
    CHECK(std::count_if(exit.out.begin(), exit.out.end(), [](char c) { return c >= 'a'; }) == 2'000'005);
}
