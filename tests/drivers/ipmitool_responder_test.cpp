// ipmitool against a BMC that records requests and injects faults.
#include "drivers/ipmi/ipmi.h"
#include "tests/drivers/error_of.h"
#include "tests/drivers/power_driver_contract.h"
#include "tests/drivers/responder/bmc_responder.h"

#include <catch2/catch.hpp>
#include <fmt/format.h>

using namespace std::chrono_literals;
using namespace bm;
using drivers::BmcAccess;
using drivers::BootRequest;
using model::BootDevice;
using model::Deadline;
using model::ErrorCode;
using model::PowerAction;
using model::PowerState;
using test::BmcManners;
using test::BmcResponder;
using test::Bytes;

namespace {

struct Fixture {
    explicit Fixture(BmcManners manners = {}) : responder(std::move(manners)) {}

    BmcResponder responder;
    platform::TemporaryFolder runFolder{"bm-drivers"};
    std::unique_ptr<platform::Exec> exec = platform::makeExec();
    drivers::HardwareType ipmi = drivers::makeIpmi(*exec, settings());
    BmcAccess bmc = access();

    drivers::IpmiSettings settings() const
    {
        drivers::IpmiSettings made;
        made.minInterval = 20ms;
        made.runFolder = runFolder.path();
        made.outgoing =
            std::make_shared<platform::OutgoingPolicy>(platform::OutgoingSettings{.bmcOnLoopback = true});
        return made;
    }
    BmcAccess access() const
    {
        BmcAccess made;
        made.port = responder.port();
        made.key = fmt::format("127.0.0.1:{}", made.port);
        made.host = "127.0.0.1";
        made.user = "ADMIN";
        made.password = "secret-of-the-bmc";
        return made;
    }
    void boot(BootRequest request)
    {
        ipmi.standard("management").boot->setBootDevice(bmc, request, Deadline::in(60s));
    }
    /// The request with parameter 5 (boot flags).
    std::vector<Bytes> bootFlags() { return parameter(5); }
    std::vector<Bytes> parameter(int number)
    {
        std::vector<Bytes> found;
        for (const Bytes& body : responder.bodies(0, 8))
            if (body.at(0) == number)
                found.push_back(body);
        return found;
    }
    void power(PowerAction action) { ipmi.standard("power").power->setPower(bmc, action, Deadline::in(60s)); }
    std::string learnedSuite()
    {
        return drivers::valueOr(ipmi.standard("management").bmc->learned(bmc), "ipmi_cipher_suite", "");
    }
    model::Error failureOf(PowerAction action, Deadline deadline = Deadline::in(60s))
    {
        return test::errorOf([&] { ipmi.standard("power").power->setPower(bmc, action, deadline); });
    }
};

constexpr std::pair<int, int> kPowerControl{0, 2};
constexpr std::pair<int, int> kSetBootOptions{0, 8};

} // namespace

TEST_CASE("ipmitool and a BMC with cipher suite 17", "[drivers][peer][responder]")
{
    Fixture f;
    SECTION("keep the power driver's contract, with 17 from the first login on")
    {
        test::powerDriverContract(*f.ipmi.standard("power").power, f.bmc);
        CHECK(f.ipmi.standard("management").bmc->learned(f.bmc) ==
              drivers::Values{{"ipmi_cipher_suite", "17"}, {"ipmi_learned_from", f.bmc.key}});
        for (const int suite : f.responder.loginSuites())
            CHECK(suite == 17);
    }
    SECTION("send the right bytes for each power action")
    {
        for (const PowerAction action :
             {PowerAction::On, PowerAction::Reset, PowerAction::SoftOff, PowerAction::Off})
            f.ipmi.standard("power").power->setPower(f.bmc, action, Deadline::in(60s));
        CHECK(f.responder.bodies(0, 2) == std::vector<Bytes>{{1}, {3}, {5}, {0}});
    }
    SECTION("identify the BMC")
    {
        const drivers::BmcIdentity identity =
            f.ipmi.standard("management").bmc->identify(f.bmc, Deadline::in(60s));
        CHECK(identity.manufacturer == "Dell Inc.");
        CHECK(identity.firmware == "3.21");
        CHECK(identity.ipmiVersion == "2.0");
        CHECK(identity.manufacturerId == 674U);
        CHECK(f.ipmi.standard("management").bmc->learned(f.bmc).at("ipmi_manufacturer_id") == "674");
    }
}

