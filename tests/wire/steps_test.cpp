// Arguments and results of the agent's steps: encoding and decoding, the keys that older agents and servers
// use, and wrong members.
#include "common/model/error.h"
#include "common/model/step_kinds.h"
#include "common/wire/step_arguments.h"
#include "common/wire/steps/burnin.h"
#include "common/wire/steps/capture_disk.h"
#include "common/wire/steps/erase_devices.h"
#include "common/wire/steps/inspect.h"
#include "common/wire/steps/raid.h"
#include "common/wire/steps/start_kernel.h"
#include "common/wire/steps/start_rescue.h"
#include "common/wire/steps/verify_disk.h"
#include "common/wire/steps/write_image.h"
#include "common/wire/steps/write_tree.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <set>
#include <sstream>
#include <string>

using namespace bm::wire;
using bm::model::Error;
using bm::model::ErrorCode;
using Catch::Matchers::Contains;
using nlohmann::json;

namespace {

const char* const kDisk =
    R"({"name": "/dev/sda", "wwn": "0x5", "serial": "S1", "size_bytes": 9, "model": "M"})";
const char* const kUefi = R"({"firmware": "uefi", "entries": ["Boot0001"], "loaders": ["shimx64.efi"],
    "removed": [], "order": ["0001"], "trouble": ""})";

json with(json object, const json& more)
{
    object.update(more);
    return object;
}

json choice()
{
    return {{"root_device", {{"serial", "S1"}}},
            {"root_device_policy", "single"},
            {"remembered", json::parse(kDisk)}};
}

json image()
{
    return {{"id", "c"},          {"name", "debian-12"},    {"size_bytes", 7}, {"manifest_url", "/m"},
            {"blocks_url", "/b"}, {"manifest_sha256", "ab"}};
}

/// Reads @p written, which has the keys of the wire, and writes it again; both texts are equal.
template <class T> void checkThereAndBack(const json& written)
{
    const T value = fromJson<T>(written.dump(), "step");
    CHECK(toJson(value).text == written.dump());
    const T defaults = fromJson<T>("{}", "step");
    CHECK(toJson(fromJson<T>(toJson(defaults).text, "step")) == toJson(defaults));
    CHECK_NOTHROW(fromJson<T>(with(written, {{"of_a_newer_version", {1, 2}}}).dump(), "step"));
}

/// Replaces every member of @p written by a value of another type.
template <class T> void checkHostile(const json& written)
{
    const json wrong = json::array({nullptr, true, -1, 1.5, 1e300, "x", json::array(), json::array({nullptr}),
                                    json::array({-1}), json::object(), json{{"name", -1}}});
    for (const auto& [key, value] : written.items())
        for (const json& other : wrong) {
            json hostile = written;
            hostile[key] = other;
            INFO(hostile.dump());
            try {
                const T read = fromJson<T>(hostile.dump(), "step");
                CHECK_NOTHROW(toJson(read));
            } catch (const Error& error) {
                CHECK(error.code() == ErrorCode::InvalidInput);
                CHECK(error.message().starts_with("step." + key));
            }
        }
    for (const char* text : {"", "nonsense", "[]", "3", "null", "{\"a\":", "\"x\""})
        CHECK_THROWS_AS(fromJson<T>(text, "step"), Error);
}

template <class T> void check(const json& written)
{
    checkThereAndBack<T>(written);
    checkHostile<T>(written);
}

template <class T> std::set<std::string> keysOf()
{
    std::set<std::string> keys;
    const json written = toJsonValue(T{});
    for (const auto& [key, value] : written.items())
        keys.insert(key);
    return keys;
}

} // namespace

TEST_CASE("write_image survives encoding and decoding", "[wire][steps]")
{
    check<WriteImageArguments>(with(choice(), {{"image", image()},
                                               {"more_disks", {{{"serial", "S2"}}}},
                                               {"grow_last_partition", true},
                                               {"full", false},
                                               {"configdrive_url", nullptr}}));
    check<WriteImageArguments>(with(choice(), {{"image", image()},
                                               {"grow_last_partition", false},
                                               {"full", true},
                                               {"configdrive_url", "/v1/agent/n/configdrive"},
                                               {"remembered", nullptr}}));
    check<WriteImageResult>(
        {{"disk", json::parse(kDisk)},
         {"disks", {with(json::parse(kDisk), {{"blocks_root", "r"}})}},
         {"bytes_written", 1},
         {"bytes_fetched", 2},
         {"bytes_present", 3},
         {"blocks_root", "r"},
         {"decision", {{"only_differing", true}, {"why", "the disk holds it"}}},
         {"seconds", 1.5},
         {"mb_per_s", 100.5},
         {"file_system", {{"kind", "ext4"}, {"bytes_before", 1}, {"bytes_after", 2}, {"trouble", ""}}},
         {"boot", json::parse(kUefi)}});
}

