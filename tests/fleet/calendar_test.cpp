#include "conductor/fleet/schedules/calendar.h"

#include "common/model/error.h"

#include <catch2/catch.hpp>

using namespace bm;
using namespace bm::conductor::fleet;
using Catch::Matchers::Contains;

namespace {

model::UtcTime at(const std::string& text, const std::string& zone = "UTC")
{
    return timeFromText(text, zone);
}

/// The next @p count times after @p after (local), as local texts.
std::vector<std::string> next(const std::string& cron, const Calendar& calendar, const std::string& after,
                              int count)
{
    std::vector<std::string> texts;
    model::UtcTime from = at(after, calendar.zone);
    for (int i = 0; i < count; ++i) {
        const auto due = nextDue(cronFromText(cron), calendar, from);
        if (!due)
            break;
        texts.push_back(toLocalText(*due, calendar.zone));
        from = *due;
    }
    return texts;
}
std::vector<std::string> next(const std::string& cron, const std::string& zone, const std::string& after,
                              int count)
{
    Calendar calendar;
    calendar.zone = zone;
    return next(cron, calendar, after, count);
}
using Texts = std::vector<std::string>;

template <class Unit> model::Error refusalOf(Unit unit)
{
    try {
        unit();
    } catch (const model::Error& error) {
        return error;
    }
    FAIL("it was taken");
    return {model::ErrorCode::Internal, ""};
}

} // namespace

TEST_CASE("a rule fires at its local time on days without a change of the clock", "[fleet][calendar]")
{
    CHECK(next("30 2 * * 1-5", "Europe/Berlin", "2026-11-20 12:00", 3) ==
          Texts{"Mon 2026-11-23 02:30 CET", "Tue 2026-11-24 02:30 CET", "Wed 2026-11-25 02:30 CET"});
    CHECK(next("*/20 * * * *", "UTC", "2026-11-20 23:30", 3) ==
          Texts{"Fri 2026-11-20 23:40 UTC", "Sat 2026-11-21 00:00 UTC", "Sat 2026-11-21 00:20 UTC"});
    CHECK(next("0 0 1 1 *", "UTC", "2026-11-20 00:00", 1) == Texts{"Fri 2027-01-01 00:00 UTC"});
    CHECK(next("0 0 29 2 *", "UTC", "2026-11-20 00:00", 2) ==
          Texts{"Tue 2028-02-29 00:00 UTC", "Sun 2032-02-29 00:00 UTC"});
    CHECK(next("15 14 * * *", "Asia/Kolkata", "2026-11-20 00:00", 1) == Texts{"Fri 2026-11-20 14:15 IST"});
    CHECK(at("2026-11-20 14:15", "Asia/Kolkata") == at("2026-11-20 08:45"));
    CHECK(next("0 3 * * *", "UTC", "2026-11-20 03:00", 1) ==
          Texts{"Sat 2026-11-21 03:00 UTC"}); // after, not at
}

TEST_CASE("Europe/Berlin, 2026-03-29: the clock skips from 02:00 to 03:00", "[fleet][calendar][dst]")
{
    const std::string zone = "Europe/Berlin";
    SECTION("a time that does not exist fires once, right after the gap")
    {
        CHECK(next("30 2 * * *", zone, "2026-03-28 12:00", 2) ==
              Texts{"Sun 2026-03-29 03:00 CEST", "Mon 2026-03-30 02:30 CEST"});
    }
    SECTION("several that do not exist fire once together")
    {
        CHECK(next("0,15,30,45 2 * * *", zone, "2026-03-28 12:00", 2) ==
              Texts{"Sun 2026-03-29 03:00 CEST", "Mon 2026-03-30 02:00 CEST"});
        CHECK(next("0 2,3 * * *", zone, "2026-03-28 12:00", 2) ==
              Texts{"Sun 2026-03-29 03:00 CEST", "Mon 2026-03-30 02:00 CEST"});
    }
    SECTION("a rule for every hour fires in each existing hour")
    {
        CHECK(next("30 * * * *", zone, "2026-03-29 00:45", 3) ==
              Texts{"Sun 2026-03-29 01:30 CET", "Sun 2026-03-29 03:30 CEST", "Sun 2026-03-29 04:30 CEST"});
        CHECK(next("@hourly", zone, "2026-03-29 00:45", 2) ==
              Texts{"Sun 2026-03-29 01:00 CET", "Sun 2026-03-29 03:00 CEST"});
    }
    SECTION("other times of the day do not change")
    {
        CHECK(next("30 1,4 * * *", zone, "2026-03-28 12:00", 2) ==
              Texts{"Sun 2026-03-29 01:30 CET", "Sun 2026-03-29 04:30 CEST"});
    }
}