TEST_CASE("the bytes of the boot device request", "[drivers][peer][responder]")
{
    Fixture f;
    struct Case {
        BootRequest request;
        Bytes flags;
    };
    const Case wanted = GENERATE(Case{{BootDevice::Pxe, false, false}, {5, 0x80, 0x04, 0, 0, 0}},
                                 Case{{BootDevice::Pxe, false, true}, {5, 0xa0, 0x04, 0, 0, 0}},
                                 Case{{BootDevice::Disk, true, false}, {5, 0xc0, 0x08, 0, 0, 0}},
                                 Case{{BootDevice::Disk, true, true}, {5, 0xe0, 0x08, 0, 0, 0}});
    f.boot(wanted.request);
    CHECK(f.bootFlags() == std::vector<Bytes>{wanted.flags});
    CHECK(f.parameter(3) == std::vector<Bytes>{{3, 8}}); // the flags do not expire after 60 s
}

TEST_CASE("the boot device of a UEFI machine has its vendor's selector", "[drivers][peer][responder][vendor]")
{
    struct Case {
        std::string vendor; ///< properties/vendor
        std::uint32_t manufacturer;
        std::uint8_t disk;
    };
    const Case board = GENERATE(Case{"", 674, 0x08}, Case{"", 10876, 0x24}, Case{"", 47488, 0x24},
                                Case{"Supermicro", 674, 0x24}, Case{"Dell Inc.", 10876, 0x08});
    CAPTURE(board.vendor, board.manufacturer);
    BmcManners manners;
    manners.manufacturer = board.manufacturer;
    Fixture f(manners);
    f.bmc.vendor = board.vendor;
    f.boot({BootDevice::Disk, false, true});
    f.boot({BootDevice::Disk, true, false}); // BIOS: the specification's selector
    f.boot({BootDevice::Disk, true, true});
    CHECK(f.bootFlags() == std::vector<Bytes>{{5, 0xa0, board.disk, 0, 0, 0},
                                              {5, 0xc0, 0x08, 0, 0, 0},
                                              {5, 0xe0, board.disk, 0, 0, 0}});
    const auto read = f.ipmi.standard("management").boot->bootDevice(f.bmc, Deadline::in(60s));
    REQUIRE(read);
    CHECK(read->device == BootDevice::Disk);
    const std::size_t identifications = board.vendor.empty() ? 1 : 0;
    CHECK(f.responder.loginSuites().size() == 7 + identifications); // three timeouts and devices, one reading
}

TEST_CASE("each boot device of a UEFI machine is one request, as of Ironic",
          "[drivers][peer][responder][vendor]")
{
    BmcManners manners;
    manners.manufacturer = 10876;
    Fixture f(manners);
    for (const BootDevice device : f.ipmi.standard("management").boot->supportedDevices())
        f.boot({device, device == BootDevice::Pxe, true});
    CHECK(f.bootFlags() == std::vector<Bytes>{{5, 0xe0, 0x04, 0, 0, 0},
                                              {5, 0xa0, 0x24, 0, 0, 0},
                                              {5, 0xa0, 0x14, 0, 0, 0},
                                              {5, 0xa0, 0x18, 0, 0, 0},
                                              {5, 0xa0, 0x0c, 0, 0, 0}});
    CHECK(f.parameter(0).empty()); // only parameters 3 and 5
    CHECK(f.parameter(4).empty());
}

