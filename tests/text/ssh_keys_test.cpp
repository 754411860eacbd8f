#include "common/text/ssh_keys.h"
#include "tests/support/places.h"
#include "tests/support/ssh_key.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>

using namespace bm::text;
using Keys = std::vector<std::string_view>;

TEST_CASE("sshKeyLines() leaves out comments, blank lines and a byte order mark", "[text][ssh-key]")
{
    CHECK(sshKeyLines("# mine\n\n  ssh-rsa A me \r\nssh-rsa B") == Keys{"ssh-rsa A me", "ssh-rsa B"});
    CHECK(sshKeyLines("\xef\xbb\xbfssh-rsa A\n") == Keys{"ssh-rsa A"});
    CHECK(sshKeyLines("ssh-rsa A\rssh-rsa B\r\r\n# x\r") == Keys{"ssh-rsa A", "ssh-rsa B"});
    CHECK(sshKeyLines("\xef\xbb\xbf").empty());
    CHECK(sshKeyLines("ssh-rsa A\n\xef\xbb\xbfssh-rsa B\n").size() == 2); // a mark elsewhere stays
}

TEST_CASE("a key of each type of OpenSSH's is complete; a part of one is not", "[text][ssh-key]")
{
    std::ifstream file(bm::tests::dataFolder() + "/ssh/authorized_keys");
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    const Keys keys = sshKeyLines(text);
    REQUIRE(keys.size() == 8);
    for (const std::string_view key : keys) {
        CAPTURE(key);
        CHECK(sshKeyFault(key).empty());
        CHECK(sshKeyFault("no-pty,command=\"run ssh-add x\" " + std::string(key)).empty());
        const std::size_t end = key.find(' ', key.find(' ') + 1);
        for (std::size_t size = key.find(' ') + 1; size < end; ++size) // as a terminal or a mail cuts it
            CHECK_FALSE(sshKeyFault(key.substr(0, size)).empty());
        CHECK_FALSE(sshKeyFault(std::string(key.substr(0, end)) + "AAAA").empty());
    }
}

TEST_CASE("a line that OpenSSH ignores has a reason", "[text][ssh-key]")
{
    using Catch::Matchers::Contains;
    const std::string key = bm::tests::sshKey();
    CHECK(sshKeyFault(key).empty());
    CHECK_THAT(sshKeyFault(""), Contains("no key type"));
    CHECK_THAT(sshKeyFault("mine"), Contains("neither a key type nor an option"));
    for (const char* before :
         {"host.example ", "host,10.0.0.1 ", "- ", "1 ", "no-such-option ", "no-pty, ", "no-pty=1 "})
        CHECK_THAT(sshKeyFault(before + key), Contains("neither a key type nor an option"));
    CHECK_THAT(sshKeyFault("from=\"10.0.0.0/8 " + key), Contains("not closed"));
    CHECK_THAT(sshKeyFault("no-pty me"), Contains("no key type"));
    for (const char* before :
         {"no-pty ", "No-Pty,from=\"10.0.0.0/8,192.0.2.1\" ", "environment=\"A=\\\"b c\\\"\",restrict\t"})
        CHECK(sshKeyFault(before + key) == "");
    CHECK_THAT(sshKeyFault("ssh-ed25519"), Contains("no key type"));
    CHECK_THAT(sshKeyFault("ssh-ed25519 AAAA"), Contains("cut off"));
    CHECK_THAT(sshKeyFault("ssh-rsa " + key.substr(key.find(' ') + 1)),
               Contains("not of the type \"ssh-rsa\""));
    CHECK_THAT(sshKeyFault("ssh-rsa-cert-v01@openssh.com AAAA"), Contains("certificate"));
    CHECK_THAT(sshKeyFault("ssh-ed25518 " + key.substr(key.find(' ') + 1)),
               Contains("no key type \"ssh-ed25518\""));
}

TEST_CASE("a key whose parts are of another key has a reason", "[text][ssh-key]")
{
    const auto part = [](const std::string& bytes) {
        return std::string(3, '\0') + static_cast<char>(bytes.size()) + bytes;
    };
    const auto fault = [&](const std::string& type, const std::vector<std::string>& parts) {
        std::string blob = part(type);
        for (const std::string& one : parts)
            blob += part(one);
        return sshKeyFault(type + " " + toBase64(blob));
    };
    CHECK(fault("ecdsa-sha2-nistp256", {"nistp256", std::string(65, 'p')}) == "");
    CHECK(fault("ecdsa-sha2-nistp256", {"nistp384", std::string(65, 'p')}) != "");
    CHECK(fault("sk-ssh-ed25519@openssh.com", {std::string(32, 'p'), "ssh:"}) == "");
    CHECK(fault("sk-ssh-ed25519@openssh.com", {std::string(31, 'p'), "ssh:"}) != "");
    CHECK(fault("ssh-rsa", {"e", std::string(128, 'n')}) == "");
    CHECK(fault("ssh-rsa", {"e", '\0' + std::string(127, 'n')}) == "an RSA key of fewer than 1024 bits");
}
