#pragma once
#include "common/model/event_kinds.h"
#include "conductor/core/context.h"

#include <string>

namespace bm::conductor {

/// An event that a machine on the provisioning network causes, whether or not it is the node's.
struct CausedEvent {
    model::EventKind kind{};
    model::NodeId node{};  ///< empty: an unknown machine
    std::string peer;      ///< IP or MAC address of the client
    std::string message;   ///< of any bytes and length; the stored one is printable and short
    std::string address{}; ///< for the event's details; "": none
    model::OperationId operation{};
};

/// Records @p event if Context::strangers admits it; otherwise it is counted. The second one writes in a
/// transaction of its own, and none for an event that is only counted.
void recordCaused(db::Transaction& tx, const Context& context, const CausedEvent& event);
void recordCaused(const Context& context, const CausedEvent& event);

} // namespace bm::conductor
