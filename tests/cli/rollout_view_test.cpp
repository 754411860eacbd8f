#include "cli/views/rollout_view.h"

#include <catch2/catch.hpp>
#include <sstream>

using namespace bm::cli;
using nlohmann::json;

namespace {

json nodeOf(const std::string& name, const std::string& state)
{
    return {{"node", name},       {"state", state},          {"step", nullptr},
            {"percent", nullptr}, {"seconds_left", nullptr}, {"reason", nullptr},
            {"gate", nullptr}};
}

json rolloutOf(const std::string& state, int done)
{
    return {{"name", "web-7"},
            {"state", state},
            {"image", "web:stable"},
            {"wave", 1},
            {"nodes", {{"total", 4}, {"done", done}, {"working", 2}, {"failed", 1}}},
            {"bytes_done", 512},
            {"bytes_total", 1024},
            {"seconds_left", 75},
            {"reason", nullptr},
            {"hint", nullptr}};
}

json someNodes()
{
    json working = nodeOf("web-02", "working");
    working["step"] = "write_image";
    working["percent"] = 43;
    working["seconds_left"] = 14;
    json draining = nodeOf("web-03", "draining");
    draining["gate"] = "the drain program says: wait";
    json failed = nodeOf("web-04", "failed");
    failed["reason"] = "no space left";
    return {nodeOf("web-01", "done"), working, draining, failed};
}

} // namespace

TEST_CASE("a rollout's summary", "[cli][rollout]")
{
    CHECK(rolloutSummary(rolloutOf("running", 1)) ==
          "web-7: running, web:stable -> 1 of 4 done, 2 working, 1 failed, about 1:15 left\n");
    json paused = rolloutOf("paused", 1);
    paused["reason"] = "a canary failed";
    paused["hint"] = "bm rollout retry web-7";
    CHECK(rolloutSummary(paused) == "web-7: paused, web:stable -> 1 of 4 done, 2 working, 1 failed\n"
                                    "reason: a canary failed\nhint: bm rollout retry web-7\n");
}

TEST_CASE("a rollout on a terminal", "[cli][rollout]")
{
    std::ostringstream out;
    RolloutView view(out, true);
    view.show(rolloutOf("running", 1), someNodes());

    SECTION("shows its bar and the nodes at work or failed")
    {
        CHECK(out.str() == "web-7  running  wave 2  [###############...............] 512 B of 1.0 KiB\n"
                           "1 of 4 done, 2 working, 1 failed, about 1:15 left\n"
                           "  web-02               working    write_image 43 %, 0:14 left\n"
                           "  web-03               draining    the drain program says: wait\n"
                           "  web-04               failed      no space left\n");
    }
    SECTION("draws the next picture over the last, and leaves the final one standing")
    {
        out.str("");
        view.show(rolloutOf("running", 2), json::array());
        CHECK(out.str().starts_with("\033[5A\r\033[J"));
        view.finish();
        out.str("");
        view.show(rolloutOf("done", 4), json::array());
        CHECK(out.str().starts_with("web-7  done"));
    }
    SECTION("counts the nodes that do not fit")
    {
        json many = json::array();
        for (int i = 0; i < 500; ++i)
            many.push_back(nodeOf("web-" + std::to_string(i), "retrying"));
        out.str("");
        view.show(rolloutOf("running", 1), many);
        CHECK(out.str().find("more\n") != std::string::npos);
        CHECK(out.str().find("web-499") == std::string::npos);
    }
    SECTION("pads and cuts by characters, not by bytes")
    {
        json failed = nodeOf("küche-1", "failed");
        std::string reason = "ab";
        for (int i = 0; i < 300; ++i) {
            reason += "€"; // three bytes
            failed["reason"] = reason;
            out.str("");
            view.show(rolloutOf("running", 1), json::array({failed}));
            CHECK_NOTHROW(json(out.str()).dump()); // throws for a broken UTF-8 sequence
        }
        CHECK(out.str().find("  küche-1              failed      ab€") != std::string::npos);
    }
    SECTION("has an empty bar while no bytes are known")
    {
        json fresh = rolloutOf("running", 0);
        fresh["bytes_total"] = 0;
        out.str("");
        view.show(fresh, json::array());
        CHECK(out.str().find("[..............................] \n") != std::string::npos);
    }
}

TEST_CASE("a rollout in a log has a line for each change", "[cli][rollout]")
{
    std::ostringstream out;
    RolloutView view(out, false);
    json nodes = {nodeOf("web-01", "pending"), nodeOf("web-02", "skipped"), nodeOf("web-03", "working")};
    view.show(rolloutOf("running", 0), nodes);
    CHECK(out.str() == "web-03: working\n"
                       "web-7: running, web:stable -> 0 of 4 done, 2 working, 1 failed, about 1:15 left\n");
    out.str("");
    view.show(rolloutOf("running", 0), nodes);
    CHECK(out.str().empty());
    nodes[2]["state"] = "failed";
    nodes[2]["reason"] = "disk-failed";
    view.show(rolloutOf("paused", 0), nodes);
    CHECK(out.str() == "web-03: failed (disk-failed)\n"
                       "web-7: paused, web:stable -> 0 of 4 done, 2 working, 1 failed\n");
}