TEST_CASE("the arguments of every step that uses the relay name the image", "[wire][steps]")
{
    CHECK(
        fromJson<ImageCopy>(toJson(WriteImageArguments{.image = {.id = "i"}}).text, "write_image").image.id ==
        "i");
    CHECK(fromJson<ImageCopy>(toJson(WriteTreeArguments{.image = {.id = "i"}}).text, "write_tree").image.id ==
          "i");
    CHECK(std::ranges::count_if(bm::model::kStepKinds, &bm::model::StepKind::usesRelay) == 2);
}

TEST_CASE("write_tree survives encoding and decoding", "[wire][steps]")
{
    check<WriteTreeArguments>(with(choice(), {{"image", image()},
                                              {"layout", {{"partitions", json::array()}}},
                                              {"content_bytes", 5},
                                              {"configdrive_url", nullptr}}));
    check<WriteTreeResult>(
        {{"disk", json::parse(kDisk)},
         {"disks", {json::parse(kDisk)}},
         {"entries", 3},
         {"bytes_written", 1},
         {"bytes_fetched", 2},
         {"files_digest", "d"},
         {"preserved", true},
         {"seconds", 2.5},
         {"mb_per_s", 1.5},
         {"boot", {{"firmware", "bios"}, {"drive", 128}, {"starts_first", true}, {"trouble", ""}}}});
}

TEST_CASE("capture_disk and verify_disk survive encoding and decoding", "[wire][steps]")
{
    check<CaptureDiskArguments>(
        with(choice(), {{"capture_url", "http://s/c"}, {"kind", "tree"}, {"generalise", true}}));
    check<CaptureDiskResult>({{"disk", json::parse(kDisk)},
                              {"content_id", "c"},
                              {"image_bytes", 1},
                              {"bytes_sent", 2},
                              {"bytes_used", 3},
                              {"generalised", {"/etc/machine-id"}},
                              {"config_drive_left_out", true},
                              {"partitions", {{{"file_system", "ext4"}, {"mapped", true}, {"why", ""}}}},
                              {"seconds", 0.5}});
    check<CaptureDiskResult>({{"disk", json::parse(kDisk)},
                              {"content_id", "c"},
                              {"image_bytes", 1},
                              {"bytes_sent", 2},
                              {"generalised", json::array()},
                              {"entries", 4},
                              {"file_systems", {{{"mount", "/"}, {"kind", "ext4"}}}},
                              {"left_out", {"/var/cache"}},
                              {"seconds", 0.5}});
    json compared = image();
    compared.erase("blocks_url");
    check<VerifyDiskArguments>(with(choice(), {{"image", compared}}));
    check<VerifyDiskResult>(
        {{"disk", json::parse(kDisk)},
         {"blocks", 4},
         {"blocks_changed", 1},
         {"blocks_unreadable", 0},
         {"partitions", {{{"first_byte", 0}, {"bytes", 9}, {"file_system", "vfat"}, {"blocks_changed", 1}}}},
         {"seconds", 0.5}});
}

TEST_CASE("start_kernel, start_rescue and inspect survive encoding and decoding", "[wire][steps]")
{
    check<StartKernelArguments>(choice());
    check<StartKernelResult>(
        {{"loaded", true}, {"kernel", "/vmlinuz"}, {"initrds", {"/initrd"}}, {"arguments", "ro"}});
    check<StartKernelResult>({{"loaded", false}, {"why", "no kernel"}});
    check<StartRescueArguments>({{"hashed_password", "$6$x"}, {"ssh_keys", {"ssh-ed25519 A"}}});
    check<StartRescueArguments>({{"hashed_password", "$6$x"}});
    check<StartRescueResult>({{"address", nullptr}, {"port", 22}, {"host_key_fingerprint", "SHA256:x"}});
    check<InspectArguments>({{"lldp_seconds", 60}});
    check<InspectResult>({{"inventory", {{"cpu", {{"count", 8}}}}}});
}

