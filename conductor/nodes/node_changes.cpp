#include "conductor/nodes/node_changes.h"

#include "common/model/error.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace bm::conductor {

using model::Error;
using model::ErrorCode;
using model::Node;
using model::State;

namespace {

/// The states in which interfaces and resource classes change.
constexpr auto kFreeStates = std::to_array<State>(
    {State::Enroll, State::Inspecting, State::InspectWait, State::Manageable, State::Available});

/// As messages name the node; a new one has no uuid yet.
std::string shownId(const Node& node)
{
    return node.id.empty() ? "(new)" : node.id.uuid;
}

bool isSettled(const Node& node)
{
    return std::ranges::find(kFreeStates, node.state) != kFreeStates.end();
}

void refuseReason(const std::string& reason, const std::string& before, bool flag, std::string_view name)
{
    if (!flag && !reason.empty() && reason != before)
        throw Error(ErrorCode::InvalidInput,
                    fmt::format("The {0}_reason field can only be set when {0} is True", name));
}

void settleProtected(const Node& before, Node& node)
{
    if (node.isProtected && !before.isProtected && node.state != State::Active && node.state != State::Rescue)
        throw Error(ErrorCode::Conflict,
                    fmt::format("Node {} can only be made protected in provision states 'active' or "
                                "'rescue', the current state is '{}'",
                                shownId(node), model::toText(node.state)));
    if (before.isProtected && !node.isProtected)
        node.protectedReason.clear();
    refuseReason(node.protectedReason, before.protectedReason, node.isProtected, "protected");
}

void settleRetired(const Node& before, Node& node)
{
    if (node.retired && !before.retired && node.state == State::Available)
        throw Error(ErrorCode::Conflict,
                    fmt::format("Node {} can not have 'retired' set in provision state 'available', the "
                                "current state is '{}'",
                                shownId(node), model::toText(node.state)),
                    "manage it first");
    if (before.retired && !node.retired)
        node.retiredReason.clear();
    refuseReason(node.retiredReason, before.retiredReason, node.retired, "retired");
}

void refuseLateChange(const Node& node, std::string_view field, bool maintenanceAllows)
{
    if (isSettled(node) || (maintenanceAllows && node.maintenance))
        return;
    throw Error(ErrorCode::Conflict,
                fmt::format("Node {} can not have {} updated unless it is in one of allowed (enroll, "
                            "inspecting, inspect wait, manageable, available) states{}.",
                            shownId(node), field, maintenanceAllows ? " or in maintenance mode" : ""));
}

/// A new hardware type brings new interfaces; only the request's own choice is a change then.
void refuseLateInterfaces(const model::InterfaceTable& interfaces, const Node& before, const Node& node)
{
    if (node.driver != before.driver || node.interfaces.text == before.interfaces.text)
        return;
    for (const model::InterfaceKind& kind : model::interfaceKinds())
        if (interfaces.interfaceOf(node, kind.name) != interfaces.interfaceOf(before, kind.name))
            refuseLateChange(node, fmt::format("{}_interface", kind.name), true);
}

} // namespace

void settleChange(const model::InterfaceTable& interfaces, const Node& before, Node& node)
{
    settleProtected(before, node);
    settleRetired(before, node);
    if (before.maintenance && !node.maintenance)
        node.fault.clear();
    refuseLateInterfaces(interfaces, before, node);
    if (!before.instanceUuid.empty() && !node.instanceUuid.empty() &&
        node.instanceUuid != before.instanceUuid)
        throw Error(
            ErrorCode::Conflict,
            fmt::format("Node {} is associated with instance {}.", shownId(node), before.instanceUuid),
            "remove its instance_uuid first");
    if (!before.resourceClass.empty() && node.resourceClass != before.resourceClass)
        refuseLateChange(node, "resource_class", false);
}

void settleNew(const model::InterfaceTable& interfaces, Node& node)
{
    Node blank;
    blank.state = node.state;
    settleChange(interfaces, blank, node);
}

} // namespace bm::conductor
