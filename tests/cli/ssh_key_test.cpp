#include "cli/client/ssh_key.h"
#include "common/model/error.h"
#include "common/platform/files.h"
#include "tests/support/ssh_key.h"

#include <catch2/catch.hpp>
#include <unistd.h>

using namespace bm;
using Catch::Matchers::Contains;
using cli::sshKeys;
using Keys = std::vector<std::string>;

namespace {

const std::string kAnn = tests::sshKey('A') + " ann at home";
const std::string kAnnToo = tests::sshKey('B') + " ann";
const std::string kBob = tests::sshKey('C') + " bob";

/// A folder that is the current one, so that arguments are relative paths.
struct KeyWorld {
    KeyWorld()
    {
        std::filesystem::current_path(folder.path());
        std::filesystem::create_directories("ssh-keys/empty");
        put("ssh-keys/b.pub", kBob + "\n");
        put("ssh-keys/a.pub", "\n# Ann's\n  " + kAnn + "\r\n\n" + kAnnToo + "\n");
        put("ssh-keys/notes", "no key\n");
    }
    ~KeyWorld() { std::filesystem::current_path(before); }
    KeyWorld(const KeyWorld&) = delete;
    KeyWorld& operator=(const KeyWorld&) = delete;
    static void put(const std::string& file, const std::string& text)
    {
        platform::writeFileAtomically(file, text, 0644);
    }
    std::filesystem::path before = std::filesystem::current_path();
    platform::TemporaryFolder folder{"bm-ssh-key-test"};
};

} // namespace

TEST_CASE("--ssh-key takes every key of a file, without comments and blank lines", "[cli][ssh-key]")
{
    const KeyWorld world;
    CHECK(sshKeys("ssh-keys/a.pub") == Keys{kAnn, kAnnToo});
    CHECK(sshKeys("ssh-keys/b.pub") == Keys{kBob});
    world.put("options", "no-pty,from=\"10.0.0.0/8\" " + kBob + "\n" + kBob + " other\n");
    CHECK(sshKeys("options").size() == 2);
    world.put("marked", "\xef\xbb\xbf" + kAnn + "\n");
    CHECK(sshKeys("marked") == Keys{kAnn});
}

TEST_CASE("--ssh-key takes a key itself, and paths that begin like one", "[cli][ssh-key]")
{
    const KeyWorld world;
    CHECK(sshKeys(kAnn) == Keys{kAnn});
    CHECK(sshKeys(kAnn + "\n" + kBob + "\n") == Keys{kAnn, kBob});
    CHECK(sshKeys("ssh-keys") == Keys{kAnn, kAnnToo, kBob});
    CHECK(sshKeys("ssh-keys/").size() == 3);
    world.put("ssh-my key", kAnn + "\n");
    CHECK(sshKeys("ssh-my key") == Keys{kAnn});
    REQUIRE(std::freopen("ssh-keys/b.pub", "r", stdin) != nullptr);
    CHECK(sshKeys("-") == Keys{kBob});
    REQUIRE(std::freopen("ssh-keys/notes", "r", stdin) != nullptr);
    CHECK_THROWS_WITH(sshKeys("-"), Contains("standard input has a line that is no public ssh key"));
    REQUIRE(std::freopen("/dev/null", "r", stdin) != nullptr);
}

TEST_CASE("--ssh-key refuses what holds no public key", "[cli][ssh-key]")
{
    const KeyWorld world;
    world.put("private", "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n-----END OPENSSH PRIVATE KEY-----\n");
    world.put("blank", "# nothing\n\n");
    CHECK_THROWS_WITH(sshKeys("private"), Contains("private is a private key"));
    CHECK_THROWS_WITH(sshKeys("blank"), Contains("blank has no public ssh key"));
    CHECK_THROWS_WITH(sshKeys("ssh-keys/notes"), Contains("a line that is no public ssh key: no key"));
    world.put("cut", kBob.substr(0, 60) + "\n");
    CHECK_THROWS_WITH(sshKeys("cut"),
                      Contains("cut has a line that is no public ssh key") && Contains("cut off"));
    CHECK_THROWS_WITH(sshKeys("ssh-ed25519-cert-v01@openssh.com AAAA me"), Contains("it is a certificate"));
    CHECK_THROWS_WITH(sshKeys("ssh-keys/empty"), Contains("has no file *.pub"));
    for (const char* missing : {"ssh-keys/none.pub", "ssh-none", "none"})
        CHECK_THROWS_AS(sshKeys(missing), model::Error);
}
