// Output of ipmitool 1.8.19, captured from ipmi_sim, a responder and real machines.
#include "drivers/ipmi/ipmi_texts.h"
#include "tests/drivers/error_of.h"

#include <array>
#include <random>
#include <string>

#include <catch2/catch.hpp>

using namespace bm;
using drivers::classify;
using drivers::IpmiFailure;
using model::ErrorCode;
using model::PowerState;

namespace {

/// The output of -v before every call to a BMC without VSO.
const std::string kNoise = "Loading IANA PEN Registry...\n"
                           "Running Get VSO Capabilities my_addr 0x20, transit 0, target 0x20\n"
                           "Invalid completion code received: Invalid command\n"
                           "Discovered IPMB address 0x0\n";
const std::string kNoSession = "Error: Unable to establish IPMI v2 / RMCP+ session\n";

struct Captured {
    std::string text;
    ErrorCode code;
    bool transient = false;
    bool cipherRefused = false;
    bool roleRefused = false;
};

const std::vector<Captured>& corpus()
{
    static const std::vector<Captured> texts{
        {"Error in open session response message : invalid authentication algorithm\n\n" + kNoSession,
         ErrorCode::BmcUnsupported, false, true},
        {"Error in open session response message : no matching cipher suite\n\n" + kNoSession,
         ErrorCode::BmcUnsupported, false, true},
        {"Authentication algorithm 0x01 is not what we requested 0x03\n\n" + kNoSession,
         ErrorCode::BmcUnsupported, false, true},
        {"> RAKP 2 HMAC is invalid\n" + kNoSession, ErrorCode::BmcAuthFailed},
        {"RAKP 2 message indicates an error : unauthorized name\n" + kNoSession, ErrorCode::BmcAuthFailed},
        {"RAKP 4 message indicates an error : invalid integrity check value\n" + kNoSession,
         ErrorCode::BmcAuthFailed},
        {"> RAKP 4 message has invalid integrity check value\n" + kNoSession, ErrorCode::BmcAuthFailed},
        {"RAKP 2 message indicates an error : unauthorized role requested\n" + kNoSession,
         ErrorCode::BmcAuthFailed, false, false, true},
        {"Set Session Privilege Level to ADMINISTRATOR failed: Unknown (0x81)\n" + kNoSession,
         ErrorCode::BmcAuthFailed, false, false, true},
        {"Set Session Privilege Level to ADMINISTRATOR failed\n" + kNoSession, ErrorCode::BmcUnreachable,
         true},
        {"Error in open session response message : insufficient resources for session\n\n" + kNoSession,
         ErrorCode::BmcSessionLimit, true},
        {"Get Auth Capabilities error\nError issuing Get Channel Authentication Capabilities request\n" +
             kNoSession,
         ErrorCode::BmcUnreachable, true},
        {"Timeout in open session response message.\n" + kNoSession, ErrorCode::BmcUnreachable, true},
        {"> Error: no response from RAKP 1 message\n" + kNoSession, ErrorCode::BmcUnreachable, true},
        {"Address lookup for bmc.invalid failed\nCould not open socket!\n" + kNoSession,
         ErrorCode::BmcUnreachable},
        {"This BMC does not support IPMI v2 / RMCP+\n" + kNoSession, ErrorCode::BmcUnsupported},
        {kNoise + "Set Chassis Power Control to Up/On failed: Node busy\n", ErrorCode::BmcBusy, true},
        {kNoise + "Get Chassis Power Status failed: BMC initialization in progress\n", ErrorCode::BmcBusy,
         true},
        {kNoise + "Set Chassis Power Control to Down/Off failed: Command not supported in present state\n",
         ErrorCode::BmcRejected},
        {kNoise + "Set Chassis Power Control to Up/On failed: Insufficient privilege level\n",
         ErrorCode::BmcRejected},
        {kNoise + "Set Chassis Power Control to Up/On failed: Invalid command\n", ErrorCode::BmcUnsupported},
        {kNoise + "Get Chassis Power Status failed: Unspecified error\n", ErrorCode::BmcRejected},
        {kNoise +
             "Unable to send RAW command (channel=0x0 netfn=0x0 lun=0x0 cmd=0x8 rsp=0x80): Unknown (0x80)\n",
         ErrorCode::BmcRejected},
        {kNoise + "Unable to send RAW command (channel=0x0 netfn=0x0 lun=0x0 cmd=0x77 rsp=0xc1): Invalid "
                  "command\n",
         ErrorCode::BmcUnsupported},
        {kNoise + "Unable to get Chassis Power Status\n", ErrorCode::BmcUnreachable, true},
        {kNoise + "Set Chassis Boot Parameter 5 failed: Parameter out of range\n", ErrorCode::BmcUnsupported},
        {"Error: Received an Unexpected Open Session Response\n" + kNoSession, ErrorCode::BmcBadReply},
        {kNoSession, ErrorCode::BmcBadReply},
        {"", ErrorCode::BmcBadReply},
    };
    return texts;
}

} // namespace

