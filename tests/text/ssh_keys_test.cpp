#include "common/text/ssh_keys.h"

#include <catch2/catch.hpp>

using namespace bm::text;
using Keys = std::vector<std::string_view>;

TEST_CASE("sshKeyLines() leaves out comments, blank lines and a byte order mark", "[text][ssh-key]")
{
    CHECK(sshKeyLines("# mine\n\n  ssh-rsa A me \r\nssh-rsa B") == Keys{"ssh-rsa A me", "ssh-rsa B"});
    CHECK(sshKeyLines("\xef\xbb\xbfssh-rsa A\n") == Keys{"ssh-rsa A"});
    CHECK(sshKeyLines("\xef\xbb\xbf").empty());
    CHECK(sshKeyLines("ssh-rsa A\n\xef\xbb\xbfssh-rsa B\n").size() == 2); // a mark elsewhere stays
}
