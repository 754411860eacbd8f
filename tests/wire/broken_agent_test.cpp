// Messages of a broken or hostile agent, and the choice of a disk from a strange inventory.
#include "common/model/error.h"
#include "common/wire/agent/agent_exchange.h"
#include "common/wire/agent/inventory.h"
#include "common/wire/agent/relay_json.h"
#include "common/wire/agent/root_device.h"
#include "common/wire/steps/disk_parts.h"

#include <limits>

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

using namespace bm;
using Catch::Matchers::Contains;
using model::Error;
using model::ErrorCode;
using nlohmann::json;
using wire::Disk;

namespace {

template <class Call> Error errorFrom(const Call& call)
{
    try {
        call();
    } catch (const Error& error) {
        return error;
    }
    throw std::logic_error("an error was expected, and none came");
}

/// Replaces every member of @p written, at every depth, by a value of another type: @p read accepts it, or
/// throws InvalidInput.
template <class Read> void checkEveryMember(const json& written, const Read& read)
{
    const json wrong =
        json::array({nullptr, true, -1, 1.5, 1e300, std::numeric_limits<std::uint64_t>::max(), "x",
                     json::array(), json::array({nullptr}), json::object(), json{{"name", -1}}});
    CHECK_NOTHROW(read(written.dump()));
    const json leaves = written.flatten();
    for (const auto& [path, value] : leaves.items())
        for (json::json_pointer at(path); !at.empty(); at.pop_back())
            for (const json& other : wrong) {
                json hostile = written;
                hostile[at] = other;
                INFO(hostile.dump());
                try {
                    read(hostile.dump());
                } catch (const Error& error) {
                    CHECK(error.code() == ErrorCode::InvalidInput);
                }
            }
    for (const char* text : {"", "nonsense", "[]", "3", "null", "{\"a\":", "\"x\""})
        CHECK(errorFrom([&] { read(text); }).code() == ErrorCode::InvalidInput);
}

json exchange()
{
    return json::parse(R"({"boot_id": "b", "agent_version": "1", "log": "line", "inventory": {"cpus": 2},
        "step": {"id": "s", "state": "failed", "bytes_done": 1, "bytes_total": 2, "message": "m", "result": {},
                 "error": {"code": "disk-failed", "message": "m", "hint": "h"}},
        "relay": {"port": 1, "source": "s", "slow": true, "bytes_per_second": 1, "bytes_from": {"server": 1},
                  "bytes_served": 1, "children": 1, "left": [{"source": "s", "reason": "dead"}]}})");
}

Disk plainDisk(const std::string& name, std::uint64_t gib = 100)
{
    Disk disk;
    disk.name = name;
    disk.sizeBytes = gib << 30U;
    return disk;
}

/// The hint that the refusal to choose among @p disks proposes for the first one.
std::string proposedHint(std::vector<Disk> disks)
{
    wire::judgeDisks(disks);
    const Error error = errorFrom([&] { wire::pickRootDevice(disks, {}, wire::RootDevicePolicy::Single); });
    CHECK(error.code() == ErrorCode::DiskAmbiguous);
    const std::string hint = error.hint();
    const std::size_t begin = hint.find('\'') + 1;
    const std::string text = hint.substr(begin, hint.find('\'', begin) - begin);
    CHECK(
        wire::pickRootDevice(disks, wire::parseRootDeviceHints(text), wire::RootDevicePolicy::Single).name ==
        disks.front().name);
    return text;
}

} // namespace

TEST_CASE("members of wrong types in messages between agent and server", "[wire][agent][hostile]")
{
    SECTION("of an exchange")
    {
        checkEveryMember(exchange(), [](const std::string& text) {
            const wire::AgentExchangeRequest read = wire::agentExchangeRequestFromJson(text);
            CHECK_NOTHROW(wire::agentExchangeRequestFromJson(wire::toJson(read).text));
        });
    }
    SECTION("of an answer")
    {
        const json answer = json::parse(R"({"call_again_ms": 1, "abort": true,
            "step": {"id": "i", "name": "n", "arguments": {}},
            "relay": {"token": "t", "sources": ["a"], "bytes_per_second": 1, "port": 1, "cache_bytes": 1}})");
        checkEveryMember(answer, [](const std::string& text) {
            const wire::AgentExchangeAnswer read = wire::agentExchangeAnswerFromJson(text);
            CHECK_NOTHROW(wire::agentExchangeAnswerFromJson(wire::toJson(read).text));
        });
    }
    SECTION("of a lookup")
    {
        const json lookup =
            json::parse(R"({"node": {"uuid": "u"}, "config": {"agent_token": "t", "heartbeat_timeout": 9}})");
        checkEveryMember(lookup, wire::agentLookupAnswerFromJson);
        CHECK(wire::agentLookupAnswerFromJson(lookup.dump()).heartbeatTimeoutSeconds == 9);
        CHECK(wire::agentLookupAnswerFromJson(lookup.dump()).token == "t");
    }
    SECTION("of an inventory")
    {
        wire::Inventory inventory;
        inventory.disks.push_back(plainDisk("/dev/sda"));
        inventory.nics.resize(1);
        checkEveryMember(json::parse(wire::toJson(inventory).text), wire::inventoryFromJson);
    }
}

