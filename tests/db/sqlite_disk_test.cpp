// The disk of an embedded database: full, and after the end of the process.
#include "db/open/open_database.h"
#include "tests/db/writer_support.h"

#include <atomic>
#include <csignal>
#include <sys/resource.h>
#include <unistd.h>

using namespace bm;
using namespace bm::db;
using model::ErrorCode;

namespace {

/// Limits the size of this process's files during its lifetime: writes fail as on a full disk.
class FullDisk {
public:
    explicit FullDisk(rlim_t bytes)
    {
        previousHandler_ = std::signal(SIGXFSZ, SIG_IGN);
        REQUIRE(::getrlimit(RLIMIT_FSIZE, &before_) == 0);
        const rlimit limit{bytes, before_.rlim_max};
        REQUIRE(::setrlimit(RLIMIT_FSIZE, &limit) == 0);
    }
    ~FullDisk()
    {
        ::setrlimit(RLIMIT_FSIZE, &before_);
        std::signal(SIGXFSZ, previousHandler_);
    }
    FullDisk(const FullDisk&) = delete;
    FullDisk& operator=(const FullDisk&) = delete;

private:
    rlimit before_{};
    void (*previousHandler_)(int) = SIG_DFL;
};

} // namespace

TEST_CASE("units of a commit on a full disk fail with store-full and may be repeated", "[db][sqlite]")
{
    const Folder folder;
    Database database = openDatabase({folder / "bm.sqlite", 2, true});
    insert(database, "before");
    std::vector<std::future<void>> writes;
    {
        BusyWriter busy(database);
        const FullDisk full(std::filesystem::file_size(folder / "bm.sqlite-wal"));
        for (int i = 0; i < 4; ++i)
            writes.push_back(
                std::async(std::launch::async, [&, i] { insert(database, "n" + std::to_string(i)); }));
        busy.letGo();
        for (auto& write : writes) {
            const auto error = errorOf([&] { write.get(); });
            INFO(error.message());
            CHECK(error.code() == ErrorCode::StoreFull);
        }
    }
    CHECK(count(database) == 1);
    for (int i = 0; i < 4; ++i)
        insert(database, "n" + std::to_string(i));
    CHECK(count(database) == 5);
}

TEST_CASE("an asynchronous write on a full disk fails together with its commit", "[db][sqlite]")
{
    const Folder folder;
    Database database = openDatabase({folder / "bm.sqlite", 2, true});
    std::atomic<int> failures{0};
    insert(database, "before");
    {
        const FullDisk full(std::filesystem::file_size(folder / "bm.sqlite-wal"));
        database.writeAsync([](Transaction& tx) { NodeRepository{}.insert(tx, makeNode("a")); },
                            [&](const model::Error&) { ++failures; });
        CHECK(errorOf([&] { insert(database, "b"); }).code() == ErrorCode::StoreFull);
    }
    CHECK(failures == 1);
    CHECK(count(database) == 1);
}

TEST_CASE("a database without a file leaves no files", "[db][sqlite]")
{
    const auto folders = [] {
        int found = 0;
        const std::string prefix = "bm-db-" + std::to_string(::getpid()) + "-";
        for (const auto& entry : std::filesystem::directory_iterator("/dev/shm"))
            if (entry.path().filename().string().starts_with(prefix))
                ++found;
        return found;
    };
    {
        Database database = openDatabase({});
        insert(database, "a");
        CHECK(folders() == 1);
    }
    CHECK(folders() == 0);
}