TEST_CASE("a BMC without a device id gets the specification's boot device",
          "[drivers][peer][responder][vendor]")
{
    BmcManners manners;
    manners.codes[{6, 0x01}] = {0xc1, 1000};
    Fixture f(manners);
    f.boot({BootDevice::Disk, true, true});
    CHECK(f.bootFlags() == std::vector<Bytes>{{5, 0xe0, 0x08, 0, 0, 0}});
}

TEST_CASE("the boot-flag timeout", "[drivers][peer][responder]")
{
    SECTION("is unchanged when the node's setting says so")
    {
        Fixture f;
        f.bmc.disableBootTimeout = false;
        f.boot({BootDevice::Pxe, false, false});
        CHECK(f.parameter(3).empty());
        CHECK(f.bootFlags().size() == 1);
    }
    SECTION("is optional: an unsupported parameter does not prevent setting the boot device")
    {
        BmcManners manners;
        manners.codes[kSetBootOptions] = {0x80, 1}; // "parameter not supported", for the first request
        Fixture f(manners);
        f.boot({BootDevice::Pxe, false, false});
        CHECK(f.bootFlags().size() == 1);
    }
}

TEST_CASE("a BMC without cipher suite 17", "[drivers][peer][responder]")
{
    BmcManners manners;
    manners.suites = {3};
    Fixture f(manners);
    f.ipmi.standard("power").power->setPower(f.bmc, PowerAction::On, Deadline::in(60s));
    f.ipmi.standard("power").power->setPower(f.bmc, PowerAction::Off, Deadline::in(60s));
    CHECK(f.responder.loginSuites() == std::vector<int>{17, 3, 3}); // one try with 17, then remembered
    CHECK(f.learnedSuite() == "3");
}

TEST_CASE("a BMC that refuses cipher suite 17 in other words", "[drivers][peer][responder][cipher]")
{
    static constexpr std::uint8_t kInvalidRole = 0x09, kUnauthorizedRole = 0x0a, kNoSuite = 0x11,
                                  kOwnStatus = 0x3f;
    BmcManners manners;
    SECTION("in its answer to the session request is called by suite 3, and that is remembered")
    {
        manners.openStatus[17] = GENERATE(kInvalidRole, kUnauthorizedRole, kNoSuite, kOwnStatus);
        Fixture f(manners);
        f.power(PowerAction::On);
        f.power(PowerAction::Off);
        CHECK(f.responder.loginSuites() == std::vector<int>{17, 3, 3});
        CHECK(f.learnedSuite() == "3");
    }
    SECTION("in its answer to the user's name is called by suite 3")
    {
        manners.rakp2Status[17] = GENERATE(kInvalidRole, kUnauthorizedRole);
        Fixture f(manners);
        f.power(PowerAction::On);
        CHECK(f.responder.loginSuites() == std::vector<int>{17, 3});
    }
    SECTION("in its answer to the password gets no second password")
    {
        manners.rakp4Status[17] = GENERATE(kInvalidRole, kOwnStatus);
        Fixture f(manners);
        CHECK(f.failureOf(PowerAction::On).code() == ErrorCode::BmcAuthFailed);
        CHECK(f.failureOf(PowerAction::On).code() == ErrorCode::BmcResting);
        CHECK(f.responder.loginSuites() == std::vector<int>{17});
    }
    SECTION("and knows no better one than it had before is called by 17 again")
    {
        manners.suites = {17};
        Fixture f(manners);
        f.bmc.rememberedSuite = 3;
        f.power(PowerAction::On);
        CHECK(f.responder.loginSuites() == std::vector<int>{3, 17});
        CHECK(f.learnedSuite() == "17");
    }
}

