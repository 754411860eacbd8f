#include "common/model/error.h"
#include "common/text/secret_names.h"
#include "common/wire/json/secret_mask.h"
#include "drivers/core/hardware_types.h"
#include "drivers/fake/fake_hardware.h"
#include "drivers/ipmi/ipmi.h"
#include "tests/drivers/error_of.h"

#include <catch2/catch.hpp>

using namespace bm;
using drivers::BmcAccess;
using model::ErrorCode;
using Values = std::map<std::string, std::string>;

namespace {

struct Types {
    std::unique_ptr<platform::Exec> exec = platform::makeExec();
    drivers::HardwareTypes all{};
    Types()
    {
        all.add(drivers::makeIpmi(*exec, {}));
        all.add(drivers::makeFakeHardware());
    }
};

BmcAccess accessFromDriverInfo(const std::string& type, const std::string& uuid, const Values& values)
{
    return Types().all.at(type).accessTo({uuid, values});
}

std::vector<std::string> validateDriverInfo(const std::string& type, const Values& values)
{
    return Types().all.at(type).findings(values);
}

} // namespace

TEST_CASE("driver_info of an ipmi node is checked", "[drivers][driver-info]")
{
    SECTION("an address alone gets defaults for the other keys")
    {
        const BmcAccess bmc = accessFromDriverInfo("ipmi", "uuid", {{"ipmi_address", "BMC-1.example"}});
        CHECK(bmc.host == "bmc-1.example");
        CHECK(bmc.port == 623);
        CHECK(bmc.key == "bmc-1.example:623"); // host names are case-insensitive: the same BMC
        CHECK(bmc.privilege == "ADMINISTRATOR");
        CHECK_FALSE(bmc.cipherSuite);
        CHECK(bmc.disableBootTimeout);
    }
    SECTION("every key is used")
    {
        const BmcAccess bmc = accessFromDriverInfo("ipmi", "uuid",
                                                   {{"ipmi_address", "2001:db8::7"},
                                                    {"ipmi_port", "6230"},
                                                    {"ipmi_username", "ADMIN"},
                                                    {"ipmi_password", "pw"},
                                                    {"ipmi_priv_level", "operator"},
                                                    {"ipmi_hex_kg_key", "0a0b"},
                                                    {"ipmi_cipher_suite", "3"},
                                                    {"ipmi_disable_boot_timeout", "False"},
                                                    {"deploy_kernel", "of Ironic, ignored"}});
        CHECK(bmc.key == "[2001:db8::7]:6230");
        CHECK(bmc.port == 6230);
        CHECK(bmc.user == "ADMIN");
        CHECK(bmc.password == "pw");
        CHECK(bmc.privilege == "OPERATOR");
        CHECK(bmc.kgKey == "0a0b");
        CHECK(bmc.cipherSuite == 3);
        CHECK_FALSE(bmc.disableBootTimeout);
    }
    SECTION("a remembered cipher suite belongs to its address, and is no configured one")
    {
        Types types;
        const auto access = [&](const drivers::Values& learned) {
            return types.all.at("ipmi").accessTo({"uuid", {{"ipmi_address", "10.0.0.1"}}, learned});
        };
        CHECK(access({{"ipmi_cipher_suite", "3"}, {"ipmi_learned_from", "10.0.0.1:623"}}).rememberedSuite ==
              3);
        CHECK_FALSE(access({{"ipmi_cipher_suite", "3"}, {"ipmi_learned_from", "10.0.0.1:623"}}).cipherSuite);
        CHECK_FALSE(
            access({{"ipmi_cipher_suite", "3"}, {"ipmi_learned_from", "10.0.0.2:623"}}).rememberedSuite);
        CHECK(access({{"ipmi_cipher_suite", "3"}}).rememberedSuite == 3); // stored by an earlier release
    }
    SECTION("weaker cipher suites than 3 may be configured, but not 0, and none that ipmitool lacks")
    {
        for (const char* suite : {"17", "16", "15", "3", "2", "1"})
            CHECK(validateDriverInfo("ipmi", {{"ipmi_address", "a"}, {"ipmi_cipher_suite", suite}}).empty());
        for (const char* suite : {"0", "4", "8", "12", "18", "-3", "three", ""})
            CHECK(validateDriverInfo("ipmi", {{"ipmi_address", "a"}, {"ipmi_cipher_suite", suite}}).size() ==
                  1);
    }
    SECTION("the error names the key and never the secret")
    {
        struct Case {
            std::string key;
            std::string value;
        };
        const Case wrong = GENERATE(
            Case{"ipmi_address", ""}, Case{"ipmi_address", "-oProxy"}, Case{"ipmi_address", "a b"},
            Case{"ipmi_address", "bmc;reboot"}, Case{"ipmi_port", "0"}, Case{"ipmi_port", "65536"},
            Case{"ipmi_port", "x"}, Case{"ipmi_port", ""}, Case{"ipmi_username", "a-name-that-is-too-long"},
            Case{"ipmi_password", "hush-hush, twenty-one"}, Case{"ipmi_password", "hush\nline"},
            Case{"ipmi_priv_level", "root"}, Case{"ipmi_hex_kg_key", "hush"}, Case{"ipmi_hex_kg_key", "abc"},
            Case{"ipmi_hex_kg_key", "aa00bb"}, Case{"ipmi_cipher_suite", "0"}, Case{"ipmi_cipher_suite", "4"},
            Case{"ipmi_disable_boot_timeout", "maybe"}, Case{"ipmi_bridging", "dual"},
            Case{"ipmi_protocol_version", "1.5"}, Case{"ipmi_adress", "10.0.0.1"});
        CAPTURE(wrong.key, wrong.value);
        Values values{{"ipmi_address", "10.0.0.1"}};
        values[wrong.key] = wrong.value;
        const model::Error error = test::errorOf([&] { accessFromDriverInfo("ipmi", "uuid", values); });
        CHECK(error.code() == ErrorCode::InvalidInput);
        CHECK_THAT(error.what(), Catch::StartsWith(wrong.key + ": ") && !Catch::Contains("hush"));
        CHECK(validateDriverInfo("ipmi", values).size() == 1);
    }
    SECTION("a missing address is refused")
    {
        CHECK_THAT(validateDriverInfo("ipmi", {}).at(0), Catch::StartsWith("ipmi_address: missing"));
    }
    SECTION("all errors are reported together")
    {
        CHECK(validateDriverInfo("ipmi", {{"ipmi_port", "x"}, {"ipmi_cipher_suite", "0"}}).size() == 3);
    }
}

