#include "cli/shell/node_watch.h"
#include "cli/shell/shell.h"
#include "cli/shell/suggest.h"
#include "cli/views/durations.h"
#include "cli/views/top_view.h"

#include <catch2/catch.hpp>

using namespace bm::cli;
using nlohmann::json;

namespace {

json event(int second, const char* kind, const char* message, const char* operation = nullptr)
{
    return {
        {"at", "2026-01-01T10:00:" + std::string(second < 10 ? "0" : "") + std::to_string(second) + ".000Z"},
        {"kind", kind},
        {"message", message},
        {"operation_uuid", operation == nullptr ? json() : json(operation)}};
}

json deployment()
{
    return json::array(
        {event(0, "operation.started", "deploy", "old"), event(1, "operation.failed", "x", "old"),
         event(2, "operation.started", "deploy", "op"), event(2, "step.started", "power_on", "op"),
         event(4, "step.done", "power_on", "op"), event(4, "step.started", "await_agent", "op"),
         event(10, "dhcp.offer", "10.0.0.5"), event(11, "tftp.read", "snponly.efi"),
         event(12, "dhcp.offer", "10.0.0.5"), event(14, "http.script", "RAM disk"),
         event(15, "http.kernel", "bytes"), event(17, "http.ramdisk", "bytes"), event(29, "agent.lookup", ""),
         event(30, "step.done", "await_agent", "op"), event(30, "step.started", "write_image", "op"),
         event(39, "step.done", "write_image", "op"), event(40, "operation.done", "deploy", "op"),
         event(48, "dhcp.ack", "10.0.0.5")});
}

} // namespace