TEST_CASE("erasing, RAID and burn-ins survive encoding and decoding", "[wire][steps]")
{
    check<EraseDevicesArguments>({{"shred_passes", 3}, {"allow_shred", false}});
    const json erased = {{"name", "/dev/sda"}, {"serial", "S"}, {"method", "zero"}, {"seconds", 1.5}};
    const json skipped = {{"name", "/dev/sdb"}, {"reason", "read-only"}};
    check<EraseDevicesResult>({{"erased", {erased, {{"name", "/dev/sdc"}, {"serial", ""}}}},
                               {"skipped", {skipped}},
                               {"boot", json::parse(kUefi)}});
    check<RaidCreateArguments>({{"target_raid_config", {{"logical_disks", json::array()}}},
                                {"create_root_volume", true},
                                {"create_nonroot_volumes", false}});
    const json volume = {{"controller", "software"},
                         {"raid_level", "1"},
                         {"size_gb", 10},
                         {"size_bytes", 11},
                         {"name", "/dev/md0"},
                         {"uuid", "u"},
                         {"volume_name", nullptr},
                         {"is_root_volume", true},
                         {"members", {{{"name", "/dev/sda"}, {"partition", "/dev/sda1"}}}}};
    check<RaidCreateResult>({{"raid_config", {{"logical_disks", {volume}}}}});
    check<RaidDeleteResult>({{"raid_config", {{"logical_disks", json::array()}}},
                             {"deleted", {"u"}},
                             {"erased", {erased}},
                             {"skipped", {skipped}},
                             {"boot", {{"firmware", "bios"}, {"trouble", ""}}}});
    check<BurnInCpuArguments>({{"seconds", 5}, {"cpus", 2}});
    check<BurnInCpuResult>({{"seconds", 5.5}, {"cpus", 2}, {"rounds", 7}, {"rounds_per_s", 1.5}});
    check<BurnInMemoryArguments>({{"seconds", 5}, {"percent", 50}});
    check<BurnInMemoryResult>({{"seconds", 5.5},
                               {"bytes_tested", 1},
                               {"passes", 2},
                               {"bytes_written", 3},
                               {"bytes_read", 4},
                               {"mb_per_s", 1.5}});
    check<BurnInDiskArguments>({{"seconds", 5}, {"mode", "smart"}});
    check<BurnInDiskResult<BurntDisk>>({{"mode", "write"},
                                        {"disks",
                                         {{{"name", "/dev/sda"},
                                           {"serial", "S"},
                                           {"bytes_written", 1},
                                           {"bytes_read", 2},
                                           {"passes", 3},
                                           {"mb_per_s", 1.5}}}},
                                        {"skipped", {skipped}}});
    check<BurnInDiskResult<SmartDisk>>({{"mode", "smart"},
                                        {"disks",
                                         {{{"name", "/dev/sda"},
                                           {"serial", "S"},
                                           {"health", "passed"},
                                           {"self_test", nullptr},
                                           {"detail", nullptr}}}},
                                        {"skipped", json::array()}});
}

TEST_CASE("an error of a step's arguments names the path", "[wire][steps]")
{
    const auto refusal = [](const char* text) {
        try {
            fromJson<WriteImageArguments>(text, "write_image");
        } catch (const Error& error) {
            return error.message();
        }
        return std::string("accepted");
    };
    CHECK(refusal(R"({"image": {"size_bytes": "many"}})") ==
          "write_image.image.size_bytes: expected a number of at least 0, found string");
    CHECK(refusal(R"({"image": {"size_bytes": 9223372036854775808}})") ==
          "write_image.image.size_bytes: expected at most 9223372036854775807, found 9223372036854775808");
    CHECK(refusal(R"({"image": {"size_bytes": 9223372036854775807}})") == "accepted");
    CHECK(refusal(R"({"remembered": {"wwn": 5}})") ==
          "write_image.remembered.wwn: expected a text, found number");
    CHECK(refusal(R"({"more_disks": {}})") == "write_image.more_disks: expected a list, found object");
}

TEST_CASE("text that is no UTF-8 does not keep a result from being sent", "[wire][steps]")
{
    WriteImageResult result;
    result.disk.model = "QEMU\xff";
    CHECK(fromJson<WriteImageResult>(toJson(result).text, "result").disk.model == "QEMU\xef\xbf\xbd");
}