TEST_CASE("a BMC that refuses both cipher suites", "[drivers][peer][responder][cipher]")
{
    BmcManners manners;
    manners.openStatus = {{17, 0x09}, {3, 0x11}};
    Fixture f(manners);
    const model::Error error = f.failureOf(PowerAction::On);
    CHECK(error.code() == ErrorCode::BmcAuthFailed);
    CHECK_THAT(error.message(),
               Catch::Contains("suite 17") && Catch::Contains("invalid role") && Catch::Contains("suite 3") &&
                   Catch::Contains("no matching cipher suite") && Catch::Contains("ADMINISTRATOR"));
    CHECK_THAT(error.hint(), Catch::Contains("ipmi_priv_level") && Catch::Contains("ipmi_cipher_suite"));
    CHECK(f.failureOf(PowerAction::On).code() == ErrorCode::BmcResting);
    CHECK(f.responder.loginSuites() == std::vector<int>{17, 3}); // nothing below 3
    CHECK(f.responder.passwords() == 0);
    SECTION("is called again by the suite that is set")
    {
        f.bmc.cipherSuite = 3;
        CHECK(f.failureOf(PowerAction::On).code() == ErrorCode::BmcUnsupported);
        CHECK(f.responder.loginSuites() == std::vector<int>{17, 3, 3});
    }
    SECTION("is called again by another privilege level")
    {
        f.bmc.privilege = "OPERATOR";
        CHECK_THAT(f.failureOf(PowerAction::On).message(), Catch::Contains("OPERATOR"));
    }
}

TEST_CASE("a wrong password by the second cipher suite is not tried again",
          "[drivers][peer][responder][cipher]")
{
    BmcManners manners;
    manners.openStatus[17] = 0x09;
    Fixture f(manners);
    f.bmc.password = "wrong";
    const model::Error error = f.failureOf(PowerAction::On);
    CHECK(error.code() == ErrorCode::BmcAuthFailed);
    CHECK_THAT(error.message(), Catch::Contains("invalid role") && Catch::Contains("RAKP 2 HMAC is invalid"));
    CHECK_THAT(error.hint(), Catch::Contains("ipmi_password"));
    CHECK(f.failureOf(PowerAction::On).code() == ErrorCode::BmcResting);
    CHECK(f.responder.loginSuites() == std::vector<int>{17, 3});
}

TEST_CASE("a BMC with a Kg key", "[drivers][peer][responder]")
{
    BmcManners manners;
    manners.kg = {0xff, 0x01, 0x20, 0x7f, 0xfe};
    manners.kg.resize(20);
    Fixture f(manners);
    SECTION("accepts a login with the key")
    {
        f.bmc.kgKey = "ff01207ffe";
        CHECK_NOTHROW(f.ipmi.standard("power").power->setPower(f.bmc, PowerAction::On, Deadline::in(60s)));
        CHECK(f.responder.poweredOn());
    }
    SECTION("refuses a login without it")
    {
        CHECK(f.failureOf(PowerAction::On).code() == ErrorCode::BmcAuthFailed);
    }
}

TEST_CASE("a BMC whose user has no password", "[drivers][peer][responder]")
{
    BmcManners manners;
    manners.password.clear();
    Fixture f(manners);
    f.bmc.password.clear();
    CHECK_NOTHROW(f.ipmi.standard("power").power->setPower(f.bmc, PowerAction::On, Deadline::in(60s)));
}

TEST_CASE("a BMC that refuses the login", "[drivers][peer][responder]")
{
    Fixture f;
    const auto logins = [&] { return f.responder.loginSuites().size(); };
    SECTION("because of the password is called once, then rests")
    {
        f.bmc.password = "wrong";
        const model::Error error = f.failureOf(PowerAction::On);
        CHECK(error.code() == ErrorCode::BmcAuthFailed);
        CHECK_THAT(error.what(), Catch::Contains(f.bmc.key) && !Catch::Contains("wrong"));
        CHECK(logins() == 1);
        CHECK(f.failureOf(PowerAction::On).code() == ErrorCode::BmcResting);
        CHECK(logins() == 1); // no further login
    }
    SECTION("because of the user is called once, then rests")
    {
        f.bmc.user = "somebody";
        CHECK(f.failureOf(PowerAction::On).code() == ErrorCode::BmcAuthFailed);
        CHECK(logins() == 1);
    }
    CHECK_FALSE(f.responder.poweredOn());
}