TEST_CASE("classify() maps ipmitool's output to an error code with a hint", "[drivers][ipmi-texts]")
{
    for (const Captured& captured : corpus()) {
        CAPTURE(captured.text);
        const IpmiFailure failure = classify(captured.text);
        CHECK(model::toText(failure.code) == model::toText(captured.code));
        CHECK(failure.transient == captured.transient);
        CHECK(failure.cipherRefused == captured.cipherRefused);
        CHECK(failure.roleRefused == captured.roleRefused);
        CHECK_FALSE(failure.message.empty());
        CHECK((!failure.hint.empty() || failure.code == ErrorCode::BmcRejected));
    }
}

namespace {

/// What bmd does at a status of a login.
enum class Then { Rests, OtherSuite, OtherSuiteThenRests, Again };

Then thenOf(const IpmiFailure& failure)
{
    CHECK_FALSE((failure.transient && failure.mayTryOtherSuite()));
    if (failure.mayTryOtherSuite())
        return failure.code == ErrorCode::BmcAuthFailed ? Then::OtherSuiteThenRests : Then::OtherSuite;
    CHECK((failure.transient || failure.code == ErrorCode::BmcAuthFailed));
    return failure.transient ? Then::Again : Then::Rests;
}

} // namespace

TEST_CASE("each status of a login has its meaning, by the message that carries it",
          "[drivers][ipmi-texts][cipher]")
{
    using enum Then;
    struct Status {
        const char* text; ///< as ipmitool 1.8.19 names it
        Then open, rakp2, rakp4;
    };
    const auto statuses = std::to_array<Status>({
        {"insufficient resources for session", Again, Again, Again},
        {"invalid session ID", OtherSuite, Again, Rests},
        {"invalid payload type", OtherSuite, OtherSuite, Rests},
        {"invalid authentication algorithm", OtherSuite, OtherSuite, Rests},
        {"invalid integrity algorithm", OtherSuite, OtherSuite, Rests},
        {"no matching authentication algorithm", OtherSuite, OtherSuite, Rests},
        {"no matching integrity payload", OtherSuite, OtherSuite, Rests},
        {"inactive session ID", OtherSuite, Again, Rests},
        {"invalid role", OtherSuiteThenRests, OtherSuiteThenRests, Rests},
        {"unauthorized role requested", OtherSuiteThenRests, OtherSuiteThenRests, Rests},
        {"insufficient resources for role", Again, Again, Again},
        {"invalid name length", Rests, Rests, Rests},
        {"unauthorized name", Rests, Rests, Rests},
        {"unauthorized GUID", Rests, Rests, Rests},
        {"invalid integrity check value", Rests, Rests, Rests},
        {"invalid confidentiality algorithm", OtherSuite, OtherSuite, Rests},
        {"no matching cipher suite", OtherSuite, OtherSuite, Rests},
        {"illegal parameter", OtherSuite, OtherSuite, Rests},
        {"Unknown (0x3f)", OtherSuite, OtherSuite, Rests},
    });
    for (const Status& status : statuses) {
        CAPTURE(status.text);
        const auto then = [&](const std::string& carrier) {
            return thenOf(classify(kNoise + carrier + status.text + "\n\n" + kNoSession));
        };
        CHECK(then("Error in open session response message : ") == status.open);
        CHECK(then("RAKP 2 message indicates an error : ") == status.rakp2);
        CHECK(then("RAKP 4 message indicates an error : ") == status.rakp4);
    }
}

