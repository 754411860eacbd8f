// Messages between agent and server keep their content through encoding and decoding.
#include "common/model/error.h"
#include "common/wire/agent/agent_exchange.h"
#include "common/wire/agent/inventory.h"

#include <catch2/catch.hpp>
#include <fmt/format.h>

using namespace bm::wire;
using bm::model::Error;

TEST_CASE("an exchange survives encoding and decoding", "[wire][agent]")
{
    AgentExchangeRequest sent;
    sent.bootId = "b";
    sent.agentVersion = "0.1.0";
    sent.inventory = bm::model::JsonText{R"({"cpus":2})"};
    sent.step = AgentStepReport{.id = "s",
                                .state = AgentStepState::Failed,
                                .bytesDone = 5,
                                .bytesTotal = 9,
                                .message = "m",
                                .error = AgentError{"disk-failed", "it broke", "replace it"}};
    sent.log = "line\n";
    const AgentExchangeRequest got = agentExchangeRequestFromJson(toJson(sent).text);
    CHECK(got.bootId == "b");
    CHECK(got.inventory->text == R"({"cpus":2})");
    REQUIRE(got.step);
    CHECK(got.step->state == AgentStepState::Failed);
    CHECK(got.step->bytesTotal == 9);
    REQUIRE(got.step->error);
    CHECK(got.step->error->code == "disk-failed");
    CHECK(got.log == "line\n");
}

TEST_CASE("an answer survives encoding and decoding", "[wire][agent]")
{
    AgentExchangeAnswer sent;
    sent.callAgainMs = 250;
    sent.step = AgentStepOrder{"id", "write_image", {R"({"image":{"id":"x"}})"}};
    const AgentExchangeAnswer got = agentExchangeAnswerFromJson(toJson(sent).text);
    CHECK(got.callAgainMs == 250);
    CHECK_FALSE(got.abort);
    REQUIRE(got.step);
    CHECK(got.step->arguments.text == R"({"image":{"id":"x"}})");
    CHECK_FALSE(agentExchangeAnswerFromJson(R"({"call_again_ms": 1, "abort": true, "step": null})").step);
}

TEST_CASE("the relay's part of an exchange survives encoding and decoding", "[wire][agent][relay]")
{
    AgentExchangeRequest sent;
    sent.relay = AgentRelayReport{.port = 6387,
                                  .source = "10.0.0.1:6387",
                                  .slow = true,
                                  .bytesPerSecond = 7,
                                  .bytesFrom = {{"server", 3}, {"10.0.0.1:6387", 4}},
                                  .bytesServed = 9,
                                  .children = 1,
                                  .left = {{"10.0.0.9:6387", "lying"}}};
    const AgentExchangeRequest got = agentExchangeRequestFromJson(toJson(sent).text);
    REQUIRE(got.relay);
    CHECK(got.relay->port == 6387);
    CHECK(got.relay->slow);
    CHECK(got.relay->bytesFrom == sent.relay->bytesFrom);
    REQUIRE(got.relay->left.size() == 1);
    CHECK(got.relay->left[0].reason == "lying");

    AgentExchangeAnswer told;
    told.step = AgentStepOrder{"id", "write_image", {"{}"}};
    told.relay = AgentRelayPlan{"t", {"10.0.0.1:6387", "[fd00::1]:6387"}, 5, 6387, 1024};
    const AgentExchangeAnswer heard = agentExchangeAnswerFromJson(toJson(told).text);
    REQUIRE(heard.relay);
    CHECK(heard.relay->token == "t");
    CHECK(heard.relay->sources == told.relay->sources);
    CHECK(heard.relay->cacheBytes == 1024);
}

