#include "cli/commands/commands.h"
#include "common/platform/files.h"

#include <catch2/catch.hpp>
#include <iostream>
#include <sstream>

using namespace bm;
using Catch::Matchers::Contains;

namespace {

/// The messages of bm about wrong usage, on stderr. No bmd is needed: bm refuses before the first request.
std::string refusalOf(std::vector<const char*> words)
{
    words.insert(words.begin(), "bm");
    std::ostringstream said;
    std::streambuf* const before = std::cerr.rdbuf(said.rdbuf());
    const int code = cli::runCommandLine(static_cast<int>(words.size()), words.data());
    std::cerr.rdbuf(before);
    CHECK(code == 2);
    return said.str();
}

} // namespace

TEST_CASE("an argument that is not UTF-8 is wrong usage", "[cli][command-line]")
{
    CHECK_THAT(refusalOf({"node", "set", "n", "description=caf\xe9"}),
               Contains("is not UTF-8 [invalid-input]") && Contains("hint: "));
    CHECK_THAT(refusalOf({"n\xffode"}), Contains("is not UTF-8"));
}

TEST_CASE("a folder is no file of a request", "[cli][command-line]")
{
    const platform::TemporaryFolder folder;
    const std::string path = folder.path().string();
    CHECK_THAT(refusalOf({"node", "enrol", "-f", path.c_str()}), Contains("hint: name a file, not a folder"));
    for (const char* option :
         {"--user-data", "--meta-data", "--network-data", "--config-drive", "--layout"}) {
        INFO(option);
        CHECK_THAT(refusalOf({"provision", "image", "node", option, path.c_str()}),
                   Contains("hint: name a file, not a folder"));
    }
}

TEST_CASE("two options cannot read standard input", "[cli][command-line]")
{
    CHECK_THAT(refusalOf({"provision", "image", "node", "--ssh-key", "-", "--user-data", "-"}),
               Contains("two options read standard input"));
}

TEST_CASE("a whole config drive, and none, exclude the parts of one", "[cli][command-line]")
{
    CHECK_THAT(refusalOf({"provision", "image", "node", "--config-drive", "x", "--no-config-drive"}),
               Contains("--no-config-drive"));
    for (const char* part : {"--ssh-key", "--host-name", "--user-data", "--meta-data", "--network-data"}) {
        INFO(part);
        CHECK_THAT(refusalOf({"provision", "image", "node", "--config-drive", "x", part, "x"}),
                   Contains("excludes") && Contains(part));
        CHECK_THAT(refusalOf({"provision", "image", "node", "--no-config-drive", part, "x"}),
                   Contains("excludes") && Contains(part));
    }
}
