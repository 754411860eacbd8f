#pragma once
#include "common/model/operation.h"
#include "common/model/states.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace bm::model {

/// The node's member that shows the step at work (Ironic's deploy_step, clean_step, service_step).
enum class ShownStep : std::uint8_t { Nowhere, Deploy, Clean, Service };

/// One kind of operation: the events that begin and end it, and its successor.
struct OperationKindRow {
    OperationKind kind;
    std::string_view text;                 ///< stored and sent
    std::optional<StateEvent> begins;      ///< nothing: the node's state stays (power)
    std::optional<StateEvent> otherwise{}; ///< begins it from states without a transition for `begins`
    bool byVerb = true;                    ///< a verb of PUT states/provision begins it
    bool endsState = true;                 ///< its success moves the node by `done` (or `manage`)
    bool returnsMachine = false; ///< it shuts a running system down and starts it again, also on failure
    ShownStep shown = ShownStep::Nowhere;
    std::optional<OperationKind> then{}; ///< follows its success, unless a request names another
};

// In the order of enum OperationKind.
// clang-format off
inline constexpr std::array<OperationKindRow, kOperationKindCount> kOperationKinds{{
    {.kind = OperationKind::Verify, .text = "verify", .begins = StateEvent::Manage},
    {.kind = OperationKind::Clean, .text = "clean", .begins = StateEvent::Provide,
     .otherwise = StateEvent::Clean, .shown = ShownStep::Clean},
    {.kind = OperationKind::Deploy, .text = "deploy", .begins = StateEvent::Deploy,
     .otherwise = StateEvent::Rebuild, .shown = ShownStep::Deploy},
    {.kind = OperationKind::Undeploy, .text = "undeploy", .begins = StateEvent::Delete,
     .endsState = false, .then = OperationKind::Clean},
    {.kind = OperationKind::Power, .text = "power", .begins = {}, .byVerb = false, .endsState = false},
    {.kind = OperationKind::Capture, .text = "capture", .begins = StateEvent::Service,
     .byVerb = false, .returnsMachine = true},
    {.kind = OperationKind::VerifyDisk, .text = "verify-disk", .begins = StateEvent::Service,
     .byVerb = false, .returnsMachine = true},
    {.kind = OperationKind::Inspect, .text = "inspect", .begins = StateEvent::Inspect},
    {.kind = OperationKind::Adopt, .text = "adopt", .begins = StateEvent::Adopt},
    {.kind = OperationKind::Rescue, .text = "rescue", .begins = StateEvent::Rescue},
    {.kind = OperationKind::Unrescue, .text = "unrescue", .begins = StateEvent::Unrescue},
    {.kind = OperationKind::Service, .text = "service", .begins = StateEvent::Service,
     .returnsMachine = true, .shown = ShownStep::Service},
}};
// clang-format on

constexpr const OperationKindRow& rowOf(OperationKind kind)
{
    return kOperationKinds.at(static_cast<std::size_t>(kind));
}

/// The event that begins @p kind from @p state; nothing: none, the state stays.
constexpr std::optional<StateEvent> beginningEvent(OperationKind kind, State state)
{
    const OperationKindRow& row = rowOf(kind);
    const bool leads = row.begins && next(state, *row.begins).has_value();
    return !leads && row.otherwise && next(state, *row.otherwise) ? row.otherwise : row.begins;
}

/// The kind of operation that @p verb begins; nothing: the verb begins none.
constexpr std::optional<OperationKind> operationBegunBy(StateEvent verb)
{
    for (const OperationKindRow& row : kOperationKinds)
        if (row.byVerb && (row.begins == verb || row.otherwise == verb))
            return row.kind;
    return std::nullopt;
}
static_assert(beginningEvent(OperationKind::Clean, State::Deleting) == StateEvent::Clean);
static_assert(beginningEvent(OperationKind::Deploy, State::Active) == StateEvent::Rebuild);

} // namespace bm::model
