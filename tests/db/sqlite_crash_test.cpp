#include "db/engine/integrity.h"
#include "db/open/open_database.h"
#include "tests/db/fixture.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace bm;
using namespace bm::db;

namespace {

constexpr const char* kFileVariable = "BM_CRASH_DATABASE";
constexpr int kWriters = 4;

/// Starts this program again as the writer to kill; its stdout goes to @p out.
pid_t startWriter(const std::string& file, int out)
{
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        ::dup2(out, STDOUT_FILENO);
        ::setenv(kFileVariable, file.c_str(), 1);
        ::execl("/proc/self/exe", "db_test", "crash writer", static_cast<char*>(nullptr));
        ::_exit(127);
    }
    return child;
}

std::vector<std::string> completeLines(const std::string& text)
{
    std::vector<std::string> lines;
    std::size_t from = 0;
    for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n', from)) {
        lines.push_back(text.substr(from, end - from));
        from = end + 1;
    }
    return lines;
}

/// Kills a writer after it has acknowledged @p count rows. @return all acknowledged rows
std::vector<std::string> acknowledgedBeforeKill(const std::string& file, std::size_t count)
{
    std::array<int, 2> pipe{};
    REQUIRE(::pipe(pipe.data()) == 0);
    const pid_t child = startWriter(file, pipe[1]);
    ::close(pipe[1]);
    std::string text;
    std::array<char, 4096> buffer{};
    ssize_t got = 0;
    bool killed = false;
    while ((got = ::read(pipe[0], buffer.data(), buffer.size())) > 0) {
        text.append(buffer.data(), static_cast<std::size_t>(got));
        if (!killed && static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) >= count) {
            ::kill(child, SIGKILL);
            killed = true;
        }
    }
    ::close(pipe[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    CHECK(killed);
    CHECK(WIFSIGNALED(status));
    return completeLines(text);
}

} // namespace

TEST_CASE("acknowledged writes survive kill -9", "[db][crash]")
{
    const Folder folder;
    const std::string file = (folder / "bm.sqlite").string();
    std::vector<std::string> acknowledged;
    for (int round = 0; round < 3; ++round) { // each round opens the database of the previous one
        const auto lines = acknowledgedBeforeKill(file, 60);
        acknowledged.insert(acknowledged.end(), lines.begin(), lines.end());
    }
    REQUIRE(acknowledged.size() >= 180);
    Database database = openDatabase({file, 1, true});
    database.read([&](Transaction& tx) {
        for (const std::string& uuid : acknowledged) {
            INFO(uuid);
            CHECK(NodeRepository{}.find(tx, {uuid}));
            CHECK(PortRepository{}.ofNode(tx, {uuid}).size() == 1); // the unit is complete
        }
        CHECK(static_cast<std::size_t>(NodeRepository{}.count(tx)) == PortRepository{}.all(tx).size());
    });
    CHECK(integrityProblems(database, CheckDepth::Whole).empty());
}

// The child of the test above; hidden, and inactive without its variable.
TEST_CASE("crash writer", "[.]")
{
    const char* file = std::getenv(kFileVariable);
    REQUIRE(file != nullptr);
    Database database = openDatabase({file, 1, true});
    std::vector<std::thread> threads;
    for (int t = 0; t < kWriters; ++t)
        threads.emplace_back([&] {
            for (;;) {
                const model::Node node = makeNode("");
                database.write([&](Transaction& tx) {
                    NodeRepository{}.insert(tx, node);
                    model::Port port;
                    port.id = model::PortId::make();
                    port.node = node.id;
                    port.mac.text = node.id.uuid;
                    PortRepository{}.insert(tx, port);
                });
                const std::string line = node.id.uuid + "\n";
                if (::write(STDOUT_FILENO, line.data(), line.size()) < 0)
                    std::abort();
            }
        });
    for (auto& thread : threads)
        thread.join();
}
