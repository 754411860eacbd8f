#include "cli/client/assignments.h"
#include "cli/views/confirm.h"
#include "cli/views/output.h"
#include "cli/views/progress_view.h"
#include "cli/views/timeline.h"
#include "common/model/error.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <sstream>

using namespace bm::cli;
using nlohmann::json;

TEST_CASE("table columns are as wide as their longest value", "[cli][output]")
{
    const json rows = json::array(
        {{{"name", "größe"}, {"size", 5}, {"nested", {{"a", "x"}}}}, {{"name", "b"}, {"size", nullptr}}});
    CHECK(renderList(rows, {{"NAME", "name"}, {"SIZE", "size"}, {"A", "nested/a"}}, Format::Table) ==
          "NAME   SIZE  A\ngröße  5     x\nb      -     -\n");
    CHECK(json::parse(renderList(rows, {}, Format::Json)) == rows);
    CHECK(toYaml({{"a", {1, "no"}}}) == "a:\n  - 1\n  - \"no\"\n");
    CHECK(humanBytes(1536.0 * 1024 * 1024) == "1.5 GiB");
    CHECK(humanBytes(12) == "12 B");
    CHECK(humanDuration(75) == "1:15");
    CHECK(humanDuration(3700) == "1:01:40");
}

TEST_CASE("cutTo() keeps UTF-8 sequences whole", "[cli][output]")
{
    CHECK(cutTo("größe", 3) == "grö");
    CHECK(cutTo("größe", 5) == "größe");
    CHECK(cutTo("größe", 50) == "größe");
    CHECK(cutTo("größe", 0).empty());
    CHECK(cutTo("€€", 1) == "€");
    CHECK(cutTo("", 3).empty());
}

TEST_CASE("FIELD=VALUE becomes a JSON patch", "[cli][output]")
{
    const json patch =
        patchOf({"properties/rack=r1", "protected=true", "extra/n=7", "owner=", "description=a=b"});
    CHECK(patch.at(0) == json({{"op", "add"}, {"path", "/properties/rack"}, {"value", "r1"}}));
    CHECK(patch.at(1).at("value") == true);
    CHECK(patch.at(2).at("value") == 7);
    CHECK(patch.at(3) == json({{"op", "remove"}, {"path", "/owner"}}));
    CHECK(patch.at(4).at("value") == "a=b");
    for (const char* text :
         {"831877e8", "1.5", "\"quoted\"", "null", "007", "1e3", "123456789012345678901234567890"})
        CHECK(patchOf({std::string("extra/code=") + text}).at(0).at("value") == text);
    for (const char* text : {"831877", "true", "{}", "[1]", "1.0"})
        CHECK(patchOf({std::string("driver_info/ipmi_password=") + text}).at(0).at("value") == text);
    CHECK(patchOf({"extra/rate:=1.5"}).at(0) ==
          json({{"op", "add"}, {"path", "/extra/rate"}, {"value", 1.5}}));
    CHECK(patchOf({"extra/note:=\"7\""}).at(0).at("value") == "7");
    CHECK(patchOf({R"(properties/root_device={"serial": "WD"})"}).at(0).at("value").at("serial") == "WD");
    CHECK_THROWS_AS(patchOf({"extra/rate:=fast"}), bm::model::Error);
    CHECK_THROWS_AS(patchOf({"nonsense"}), bm::model::Error);
    CHECK_THROWS_AS(patchOf({"=x"}), bm::model::Error);
}

