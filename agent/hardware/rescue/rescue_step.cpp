// The step that starts SSH for the operator.
#include "agent/hardware/rescue/rescue_step.h"

#include "agent/hardware/inspection/host_addresses.h"
#include "agent/hardware/rescue/rescue_server.h"
#include "common/model/error.h"
#include "common/wire/steps/start_rescue.h"

namespace bm::agent {

using model::Error;
using model::ErrorCode;

model::JsonText startRescueStep(const StepContext& context)
{
    const auto in = wire::fromJson<wire::StartRescueArguments>(context.arguments.text, "start_rescue");
    const RescueAccess access{in.hashedPassword, in.sshKeys.value_or(std::vector<std::string>{})};
    validate(access);
    if (!context.mayChangeMachine)
        throw Error(ErrorCode::AgentFailed,
                    "this is not a RAM disk: the agent does not change root's password here");
    const std::string fingerprint =
        RescueServer(context.exec, context.log, RescuePlaces{}, context.stop).start(access);
    const std::vector<HostAddress> addresses = hostAddresses();
    const HostAddress* const host = addressBy(addresses, context.bootInterface);
    const std::string address = host == nullptr ? "" : host->ipv4.empty() ? host->ipv6 : host->ipv4;
    wire::StartRescueResult result{.hostKeyFingerprint = fingerprint};
    if (!address.empty())
        result.address = address;
    return wire::toJson(result);
}

} // namespace bm::agent
