#include "conductor/nodes/resources.h"

#include "common/model/power.h"
#include "conductor/core/nodes.h"
#include "conductor/nodes/rule_patterns.h"

namespace bm::conductor {

using model::Chassis;
using model::DeployTemplate;
using model::Error;
using model::ErrorCode;
using model::InspectionRule;
using model::PortGroup;
using model::Runbook;
using model::VolumeConnector;
using model::VolumeTarget;

namespace {

template <class T> model::NodeId nodeOf(const T& item)
{
    return item.node;
}

template <class T> void requireNode(db::Transaction& tx, const T& item)
{
    if (!db::NodeRepository{}.find(tx, item.node))
        throw Error(ErrorCode::InvalidInput, "Node " + item.node.uuid + " could not be found.");
}

void refuseChassis(db::Transaction&, const Context&, const Chassis&, const Chassis*) {}

void refuseChassisRemoval(db::Transaction& tx, const Context&, const Chassis& chassis)
{
    if (!db::NodeRepository{}.list(tx, {.chassisUuid = chassis.id.uuid, .limit = 1}).empty())
        throw Error(ErrorCode::InvalidInput,
                    "Cannot complete the requested action because chassis " + chassis.id.uuid +
                        " contains nodes.",
                    "take them out: bm node set NODE --set chassis_uuid=...");
}

void refusePortGroup(db::Transaction& tx, const Context&, const PortGroup& group, const PortGroup*)
{
    requireNode(tx, group);
    const auto taken = [&](std::string_view column, const std::string& value) {
        const std::optional<PortGroup> other =
            value.empty() ? std::nullopt : portGroupRules().repository().findBy(tx, column, value);
        return other && other->id != group.id;
    };
    if (taken("name", group.name))
        throw Error(ErrorCode::Conflict, "A portgroup with name " + group.name + " already exists.");
    if (taken("address", group.address))
        throw Error(ErrorCode::Conflict,
                    "A portgroup with MAC address " + group.address + " already exists.");
    if (model::isUuid(group.name))
        throw Error(ErrorCode::InvalidInput, "Cannot create portgroup with invalid name '" + group.name + "'",
                    "a uuid is not a name");
}

void refusePortGroupRemoval(db::Transaction& tx, const Context&, const PortGroup& group)
{
    if (!db::PortRepository{}.ofGroup(tx, group.id).empty())
        throw Error(ErrorCode::InvalidInput,
                    "Portgroup " + group.id.uuid + " cannot be deleted because it contains ports.");
}

/// Volumes change only while the machine is off. @throws Error InvalidInput
template <class T> void requireOff(db::Transaction& tx, const T& item, const char* action)
{
    const model::Node node = findNode(tx, item.node.uuid);
    if (node.power == model::PowerState::On)
        throw Error(ErrorCode::InvalidInput, std::string("The requested action \"") + action +
                                                 "\" can not be performed on node \"" + node.id.uuid +
                                                 "\" while it is in state \"power on\".");
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
        throw Error(ErrorCode::Conflict, "Connector with type " + connector.type + " and ID " +
                                             connector.connectorId + " already exists.");
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

template <class T>
void refuseName(db::Transaction& tx, const db::ResourceRepository<T>& repository, const T& item,
                const char* one)
{
    const std::optional<T> other = repository.findBy(tx, "name", item.name);
    if (other && other->id != item.id)
        throw Error(ErrorCode::Conflict,
                    std::string("A ") + one + " with name " + item.name + " already exists.");
}

void refuseTemplate(db::Transaction& tx, const Context&, const DeployTemplate& item, const DeployTemplate*)
{
    refuseName(tx, db::deployTemplateRepository(), item, "deploy template");
}

void refuseRunbook(db::Transaction& tx, const Context&, const Runbook& item, const Runbook*)
{
    refuseName(tx, db::runbookRepository(), item, "runbook");
}

void refuseRule(db::Transaction&, const Context&, const InspectionRule& rule, const InspectionRule*)
{
    requirePatterns(rule);
}

/// Operations have their own copy of the steps.
template <class T> void allowRemoval(db::Transaction&, const Context&, const T&) {}

template <class T> model::NodeId nobody(const T& /*item*/)
{
    return {};
}

} // namespace

const ResourceRules<Chassis>& chassisRules()
{
    static const ResourceRules<Chassis> rules{"Chassis",
                                              "chassis",
                                              {model::EventKind::ChassisCreated,
                                               model::EventKind::ChassisChanged,
                                               model::EventKind::ChassisDeleted},
                                              db::chassisRepository,
                                              "",
                                              nobody<Chassis>,
                                              refuseChassis,
                                              refuseChassisRemoval};
    return rules;
}

const ResourceRules<PortGroup>& portGroupRules()
{
    static const ResourceRules<PortGroup> rules{"Portgroup",
                                                "portgroup",
                                                {model::EventKind::PortgroupCreated,
                                                 model::EventKind::PortgroupChanged,
                                                 model::EventKind::PortgroupDeleted},
                                                db::portGroupRepository,
                                                "name",
                                                nodeOf<PortGroup>,
                                                refusePortGroup,
                                                refusePortGroupRemoval};
    return rules;
}

const ResourceRules<VolumeConnector>& volumeConnectorRules()
{
    static const ResourceRules<VolumeConnector> rules{"Volume connector",
                                                      "volume-connector",
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
                                                   "volume-target",
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

const ResourceRules<DeployTemplate>& deployTemplateRules()
{
    static const ResourceRules<DeployTemplate> rules{"Deploy template",
                                                     "deploy-template",
                                                     {model::EventKind::DeployTemplateCreated,
                                                      model::EventKind::DeployTemplateChanged,
                                                      model::EventKind::DeployTemplateDeleted},
                                                     db::deployTemplateRepository,
                                                     "name",
                                                     nobody<DeployTemplate>,
                                                     refuseTemplate,
                                                     allowRemoval<DeployTemplate>};
    return rules;
}

const ResourceRules<Runbook>& runbookRules()
{
    static const ResourceRules<Runbook> rules{"Runbook",
                                              "runbook",
                                              {model::EventKind::RunbookCreated,
                                               model::EventKind::RunbookChanged,
                                               model::EventKind::RunbookDeleted},
                                              db::runbookRepository,
                                              "name",
                                              nobody<Runbook>,
                                              refuseRunbook,
                                              allowRemoval<Runbook>};
    return rules;
}

const ResourceRules<InspectionRule>& inspectionRuleRules()
{
    static const ResourceRules<InspectionRule> rules{"Inspection rule",
                                                     "inspection-rule",
                                                     {model::EventKind::InspectionRuleCreated,
                                                      model::EventKind::InspectionRuleChanged,
                                                      model::EventKind::InspectionRuleDeleted},
                                                     db::inspectionRuleRepository,
                                                     "",
                                                     nobody<InspectionRule>,
                                                     refuseRule,
                                                     allowRemoval<InspectionRule>};
    return rules;
}

template <class T>
void Resources<T>::recordEvent(db::Transaction& tx, const T& item, model::EventKind kind,
                               const std::string& actor) const
{
    conductor::recordEvent(tx, context_.clock.now(), rules_.node(item), kind, item.id.uuid + " by " + actor);
}

template class Resources<Chassis>;
template class Resources<PortGroup>;
template class Resources<VolumeConnector>;
template class Resources<VolumeTarget>;
template class Resources<model::Allocation>;
template class Resources<DeployTemplate>;
template class Resources<Runbook>;
template class Resources<InspectionRule>;

} // namespace bm::conductor