TEST_CASE("renderProgress shows step, percentage and rate", "[cli][progress]")
{
    const json running = {{"kind", "deploy"},  {"state", "running"},   {"step", "write_image"},
                          {"bytes_done", 430}, {"bytes_total", 1000},  {"mb_per_s", 112.0},
                          {"eta_seconds", 14}, {"then", json::array()}};
    const NodeProgress progress = progressOf("rack1-07", running);
    CHECK_FALSE(progress.finished);
    const std::string line = renderProgress(progress, 8, 200);
    CHECK_THAT(line, Catch::Contains("writing the image") && Catch::Contains("43 %") &&
                         Catch::Contains("112.0 MB/s") && Catch::Contains("0:14 left"));
    CHECK(renderProgress(progress, 8, 20).size() == 20);
    SECTION("it pads and cuts by characters, not by bytes")
    {
        const NodeProgress german = progressOf("küche-ä", running);
        CHECK(renderProgress(german, 8, 2) == "kü");
        CHECK(renderProgress(german, 8, 7) == "küche-ä");
        CHECK(textWidth(renderProgress(german, 8, 200)) == line.size());
    }
    json newer = running;
    newer["step"] = "of_a_newer_bmd";
    newer["step_title"] = "doing something new";
    CHECK_THAT(renderProgress(progressOf("rack1-07", newer), 8, 200), Catch::Contains("doing something new"));
    json fetching = running;
    fetching["step"] = "fetch_image";
    CHECK_THAT(renderProgress(progressOf("rack1-07", fetching), 8, 200),
               Catch::Contains("fetching the image") && Catch::Contains("43 %"));
    SECTION("an order that begins no operation is done; the operation before it does not belong to it")
    {
        const json earlier = {{"uuid", "u1"},
                              {"kind", "clean"},
                              {"state", "failed"},
                              {"error", {{"code", "disk-failed"}, {"message", "bad"}, {"hint", ""}}}};
        CHECK(endedOperation(earlier) == "u1");
        CHECK(endedOperation({{"uuid", "u1"}, {"state", "running"}}).empty());
        const NodeProgress moved = progressAfter("n1", earlier, "u1");
        CHECK(moved.finished);
        CHECK_FALSE(moved.failed);
        CHECK(renderProgress(moved, 2, 80) == "n1      0:00  done");
        CHECK(progressAfter("n1", earlier, "u0").failed);
        CHECK(progressAfter("n1", earlier, "").failed);
        json next = running;
        next["uuid"] = "u2";
        CHECK_FALSE(progressAfter("n1", next, "u1").finished);
    }
    SECTION("a final state finishes the progress")
    {
        CHECK(progressOf("n", {{"kind", "deploy"}, {"state", "done"}, {"then", json::array()}}).finished);
        CHECK_FALSE(progressOf("n", {{"kind", "verify"}, {"state", "done"}, {"then", {"clean"}}}).finished);
        const NodeProgress failed =
            progressOf("n", {{"kind", "deploy"},
                             {"state", "failed"},
                             {"error", {{"code", "disk-failed"}, {"message", "bad"}, {"hint", "new disk"}}}});
        CHECK(failed.failed);
        CHECK(failed.hint == "new disk");
    }
    SECTION("a log gets one line per step, without escapes")
    {
        std::ostringstream out;
        ProgressView view(out, false, 80);
        view.show({progress});
        view.show({progress});
        const std::string text = out.str();
        CHECK(std::count(text.begin(), text.end(), '\n') == 1);
        CHECK(text.find('\033') == std::string::npos);
    }
}

TEST_CASE("a timeline counts from the operation's beginning", "[cli][timeline]")
{
    CHECK(millisOf("1970-01-02T00:00:01.500000+00:00") == 86'401'500);
    CHECK(millisOf("nonsense") == 0);
    const auto event = [](const char* at, const char* kind, const char* message) {
        return json{{"at", at}, {"kind", kind}, {"message", message}};
    };
    const std::string text =
        renderTimeline(json::array({event("2026-01-01T10:00:00.000Z", "operation.queued", "deploy"),
                                    event("2026-01-01T10:00:01.000Z", "tftp.read", "snponly.efi"),
                                    event("2026-01-01T10:00:02.000Z", "tftp.read", "snponly.efi"),
                                    event("2026-01-01T10:00:03.500Z", "step.done", "power_on")}));
    CHECK_THAT(text, Catch::Contains("2026-01-01 (UTC)") && Catch::Contains("(2 times)") &&
                         Catch::Contains("+3.5 s"));
    CHECK_THAT(renderTimeline(json::array()), Catch::Contains("no events"));
}

