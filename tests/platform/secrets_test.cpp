#include "common/platform/secrets.h"

#include "common/model/error.h"
#include "common/platform/files.h"

#include <catch2/catch.hpp>
#include <set>
#include <sys/stat.h>

using namespace bm::platform;
using bm::model::Error;
using bm::model::ErrorCode;
using bm::model::SealedText;

namespace {

/// "calvin" under the key of 32 x 'k', as releases before 2027 sealed it.
constexpr const char* kSealedWithoutPlace =
    "sealed:1:bm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ulpmkw682xP5sxjgjaEHFLDmNKO6Luw==";

} // namespace

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
    const SealPlace place{"nodes", "row-1", "password"};
    const SealedText sealed = box.seal(place, "calvin");

    SECTION("open with the same key, also in the next process")
    {
        CHECK(sealed.text.starts_with("sealed:2:"));
        CHECK(sealed.text.find("calvin") == std::string::npos);
        CHECK(box.open(place, sealed) == "calvin");
        CHECK(SecretBox(keyFile).open(place, sealed) == "calvin");
        CHECK(box.open(place, box.seal(place, "")).empty());
        CHECK(box.open(place, box.seal(place, "sealed:1:x")) == "sealed:1:x");
    }
    SECTION("differ each time")
    {
        CHECK(box.seal(place, "calvin") != sealed);
    }
    SECTION("open at their own place only")
    {
        for (const SealPlace& other :
             {SealPlace{"nodes", "row-2", "password"}, SealPlace{"agents", "row-1", "password"},
              SealPlace{"nodes", "row-1", "username"}, SealPlace{"nodesrow", "-1", "password"},
              SealPlace{}}) {
            CHECK_THROWS_WITH(box.open(other, sealed), Catch::Matchers::Contains("for another row or field"));
            // the place is part of the encryption: another one in the text opens nothing
            const SealedText foreign = box.seal(other, "x");
            SealedText forged = sealed;
            const std::size_t length = std::string("sealed:2:").size() + 24;
            forged.text.replace(0, length, foreign.text, 0, length);
            CHECK_THROWS_AS(box.open(other, forged), Error);
        }
    }
    SECTION("do not open with another key, nor changed, nor cut")
    {
        CHECK_THROWS_AS(SecretBox().open(place, sealed), Error);
        for (std::size_t i = std::string("sealed:").size(); i < sealed.text.size(); ++i) {
            SealedText changed = sealed;
            changed.text[i] = changed.text[i] == 'A' ? 'B' : 'A';
            CHECK_THROWS_AS(box.open(place, changed), Error);
        }
        CHECK_THROWS_AS(box.open(place, {sealed.text.substr(0, 20)}), Error);
        for (const char* text : {"", "sealed:", "calvin", "sealed:1:", "sealed:2:", "sealed: is a word"})
            CHECK_THROWS_AS(box.open(place, {text}), Error);
    }
    SECTION("have a form that other texts do not have")
    {
        CHECK(SecretBox::isSealed(sealed.text));
        CHECK(box.hasKeyOf(sealed.text));
        CHECK_FALSE(SecretBox().hasKeyOf(sealed.text));
        for (const char* text : {"calvin", "", "sealed:", "sealed:1:AAAA", "sealed: is a word"}) {
            CHECK_FALSE(SecretBox::isSealed(text));
            CHECK_FALSE(box.hasKeyOf(text));
        }
    }
    SECTION("of earlier releases have no place and still open")
    {
        writeFileAtomically(keyFile, std::string(32, 'k'), 0600);
        const SealedText earlier{kSealedWithoutPlace};
        CHECK(SecretBox(keyFile).open(place, earlier) == "calvin");
        CHECK(SecretBox::isSealed(earlier.text));
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
    const SealPlace place{"nodes", "row-1", "password"};
    SealedText sealed;
    {
        const SecretBox box(keyFile);
        sealed = box.seal(place, "calvin");
        CHECK_THROWS_WITH(bm::platform::KeyRotation(keyFile), Catch::Matchers::Contains("the key is in use"));
    }
    const std::string old = readFile(keyFile);
    SealedText again;
    {
        const bm::platform::KeyRotation begun(keyFile); // and never finished
        CHECK_THROWS_WITH(SecretBox(keyFile), Catch::Matchers::Contains("is being exchanged"));
        again.text = begun.resealed(sealed.text).value();
        CHECK(begun.resealed(again.text) != again.text);
        for (const char* other : {"calvin", "sealed:1:AAAA", kSealedWithoutPlace})
            CHECK_FALSE(begun.resealed(other));
    }
    const std::string both = readFile(keyFile);
    CHECK(both.size() == 64);
    CHECK(both.substr(32) == old);
    CHECK(SecretBox(keyFile).open(place, sealed) == "calvin");
    CHECK(SecretBox(keyFile).open(place, again) == "calvin");
    {
        bm::platform::KeyRotation rotation(keyFile);
        CHECK(readFile(keyFile) == both); // continues with the new key of the interrupted rotation
        rotation.finish();
    }
    CHECK(readFile(keyFile) == both.substr(0, 32));
    CHECK(SecretBox(keyFile).open(place, again) == "calvin");
    CHECK_THROWS_AS(SecretBox(keyFile).open(place, sealed), Error);
    struct stat facts {};
    REQUIRE(::stat(keyFile.c_str(), &facts) == 0);
    CHECK((facts.st_mode & 0777) == 0600);
    writeFileAtomically(keyFile, both + old, 0600);
    CHECK_THROWS_AS(SecretBox(keyFile), Error);
}
