#include "common/model/error.h"
#include "tests/support/world.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace std::chrono_literals;
using namespace bm;
using model::PowerAction;
using model::PowerTarget;
using model::State;
using model::StateEvent;
using nlohmann::json;
using test::World;

namespace {

/// Simulated power that keeps a list of the orders.
class RecordedPower final : public drivers::PowerDriver {
public:
    RecordedPower(std::shared_ptr<drivers::PowerDriver> inner, std::vector<PowerAction>& orders)
        : inner_(std::move(inner)), orders_(orders)
    {}
    std::string_view name() const noexcept override { return inner_->name(); }
    void validate(const drivers::BmcAccess& bmc) const override { inner_->validate(bmc); }
    std::vector<drivers::PowerReading> readPower(std::span<const drivers::BmcAccess> bmcs,
                                                 const model::Deadline& deadline) override
    {
        return inner_->readPower(bmcs, deadline);
    }
    void setPower(const drivers::BmcAccess& bmc, PowerAction action, const model::Deadline& deadline) override
    {
        orders_.push_back(action);
        inner_->setPower(bmc, action, deadline);
    }

private:
    std::shared_ptr<drivers::PowerDriver> inner_; ///< shared with the hardware type that it came from
    std::vector<PowerAction>& orders_;
};

struct NeverOff {
    std::vector<PowerAction> orders{};
    World world{};

    NeverOff()
    {
        for (drivers::Interface& one : world.core->context.hardware.at("fake-hardware").interfaces)
            if (one.slots.power)
                one.slots.power = std::make_shared<RecordedPower>(one.slots.power, orders);
        world.nodeIn(State::Manageable);
        world.core->nodes.update(
            "node-1", [](model::Node& node) { node.disablePowerOff = true; }, "tester");
        power(PowerTarget::On);
        orders.clear();
    }
    void power(PowerTarget target)
    {
        world.core->operations.power("node-1", target, {}, "tester");
        world.runUntilIdle(5s);
    }
    bool ordered(PowerAction action) const { return std::ranges::find(orders, action) != orders.end(); }
    bool orderedOff() const { return ordered(PowerAction::Off) || ordered(PowerAction::SoftOff); }
    model::PowerState state() { return world.node("node-1").power; }
};

} // namespace

TEST_CASE("a node with disable_power_off", "[conductor][power]")
{
    NeverOff f;
    SECTION("is not powered off: the request is refused")
    {
        for (const PowerTarget target : {PowerTarget::Off, PowerTarget::SoftOff})
            CHECK_THROWS_WITH(f.power(target), Catch::Contains("has disable_power_off"));
        CHECK(f.orders.empty());
    }
    SECTION("reboots by a reset")
    {
        f.power(PowerTarget::Reboot);
        f.power(PowerTarget::SoftReboot);
        CHECK(f.orders == std::vector{PowerAction::Reset, PowerAction::Reset});
        CHECK(f.state() == model::PowerState::On);
    }
    SECTION("is cleaned and deployed without an order to switch off")
    {
        f.world.verb("node-1", StateEvent::Provide);
        f.world.runUntilIdle();
        REQUIRE(f.world.stateOf("node-1") == State::Available);
        CHECK(f.state() == model::PowerState::On);
        f.world.deploy("node-1");
        f.world.runUntilIdle();
        CHECK(f.world.stateOf("node-1") == State::Active);
        CHECK(f.ordered(PowerAction::Reset));
        CHECK_FALSE(f.orderedOff());
        SECTION("and undeployed")
        {
            f.world.verb("node-1", StateEvent::Delete);
            f.world.runUntilIdle();
            CHECK(f.world.stateOf("node-1") == State::Available);
            CHECK_FALSE(f.orderedOff());
        }
    }
    SECTION("takes no step power_off, and does the step reboot by a reset")
    {
        const auto clean = [&](const char* step) {
            conductor::VerbOrder order;
            order.stepsJson =
                json::array({{{"interface", "power"}, {"step", step}, {"args", json::object()}}}).dump();
            order.disableRamdisk = true;
            f.world.core->operations.verb("node-1", StateEvent::Clean, order, "tester");
        };
        CHECK_THROWS_WITH(clean("power_off"), Catch::Contains("has disable_power_off"));
        clean("reboot");
        f.world.runUntilIdle();
        CHECK(f.world.stateOf("node-1") == State::Manageable);
        CHECK(f.orders == std::vector{PowerAction::Reset});
    }
}
