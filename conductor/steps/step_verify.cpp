// Checks that a node is manageable: its settings, its BMC, its power.
#include "common/wire/json/json_input.h"
#include "common/wire/json/stored_json.h"
#include "conductor/core/nodes.h"
#include "conductor/steps/step_handlers.h"
#include "conductor/steps/step_support.h"

namespace bm::conductor {

using model::Error;
using model::ErrorCode;

model::StepResult stepValidate(StepWork& work)
{
    powerOf(work.context, work.node).validate(bmcAccess(work.context, work.node));
    return model::Done{};
}

model::StepResult stepIdentifyBmc(StepWork& work)
{
    const std::shared_ptr<drivers::BmcControl>& control =
        hardwareOf(work.context, work.node).standard("management").bmc;
    if (!control) // the hardware type controls only power
        return model::Done{};
    return withPatience(work, work.context.settings.verifyTimeout, [&]() -> model::StepResult {
        const drivers::BmcAccess bmc = bmcAccess(work.context, work.node);
        const drivers::BmcIdentity identity = control->identify(bmc, work.callDeadline);
        work.changeNode([identity, learned = control->learned(bmc)](model::Node& node) {
            nlohmann::json internal = wire::valueOf(node.driverInternalInfo);
            internal["bmc"] = {{"manufacturer", identity.manufacturer},
                               {"product", identity.product},
                               {"firmware", identity.firmware},
                               {"ipmi_version", identity.ipmiVersion}};
            for (const auto& [key, value] : learned)
                internal[key] = value;
            node.driverInternalInfo = wire::canonical(internal);
        });
        work.recordEvent(model::EventKind::BmcIdentified,
                         identity.manufacturer + " " + identity.product + ", firmware " + identity.firmware);
        return model::Done{};
    });
}

model::StepResult stepReadPower(StepWork& work)
{
    return withPatience(work, work.context.settings.verifyTimeout, [&]() -> model::StepResult {
        const bool simulated = hardwareOf(work.context, work.node).simulated; // not switched yet
        if (observePower(work) == model::PowerState::Unknown && !simulated)
            throw Error(ErrorCode::BmcBadReply, "the BMC does not report the power state",
                        "ask it by hand: ipmitool ... chassis power status");
        return model::Done{};
    });
}

} // namespace bm::conductor