TEST_CASE("a report of an agent", "[wire][agent][hostile]")
{
    const auto read = [](const json& change) {
        json message = exchange();
        message.merge_patch(change);
        return wire::agentExchangeRequestFromJson(message.dump());
    };
    SECTION("keeps the result of a finished step; a result that is not JSON becomes null")
    {
        wire::AgentExchangeRequest sent;
        sent.step.emplace();
        sent.step->state = wire::AgentStepState::Done;
        sent.step->result = {R"({"blocks":4})"};
        CHECK(wire::agentExchangeRequestFromJson(wire::toJson(sent).text).step->result.text ==
              R"({"blocks":4})");
        sent.step->result = {"{\"blocks\":"};
        CHECK(json::parse(wire::toJson(sent).text).at("step").at("result").is_null());
    }
    SECTION("may have strange members in lists of sources, which do not count")
    {
        const auto relay = read(json::parse(R"({"relay": {"bytes_from": {"server": -1, "a": "x", "b": 5},
                                                   "left": [5, null, {"source": "c", "reason": "slow"}]}})"))
                               .relay;
        REQUIRE(relay);
        CHECK(relay->bytesFrom == std::map<std::string, std::uint64_t>{{"b", 5}});
        REQUIRE(relay->left.size() == 1);
        CHECK(relay->left[0].source == "c");
    }
    SECTION("can not fill the server's memory")
    {
        json from = json::object();
        json left = json::array();
        for (int i = 0; i < 1000; ++i) {
            from[std::to_string(i)] = 1;
            left.push_back({{"source", std::string(500, 's')}, {"reason", std::string(500, 'r')}});
        }
        const auto relay = read({{"relay",
                                  {{"bytes_from", from},
                                   {"left", left},
                                   {"children", 9'000'000'000},
                                   {"source", std::string(5000, 's')}}}})
                               .relay;
        REQUIRE(relay);
        CHECK(relay->bytesFrom.size() == 256);
        CHECK(relay->left.size() == 256);
        CHECK(relay->left[0].source.size() == 80);
        CHECK(relay->left[0].reason.size() == 80);
        CHECK(relay->source.size() == 80);
        CHECK(relay->children == 1'000'000);
    }
}

