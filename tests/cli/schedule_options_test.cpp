#include "cli/commands/schedule_options.h"
#include "cli/views/confirm.h"

#include "common/model/error.h"

#include <catch2/catch.hpp>
#include <sstream>

using namespace bm;
using cli::ScheduleOptions;
using nlohmann::json;

namespace {

json bodyOf(std::vector<std::string> words, bool whole)
{
    ScheduleOptions options;
    CLI::App app;
    app.add_option("name", options.name);
    cli::addScheduleOptions(app, options);
    std::reverse(words.begin(), words.end()); // CLI11 parses a vector from its end
    app.parse(words);
    return cli::scheduleBody(options, whole);
}

} // namespace

TEST_CASE("the options of a schedule become the body of POST /v1/schedules", "[cli][schedule]")
{
    CHECK(
        bodyOf({"nightly-render", "--cron", "30 2 * * 1-5", "--tz", "Europe/Berlin", "--image",
                "render:stable", "--select", "class=render", "--window", "4h", "--if-older-than", "6d"},
               true) ==
        json{{"name", "nightly-render"},
             {"cron", "30 2 * * 1-5"},
             {"zone", "Europe/Berlin"},
             {"window", "4h"},
             {"rollout", {{"image", "render:stable"}, {"select", "class=render"}, {"if_older_than", "6d"}}}});
    CHECK(bodyOf({"once", "--at", "2026-12-24 02:30", "--image", "a", "--node", "n1", "--node", "n2",
                  "--maintenance", "22:00-06:00", "--blackout", "2026-12-25", "--missed", "once", "--overlap",
                  "queue", "--paused"},
                 true) == json{{"name", "once"},
                               {"at", "2026-12-24 02:30"},
                               {"maintenance", {"22:00-06:00"}},
                               {"blackout", {"2026-12-25"}},
                               {"missed", "once"},
                               {"overlap", "queue"},
                               {"paused", true},
                               {"rollout", {{"image", "a"}, {"nodes", {"n1", "n2"}}}}});
}

TEST_CASE("a merge patch has the given options; none becomes null", "[cli][schedule]")
{
    CHECK(bodyOf({"nightly", "--window", "none", "--if-older-than", "none", "--maintenance", "none",
                  "--canary", "2"},
                 false) == json{{"window", nullptr},
                                {"maintenance", json::array()},
                                {"rollout", {{"if_older_than", nullptr}, {"canary", 2}}}});
    CHECK(bodyOf({"nightly"}, false).empty());
    CHECK_THROWS_AS(bodyOf({"nightly", "--window", "4"}, false), model::Error);
    CHECK_THROWS_AS(bodyOf({"nightly", "--rollout-file", "/nowhere.json"}, false), model::Error);
    CHECK_THROWS_AS(bodyOf({"nightly", "--plan"}, false), CLI::ParseError);
}

TEST_CASE("a destructive command on one object requires y", "[cli][schedule]")
{
    std::istringstream in("y\nn\n");
    std::ostringstream out;
    CHECK_NOTHROW(cli::confirmOne("delete x", false, {in, out, true}));
    CHECK(out.str() == "delete x? [y/N] ");
    CHECK_THROWS_AS(cli::confirmOne("delete x", false, {in, out, true}), model::Error);
    CHECK_THROWS_AS(cli::confirmOne("delete x", false, {in, out, true}), model::Error); // end of input
    CHECK_THROWS_AS(cli::confirmOne("delete x", false, {in, out, false}), model::Error);
    CHECK_NOTHROW(cli::confirmOne("delete x", true, {in, out, false}));
}
