#pragma once
#include "common/model/error.h"
#include "common/model/event_kinds.h"
#include "common/platform/outgoing_policy.h"
#include "conductor/core/context.h"

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>

namespace bm::conductor {

/// The refusal of a node that does not exist, in Ironic's words. The API gives the same one to users who may
/// not see the node.
model::Error noSuchNode(const std::string& ident);
/// The refusal of a value that another node has. The text does not name that node; the API adds its name for
/// users who may see it.
class TakenError : public model::Error {
public:
    TakenError(const std::string& message, std::string hint, model::NodeId holder)
        : Error(model::ErrorCode::Conflict, message, std::move(hint)), holder_(std::move(holder))
    {}
    const model::NodeId& holder() const noexcept { return holder_; }

private:
    model::NodeId holder_;
};
/// The node called @p ident (uuid or name). @throws Error NotFound in Ironic's words
model::Node findNode(db::Transaction& tx, const std::string& ident);
/// An event of @p node at @p at, not yet stored: the caller adds its operation or rollout.
model::NodeEvent makeEvent(model::UtcTime at, const model::NodeId& node, model::EventKind kind,
                           std::string message, std::string detailsJson = "{}");
/// Appends an event of @p node at @p at.
void recordEvent(db::Transaction& tx, model::UtcTime at, const model::NodeId& node, model::EventKind kind,
                 const std::string& message, const std::string& detailsJson = "{}",
                 const model::OperationId& operation = {});
/// The access data of the node's BMC, with secrets opened. @throws Error InvalidInput (driver_info), NotFound
/// (hardware type)
drivers::BmcAccess bmcAccess(const Context& context, const model::Node& node);
/// The node's hardware type. @throws Error InvalidInput when this bmd has no such driver
drivers::HardwareType& hardwareOf(const Context& context, const model::Node& node);
/// The driver of the node's power interface. @throws Error InvalidInput when this bmd has no such driver
drivers::PowerDriver& powerOf(const Context& context, const model::Node& node);
/// The name of the node's interface of @p kind.
inline std::string_view interfaceOf(const Context& context, const model::Node& node, std::string_view kind)
{
    return context.hardware.interfaces().interfaceOf(node, kind);
}
/// @p value of driver_info as a plain text. Opens the sealed value of a secret's key, and of no other key.
/// @throws Error Internal: sealed for another node or key
std::string driverText(const Context& context, const model::Node& node, const std::string& key,
                       const nlohmann::json& value);
/// driver_info as plain texts, secrets opened.
std::map<std::string, std::string> driverTexts(const Context& context, const model::Node& node);
/// UEFI or BIOS: the last reported mode, else the boot_mode capability, else the default.
model::BootMode bootModeOf(const Context& context, const model::Node& node);
/// The asker for the addresses in instance_info of @p node: a project if the node has an owner or a lessee,
/// also when an operator starts the operation.
platform::Asker askerOf(const model::Node& node);
/// The refusal while @p operation works on @p node.
model::Error lockedError(const model::Node& node, const model::Operation& operation, const std::string& host);

} // namespace bm::conductor