TEST_CASE("renderList obeys --columns, --sort and -o", "[cli][output]")
{
    const json rows = json::array({{{"name", "n10"}, {"state", "active"}, {"properties", {{"rack", "r1"}}}},
                                   {{"name", "n2"}, {"state", "error"}, {"properties", json::object()}},
                                   {{"name", nullptr}, {"uuid", "1be2"}, {"state", "active"}}});
    const std::vector<Column> columns{
        {"NAME", "name"}, {"STATE", "state"}, {"RACK", "properties/rack", true}};
    View view;
    SECTION("--columns accepts titles and paths")
    {
        view.columns = {"state", "NAME", "properties/rack"};
        CHECK(renderList(rows, columns, view) ==
              "STATE   NAME  RACK\nactive  n10   r1\nerror   n2    -\nactive  -     -\n");
        view.format = Format::Json;
        CHECK(json::parse(renderList(rows, columns, view)).at(0) ==
              json({{"state", "active"}, {"name", "n10"}, {"properties/rack", "r1"}}));
    }
    SECTION("only -o wide shows wide columns")
    {
        CHECK_THAT(renderList(rows, columns, view), !Catch::Contains("RACK"));
        view.format = Format::Wide;
        CHECK_THAT(renderList(rows, columns, view), Catch::Contains("RACK"));
    }
    SECTION("natural order, either direction, null last")
    {
        view.header = false;
        view.columns = {"name"};
        view.sort = "NAME";
        CHECK(renderList(rows, columns, view) == "n2\nn10\n-\n");
        view.sort = "-name";
        CHECK(renderList(rows, columns, view) == "n10\nn2\n-\n");
    }
    SECTION("-o name prints names, or the uuid of a nameless row")
    {
        view.format = Format::Name;
        CHECK(renderList(rows, columns, view) == "n10\nn2\n1be2\n");
    }
    SECTION("a column that no row has is refused")
    {
        view.columns = {"nmae"};
        CHECK_THROWS_WITH(renderList(rows, columns, view), Catch::Contains("no column \"nmae\""));
        view.columns = {};
        view.sort = "-nmae";
        CHECK_THROWS_AS(renderList(rows, columns, view), bm::model::Error);
    }
    SECTION("rows added page by page print the same list")
    {
        for (const Format format : {Format::Json, Format::Yaml, Format::Name}) {
            std::ostringstream out;
            ListPrinter printer(out, columns, format);
            printer.add(json::array({rows.at(0)}));
            printer.add(json::array({rows.at(1), rows.at(2)}));
            printer.finish();
            CHECK(out.str() == renderList(rows, columns, format));
        }
        CHECK(renderList(json::array(), columns, Format::Json) == "[]\n");
        CHECK(renderList(json::array(), columns, Format::Table) == "NAME  STATE\n");
    }
}

TEST_CASE("renderObject obeys --columns and -o", "[cli][output]")
{
    const json object = {{"name", "n1"}, {"properties", {{"rack", "r1"}}}, {"size", 5}};
    CHECK(renderObject(object, Format::Table) ==
          "name        n1\nproperties  {\"rack\":\"r1\"}\nsize        5\n");
    CHECK(renderObject(object, Format::Name) == "n1\n");
    View view;
    view.columns = {"properties/rack"};
    view.header = false;
    CHECK(renderObject(object, view) == "r1\n");
}

TEST_CASE("a destructive command on several nodes requires their number", "[cli][confirm]")
{
    std::istringstream in("12\n");
    std::ostringstream out;
    CHECK_NOTHROW(confirmMany("delete 12 nodes", 12, false, {in, out, true}));
    CHECK_THAT(out.str(), Catch::Contains("delete 12 nodes?") && Catch::Contains("Type the number 12"));
    std::istringstream wrong("y\n");
    CHECK_THROWS_WITH(confirmMany("delete 12 nodes", 12, false, {wrong, out, true}),
                      Catch::Contains("bm changed nothing"));
    std::istringstream unheard("12\n");
    CHECK_THROWS_AS(confirmMany("delete 12 nodes", 12, false, {unheard, out, false}), bm::model::Error);
    CHECK_NOTHROW(confirmMany("delete 12 nodes", 12, true, {wrong, out, false}));
    CHECK_NOTHROW(confirmMany("delete 1 node", 1, false, {wrong, out, false}));
}
