// The step that lets somebody in.
#include "agent/hardware/rescue/rescue_step.h"

#include "agent/hardware/inspection/host_addresses.h"
#include "agent/hardware/rescue/rescue_server.h"
#include "agent/step/chosen_disk.h"
#include "common/model/error.h"

namespace bm::agent {

using model::Error;
using model::ErrorCode;
using nlohmann::json;

namespace {

RescueAccess accessFrom(const wire::JsonReader& in)
{
    RescueAccess access{.hashedPassword = in.text("hashed_password")};
    const json& keys = in.value("ssh_keys");
    if (keys.is_null())
        return access;
    for (const json& key : keys) {
        if (!keys.is_array() || !key.is_string())
            throw Error(ErrorCode::InvalidInput, "start_rescue.ssh_keys: expected a list of texts");
        access.sshKeys.push_back(key.get<std::string>());
    }
    return access;
}

} // namespace

model::JsonText startRescueStep(const StepContext& context)
{
    const json arguments = wire::parseObject(context.arguments.text, "start_rescue");
    const RescueAccess access = accessFrom(wire::JsonReader(arguments, "start_rescue"));
    validate(access);
    if (!context.mayChangeMachine)
        throw Error(ErrorCode::AgentFailed, "this is no RAM disk: root's password is not changed here");
    const std::string fingerprint =
        RescueServer(context.exec, context.log, RescuePlaces{}, context.stop).start(access);
    const std::vector<HostAddress> addresses = hostAddresses();
    const HostAddress* const host = addressBy(addresses, context.bootInterface);
    const std::string address = host == nullptr ? "" : host->ipv4.empty() ? host->ipv6 : host->ipv4;
    return resultText({{"address", address.empty() ? json(nullptr) : json(address)},
                       {"port", 22},
                       {"host_key_fingerprint", fingerprint}});
}

} // namespace bm::agent