TEST_CASE("Europe/Berlin, 2026-10-25: the clock repeats 02:00 to 03:00", "[fleet][calendar][dst]")
{
    const std::string zone = "Europe/Berlin";
    SECTION("a time fires once, the first time")
    {
        CHECK(next("30 2 * * *", zone, "2026-10-24 12:00", 2) ==
              Texts{"Sun 2026-10-25 02:30 CEST", "Mon 2026-10-26 02:30 CET"});
        Calendar calendar;
        calendar.zone = zone;
        // bmd starts between the two: nothing is due in the second hour
        CHECK(toLocalText(*nextDue(cronFromText("30 2 * * *"), calendar, at("2026-10-25 00:45")), zone) ==
              "Mon 2026-10-26 02:30 CET");
    }
    SECTION("a rule for every hour fires in both")
    {
        CHECK(next("30 * * * *", zone, "2026-10-25 01:45", 3) ==
              Texts{"Sun 2026-10-25 02:30 CEST", "Sun 2026-10-25 02:30 CET", "Sun 2026-10-25 03:30 CET"});
        CHECK(next("*/30 * * * *", zone, "2026-10-25 01:45", 5) ==
              Texts{"Sun 2026-10-25 02:00 CEST", "Sun 2026-10-25 02:30 CEST", "Sun 2026-10-25 02:00 CET",
                    "Sun 2026-10-25 02:30 CET", "Sun 2026-10-25 03:00 CET"});
    }
}

TEST_CASE("daylight saving elsewhere", "[fleet][calendar][dst]")
{
    SECTION("New York: 2026-03-08 and 2026-11-01")
    {
        CHECK(next("30 2 * * *", "America/New_York", "2026-03-07 12:00", 2) ==
              Texts{"Sun 2026-03-08 03:00 EDT", "Mon 2026-03-09 02:30 EDT"});
        CHECK(next("30 1 * * *", "America/New_York", "2026-10-31 12:00", 2) ==
              Texts{"Sun 2026-11-01 01:30 EDT", "Mon 2026-11-02 01:30 EST"});
    }
    SECTION("Sydney: winter and summer the other way round")
    {
        CHECK(next("30 2 * * *", "Australia/Sydney", "2026-10-03 12:00", 2) ==
              Texts{"Sun 2026-10-04 03:00 AEDT", "Mon 2026-10-05 02:30 AEDT"});
        CHECK(next("30 2 * * *", "Australia/Sydney", "2026-04-04 12:00", 2) ==
              Texts{"Sun 2026-04-05 02:30 AEDT", "Mon 2026-04-06 02:30 AEST"});
    }
    SECTION("Lord Howe: the clock is changed by half an hour")
    {
        CHECK(next("15 2 * * *", "Australia/Lord_Howe", "2026-10-03 12:00", 2) ==
              Texts{"Sun 2026-10-04 02:30 +11", "Mon 2026-10-05 02:15 +11"});
        CHECK(next("45 1 * * *", "Australia/Lord_Howe", "2026-04-04 12:00", 2) ==
              Texts{"Sun 2026-04-05 01:45 +11", "Mon 2026-04-06 01:45 +1030"});
    }
    SECTION("Beirut: midnight itself does not exist")
    {
        CHECK(next("@daily", "Asia/Beirut", "2026-03-28 12:00", 2) ==
              Texts{"Sun 2026-03-29 01:00 EEST", "Mon 2026-03-30 00:00 EEST"});
    }
    SECTION("Santiago: midnight comes twice")
    {
        CHECK(next("30 23 * * *", "America/Santiago", "2026-04-04 12:00", 2) ==
              Texts{"Sat 2026-04-04 23:30 -03", "Sun 2026-04-05 23:30 -04"});
    }
    SECTION("Apia in 2011: a whole day is missing")
    {
        CHECK(next("0 12 30 12 *", "Pacific/Apia", "2011-12-29 12:00", 1) ==
              Texts{"Sat 2011-12-31 00:00 +14"});
    }
}