TEST_CASE("driver_info of a simulated node is checked", "[drivers][driver-info]")
{
    const BmcAccess bmc =
        accessFromDriverInfo("fake-hardware", "the-uuid", {{"fake_power_delay", "0.1"}, {"other", "x"}});
    CHECK(bmc.key == "the-uuid");
    CHECK(bmc.settings == Values{{"power_delay", "0.1"}});
    for (const char* good : {"0", "1.5", "1,3"})
        CHECK(validateDriverInfo("fake-hardware", {{"fake_power_delay", good}}).empty());
    for (const char* bad : {"", "x", "-1", "3,1", "1,", "1,2,3", "99999"})
        CHECK(validateDriverInfo("fake-hardware", {{"fake_power_delay", bad}}).size() == 1);
    for (const char* good : {"bmc-unreachable", "bmc-busy:2"})
        CHECK(validateDriverInfo("fake-hardware", {{"fake_power_fault", good}}).empty());
    for (const char* bad : {"", "no-such-code", "bmc-busy:", "bmc-busy:x", "bmc-busy:-1"})
        CHECK(validateDriverInfo("fake-hardware", {{"fake_boot_device_fault", bad}}).size() == 1);
}

TEST_CASE("an unknown hardware type is refused", "[drivers][driver-info]")
{
    const model::Error error = test::errorOf([] { Types().all.at("ilo"); });
    CHECK(error.code() == ErrorCode::InvalidInput);
    CHECK_THAT(error.what(), Catch::Contains("supports driver ilo"));
}

TEST_CASE("one rule selects the secrets to seal and to mask", "[drivers][driver-info]")
{
    for (const char* key : {"ipmi_password", "ipmi_hex_kg_key", "redfish_password", "Some_TOKEN",
                            "client_secret", "snmp_community", "snmp_auth_key"}) {
        CAPTURE(key);
        CHECK(Types().all.isSecret("ipmi", key));
        CHECK(wire::masked({"{\"" + std::string(key) + "\":\"hush\"}"}).find("hush") == std::string::npos);
    }
    for (const char* key : {"ipmi_username", "ipmi_address", "deploy_kernel"}) {
        CAPTURE(key);
        CHECK_FALSE(Types().all.isSecret("ipmi", key));
        CHECK(wire::masked({"{\"" + std::string(key) + "\":\"seen\"}"}).find("seen") != std::string::npos);
    }
    SECTION("a property that is a secret is sealed whatever its name")
    {
        Types types;
        drivers::HardwareType lock = drivers::makeFakeHardware();
        lock.name = "lock";
        lock.properties.push_back({"lock_pin", "PIN of the lock. Required.", false, true});
        types.all.add(std::move(lock));
        CHECK(types.all.isSecret("lock", "lock_pin"));
        CHECK_FALSE(types.all.isSecret("ipmi", "lock_pin"));
        CHECK(wire::masked({R"({"lock_pin":"sealed:0000"})"}).find("0000") == std::string::npos);
    }
    SECTION("a URL's user information is masked, wherever the URL is")
    {
        const std::string shown = wire::masked(
            {R"({"image_source":"https://u:hush@h/a@b","n":["pull https://hush@h and http://h/?x@y"]})"});
        CHECK(shown ==
              R"({"image_source":"https://******@h/a@b","n":["pull https://******@h and http://h/?x@y"]})");
    }
    SECTION("every secret property has a secret's name")
    {
        Types types;
        for (const auto& [name, type] : types.all)
            for (const drivers::Property& property : type.properties)
                CHECK(property.secret == model::namesSecret(property.key));
    }
}
