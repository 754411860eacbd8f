#include "cli/client/ssh_key.h"
#include "common/model/error.h"
#include "common/platform/files.h"

#include <catch2/catch.hpp>
#include <unistd.h>

using namespace bm;
using Catch::Matchers::Contains;
using cli::sshKeys;
using Keys = std::vector<std::string>;

namespace {

/// A folder that is the current one, so that arguments are relative paths.
struct KeyWorld {
    KeyWorld()
    {
        std::filesystem::current_path(folder.path());
        std::filesystem::create_directories("ssh-keys/empty");
        put("ssh-keys/b.pub", "ssh-ed25519 AAAAB bob\n");
        put("ssh-keys/a.pub", "\n# Ann's\n  ssh-rsa AAAAA ann at home\r\n\necdsa-sha2-nistp256 AAAAC ann\n");
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
    CHECK(sshKeys("ssh-keys/a.pub") == Keys{"ssh-rsa AAAAA ann at home", "ecdsa-sha2-nistp256 AAAAC ann"});
    CHECK(sshKeys("ssh-keys/b.pub") == Keys{"ssh-ed25519 AAAAB bob"});
    world.put("options", "no-pty,from=\"10.0.0.0/8\" ssh-ed25519 AAAAB bob\nssh-ed25519 AAAAB other\n"
                         "sk-ssh-ed25519@openssh.com AAAAD key\n");
    CHECK(sshKeys("options").size() == 3);
    world.put("marked", "\xef\xbb\xbfssh-rsa A\n");
    CHECK(sshKeys("marked") == Keys{"ssh-rsa A"});
}

TEST_CASE("--ssh-key takes a key itself, and paths that begin like one", "[cli][ssh-key]")
{
    const KeyWorld world;
    CHECK(sshKeys("ssh-ed25519 AAAAB me") == Keys{"ssh-ed25519 AAAAB me"});
    CHECK(sshKeys("ssh-rsa A\nssh-rsa B\n") == Keys{"ssh-rsa A", "ssh-rsa B"});
    CHECK(sshKeys("ssh-keys") ==
          Keys{"ssh-rsa AAAAA ann at home", "ecdsa-sha2-nistp256 AAAAC ann", "ssh-ed25519 AAAAB bob"});
    CHECK(sshKeys("ssh-keys/").size() == 3);
    world.put("ssh-my key", "ssh-rsa A\n");
    CHECK(sshKeys("ssh-my key") == Keys{"ssh-rsa A"});
    REQUIRE(std::freopen("ssh-keys/b.pub", "r", stdin) != nullptr);
    CHECK(sshKeys("-") == Keys{"ssh-ed25519 AAAAB bob"});
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
    CHECK_THROWS_WITH(sshKeys("ssh-keys/empty"), Contains("has no file *.pub"));
    for (const char* missing : {"ssh-keys/none.pub", "ssh-none", "none"})
        CHECK_THROWS_AS(sshKeys(missing), model::Error);
}