TEST_CASE("the message of a failure is the line with its cause", "[drivers][ipmi-texts]")
{
    CHECK(classify(kNoise + "Set Chassis Power Control to Up/On failed: Node busy\n").message ==
          "Set Chassis Power Control to Up/On failed: Node busy");
    CHECK(classify("> RAKP 2 HMAC is invalid\n" + kNoSession).message == "RAKP 2 HMAC is invalid");
    CHECK(classify("\x1b[31mterminal games\x07\n").message == "?[31mterminal games?");
    CHECK(classify(std::string(100'000, 'x')).message.size() == 200);
}

TEST_CASE("arbitrary bytes are classified", "[drivers][ipmi-texts][fuzz]")
{
    std::minstd_rand random(20260101); // the same bytes in every run
    const auto upTo = [&](std::size_t limit) {
        return std::uniform_int_distribution<std::size_t>(0, limit)(random);
    };
    for (int round = 0; round < 3000; ++round) {
        std::string text = corpus().at(upTo(corpus().size() - 1)).text;
        for (std::size_t change = upTo(8); change > 0 && !text.empty(); --change)
            text[upTo(text.size() - 1)] = static_cast<char>(upTo(255));
        text.resize(upTo(text.size()));
        const IpmiFailure failure = classify(text);
        CHECK_FALSE(failure.message.empty());
        for (const char c : failure.message)
            REQUIRE((c >= ' ' && c <= '~'));
        CHECK_THROWS_AS(drivers::parseChassisPower(text), model::Error);
        CHECK_THROWS_AS(drivers::parseMcInfo(text), model::Error);
    }
}

TEST_CASE("the power state is parsed", "[drivers][ipmi-texts]")
{
    CHECK(drivers::parseChassisPower("Chassis Power is on\n") == PowerState::On);
    CHECK(drivers::parseChassisPower("Chassis Power is off\r\n") == PowerState::Off);
    CHECK(drivers::parseChassisPower("Received IPMI/RMCP response\nChassis Power is on") == PowerState::On);
    for (const char* bad : {"", "Chassis Power is", "Chassis Power is onward", "Chassis Power is unknown"})
        CHECK(test::errorOf([&] { drivers::parseChassisPower(bad); }).code() == ErrorCode::BmcBadReply);
}

TEST_CASE("mc info is parsed", "[drivers][ipmi-texts]")
{
    const std::string known =
        "Device ID                 : 32\nDevice Revision           : 1\nFirmware Revision         : 2.40\n"
        "IPMI Version              : 2.0\nManufacturer ID           : 674\n"
        "Manufacturer Name         : Dell Inc.\nProduct ID                : 256 (0x0100)\n"
        "Product Name              : PowerEdge: R740\n";
    const drivers::BmcIdentity identity = drivers::parseMcInfo(known);
    CHECK(identity.manufacturer == "Dell Inc.");
    CHECK(identity.product == "PowerEdge: R740");
    CHECK(identity.firmware == "2.40");
    CHECK(identity.ipmiVersion == "2.0");
    SECTION("with numbers for unknown names")
    {
        const drivers::BmcIdentity unknown =
            drivers::parseMcInfo("Firmware Revision : 1.0\nIPMI Version : 2.0\nManufacturer ID : "
                                 "99\nManufacturer Name : Unknown (0x63)\n"
                                 "Product ID : 7 (0x0007)\nProduct Name : Unknown (0x7)\n");
        CHECK(unknown.manufacturer == "IANA 99");
        CHECK(unknown.product == "7 (0x0007)");
    }
    SECTION("and other texts are refused")
    {
        CHECK(test::errorOf([] { drivers::parseMcInfo("hello\n"); }).code() == ErrorCode::BmcBadReply);
    }
}

TEST_CASE("boot flags are parsed", "[ipmi][texts]")
{
    const auto flags = [](const std::string& valid, const std::string& selector,
                          const std::string& more = "") {
        return "Boot parameter version: 1\nBoot parameter 5 is valid/unlocked\nBoot parameter data: "
               "c004000000\n Boot Flags :\n   - Boot Flag " +
               valid + "\n" + more + "   - Boot Device Selector : " + selector +
               "\n   - Console Redirection control : System Default\n";
    };
    const auto pxe = drivers::parseBootFlags(
        flags("Valid", "Force PXE", "   - Options apply to all future boots\n   - BIOS EFI boot \n"));
    REQUIRE(pxe);
    CHECK(pxe->device == model::BootDevice::Pxe);
    CHECK(pxe->persistent);
    CHECK(pxe->efi);
    const auto disk = drivers::parseBootFlags(
        flags("Valid", "Force Boot from default Hard-Drive", "   - Options apply to only next boot\n"));
    REQUIRE(disk);
    CHECK(disk->device == model::BootDevice::Disk);
    CHECK_FALSE(disk->persistent);
    CHECK_FALSE(drivers::parseBootFlags(flags("Valid", "No override")));
    CHECK_FALSE(drivers::parseBootFlags(flags("Invalid", "Force PXE")));
    CHECK_THROWS_AS(drivers::parseBootFlags("Set in progress"), model::Error);
}
