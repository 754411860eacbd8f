#include "cli/client/step_words.h"
#include "common/model/error.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

using namespace bm;
using Catch::Matchers::Contains;
using cli::stepOf;
using cli::stepsOf;
using nlohmann::json;

TEST_CASE("stepOf parses a --step argument", "[cli][steps]")
{
    CHECK(stepOf("deploy.erase_devices") ==
          json::parse(R"({"interface": "deploy", "step": "erase_devices", "args": {}})"));
    CHECK(stepOf("deploy.burnin_disk,seconds=60,mode=smart") ==
          json::parse(
              R"({"interface": "deploy", "step": "burnin_disk", "args": {"seconds": 60, "mode": "smart"}})"));
    CHECK(stepOf("wait,seconds=5") == json::parse(R"({"step": "wait", "args": {"seconds": 5}})"));
    CHECK(
        stepOf(
            "deploy.x,commit=77950e8,n=00123,empty=,config:={\"a\": [1, 2], \"b\": \"x,y\"},rate:=1.5,last=a")
            .at("args") == json::parse(R"({"commit": "77950e8", "n": "00123", "empty": "",
                  "config": {"a": [1, 2], "b": "x,y"}, "rate": 1.5, "last": "a"})"));
    CHECK(
        stepOf(
            R"(raid.apply_configuration,raid_config={"logical_disks": [{"size_gb": 1, "raid_level": "1"}]},a=b)")
            .at("args") ==
        json::parse(R"({"raid_config": {"logical_disks": [{"size_gb": 1, "raid_level": "1"}]}, "a": "b"})"));
    CHECK(stepOf("deploy.x,list=[1, 2],a=b").at("args") == json::parse(R"({"list": [1, 2], "a": "b"})"));
    CHECK(stepOf("deploy.x,expression=a:=b").at("args").at("expression") == "a:=b");
    CHECK_THROWS_WITH(stepOf("deploy.x,n:=00123,m=1"), Contains("the value is not JSON"));
    CHECK_THROWS_WITH(stepOf("deploy.burnin_cpu,60"), Contains("\"60\" is not ARGUMENT=VALUE"));
    CHECK_THROWS_WITH(stepOf("deploy.burnin_cpu,=60"), Contains("is not ARGUMENT=VALUE"));
}

TEST_CASE("steps of words come before those of a file", "[cli][steps]")
{
    const std::filesystem::path file = std::filesystem::temp_directory_path() / "bm-step-words-test.json";
    std::ofstream(file) << R"([{"interface": "bios", "step": "factory_reset"}])";
    const json steps = stepsOf({"hold"}, file);
    REQUIRE(steps.size() == 2);
    CHECK(steps[0].at("step") == "hold");
    CHECK(steps[1].at("step") == "factory_reset");
    std::ofstream(file) << R"({"interface": "bios"})";
    CHECK_THROWS_WITH(stepsOf({}, file), Contains("is not a JSON list of steps"));
    std::filesystem::remove(file);
    CHECK(stepsOf({}, "").empty());
    CHECK_THROWS_AS(stepsOf({}, file), model::Error);
}