TEST_CASE("maintenance windows and blackout dates", "[fleet][calendar]")
{
    Calendar calendar;
    calendar.zone = "Europe/Berlin";
    SECTION("nothing is due outside a window; one past midnight belongs to the day it begins on")
    {
        calendar.windows = {maintenanceWindowFromText("mon-fri 22:00-06:00")};
        CHECK(next("0 */8 * * *", calendar, "2026-11-20 12:00", 3) ==
              Texts{"Sat 2026-11-21 00:00 CET", "Tue 2026-11-24 00:00 CET", "Wed 2026-11-25 00:00 CET"});
        CHECK(isOpen(calendar, at("2026-11-21 05:59", calendar.zone)));
        CHECK_FALSE(isOpen(calendar, at("2026-11-21 06:00", calendar.zone)));
        CHECK_FALSE(isOpen(calendar, at("2026-11-21 23:00", calendar.zone)));
        CHECK(closesAt(calendar, at("2026-11-20 23:00", calendar.zone)) ==
              at("2026-11-21 06:00", calendar.zone));
    }
    SECTION("a rule that never meets its windows never fires")
    {
        calendar.windows = {maintenanceWindowFromText("22:00-06:00")};
        CHECK(next("0 12 * * *", calendar, "2026-11-20 12:00", 1).empty());
    }
    SECTION("windows that touch are one")
    {
        calendar.windows = {maintenanceWindowFromText("sat,sun 00:00-24:00"),
                            maintenanceWindowFromText("mon 00:00-04:00")};
        CHECK(closesAt(calendar, at("2026-11-21 10:00", calendar.zone)) ==
              at("2026-11-23 04:00", calendar.zone));
    }
    SECTION("a window across the change of the clock is as long as that night")
    {
        calendar.windows = {maintenanceWindowFromText("22:00-06:00")};
        CHECK(*closesAt(calendar, at("2026-10-24 22:00", calendar.zone)) -
                  at("2026-10-24 22:00", calendar.zone) ==
              std::chrono::hours{9});
    }
    SECTION("blackout dates are local days, both ends included")
    {
        calendar.blackout = {blackoutFromText("2026-12-24..2026-12-26"), blackoutFromText("2026-12-28")};
        CHECK(next("30 2 * * *", calendar, "2026-12-22 12:00", 3) ==
              Texts{"Wed 2026-12-23 02:30 CET", "Sun 2026-12-27 02:30 CET", "Tue 2026-12-29 02:30 CET"});
        CHECK(closesAt(calendar, at("2026-12-23 02:30", calendar.zone)) ==
              at("2026-12-24 00:00", calendar.zone));
        CHECK_FALSE(isOpen(calendar, at("2026-12-26 23:59", calendar.zone)));
    }
    SECTION("an invalid window or date is refused")
    {
        for (const char* wrong : {"", "22:00", "22-06", "mon 25:00-26:00", "mo-fr 22:00-06:00", "22:00-22:00",
                                  "mon- 22:00-23:00", "22:60-23:00", "24:00-02:00", "mon 2:0-3:0"}) {
            INFO(wrong);
            CHECK(refusalOf([&] { maintenanceWindowFromText(wrong); }).code() ==
                  model::ErrorCode::InvalidInput);
        }
        for (const char* wrong :
             {"", "2026-02-30", "24.12.2026", "2026-12-26..2026-12-24", "2026-12-24..", "2026-1-1"}) {
            INFO(wrong);
            CHECK(refusalOf([&] { blackoutFromText(wrong); }).code() == model::ErrorCode::InvalidInput);
        }
    }
}

TEST_CASE("an unknown zone is refused with similar names", "[fleet][calendar]")
{
    CHECK_THAT(refusalOf([] { requireZone("europe/berlin"); }).hint(), Contains("Europe/Berlin"));
    CHECK_THAT(refusalOf([] { requireZone("Europe/Berlim"); }).hint(), Contains("Europe/Berlin"));
    CHECK_THAT(refusalOf([] { requireZone("Berlin"); }).hint(), Contains("Europe/Berlin"));
    CHECK_THAT(refusalOf([] { requireZone("new york"); }).hint(), Contains("America/New_York"));
    CHECK_THAT(refusalOf([] { requireZone("Middle-earth/Bree"); }).hint(), Contains("/usr/share/zoneinfo"));
    CHECK(refusalOf([] { requireZone(""); }).code() != model::ErrorCode::Internal);
    CHECK(refusalOf([] { requireZone("../../etc/passwd"); }).code() == model::ErrorCode::InvalidInput);
    CHECK_NOTHROW(requireZone("UTC"));
}

TEST_CASE("a time of day is read in the zone, or with its own offset", "[fleet][calendar]")
{
    CHECK(at("2026-12-24 02:30", "Europe/Berlin") == at("2026-12-24T01:30Z"));
    CHECK(at("2026-12-24T02:30:15", "Europe/Berlin") == at("2026-12-24T01:30:15Z"));
    CHECK(at("2026-12-24T02:30+01:00", "Asia/Tokyo") == at("2026-12-24T01:30Z"));
    CHECK(at("2026-12-24T02:30-0500", "Asia/Tokyo") == at("2026-12-24T07:30Z"));
    CHECK(toLocalText(at("2026-03-29 02:30", "Europe/Berlin"), "Europe/Berlin") ==
          "Sun 2026-03-29 03:00 CEST");
    for (const char* wrong : {"", "tomorrow", "2026-12-24", "24.12.2026 02:30", "2026-13-01 00:00",
                              "2026-12-24 25:00", "2026-12-24 02:30 CET", "2026-12-24 02:30+1"}) {
        INFO(wrong);
        CHECK(refusalOf([&] { at(wrong); }).code() == model::ErrorCode::InvalidInput);
    }
}