TEST_CASE("durationsOf splits a deployment into steps and boot parts", "[cli][durations]")
{
    CHECK(durationsOf(json::array()).empty());
    const std::vector<Stretch> stretches = durationsOf(deployment());
    REQUIRE(stretches.size() == 10);
    CHECK(stretches[0].step == "power_on");
    CHECK(stretches[0].millis == 2000);
    CHECK(stretches[1].step == "await_agent");
    CHECK(stretches[2].part);
    CHECK(stretches[2].millis == 6000);   // power on to the first DHCP offer
    CHECK(stretches[7].millis == 12'000); // RAM disk fetched to the agent's first call
    CHECK(stretches[8].step == "write_image");
    CHECK_FALSE(stretches[9].part);
    CHECK(stretches[9].millis == 8000); // after the operation, until the system requests an address
    SECTION("the slowest stretch is a boot part, not its step")
    {
        const json rows = durationRows(stretches, json());
        CHECK(rows.at(7).at("slowest") == true);
        CHECK(rows.at(1).at("slowest") == false);
        CHECK(rows.at(8).at("share") == 20); // 9 of 45 s
        CHECK(rows.at(8).at("median_s").is_null());
    }
    SECTION("rows carry the fleet's medians")
    {
        const json rows = durationRows(
            stretches, {{"steps", {{{"name", "write_image"}, {"median_ms", 6500}, {"count", 3}}}}});
        CHECK(rows.at(8).at("median_s") == 6.5);
        CHECK(rows.at(8).at("difference_s") == 2.5);
        CHECK(rows.at(0).at("median_s").is_null());
    }
}

TEST_CASE("renderSums counts nodes by operation and state", "[cli][progress]")
{
    std::vector<NodeProgress> nodes(5);
    nodes[0].finished = true;
    nodes[1].finished = nodes[1].failed = true;
    nodes[2].kind = nodes[3].kind = "deploy";
    nodes[2].step = "write_image";
    nodes[2].megabytesPerSecond = 112;
    nodes[4].state = "queued";
    CHECK(renderSums(nodes) == "deploy 2  queued 1  done 1  failed 1  of 5  112 MB/s");
}

TEST_CASE("renderTop shows the fleet", "[cli][top]")
{
    FleetSnapshot snapshot;
    snapshot.server = "http://bm";
    snapshot.fleet = {{"at", "2026-01-01T10:00:00.000000+00:00"},
                      {"nodes", 3},
                      {"powered_on", 2},
                      {"maintenance", 1},
                      {"states", {{"active", 2}, {"available", 1}}},
                      {"operations", {{"running", 2}, {"queued", 0}}},
                      {"failures",
                       {{{"node", "n9"},
                         {"node_uuid", "u9"},
                         {"kind", "deploy"},
                         {"code", "disk-failed"},
                         {"message", "bad sector"},
                         {"finished_at", "2026-01-01T09:59:00.000000+00:00"}}}}};
    snapshot.operations = json::array();
    for (int i = 0; i < 30; ++i)
        snapshot.operations.push_back({{"node", "n" + std::to_string(i)},
                                       {"node_uuid", "u"},
                                       {"kind", "deploy"},
                                       {"state", "running"},
                                       {"step", "write_image"},
                                       {"bytes_done", 43},
                                       {"bytes_total", 100},
                                       {"mb_per_s", 10.0 + i},
                                       {"eta_seconds", 5}});
    SECTION("an unlimited height shows every section")
    {
        const std::vector<std::string> lines = renderTop(snapshot, 200, 0);
        const std::string all = [&] {
            std::string text;
            for (const std::string& line : lines)
                text += line + "\n";
            return text;
        }();
        CHECK_THAT(all, Catch::Contains("3 nodes, 2 powered on, 1 in maintenance") &&
                            Catch::Contains("active 2   available 1") && Catch::Contains("43 %") &&
                            Catch::Contains("bad sector [disk-failed]") && Catch::Contains("735 MB/s"));
        CHECK(lines.size() == 4 + 32 + 3);
        CHECK_THAT(lines.at(6), Catch::Contains("n29")); // the fastest copy comes first
    }
    SECTION("names with characters of several bytes stay aligned")
    {
        snapshot.operations[0]["node"] = "knoten-äöü";
        snapshot.operations[1]["node"] = "knoten-aou";
        const std::vector<std::string> lines = renderTop(snapshot, 200, 0);
        const auto afterName = [&](const std::string& name) {
            for (const std::string& line : lines)
                if (const std::size_t at = line.find(name); at != std::string::npos)
                    return line.substr(at + name.size()).substr(0, 20);
            return "no line of " + name;
        };
        CHECK(afterName("knoten-äöü") == afterName("knoten-aou"));
        CHECK(afterName("knoten-äöü").starts_with(" deploy"));
    }
    SECTION("a small terminal cuts lines and counts omitted rows")
    {
        const std::vector<std::string> lines = renderTop(snapshot, 40, 20);
        CHECK(lines.size() <= 20);
        bool counted = false;
        for (const std::string& line : lines) {
            CHECK(line.size() <= 40);
            counted = counted || line.find("more") != std::string::npos;
        }
        CHECK(counted);
        CHECK(renderTop(snapshot, 5, 3).size() == 3);
    }
}

TEST_CASE("an unknown word gets the nearest command or option as hint", "[cli][suggest]")
{
    CHECK(nearest("lits", {"list", "show"}) == "list");
    CHECK(nearest("prov", {"power", "provision"}) == "provision");
    CHECK(nearest("zzzz", {"list", "show"}).empty());
    CLI::App app{"", "bm"};
    app.require_subcommand(1);
    CLI::App* node = app.add_subcommand("node");
    node->require_subcommand(1);
    node->add_subcommand("list")->add_option("--state");
    CHECK(suggestionFor(app, {"nod", "list"}).hint == "did you mean: bm node");
    CHECK(suggestionFor(app, {"node", "lits"}).hint == "did you mean: bm node list");
    CHECK(suggestionFor(app, {"node", "list", "--sate=x"}).hint == "did you mean: --state");
    CHECK(suggestionFor(app, {"node", "list", "--state", "lits"}).message.empty());
}

TEST_CASE("work of bmd that failed ends a command with 1, a refusal with the code of its kind", "[cli][exit]")
{
    const nlohmann::json error = {{"code", "unavailable"}, {"message", "no answer"}, {"hint", "look"}};
    const bm::cli::FailedWork failed(error, "rack1-07");
    CHECK(bm::cli::exitCodeOf(failed) == 1);
    CHECK(failed.message() == "rack1-07: no answer");
    CHECK(failed.hint() == "look");
    CHECK(bm::cli::exitCodeOf(bm::model::Error(bm::model::ErrorCode::Unavailable, "bmd")) == 6);
}