TEST_CASE("the error of a wrong member names its path", "[wire][agent]")
{
    CHECK_THROWS_WITH(
        agentExchangeRequestFromJson(
            R"({"relay": {"port": 70000, "source": "", "slow": false, "bytes_from": {}, "left": []}})"),
        Catch::Contains("relay.port"));
    CHECK_THROWS_WITH(agentExchangeAnswerFromJson("<html>"), Catch::Contains("not JSON"));
    CHECK_THROWS_WITH(agentExchangeAnswerFromJson(R"({"step": 5})"), Catch::Contains("answer.step"));
    CHECK_THROWS_WITH(agentExchangeAnswerFromJson(R"({"call_again_ms": -1})"),
                      Catch::Contains("answer.call_again_ms"));
    CHECK_THROWS_WITH(agentExchangeRequestFromJson(R"({"step": {"id": "a", "state": "dancing"}})"),
                      Catch::Contains("dancing"));
    CHECK_THROWS_WITH(agentLookupAnswerFromJson(R"({"node": {"uuid": "u"}})"),
                      Catch::Contains("agent_token"));
    CHECK_THROWS_WITH(inventoryFromJson(R"({"disks": [{"name": "a"}, {"size_bytes": "x"}]})"),
                      Catch::Contains("inventory.disks[1].size_bytes"));
}

TEST_CASE("a number that does not fit is refused, not cut", "[wire][agent]")
{
    CHECK(inventoryFromJson(R"({"cpus": 4294967295})").cpus == 4294967295);
    CHECK_THROWS_WITH(inventoryFromJson(R"({"cpus": 4294967296})"),
                      "inventory.cpus: expected at most 4294967295, found 4294967296");
    CHECK_THROWS_WITH(inventoryFromJson(R"({"nics": [{"speed_mbps": 2147483648}]})"),
                      Catch::Contains("inventory.nics[0].speed_mbps: expected at most 2147483647"));
    for (const char* sector : {"logical_sector_bytes", "physical_sector_bytes"})
        CHECK_THROWS_WITH(inventoryFromJson(fmt::format(R"({{"disks": [{{"{}": 4294967808}}]}})", sector)),
                          Catch::Contains(sector) && Catch::Contains("at most 4294967295"));
    CHECK_THROWS_WITH(inventoryFromJson(R"({"memory_mb": 17592186044416})"), Catch::Contains("memory_mb"));
    CHECK_THROWS_WITH(agentExchangeRequestFromJson(
                          R"({"step": {"id": "a", "state": "running", "bytes_done": 9223372036854775808}})"),
                      Catch::Contains("bytes_done: expected at most 9223372036854775807"));
    const AgentExchangeRequest got = agentExchangeRequestFromJson(
        R"({"relay": {"port": 65535, "bytes_from": {"server": 18446744073709551615}}})");
    REQUIRE(got.relay);
    CHECK(got.relay->port == 65535);
    CHECK(got.relay->bytesFrom.at("server") == INT64_MAX);
}

TEST_CASE("bytes that are not UTF-8 do not break a report", "[wire][agent]")
{
    AgentExchangeRequest sent;
    sent.log = "model \xff\xfe";
    CHECK(agentExchangeRequestFromJson(toJson(sent).text).log.starts_with("model "));
}

TEST_CASE("an inventory survives encoding and decoding", "[wire][inventory]")
{
    Inventory sent;
    sent.cpus = 8;
    sent.memoryBytes = std::uint64_t{16} << 30U;
    sent.firmware = "uefi";
    sent.systemUuid = "4c4c4544-0000-1000-8000-000000000001";
    sent.disks.resize(1);
    sent.disks[0].name = "/dev/nvme0n1";
    sent.disks[0].sizeBytes = 1;
    sent.nics = {{"eth0", "52:54:00:12:34:56", 1000, true, "virtio_net", "0000:00:03.0"}};
    judgeDisks(sent.disks);
    const Inventory got = inventoryFromJson(toJson(sent).text);
    CHECK(got.cpus == 8);
    CHECK(got.memoryBytes == sent.memoryBytes);
    CHECK(got.firmware == "uefi");
    CHECK(got.systemUuid == sent.systemUuid);
    REQUIRE(got.disks.size() == 1);
    CHECK(got.disks[0].verdict == sent.disks[0].verdict);
    REQUIRE(got.nics.size() == 1);
    CHECK(got.nics[0].pci == "0000:00:03.0");
    CHECK_THAT(toJson(sent).text, Catch::Contains(R"("memory_mb":16384)"));
}
