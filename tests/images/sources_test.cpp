#include "tests/images/flaky_server.h"
#include "tests/images/store_world.h"

#include "images/sources/checksum_file.h"
#include "images/sources/download.h"
#include "images/sources/s3_request.h"
#include "images/sources/source_reach.h"

using namespace bm;
using namespace bm::images::testing;
using Catch::Matchers::Contains;
using images::parseSourceUrl;
using images::SourceKind;
using model::ErrorCode;

TEST_CASE("a source URL determines kind, name and peer", "[images][sources]")
{
    CHECK(parseSourceUrl("https://images.example/a/d.qcow2?sig=1").name == "d.qcow2");
    CHECK(parseSourceUrl("HTTP://images.example/d.raw").kind == SourceKind::Web);

    const images::SourceUrl s3 = parseSourceUrl("s3://fleet-images/debian/12/d.qcow2");
    CHECK(s3.kind == SourceKind::S3);
    CHECK(s3.bucket == "fleet-images");
    CHECK(s3.key == "debian/12/d.qcow2");

    const images::SourceUrl peer = parseSourceUrl("bm://site-b/golden");
    CHECK(peer.kind == SourceKind::Bm);
    CHECK(peer.peer == "site-b:6385");
    CHECK(peer.name == "golden");
    const images::SourceUrl byUrl = parseSourceUrl("https://site-b:7000/v1/images/golden");
    CHECK(byUrl.kind == SourceKind::Bm);
    CHECK(byUrl.url == "https://site-b:7000");
    CHECK(byUrl.peer == "site-b:7000");
}

TEST_CASE("a URL of the server's own files or of another scheme is refused with a hint", "[images][sources]")
{
    struct Bad {
        const char* url;
        const char* says;
    };
    for (const Bad& bad : std::vector<Bad>{{"file:///etc/shadow", "file://"},
                                           {"FILE:///etc/shadow", "file://"},
                                           {"ftp://host/x", "does not fetch"},
                                           {"gopher://host/x", "does not fetch"},
                                           {"d.qcow2", "does not fetch"},
                                           {"s3://b/x", "bucket and key"},
                                           {"s3://bucket", "bucket and key"},
                                           {"s3://Bucket_/x", "bucket and key"},
                                           {"bm://host", "an image of another bmd"},
                                           {"bm://user:pw@host/x", "an image of another bmd"}}) {
        INFO(bad.url);
        const Failure failure = failureOf([&] { parseSourceUrl(bad.url); });
        CHECK(failure.code == ErrorCode::InvalidInput);
        CHECK_THAT(failure.message, Contains(bad.says));
        CHECK_FALSE(failure.hint.empty());
    }
}

TEST_CASE("a source that bmd may not request is refused as it is written", "[images][sources]")
{
    images::SourceSettings settings;
    settings.peers["site-b:6385"] = {.username = "copier", .tls = false};
    settings.peers["127.0.0.1:7000"] = {.username = "copier"};
    settings.s3.endpoint = "http://127.0.0.1:9000";
    const auto refused = [&](const char* url) {
        INFO(url);
        return failureOf([&] { requireReachable(parseSourceUrl(url), settings, platform::Asker::System); });
    };
    for (const char* url :
         {"http://169.254.169.254/latest/meta-data", "http://[::ffff:169.254.169.254]/", "http://[fe80::1]/x",
          "http://2852039166/x", "http://0xa9fea9fe/x", "bm://169.254.169.254/x", "http://127.1/x",
          "http://[64:ff9b::7f00:1]/x", "http://[fd00:ec2::254]/x", "bm://127.0.0.1:7001/x",
          "http://127.0.0.1:9000/bucket/key"})
        CHECK(refused(url).code == ErrorCode::InvalidInput);
    for (const char* url : {"http://10.0.0.7/d.raw", "https://[fd00::7]/d.raw", "http://localhost/d.raw",
                            "bm://site-b/x", "bm://127.0.0.1:7000/x", "http://127.0.0.1:7000/v1/images/x",
                            "s3://bucket/key"}) // names are judged when they are resolved
        CHECK_NOTHROW(requireReachable(parseSourceUrl(url), settings, platform::Asker::System));
}

TEST_CASE("object stores and other servers are not for projects", "[images][sources][security]")
{
    images::SourceSettings settings;
    settings.peers["site-b:6385"] = {.username = "copier"};
    settings.s3.endpoint = "https://s3.example";
    const auto ask = [&](const char* url) {
        requireReachable(parseSourceUrl(url), settings, platform::Asker::Project);
    };
    for (const char* url : {"s3://bucket/key", "bm://site-b/x", "https://site-b:6385/v1/images/x"}) {
        INFO(url);
        const Failure failure = failureOf([&] { ask(url); });
        CHECK(failure.code == ErrorCode::InvalidInput);
        CHECK_THAT(failure.message, Contains("not for projects"));
        CHECK_NOTHROW(requireReachable(parseSourceUrl(url), settings, platform::Asker::System));
    }
    settings.projectSchemes = {"s3"};
    CHECK_NOTHROW(ask("s3://bucket/key"));
    CHECK(failureOf([&] { ask("bm://site-b/x"); }).code == ErrorCode::InvalidInput);
    settings.projectSchemes = {"bm"};
    CHECK_NOTHROW(ask("bm://site-b/x"));
    CHECK(failureOf([&] { ask("s3://bucket/key"); }).code == ErrorCode::InvalidInput);
}