TEST_CASE("hints are an object or an object's text", "[wire][steps]")
{
    DiskChoice choice;
    CHECK(hintsOf(choice).empty());
    choice.rootDevice.text = R"({"serial": "S1"})";
    CHECK(hintsOf(choice).size() == 1);
    choice.rootDevice.text = R"("{\"serial\": \"S1\", \"size\": \">= 40\"}")";
    CHECK(hintsOf(choice).size() == 2);
    choice.rootDevice.text = R"("")";
    CHECK(hintsOf(choice).empty());
    choice.rootDevice.text = R"({"colour": "red"})";
    CHECK_THROWS_AS(hintsOf(choice), Error);
}

TEST_CASE("the arguments that a request may name are those that the step reads", "[wire][steps]")
{
    // By row. An agent's step that is not in this map takes no arguments.
    const std::map<std::string_view, std::set<std::string>> read = {
        {"erase_devices", keysOf<EraseDevicesArguments>()},
        {"burnin_cpu", keysOf<BurnInCpuArguments>()},
        {"burnin_memory", keysOf<BurnInMemoryArguments>()},
        {"burnin_disk", keysOf<BurnInDiskArguments>()},
        {"raid_create_configuration", keysOf<RaidCreateArguments>()},
    };
    std::set<std::string_view> offered;
    for (const bm::model::StepOffer& offer : bm::model::kStepOffers) {
        if (!offer.inBand())
            continue;
        INFO(offer.interface << "." << offer.name);
        std::set<std::string> named;
        std::istringstream in(std::string(offer.required) + " " + std::string(offer.optional));
        for (std::string word; in >> word;)
            named.insert(word);
        if (offer.row == "raid_create_configuration") {
            // The plan makes a step of delete_existing, and gives raid_config, or the node's, as
            // target_raid_config.
            CHECK(named.erase("delete_existing") == 1);
            named.erase("raid_config");
            named.insert("target_raid_config");
        }
        const auto row = read.find(offer.row);
        CHECK(named == (row == read.end() ? std::set<std::string>{} : row->second));
        offered.insert(offer.row);
    }
    for (const auto& [row, keys] : read)
        CHECK(offered.contains(row));
}

TEST_CASE("a request's arguments have their types and limits before a machine starts", "[wire][steps]")
{
    for (const bm::model::StepOffer& offer : bm::model::kStepOffers) {
        if (offer.reserved())
            continue;
        INFO(offer.interface << "." << offer.name);
        CHECK_NOTHROW(checkStepArguments(offer.row, json::object()));
        std::istringstream in(std::string(offer.required) + " " + std::string(offer.optional));
        for (std::string name; in >> name;)
            CHECK_THROWS_WITH(checkStepArguments(offer.row, {{name, {5}}}), Contains(name));
    }
    const auto refusal = [](const char* kind, const char* arguments) -> std::string {
        try {
            checkStepArguments(kind, json::parse(arguments));
        } catch (const Error& error) {
            return error.what();
        }
        return "";
    };
    CHECK_THAT(refusal("erase_devices", R"({"shred_passes": "abc"})"), Contains("shred_passes"));
    CHECK_THAT(refusal("erase_devices", R"({"shred_passes": 33})"),
               Contains("shred_passes is 33; it must be 1 to 32"));
    CHECK_THAT(refusal("erase_devices", R"({"shred_passes": -1})"), Contains("shred_passes"));
    CHECK_THAT(refusal("burnin_disk", R"({"mode": "wirte"})"),
               Contains("'wirte' is not one of ['read', 'smart', 'write']"));
    CHECK_THAT(refusal("burnin_memory", R"({"percent": 101})"), Contains("percent is 101"));
    CHECK_THAT(refusal("burnin_cpu", R"({"seconds": 0})"), Contains("seconds is 0"));
    CHECK_THAT(refusal("raid_create_configuration", R"({"raid_config": {"logical_disks": []}})"),
               Contains("too short"));
    CHECK_THAT(refusal("raid_create_configuration",
                       R"({"raid_config": {"logical_disks": [{"raid_level": "9", "size_gb": 1}]}})"),
               Contains("raid_config.logical_disks[0].raid_level: '9' is not one of"));
    CHECK_THAT(refusal("raid_create_configuration", R"({"delete_existing": "perhaps"})"),
               Contains("not of type 'boolean'"));
    CHECK_THAT(refusal("firmware_update", R"({"settings": [{"component": "bmc"}]})"),
               Contains("'url' is a required property"));
    CHECK(
        refusal(
            "raid_create_configuration",
            R"({"raid_config": {"logical_disks": [{"raid_level": "1", "size_gb": "MAX", "is_root_volume": true}]}})") ==
        "");
    CHECK(refusal("erase_devices", R"({"shred_passes": 3, "allow_shred": false})") == "");
}
