#include "conductor/operations/verb_request.h"

#include "common/platform/crypt.h"
#include "common/wire/json/json_input.h"
#include "common/wire/json/stored_json.h"
#include "conductor/core/nodes.h"
#include "conductor/core/seal_places.h"
#include "conductor/nodes/boot_port.h"
#include "conductor/operations/step_catalogue.h"
#include "db/repositories/resources/step_list_repositories.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace bm::conductor {

using model::Error;
using model::ErrorCode;
using model::Node;
using model::StateEvent;
using nlohmann::json;

namespace {

using Texts = std::vector<std::string>;

Error noInterface(const Context& context, const Node& node, std::string_view verb, std::string_view kind)
{
    return {
        ErrorCode::InvalidInput,
        fmt::format("Node {} does not support {}: its {}_interface is \"{}\".", node.id.uuid, verb, kind,
                    interfaceOf(context, node, kind)),
        fmt::format("one of: {}", fmt::join(context.hardware.interfaces().enabled(node.driver, kind), ", "))};
}

void requireInterface(const Context& context, const Node& node, std::string_view verb, std::string_view kind)
{
    if (interfaceOf(context, node, kind).starts_with("no-"))
        throw noInterface(context, node, verb, kind);
}

/// The runbook's steps in their order, if it is for this node. @throws Error NotFound, also when it is
/// another project's; InvalidInput: not for this node
model::Runbook runbookFor(db::Transaction& tx, const Node& node, const VerbOrder& order)
{
    const std::string& ident = order.runbook;
    const auto& runbooks = db::runbookRepository();
    const std::optional<model::Runbook> runbook =
        model::isUuid(ident) ? runbooks.find(tx, ident) : runbooks.findBy(tx, "name", ident);
    if (!runbook || !(order.project.empty() || runbook->isPublic || runbook->owner == order.project))
        throw Error(ErrorCode::NotFound, "Runbook " + ident.substr(0, 80) + " could not be found.",
                    "GET /v1/runbooks lists them");
    Texts traits = wire::valueOf(runbook->traits).get<Texts>();
    if (traits.empty())
        traits.push_back(runbook->name);
    const Texts there = wire::valueOf(node.traits).get<Texts>();
    const bool fits = std::ranges::any_of(
        traits, [&](const std::string& trait) { return std::ranges::find(there, trait) != there.end(); });
    if (!fits)
        throw Error(ErrorCode::InvalidInput,
                    fmt::format("Runbook {} is not approved for node {}", runbook->name, node.id.uuid),
                    fmt::format("give the node one of its traits: {}", fmt::join(traits, ", ")));
    return *runbook;
}

struct AskedSteps {
    json steps = json::array();
    bool disableRamdisk = false;
};

AskedSteps askedSteps(db::Transaction& tx, const Node& node, const VerbOrder& order, std::string_view verb)
{
    AskedSteps asked{json::array(), order.disableRamdisk};
    if (!order.runbook.empty()) {
        if (!order.stepsJson.empty())
            throw Error(ErrorCode::InvalidInput, "give either steps or a runbook, not both");
        const model::Runbook runbook = runbookFor(tx, node, order);
        auto steps = wire::valueOf(runbook.steps).get<std::vector<json>>();
        std::ranges::stable_sort(steps, {}, [](const json& step) { return step.value("order", 0); });
        asked.steps = steps;
        asked.disableRamdisk = asked.disableRamdisk || runbook.disableRamdisk;
    } else if (!order.stepsJson.empty()) {
        asked.steps = wire::valueOf({order.stepsJson});
    }
    if (asked.steps.empty())
        throw Error(
            ErrorCode::InvalidInput,
            fmt::format("\"{}_steps\" is required when setting target provision state to {}", verb, verb),
            R"(for example [{"interface": "deploy", "step": "erase_devices"}])");
    return asked;
}

/// @tparam Order  CleanOrder or ServiceOrder
template <class Order>
Order stepsOrder(db::Transaction& tx, const Context& context, const Node& node, const VerbOrder& order,
                 model::StepUse use)
{
    const AskedSteps asked = askedSteps(tx, node, order, toText(use));
    checkSteps(context, node, asked.steps, use, !asked.disableRamdisk);
    if (!asked.disableRamdisk)
        requireBootPort(tx, context, node);
    return {.steps = wire::canonical(asked.steps), .disableRamdisk = asked.disableRamdisk};
}

wire::RescueOrder rescueOrder(db::Transaction& tx, const Context& context, const Node& node,
                              const VerbOrder& order)
{
    requireInterface(context, node, "rescue", "rescue");
    if (order.rescuePassword.empty())
        throw Error(
            ErrorCode::InvalidInput,
            "A non-empty \"rescue_password\" is required when setting target provision state to rescue");
    requireBootPort(tx, context, node);
    const std::string_view argument = model::stepKind("start_rescue").sealedArgument;
    return {.hashedPassword =
                context.secrets
                    .seal(stepArgumentPlace(node.id, argument), platform::cryptPassword(order.rescuePassword))
                    .text};
}

/// Steps of the templates that the instance's traits name.
json templateSteps(db::Transaction& tx, const Node& node)
{
    json steps = json::array();
    const json traits = wire::valueOf(node.instanceInfo).value("traits", json::array());
    for (const json& trait : traits)
        if (trait.is_string())
            if (const auto found =
                    db::deployTemplateRepository().findBy(tx, "name", trait.get<std::string>()))
                for (const json& step : wire::valueOf(found->steps))
                    steps.push_back(step);
    return steps;
}

bool sameStep(const json& one, const json& other)
{
    return one.at("interface") == other.at("interface") && one.at("step") == other.at("step");
}

} // namespace

json deploySteps(db::Transaction& tx, const Context& context, const Node& node, const DeployRequest& order)
{
    json steps = order.stepsJson.empty() ? json::array() : wire::valueOf({order.stepsJson});
    const std::size_t given = steps.size();
    for (const json& step : templateSteps(tx, node))
        if (std::none_of(steps.begin(), steps.begin() + static_cast<std::ptrdiff_t>(given),
                         [&](const json& wins) { return sameStep(wins, step); }))
            steps.push_back(step);
    json wanted = json::array();
    for (const json& step : steps)
        if (step.value("priority", 0) > 0) // 0 switches it off
            wanted.push_back(step);
    checkSteps(context, node, wanted, model::StepUse::Deploy);
    return wanted;
}

wire::OperationRequest requestOf(db::Transaction& tx, const Context& context, const Node& node,
                                 StateEvent verb, const VerbOrder& order)
{
    switch (verb) {
    case StateEvent::Clean:
        return stepsOrder<wire::CleanOrder>(tx, context, node, order, model::StepUse::Clean);
    case StateEvent::Service:
        return stepsOrder<wire::ServiceOrder>(tx, context, node, order, model::StepUse::Service);
    case StateEvent::Rescue:
        return rescueOrder(tx, context, node, order);
    case StateEvent::Inspect:
        requireInterface(context, node, "inspection", "inspect");
        requireBootPort(tx, context, node);
        return wire::PlainOrder{};
    default:
        return wire::PlainOrder{};
    }
}

} // namespace bm::conductor
