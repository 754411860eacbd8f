#include "common/platform/secrets.h"

#include "common/model/error.h"
#include "common/platform/files.h"

#include <catch2/catch.hpp>
#include <set>
#include <sys/stat.h>

using namespace bm::platform;
using bm::model::Error;
using bm::model::ErrorCode;

TEST_CASE("random hex", "[platform][secrets]")
{
    std::set<std::string> seen;
    for (int i = 0; i < 100; ++i)
        seen.insert(randomHex(16));
    CHECK(seen.size() == 100);
    CHECK(seen.begin()->size() == 32);
    CHECK(seen.begin()->find_first_not_of("0123456789abcdef") == std::string::npos);
}

TEST_CASE("hashes and comparisons", "[platform][secrets]")
{
    CHECK(sha256Hex("abc") ==
          "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"); // FIPS 180-4
    CHECK(equalSecrets("token", "token"));
    CHECK(equalSecrets("", ""));
    CHECK_FALSE(equalSecrets("token", "tokem"));
    CHECK_FALSE(equalSecrets("token", "tokens"));
}

TEST_CASE("a password's hash", "[platform][secrets]")
{
    const std::string hash = hashPassword("correct horse");
    CHECK(hash.starts_with("$argon2id$"));
    CHECK(hash != hashPassword("correct horse"));
    CHECK(verifyPassword(hash, "correct horse"));
    CHECK_FALSE(verifyPassword(hash, "correct horse "));
    CHECK_FALSE(verifyPassword("", ""));
    CHECK_FALSE(verifyPassword("plain", "plain"));
    CHECK_FALSE(verifyPassword(std::string(1000, '$'), "x"));
}

TEST_CASE("sealed values", "[platform][secrets]")
{
    const TemporaryFolder folder;
    const std::filesystem::path keyFile = folder.path() / "key";
    const SecretBox box(keyFile);
    const std::string sealed = box.seal("calvin");

    SECTION("open with the same key, also in the next process")
    {
        CHECK(sealed.starts_with("sealed:1:"));
        CHECK(sealed.find("calvin") == std::string::npos);
        CHECK(box.open(sealed) == "calvin");
        CHECK(SecretBox(keyFile).open(sealed) == "calvin");
        CHECK(box.open(box.seal("")).empty());
        CHECK(box.open(box.seal("sealed:1:x")) == "sealed:1:x");
    }
    SECTION("differ each time")
    {
        CHECK(box.seal("calvin") != sealed);
    }
    SECTION("do not open with another key, nor changed, nor cut")
    {
        CHECK_THROWS_AS(SecretBox().open(sealed), Error);
        for (std::size_t i = std::string("sealed:").size(); i < sealed.size(); ++i) {
            std::string changed = sealed;
            changed[i] = changed[i] == 'A' ? 'B' : 'A';
            CHECK_THROWS_AS(box.open(changed), Error);
        }
        CHECK_THROWS_AS(box.open(sealed.substr(0, 20)), Error);
        CHECK_THROWS_AS(box.open("sealed:"), Error);
    }
    SECTION("differ from plain texts, which open() returns unchanged")
    {
        CHECK(SecretBox::isSealed(sealed));
        CHECK_FALSE(SecretBox::isSealed("calvin"));
        CHECK(box.open("calvin") == "calvin");
    }
    SECTION("have a key that only its owner may read")
    {
        struct stat facts {};
        REQUIRE(::stat(keyFile.c_str(), &facts) == 0);
        CHECK((facts.st_mode & 0777) == 0600);
        CHECK(facts.st_size == 32);
        ::chmod(keyFile.c_str(), 0640);
        CHECK_THROWS_AS(SecretBox(keyFile), Error);
    }
    SECTION("refuse a key file of another length than 32 bytes")
    {
        writeFileAtomically(keyFile, "short", 0600);
        CHECK_THROWS_AS(SecretBox(keyFile), Error);
        CHECK(readFile(keyFile) == "short");
        CHECK_THROWS_AS(SecretBox(folder.path() / "no" / "key"), Error);
    }
}

TEST_CASE("signatures", "[platform][secrets]")
{
    const TemporaryFolder folder("bm-signing");
    const std::filesystem::path keyFile = folder.path() / "signing.key";
    const SigningKey key(keyFile);
    const std::string signature = key.sign("a report");
    CHECK(signature.size() == 128);
    CHECK(key.publicKey().size() == 64);
    CHECK(verifySignature(key.publicKey(), "a report", signature));
    CHECK(verifySignature(SigningKey(keyFile).publicKey(), "a report", signature));
    CHECK(SigningKey(keyFile).sign("a report") == signature); // Ed25519 is deterministic

    SECTION("do not verify another text, another key, or when cut")
    {
        CHECK_FALSE(verifySignature(key.publicKey(), "a Report", signature));
        CHECK_FALSE(verifySignature(SigningKey().publicKey(), "a report", signature));
        CHECK_FALSE(verifySignature(key.publicKey(), "a report", signature.substr(2)));
        CHECK_FALSE(verifySignature(key.publicKey(), "a report", ""));
        CHECK_FALSE(verifySignature("zz", "a report", signature));
        CHECK_FALSE(verifySignature(key.publicKey(), "a report", std::string(128, 'z')));
    }
    SECTION("have a key that only its owner may read, of 32 bytes")
    {
        struct stat facts {};
        REQUIRE(::stat(keyFile.c_str(), &facts) == 0);
        CHECK((facts.st_mode & 0777) == 0600);
        CHECK(facts.st_size == 32);
        ::chmod(keyFile.c_str(), 0644);
        CHECK_THROWS_AS(SigningKey(keyFile), Error);
        writeFileAtomically(keyFile, "short", 0600);
        CHECK_THROWS_AS(SigningKey(keyFile), Error);
    }
}

TEST_CASE("the rotation of a key", "[platform][secrets]")
{
    const TemporaryFolder folder;
    const std::filesystem::path keyFile = folder.path() / "key";
    std::string sealed;
    {
        const SecretBox box(keyFile);
        sealed = box.seal("calvin");
        CHECK_THROWS_WITH(bm::platform::KeyRotation(keyFile), Catch::Matchers::Contains("the key is in use"));
    }
    const std::string old = readFile(keyFile);
    std::string again;
    {
        const bm::platform::KeyRotation begun(keyFile); // and never finished
        CHECK_THROWS_WITH(SecretBox(keyFile), Catch::Matchers::Contains("is being exchanged"));
        again = begun.box().seal(begun.box().open(sealed));
    }
    const std::string both = readFile(keyFile);
    CHECK(both.size() == 64);
    CHECK(both.substr(32) == old);
    CHECK(SecretBox(keyFile).open(sealed) == "calvin");
    CHECK(SecretBox(keyFile).open(again) == "calvin");
    {
        bm::platform::KeyRotation rotation(keyFile);
        CHECK(readFile(keyFile) == both); // continues with the new key of the interrupted rotation
        rotation.finish();
    }
    CHECK(readFile(keyFile) == both.substr(0, 32));
    CHECK(SecretBox(keyFile).open(again) == "calvin");
    CHECK_THROWS_AS(SecretBox(keyFile).open(sealed), Error);
    struct stat facts {};
    REQUIRE(::stat(keyFile.c_str(), &facts) == 0);
    CHECK((facts.st_mode & 0777) == 0600);
    writeFileAtomically(keyFile, both + old, 0600);
    CHECK_THROWS_AS(SecretBox(keyFile), Error);
}
