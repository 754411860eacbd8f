#include "tests/drivers/power_driver_contract.h"

#include "common/model/error.h"
#include "tests/drivers/error_of.h"

#include <array>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

namespace bm::test {

using namespace std::chrono_literals;
using drivers::BmcAccess;
using drivers::PowerDriver;
using drivers::PowerReading;
using model::Deadline;
using model::ErrorCode;
using model::PowerAction;
using model::PowerState;

namespace {

Deadline soon()
{
    return Deadline::in(30s);
}

PowerReading read(PowerDriver& driver, const BmcAccess& bmc)
{
    const std::vector<PowerReading> readings = driver.readPower(std::span(&bmc, 1), soon());
    REQUIRE(readings.size() == 1);
    return readings.front();
}

void checkSwitching(PowerDriver& driver, const BmcAccess& bmc)
{
    for (int round = 0; round < 2; ++round) { // each action may be repeated
        driver.setPower(bmc, PowerAction::On, soon());
        CHECK(powerBecomes(driver, bmc, PowerState::On));
    }
    driver.setPower(bmc, PowerAction::Reset, soon());
    CHECK(powerBecomes(driver, bmc, PowerState::On));
    for (int round = 0; round < 2; ++round) {
        driver.setPower(bmc, PowerAction::Off, soon());
        CHECK(powerBecomes(driver, bmc, PowerState::Off));
    }
    driver.setPower(bmc, PowerAction::SoftOff, soon()); // a redundant action is no error
    CHECK(powerBecomes(driver, bmc, PowerState::Off));
}

void checkManyAtOnce(PowerDriver& driver, const BmcAccess& bmc)
{
    const std::vector<BmcAccess> bmcs(3, bmc);
    for (const PowerReading& reading : driver.readPower(bmcs, soon())) {
        CHECK_FALSE(reading.failure);
        CHECK(reading.state == PowerState::Off);
    }
    CHECK(driver.readPower({}, soon()).empty());
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 4; ++thread)
        threads.emplace_back([&] { driver.setPower(bmc, PowerAction::Off, soon()); });
    threads.clear();
    CHECK(powerBecomes(driver, bmc, PowerState::Off));
}

void checkBadAccess(PowerDriver& driver, const BmcAccess& bmc)
{
    BmcAccess bad = bmc;
    bad.key.clear();
    bad.host.clear();
    CHECK(errorOf([&] { driver.validate(bad); }).code() == ErrorCode::InvalidInput);
    CHECK(errorOf([&] { driver.setPower(bad, PowerAction::On, soon()); }).code() == ErrorCode::InvalidInput);
    const std::array<BmcAccess, 2> both{bad, bmc};
    const std::vector<PowerReading> readings = driver.readPower(both, soon());
    REQUIRE(readings.size() == 2);
    REQUIRE(readings[0].failure);
    CHECK(readings[0].failure->code() == ErrorCode::InvalidInput);
    CHECK_FALSE(readings[1].failure); // one failure does not affect the others
}

void checkDeadline(PowerDriver& driver, const BmcAccess& bmc)
{
    CHECK(errorOf([&] { driver.setPower(bmc, PowerAction::On, Deadline::in(0ms)); }).code() ==
          ErrorCode::DeadlineExceeded);
    std::stop_source stop;
    stop.request_stop();
    CHECK(errorOf([&] {
              driver.setPower(bmc, PowerAction::On, Deadline::in(30s, stop.get_token()));
          }).code() == ErrorCode::Aborted);
    CHECK(read(driver, bmc).state == PowerState::Off); // neither call was sent
}

} // namespace

bool powerBecomes(PowerDriver& driver, const BmcAccess& bmc, PowerState state)
{
    const Deadline end = soon();
    while (!end.over()) {
        const PowerReading reading = read(driver, bmc);
        if (reading.failure)
            FAIL("reading the power failed: " << reading.failure->what());
        if (reading.state == state)
            return true;
        std::this_thread::sleep_for(2ms); // polls: there is no notification
    }
    return false;
}

void powerDriverContract(PowerDriver& driver, const BmcAccess& bmc)
{
    CHECK_FALSE(driver.name().empty());
    CHECK_NOTHROW(driver.validate(bmc));
    checkSwitching(driver, bmc);
    checkManyAtOnce(driver, bmc);
    checkBadAccess(driver, bmc);
    checkDeadline(driver, bmc);
}

} // namespace bm::test
