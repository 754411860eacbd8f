// Vendor methods and the rarer requests of the ipmi hardware type, against a BMC that records requests.
#include "drivers/ipmi/ipmi.h"
#include "tests/drivers/error_of.h"
#include "tests/drivers/responder/bmc_responder.h"

#include <algorithm>
#include <thread>

#include <catch2/catch.hpp>
#include <fmt/format.h>

using namespace std::chrono_literals;
using namespace bm;
using Catch::Matchers::Contains;
using model::Deadline;
using model::ErrorCode;
using test::Bytes;

namespace {

constexpr std::pair<int, int> kColdReset{6, 2};
constexpr std::pair<int, int> kWarmReset{6, 3};
constexpr std::pair<int, int> kRawCommand{0x30, 5};

/// A BMC that accepts both resets and one raw command.
test::BmcManners acceptsVendorRequests()
{
    constexpr int kAlways = 1000;
    test::BmcManners manners;
    for (const auto& request : {kColdReset, kWarmReset, kRawCommand})
        manners.codes[request] = {0, kAlways};
    return manners;
}

struct VendorFixture {
    explicit VendorFixture(test::BmcManners manners = acceptsVendorRequests()) : responder(std::move(manners))
    {
        settings.minInterval = 20ms;
        settings.runFolder = runFolder.path();
        settings.outgoing =
            std::make_shared<platform::OutgoingPolicy>(platform::OutgoingSettings{.bmcOnLoopback = true});
        ipmi.emplace(drivers::makeIpmi(*exec, settings));
        bmc.port = responder.port();
        bmc.host = "127.0.0.1";
        bmc.key = fmt::format("127.0.0.1:{}", bmc.port);
        bmc.user = "ADMIN";
        bmc.password = "secret-of-the-bmc";
    }

    test::BmcResponder responder;
    platform::TemporaryFolder runFolder{"bm-drivers"};
    std::unique_ptr<platform::Exec> exec = platform::makeExec();
    drivers::IpmiSettings settings{};
    std::optional<drivers::HardwareType> ipmi{};
    drivers::BmcAccess bmc{};

    const drivers::Slots& management() { return ipmi->standard("management"); }
    drivers::VendorOutcome call(std::string_view method, const drivers::Values& arguments)
    {
        return ipmi->standard("vendor").vendor->call(bmc, method, arguments, Deadline::in(60s));
    }
    std::size_t received(std::pair<int, int> request)
    {
        return responder.bodies(request.first, request.second).size();
    }
    /// Waits for the request: ipmitool ends without an answer to a cold reset, before the BMC has read it.
    bool arrives(std::pair<int, int> request)
    {
        const Deadline deadline = Deadline::in(20s);
        while (received(request) == 0 && !deadline.over())
            std::this_thread::sleep_for(5ms);
        return received(request) == 1;
    }
};

} // namespace

TEST_CASE("the vendor method bmc_reset", "[drivers][peer][responder][vendor]")
{
    VendorFixture f;
    SECTION("restarts the BMC warm by default")
    {
        const drivers::VendorOutcome outcome = f.call("bmc_reset", {});
        CHECK(outcome.event == model::EventKind::BmcReset);
        CHECK(outcome.message == "warm");
        CHECK(f.received(kWarmReset) == 1);
        CHECK(f.received(kColdReset) == 0);
    }
    SECTION("restarts the BMC cold with warm: false")
    {
        CHECK(f.call("bmc_reset", {{"warm", "false"}}).message == "cold");
        CHECK(f.arrives(kColdReset));
        CHECK(f.received(kWarmReset) == 0);
    }
    SECTION("needs the BMC's address")
    {
        f.bmc.host.clear();
        const model::Error error = test::errorOf([&] { f.call("bmc_reset", {}); });
        CHECK(error.code() == ErrorCode::InvalidInput);
        CHECK_THAT(error.what(), Contains("ipmi_address"));
        CHECK(f.responder.requests().empty());
    }
}

