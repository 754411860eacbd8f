#include "conductor/operations/step_catalogue.h"

#include "common/model/error.h"
#include "common/text/word_list.h"
#include "common/wire/json/json_input.h"
#include "common/wire/json/stored_json.h"
#include "common/wire/step_arguments.h"
#include "common/wire/steps/raid_target.h"
#include "conductor/core/node_refusals.h"
#include "conductor/core/nodes.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>
#include <vector>

namespace bm::conductor {

using model::Error;
using model::ErrorCode;
using model::StepOffer;
using model::StepUse;
using nlohmann::json;

namespace {

/// True if the driver fills the slot that a BMC step needs.
bool fillsSlot(const drivers::Slots& slots, const StepOffer& step)
{
    if (step.interface == "bios")
        return slots.bios != nullptr;
    if (step.interface == "firmware")
        return slots.firmware != nullptr;
    return step.interface == "management" && slots.bmc != nullptr;
}

bool supports(const Context& context, const model::Node& node, const StepOffer& step, StepUse use)
{
    if (step.reserved() || !step.allowedIn(use))
        return false;
    if (!step.inBand())
        return fillsSlot(context.hardware.slotsOf(node, step.interface), step);
    return step.backing.empty() || model::isAmong(step.backing, interfaceOf(context, node, step.interface));
}

std::string supported(const Context& context, const model::Node& node, StepUse use)
{
    std::vector<std::string> names;
    for (const StepOffer& step : model::kStepOffers)
        if (supports(context, node, step, use))
            names.push_back(fmt::format("{}.{}", step.interface, step.name));
    return fmt::format("it does {}; and hold, wait, power_on, power_off, reboot", fmt::join(names, ", "));
}

void checkArguments(const StepOffer& step, const json& args)
{
    const auto refuse = [&](const std::string& what) {
        throw Error(ErrorCode::InvalidInput, fmt::format("{}.{}: {}", step.interface, step.name, what),
                    fmt::format("required: {}; optional: {}", step.required.empty() ? "none" : step.required,
                                step.optional.empty() ? "none" : step.optional));
    };
    for (const auto& [name, value] : args.items())
        if (!model::isAmong(step.required, name) && !model::isAmong(step.optional, name))
            refuse(fmt::format("takes no argument '{}'", name.substr(0, 80)));
    for (std::size_t at = 0; at < step.required.size();) {
        const std::size_t end = std::min(step.required.find(' ', at), step.required.size());
        if (!args.contains(std::string(step.required.substr(at, end - at))))
            refuse(fmt::format("needs the argument '{}'", step.required.substr(at, end - at)));
        at = end + 1;
    }
    try {
        wire::checkStepArguments(step.row, args);
    } catch (const Error& error) {
        throw error.during(fmt::format("{}.{}", step.interface, step.name));
    }
}

/// The agent's rules for the configuration that it will create: the step's own, else the node's.
void checkSoftwareRaid(const Context& context, const model::Node& node, const StepOffer& step,
                       const json& args)
{
    if (step.row != "raid_create_configuration" || interfaceOf(context, node, "raid") != "agent")
        return;
    wire::RaidCreateArguments wanted;
    const json* given = wire::memberOf(args, "raid_config");
    wanted.targetRaidConfig = given != nullptr ? wire::canonical(*given) : node.targetRaidConfig;
    if (wanted.targetRaidConfig == model::JsonText{})
        throw wire::noRaidTarget();
    wanted.createRootVolume = args.value("create_root_volume", true);
    wanted.createNonrootVolumes = args.value("create_nonroot_volumes", true);
    wire::logicalDisksFrom(wanted);
}

void checkReserved(const model::Node& node, const std::string& name, const json& args)
{
    if (name == "power_off")
        refusePowerOff(node);
    const bool waits = name == "wait";
    for (const auto& [argument, value] : args.items())
        if (!waits || argument != "seconds")
            throw Error(ErrorCode::InvalidInput,
                        fmt::format("{}: takes no argument '{}'", name, argument.substr(0, 80)),
                        waits ? "required: seconds" : "required: none");
    constexpr std::int64_t kLongestWait = 86'400;
    if (!waits)
        return;
    const json seconds = args.value("seconds", json());
    if (!seconds.is_number_integer() || seconds.get<std::int64_t>() < 0 ||
        seconds.get<std::int64_t>() > kLongestWait)
        throw Error(ErrorCode::InvalidInput, "wait: needs the argument 'seconds', 0 to 86400");
}

} // namespace

void checkSteps(const Context& context, const model::Node& node, const json& steps, StepUse use, bool ramdisk)
{
    for (const json& step : steps) {
        const auto name = step.at("step").get<std::string>();
        const auto interface = step.at("interface").get<std::string>();
        const json args = step.value("args", json::object());
        if (model::isReservedStep(name)) {
            checkReserved(node, name, args);
            continue;
        }
        const StepOffer* known = model::findStepOffer(interface, name);
        if (known == nullptr || !supports(context, node, *known, use))
            throw Error(
                ErrorCode::InvalidInput,
                fmt::format("Cannot {} node {}: node does not support this {} step: {{'interface': '{}', "
                            "'step': '{}'}}",
                            toText(use), node.id.uuid, toText(use), interface.substr(0, 80),
                            name.substr(0, 80)),
                supported(context, node, use));
        if (known->inBand() && !ramdisk)
            throw Error(ErrorCode::InvalidInput,
                        fmt::format("{}.{} needs the agent of the RAM disk, which disable_ramdisk excludes",
                                    interface, name));
        checkArguments(*known, args);
        checkSoftwareRaid(context, node, *known, args);
    }
}

} // namespace bm::conductor
