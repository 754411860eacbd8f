#include "conductor/fleet/schedules/cron.h"

#include "common/model/error.h"

#include <catch2/catch.hpp>

using namespace bm;
using namespace bm::conductor::fleet;
using Catch::Matchers::Contains;

namespace {

model::Error refusal(const std::string& text)
{
    try {
        cronFromText(text);
    } catch (const model::Error& error) {
        return error;
    }
    FAIL("\"" << text << "\" was taken");
    return {model::ErrorCode::Internal, ""};
}

} // namespace

TEST_CASE("a cron expression is five fields", "[fleet][cron]")
{
    SECTION("of numbers, lists, ranges and steps")
    {
        const Cron cron = cronFromText("0,30 1-5/2 1,15 */3 *");
        CHECK(cron.minutes == ((std::uint64_t{1} << 30U) | 1U));
        CHECK(cron.hours == 0b101010U);
        CHECK(cron.days == ((1U << 15U) | 2U));
        CHECK(cron.months == ((1U << 1U) | (1U << 4U) | (1U << 7U) | (1U << 10U)));
        CHECK(cron.weekdays == 0x7FU);
        CHECK(cron.anyWeekday);
        CHECK_FALSE(cron.anyDay);
        CHECK_FALSE(cron.everyHour);
    }
    SECTION("with names in any case, and 7 for Sunday")
    {
        CHECK(cronFromText("30 2 * JAN,dec Mon-FRI").weekdays == 0b111110U);
        CHECK(cronFromText("30 2 * jan *").months == 2U);
        CHECK(cronFromText("0 0 * * 7").weekdays == 1U);
        CHECK(cronFromText("0 0 * * 5-7").weekdays == 0b1100001U);
        CHECK(cronFromText("0 0 * * 0-7").weekdays == 0x7FU);
    }
    SECTION("or one of the usual words")
    {
        CHECK(cronFromText("@hourly").everyHour);
        CHECK(cronFromText("@daily").hours == 1U);
        CHECK(cronFromText("@midnight").minutes == 1U);
        CHECK(cronFromText("@weekly").weekdays == 1U);
        CHECK(cronFromText("@monthly").days == 2U);
        CHECK(cronFromText("@YEARLY").months == 2U);
        CHECK(cronFromText("@annually").text == "@annually");
    }
    SECTION("whose blanks do not matter")
    {
        CHECK(cronFromText("  30\t2  * * 1-5 ").hours == 4U);
    }
}

TEST_CASE("day of month and day of week: one of them is enough when both are given", "[fleet][cron]")
{
    const Cron both = cronFromText("0 0 13 * 5"); // the 13th, and every Friday
    CHECK(firesOn(both, 11, 13, 2));
    CHECK(firesOn(both, 11, 20, 5));
    CHECK_FALSE(firesOn(both, 11, 20, 2));
    const Cron stars = cronFromText("0 0 */2 * 5"); // a step of a star counts as a star, as in Vixie cron
    CHECK(firesOn(stars, 11, 13, 5));
    CHECK_FALSE(firesOn(stars, 11, 14, 5));
    CHECK_FALSE(firesOn(stars, 11, 13, 4));
}

TEST_CASE("an invalid cron expression is refused with the name of its field", "[fleet][cron]")
{
    const std::pair<const char*, const char*> wrong[] = {
        {"", "0 fields, expected 5"},
        {"30 2 * *", "4 fields, expected 5"},
        {"0 30 2 * * 1-5", "6 fields, expected 5"},
        {"60 2 * * *", "minute: \"60\" is not 0 to 59"},
        {"5 24 * * *", "hour: \"24\""},
        {"5 2 0 * *", "day of month: \"0\" is not 1 to 31"},
        {"5 2 32 * *", "day of month: \"32\""},
        {"5 2 * 13 *", "month: \"13\" is not 1 to 12 or jan, feb"},
        {"5 2 * * 8", "day of week: \"8\""},
        {"5 2 * * monday", "day of week: \"monday\""},
        {"5 2 * * fri-mon", "runs backwards"},
        {"*/0 2 * * *", "minute: the step \"0\""},
        {"*/90 2 * * *", "minute: the step \"90\""},
        {"*/x 2 * * *", "minute: the step \"x\""},
        {"5/10 2 * * *", "5-59/10"},
        {"5,,6 2 * * *", "empty place"},
        {"5, 2 * * *", "empty place"},
        {"-5 2 * * *", "minute"},
        {"5 2 L * *", "day of month: \"L\""},
        {"5 2 ? * *", "day of month: \"?\""},
        {"@reboot", "\"@reboot\" is not known"},
        {"@", "not known"},
        {"99999999999999999999 2 * * *", "minute"},
    };
    for (const auto& [text, said] : wrong) {
        INFO(text);
        const model::Error error = refusal(text);
        CHECK(error.code() == model::ErrorCode::InvalidInput);
        CHECK_THAT(error.message(), Contains(said));
        CHECK_THAT(error.hint(), Contains("@daily"));
    }
}

TEST_CASE("a cron expression that never fires is refused", "[fleet][cron]")
{
    CHECK_THAT(refusal("30 2 31 2 *").message(), Contains("never fires"));
    CHECK_THAT(refusal("0 0 31 4,6,9,11 *").message(), Contains("never fires"));
    CHECK_NOTHROW(cronFromText("0 0 29 2 *"));
    CHECK_NOTHROW(cronFromText("30 2 31 2 1")); // or every Monday of February
}