TEST_CASE("a BMC in trouble", "[drivers][peer][responder]")
{
    BmcManners manners;
    SECTION("busy for a moment is called again")
    {
        manners.codes[kPowerControl] = {0xc0, 2};
        Fixture f(manners);
        CHECK_NOTHROW(f.ipmi.standard("power").power->setPower(f.bmc, PowerAction::On, Deadline::in(60s)));
        CHECK(f.responder.poweredOn());
    }
    SECTION("busy for long fails with bmc-busy")
    {
        manners.codes[kPowerControl] = {0xc0, 1000};
        Fixture f(manners);
        CHECK(f.failureOf(PowerAction::On).code() == ErrorCode::BmcBusy);
        CHECK(f.responder.bodies(0, 2).size() == 4); // one call and three repetitions
    }
    SECTION("out of sessions for a moment is called again, for long it fails")
    {
        manners.sessionsRefused = 1;
        Fixture f(manners);
        CHECK_NOTHROW(f.ipmi.standard("power").power->setPower(f.bmc, PowerAction::On, Deadline::in(60s)));
        manners.sessionsRefused = 1000;
        Fixture g(manners);
        CHECK(g.failureOf(PowerAction::On).code() == ErrorCode::BmcSessionLimit);
    }
    SECTION("that refuses a redundant power action is read before the action counts as done")
    {
        manners.codes[kPowerControl] = {0xd5, 1000};
        Fixture f(manners);
        CHECK_NOTHROW(f.ipmi.standard("power").power->setPower(f.bmc, PowerAction::Off, Deadline::in(60s)));
        CHECK(f.failureOf(PowerAction::On).code() == ErrorCode::BmcRejected);
        CHECK(f.failureOf(PowerAction::Reset).code() == ErrorCode::BmcRejected);
    }
    SECTION("without a command fails with bmc-unsupported")
    {
        manners.codes[kPowerControl] = {0xc1, 1000};
        Fixture f(manners);
        CHECK(f.failureOf(PowerAction::On).code() == ErrorCode::BmcUnsupported);
    }
}

TEST_CASE("a dead or foreign peer", "[drivers][peer][responder]")
{
    BmcManners manners;
    SECTION("that is dead is unreachable within the deadline")
    {
        manners.silent = true;
        Fixture f(manners);
        const auto began = std::chrono::steady_clock::now();
        const model::Error error = f.failureOf(PowerAction::On, Deadline::in(1500ms));
        CHECK(error.code() == ErrorCode::BmcUnreachable);
        CHECK_THAT(error.hint(), Catch::Contains("VLAN"));
        CHECK(std::chrono::steady_clock::now() - began < 10s);
    }
    SECTION("that is dead is unreachable by ipmitool's own message, given time")
    {
        manners.silent = true;
        Fixture f(manners);
        const auto readings =
            f.ipmi.standard("power").power->readPower(std::span(&f.bmc, 1), Deadline::in(60s));
        REQUIRE(readings.at(0).failure);
        CHECK(readings.at(0).failure->code() == ErrorCode::BmcUnreachable);
        CHECK_THAT(readings.at(0).failure->what(), Catch::Contains("Get Auth Capabilities error"));
    }
    SECTION("that answers nonsense yields an error in time")
    {
        manners.nonsense = true;
        Fixture f(manners);
        const model::Error error = f.failureOf(PowerAction::On, Deadline::in(8s));
        CHECK((error.code() == ErrorCode::BmcBadReply || error.code() == ErrorCode::BmcUnreachable));
    }
    SECTION("with an unresolvable name fails with a hint")
    {
        Fixture f;
        f.bmc.host = "bmc.invalid";
        const model::Error error = f.failureOf(PowerAction::On);
        CHECK(error.code() == ErrorCode::BmcUnreachable);
        CHECK_THAT(error.hint(), Catch::Contains("does not resolve"));
    }
}
