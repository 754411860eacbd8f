#include "common/model/error.h"
#include "conductor/health/doctor_checks.h"
#include "tests/support/world.h"

#include <catch2/catch.hpp>
#include <fstream>

using namespace bm;
using namespace bm::conductor;
using model::Deadline;
using test::World;

namespace {

constexpr std::chrono::seconds kLong{20};

std::vector<Finding> grave(const std::vector<Finding>& findings)
{
    std::vector<Finding> some;
    for (const Finding& finding : findings)
        if (finding.severity != Severity::Ok)
            some.push_back(finding);
    return some;
}

} // namespace

TEST_CASE("a doctor returns the findings of each check", "[conductor][doctor]")
{
    World world;
    world.enrol("good-1");
    world.enrol("dead-1", R"({"fake_power_fault": "bmc-unreachable"})");
    Doctor doctor(world.core->context,
                  {{"fine", [](const Deadline&) { return std::vector<Finding>{good("all is well")}; }},
                   {"broken", [](const Deadline&) -> std::vector<Finding> {
                        throw model::Error(model::ErrorCode::Forbidden, "no raw socket", "give CAP_NET_RAW");
                    }}});
    SECTION("all, in order, BMCs last")
    {
        const std::vector<Finding> found = doctor.examine({}, {}, Deadline::in(kLong));
        REQUIRE(found.size() >= 4);
        CHECK(found[0].check == "fine");
        CHECK(found[1].severity == Severity::Warning);
        CHECK(found[1].what == "could not check: no raw socket");
        CHECK(found[1].remedy == "give CAP_NET_RAW");
        CHECK(found[2].what == "1 of 2 BMCs answer");
        CHECK(found[3].subject == "dead-1");
        CHECK(found[3].severity == Severity::Error);
    }
    SECTION("one check, some nodes")
    {
        const std::vector<Finding> found = doctor.examine({"bmc"}, {"good-1"}, Deadline::in(kLong));
        REQUIRE(found.size() == 1);
        CHECK(found[0].what == "1 of 1 BMCs answer");
        CHECK_THROWS_AS(doctor.examine({"nonsense"}, {}, Deadline::in(kLong)), model::Error);
        CHECK_THROWS_AS(doctor.examine({}, {"ghost"}, Deadline::in(kLong)), model::Error);
    }
}

TEST_CASE("the doctor's checks", "[conductor][doctor]")
{
    World world;
    const auto found = [](const Examination& check) { return check(Deadline::in(kLong)); };
    SECTION("the database")
    {
        CHECK(grave(found(databaseWhole(world.core->database))).empty());
    }
    SECTION("disk space")
    {
        CHECK(found(diskSpace({{"state", world.folder.path()}}, 1)).size() == 1);
        const std::vector<Finding> full =
            found(diskSpace({{"state", world.folder.path()}}, std::uint64_t{1} << 62U));
        CHECK(full.at(0).severity == Severity::Error);
        CHECK(found(diskSpace({{"images", "/no/such/folder"}}, 1)).at(0).severity == Severity::Error);
    }
    SECTION("the database's reserve")
    {
        RecordSettings settings;
        CHECK(grave(found(databaseReserve(settings))).empty());
        settings.folder = world.folder.path();
        settings.reserveBytes = 1;
        CHECK(grave(found(databaseReserve(settings))).empty());
        settings.reserveBytes = std::uint64_t{1} << 62U;
        CHECK(found(databaseReserve(settings)).at(0).severity == Severity::Warning);
        settings.folder = "/no/such/folder";
        CHECK(found(databaseReserve(settings)).at(0).severity == Severity::Error);
    }
    SECTION("the RAM disk and its age")
    {
        const model::SystemClock clock;
        CHECK(grave(found(ramdiskFiles(world.folder.path(), clock))).size() == 2);
        std::ofstream(world.folder.path() / "vmlinuz") << "kernel";
        std::ofstream(world.folder.path() / "initrd.img") << "RAM disk";
        CHECK(grave(found(ramdiskFiles(world.folder.path(), clock))).empty());
        std::filesystem::last_write_time(world.folder.path() / "vmlinuz",
                                         std::filesystem::file_time_type::clock::now() -
                                             std::chrono::hours{24 * 200});
        CHECK(grave(found(ramdiskFiles(world.folder.path(), clock))).at(0).severity == Severity::Warning);
    }
    SECTION("boot files where nothing listens")
    {
        const std::vector<Finding> http =
            found(bootFilesByHttp([] { return std::string("http://127.0.0.1:1"); }, true));
        CHECK(http.size() == 3);
        CHECK(grave(http).size() == 3);
        CHECK_FALSE(http[0].remedy.empty());
    }
    SECTION("a clock from before this program")
    {
        struct Old final : model::Clock {
            model::UtcTime now() const override { return model::fromMillis(1'000'000'000'000); }
        };
        const Old old;
        CHECK(found(systemClock(old)).at(0).severity == Severity::Error);
    }
}
