#include "conductor/resources/volume_rules.h"

#include "common/model/power.h"
#include "conductor/resources/resource_checks.h"
#include "db/repositories/resources/volume_repositories.h"

#include <fmt/format.h>

namespace bm::conductor {

using model::Error;
using model::ErrorCode;
using model::VolumeConnector;
using model::VolumeTarget;

namespace {

/// Volumes change only while the machine is off, or on its way: Ironic lets them wait for the power request.
/// @throws Error InvalidInput
template <class T> void requireOff(db::Transaction& tx, const T& item, const char* action)
{
    const model::Node node = findNode(tx, item.node.uuid);
    if (node.power != model::PowerState::Off && node.targetPower != model::toText(model::PowerState::Off))
        throw Error(ErrorCode::InvalidInput,
                    fmt::format("The requested action \"{}\" can not be performed on node \"{}\" while it is "
                                "in state \"{}\".",
                                action, node.id.uuid,
                                node.power == model::PowerState::On ? model::toText(node.power) : "None"),
                    "switch the machine off: bm power off NODE");
}

void refuseConnector(db::Transaction& tx, const Context&, const VolumeConnector& connector,
                     const VolumeConnector* before)
{
    requireNode(tx, connector);
    if (before != nullptr)
        requireOff(tx, connector, "volume connector update");
    const std::vector<VolumeConnector> same =
        volumeConnectorRules().repository().list(tx, {.where = "type = $1 and connector_id = $2",
                                                      .parameters = {connector.type, connector.connectorId}});
    if (!same.empty() && same.front().id != connector.id)
        throw Error(ErrorCode::Conflict, "A volume connector with type " + connector.type +
                                             " and connector ID " + connector.connectorId +
                                             " already exists.");
}

void refuseConnectorRemoval(db::Transaction& tx, const Context&, const VolumeConnector& connector)
{
    requireOff(tx, connector, "volume connector deletion");
}

void refuseTarget(db::Transaction& tx, const Context&, const VolumeTarget& target, const VolumeTarget* before)
{
    requireNode(tx, target);
    if (before != nullptr)
        requireOff(tx, target, "volume target update");
    const std::vector<VolumeTarget> same =
        volumeTargetRules().repository().list(tx, {.where = "node_uuid = $1 and boot_index = $2",
                                                   .parameters = {target.node.uuid, target.bootIndex}});
    if (!same.empty() && same.front().id != target.id)
        throw Error(ErrorCode::Conflict, "A volume target with boot index '" +
                                             std::to_string(target.bootIndex) +
                                             "' for the same node already exists.");
}

void refuseTargetRemoval(db::Transaction& tx, const Context&, const VolumeTarget& target)
{
    requireOff(tx, target, "volume target deletion");
}

} // namespace

const ResourceRules<VolumeConnector>& volumeConnectorRules()
{
    static const ResourceRules<VolumeConnector> rules{"Volume connector",
                                                      "volume connector",
                                                      {model::EventKind::VolumeConnectorCreated,
                                                       model::EventKind::VolumeConnectorChanged,
                                                       model::EventKind::VolumeConnectorDeleted},
                                                      db::volumeConnectorRepository,
                                                      "",
                                                      nodeOf<VolumeConnector>,
                                                      refuseConnector,
                                                      refuseConnectorRemoval};
    return rules;
}

const ResourceRules<VolumeTarget>& volumeTargetRules()
{
    static const ResourceRules<VolumeTarget> rules{"Volume target",
                                                   "volume target",
                                                   {model::EventKind::VolumeTargetCreated,
                                                    model::EventKind::VolumeTargetChanged,
                                                    model::EventKind::VolumeTargetDeleted},
                                                   db::volumeTargetRepository,
                                                   "",
                                                   nodeOf<VolumeTarget>,
                                                   refuseTarget,
                                                   refuseTargetRemoval};
    return rules;
}

template class Resources<VolumeConnector>;
template class Resources<VolumeTarget>;

} // namespace bm::conductor