TEST_CASE("a peer's credentials belong to its scheme, host and port", "[images][sources]")
{
    images::SourceSettings settings;
    settings.peers["site-b:6385"] = {.username = "copier"};
    settings.peers["site-c:6385"] = {.username = "plain", .tls = false};
    const auto userFor = [&](const char* url) -> std::string {
        const images::PeerEndpoint peer = peerEndpoint(parseSourceUrl(url), settings);
        return peer.access == nullptr ? "none, to " + peer.url : peer.access->username + ", to " + peer.url;
    };
    CHECK(userFor("bm://site-b/golden") == "copier, to https://site-b:6385");
    CHECK(userFor("bm://SITE-B:6385/golden") == "copier, to https://site-b:6385");
    CHECK(userFor("https://site-b:6385/v1/images/golden") == "copier, to https://site-b:6385");
    CHECK(userFor("http://site-b:6385/v1/images/golden") == "none, to http://site-b:6385");
    CHECK(userFor("https://site-b/v1/images/golden") == "none, to https://site-b");
    CHECK(userFor("https://site-b.evil.example:6385/v1/images/golden") ==
          "none, to https://site-b.evil.example:6385");
    CHECK(userFor("bm://site-b:7000/golden") == "none, to https://site-b:7000");
    CHECK(userFor("bm://site-c/golden") == "plain, to http://site-c:6385");
    CHECK(userFor("https://site-c:6385/v1/images/golden") == "none, to https://site-c:6385");
    CHECK(userFor("bm://127.0.0.1.evil.example/golden") == "none, to https://127.0.0.1.evil.example:6385");
}

TEST_CASE("checksum files of sha256sum and of the BSDs are parsed", "[images][sources]")
{
    const std::string a(64, 'a');
    const std::string b(64, 'b');
    const std::string c(128, 'c');
    using images::checksumFromFile;
    CHECK(checksumFromFile(b + "  other.raw\n" + a + "  d.raw\n", "d.raw") == "sha256:" + a);
    CHECK(checksumFromFile(a + " *./path/d.raw\r\n", "d.raw") == "sha256:" + a);
    CHECK(checksumFromFile("SHA512 (d.raw) = " + c + "\nSHA256 (d.raw) = " + a + "\n", "d.raw") ==
          "sha512:" + c);
    CHECK(checksumFromFile(a + "\n", "d.raw") == "sha256:" + a);
    CHECK(checksumFromFile("-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n" + std::string(64, 'A') +
                               "  d.raw\n",
                           "d.raw") == "sha256:" + a);

    CHECK(failureOf([&] { checksumFromFile(a + "  other\n" + b + "  more\n", "d.raw"); }).code ==
          ErrorCode::NotFound);
    CHECK(failureOf([&] { checksumFromFile("<html>404</html>", "d.raw"); }).code == ErrorCode::InvalidInput);
    CHECK(failureOf([&] { checksumFromFile(std::string(32, 'a') + "  d.raw\n", "d.raw"); }).code ==
          ErrorCode::InvalidInput); // MD5
    CHECK(failureOf([&] { checksumFromFile(a + "  d.raw\n" + b + "  d.raw\n", "d.raw"); }).code ==
          ErrorCode::InvalidInput);
    CHECK(failureOf([&] { checksumFromFile(a + "\n" + b + "\n", "d.raw"); }).code == ErrorCode::NotFound);
}

TEST_CASE("an S3 request is signed with the keys of their file", "[images][sources]")
{
    const StoreWorld world;
    images::S3Settings settings;
    CHECK_THAT(failureOf([&] {
                   images::s3Request(settings, platform::Reach::fixed(), "GET", "bucket", "k");
               }).message,
               Contains("endpoint"));
    settings.endpoint = "https://s3.example";
    CHECK(failureOf([&] {
              images::s3Request(settings, platform::Reach::fixed(), "GET", "bucket", "k");
          }).code == ErrorCode::NotFound);
    settings.credentialsFile = world.path("keys");
    world.write("keys",
                "[default]\n# a comment = no\naws_access_key_id = AKID\naws_secret_access_key=s3cr3t/+=\n");
    std::filesystem::permissions(world.path("keys"), std::filesystem::perms{0644});
    const Failure exposed =
        failureOf([&] { images::s3Request(settings, platform::Reach::fixed(), "GET", "bucket", "k"); });
    CHECK(exposed.code == ErrorCode::InvalidInput);
    CHECK_THAT(exposed.message, Contains("can be read by every user (mode 0644)"));
    CHECK_THAT(exposed.hint, Contains("chmod 0640"));
    std::filesystem::permissions(world.path("keys"), std::filesystem::perms{0640});
    const platform::HttpRequest request =
        images::s3Request(settings, platform::Reach::fixed(), "GET", "bucket", "a b/c+d.raw");
    CHECK(request.url == "https://s3.example/bucket/a%20b/c%2Bd.raw");
    CHECK(request.username == "AKID");
    CHECK(request.password == "s3cr3t/+=");
    world.write("keys", "aws_access_key_id = AKID\n");
    const Failure failure =
        failureOf([&] { images::s3Request(settings, platform::Reach::fixed(), "GET", "bucket", "k"); });
    CHECK(failure.code == ErrorCode::NotFound);
    CHECK(failure.message.find("AKID") == std::string::npos);
}