TEST_CASE("an answer of the server that names no step", "[wire][agent][hostile]")
{
    for (const char* step : {R"({"id": "", "name": "erase"})", R"({"id": "a"})", "{}"})
        CHECK_THROWS_WITH(wire::agentExchangeAnswerFromJson(fmt::format(R"({{"step": {}}})", step)),
                          "answer.step: id and name are needed");
    CHECK_THROWS_WITH(wire::agentLookupAnswerFromJson(R"({"config": {"agent_token": "t"}})"),
                      Contains("node.uuid"));
    CHECK(wire::agentExchangeAnswerFromJson(R"({"call_again_ms": 999999999})").callAgainMs == 600'000);
}

TEST_CASE("the hint that a refusal proposes singles out the disk", "[wire][root-device]")
{
    std::vector<Disk> disks{plainDisk("/dev/sda"), plainDisk("/dev/sdb")};
    SECTION("by its name when nothing else differs")
    {
        CHECK(proposedHint(disks) == R"({"name":"/dev/sda"})");
    }
    SECTION("by its place at the controller")
    {
        disks[0].hctl = "0:0:0:0";
        disks[1].hctl = "1:0:0:0";
        CHECK(proposedHint(disks) == R"({"hctl":"0:0:0:0"})");
    }
    SECTION("by its path")
    {
        disks[0].byPath = "/dev/disk/by-path/pci-1";
        disks[0].hctl = "0:0:0:0";
        CHECK(proposedHint(disks) == R"({"by_path":"/dev/disk/by-path/pci-1"})");
    }
    SECTION("by its WWN")
    {
        disks[0].wwnWithExtension = "0x5001";
        disks[1].wwnWithExtension = "0x5002";
        CHECK(proposedHint(disks) == R"({"wwn_with_extension":"0x5001"})");
    }
    SECTION("not by a serial that two disks share")
    {
        disks[0].serial = disks[1].serial = "0000";
        CHECK(proposedHint(disks) == R"({"name":"/dev/sda"})");
    }
}

TEST_CASE("a machine without a disk for the image", "[wire][root-device]")
{
    const auto code = [](const std::vector<Disk>& disks, wire::RootDevicePolicy policy) {
        return errorFrom([&] { wire::pickRootDevice(disks, {}, policy); });
    };
    const Error none = code({}, wire::RootDevicePolicy::Single);
    CHECK(none.code() == ErrorCode::DiskNotFound);
    CHECK_THAT(none.message(), Contains("none"));
    const Error small =
        code({plainDisk("/dev/sda", 1), plainDisk("/dev/sdb", 3)}, wire::RootDevicePolicy::Smallest);
    CHECK(small.code() == ErrorCode::DiskNotFound);
    CHECK_THAT(small.message(), Contains("4 GiB") && Contains("/dev/sdb"));
}

TEST_CASE("a mirror gets exactly two disks", "[wire][root-device]")
{
    std::vector<Disk> disks{plainDisk("/dev/sda"), plainDisk("/dev/sdb", 200)};
    CHECK(wire::pickMirror(disks, {}).size() == 2);
    CHECK(errorFrom([&] {
              wire::pickMirror(disks, wire::parseRootDeviceHints(R"({"size": "> 150"})"));
          }).code() == ErrorCode::DiskNotFound);
    disks.push_back(plainDisk("/dev/sdc", 300));
    const Error many = errorFrom([&] { wire::pickMirror(disks, {}); });
    CHECK(many.code() == ErrorCode::DiskAmbiguous);
    CHECK_THAT(many.message(), Contains("3 match"));
    disks[2].candidate = false;
    CHECK(wire::pickMirror(disks, {}).size() == 2);
}

TEST_CASE("the disk of a step is the one of its hints, its policy or the last deployment",
          "[wire][root-device]")
{
    std::vector<Disk> disks{plainDisk("/dev/sda", 200), plainDisk("/dev/sdb")};
    disks[0].serial = "S0";
    wire::DiskChoice choice;
    CHECK(errorFrom([&] { wire::chosenDisk(disks, choice); }).code() == ErrorCode::DiskAmbiguous);
    choice.remembered = wire::identityOf(disks[0]);
    CHECK(wire::chosenDisk(disks, choice).name == "/dev/sda");
    choice.remembered.reset();
    choice.policy = "smallest";
    CHECK(wire::chosenDisk(disks, choice).name == "/dev/sdb");
    choice.policy = "single";
    choice.rootDevice.text = R"({"rotational": "off", "size": ">= 150"})";
    CHECK(wire::chosenDisk(disks, choice).name == "/dev/sda");
    choice.policy = "largest";
    CHECK_THROWS_WITH(wire::chosenDisk(disks, choice), Contains("neither single nor smallest"));
}

TEST_CASE("the relay of a rollout shows its chains and the bytes that the server sent", "[wire][relay]")
{
    const wire::RelayMember first{.node = "n1",
                                  .address = "10.0.0.1:1",
                                  .state = "copying",
                                  .source = "server",
                                  .bytesFrom = {{"server", 7}},
                                  .bytesServed = 5,
                                  .children = 1};
    const wire::RelayMember second{.node = "n2",
                                   .address = {},
                                   .state = "done",
                                   .slow = true,
                                   .source = "n1",
                                   .bytesFrom = {{"n1", 5}, {"server", 2}}};
    wire::JsonWriter out;
    wire::writeRelay(out, "c", {{first, second}, {}});
    const json shown = json::parse(out.text());
    CHECK(shown.at("content_id") == "c");
    CHECK(shown.at("server_bytes") == 9);
    REQUIRE(shown.at("chains").size() == 2);
    CHECK(shown.at("chains").at(1).at("nodes").empty());
    const json& nodes = shown.at("chains").at(0).at("nodes");
    CHECK(nodes.at(0).at("bytes_served") == 5);
    CHECK(nodes.at(1).at("bytes_from") == json::parse(R"({"n1": 5, "server": 2})"));
    CHECK(nodes.at(1).at("slow") == true);
}