TEST_CASE("the vendor method send_raw", "[drivers][peer][responder][vendor]")
{
    VendorFixture f;
    SECTION("sends the bytes, in hexadecimal with and without 0x")
    {
        const std::string bytes = GENERATE("0x30 0x05 0x01 0xff", "30,5,1,ff", "  0x30, 05 1  ff ");
        const drivers::VendorOutcome outcome = f.call("send_raw", {{"raw_bytes", bytes}});
        CHECK(outcome.event == model::EventKind::BmcRaw);
        CHECK(outcome.message == "4 bytes");
        CHECK(f.responder.bodies(0x30, 5) == std::vector<Bytes>{{0x01, 0xff}});
    }
    SECTION("does not call the BMC with a wrong byte")
    {
        const std::string bytes = GENERATE("0x30 0x100", "0x30 -1", "0x30 zero", "0x30 0x", "0x30;0x05");
        const model::Error error = test::errorOf([&] { f.call("send_raw", {{"raw_bytes", bytes}}); });
        CHECK(error.code() == ErrorCode::InvalidInput);
        CHECK_THAT(error.what(), Contains("is not a byte"));
        CHECK(f.responder.requests().empty());
    }
    SECTION("does not call the BMC with too few or too many bytes")
    {
        std::string tooMany;
        for (int byte = 0; byte < 257; ++byte)
            tooMany += "0x01 ";
        for (const std::string& bytes : {std::string(), std::string(" , "), std::string("0x30"), tooMany})
            CHECK_THAT(test::errorOf([&] {
                           f.call("send_raw", {{"raw_bytes", bytes}});
                       }).what(),
                       Contains("expected 2 to 256 bytes"));
        CHECK(test::errorOf([&] { f.call("send_raw", {}); }).code() == ErrorCode::InvalidInput);
        CHECK(f.responder.requests().empty());
    }
    SECTION("shows a part of a long wrong text only")
    {
        const std::string text(5000, 'x');
        CHECK(std::string(test::errorOf([&] {
                              f.call("send_raw", {{"raw_bytes", text}});
                          }).what())
                  .size() < 200);
    }
    SECTION("fails when the BMC refuses the command")
    {
        CHECK(test::errorOf([&] {
                  f.call("send_raw", {{"raw_bytes", "0x30 0x06"}});
              }).code() == ErrorCode::BmcUnsupported);
    }
}

TEST_CASE("the vendor methods of ipmi are listed with their arguments", "[drivers][vendor]")
{
    const auto exec = platform::makeExec();
    const drivers::HardwareType ipmi = drivers::makeIpmi(*exec, {});
    const auto methods = ipmi.standard("vendor").vendor->methods();
    REQUIRE(methods.size() == 2);
    CHECK(methods[0].name == "bmc_reset");
    CHECK(methods[0].arguments.at(0).name == "warm");
    CHECK(methods[0].arguments.at(0).flag);
    CHECK(methods[1].name == "send_raw");
    CHECK_FALSE(methods[1].arguments.at(0).flag);
    CHECK(std::ranges::all_of(methods, [](const auto& one) { return one.async && one.exclusive; }));
}

TEST_CASE("the management interface of ipmi", "[drivers][peer][responder]")
{
    VendorFixture f;
    SECTION("restarts the BMC warm or cold")
    {
        f.management().bmc->resetBmc(f.bmc, true, Deadline::in(60s));
        CHECK(f.received(kWarmReset) == 1);
        f.management().bmc->resetBmc(f.bmc, false, Deadline::in(60s));
        CHECK(f.arrives(kColdReset));
    }
    SECTION("sends a non-maskable interrupt")
    {
        f.management().bmc->injectNmi(f.bmc, Deadline::in(60s));
        CHECK(f.responder.bodies(0, 2) == std::vector<Bytes>{{4}});
    }
    SECTION("reads back each boot device that it sets")
    {
        for (const model::BootDevice device : f.management().boot->supportedDevices())
            for (const bool on : {false, true}) {
                f.management().boot->setBootDevice(f.bmc, {device, on, on}, Deadline::in(60s));
                const auto read = f.management().boot->bootDevice(f.bmc, Deadline::in(60s));
                INFO(model::toText(device) << (on ? " persistent, UEFI" : ""));
                REQUIRE(read);
                CHECK(read->device == device);
                CHECK(read->persistent == on);
                CHECK(read->efi == on);
            }
    }
    SECTION("knows no boot device when the flags are not valid")
    {
        CHECK_FALSE(f.management().boot->bootDevice(f.bmc, Deadline::in(60s)));
    }
    SECTION("warns of a BMC with cipher suite 3 only, once it knows")
    {
        test::BmcManners manners = acceptsVendorRequests();
        manners.suites = {3};
        VendorFixture weak(std::move(manners));
        CHECK_FALSE(weak.management().bmc->weakness(weak.bmc));
        weak.management().bmc->identify(weak.bmc, Deadline::in(60s));
        const auto weakness = weak.management().bmc->weakness(weak.bmc);
        REQUIRE(weakness);
        CHECK_THAT(weakness->message, Contains("127.0.0.1") && Contains("cipher suite 3"));
        CHECK_THAT(weakness->hint, Contains("firmware"));
        f.management().bmc->identify(f.bmc, Deadline::in(60s));
        CHECK_FALSE(f.management().bmc->weakness(f.bmc)); // it has suite 17
    }
}
