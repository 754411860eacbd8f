#include "db/repositories/resource_repositories.h"

namespace bm::db {

using model::Allocation;
using model::Chassis;
using model::DeployTemplate;
using model::InspectionRule;
using model::PortGroup;
using model::Runbook;
using model::VolumeConnector;
using model::VolumeTarget;

namespace {

constexpr std::string_view kOfProjectsNodes =
    "node_uuid in (select uuid from nodes where owner = {0} or lessee = {0})";

} // namespace

const ResourceRepository<Chassis>& chassisRepository()
{
    static const Table<Chassis> table("chassis", {
                                                     column<&Chassis::id>("uuid"),
                                                     column<&Chassis::description>("description"),
                                                     column<&Chassis::extra>("extra"),
                                                     column<&Chassis::createdAt>("created_at"),
                                                     column<&Chassis::updatedAt>("updated_at"),
                                                 });
    static const ResourceRepository<Chassis> repository(table, "chassis");
    return repository;
}

const ResourceRepository<PortGroup>& portGroupRepository()
{
    static const Table<PortGroup> table("portgroups",
                                        {
                                            column<&PortGroup::id>("uuid"),
                                            column<&PortGroup::node>("node_uuid"),
                                            column<&PortGroup::name>("name"),
                                            column<&PortGroup::address>("address"),
                                            column<&PortGroup::mode>("mode"),
                                            column<&PortGroup::properties>("properties"),
                                            column<&PortGroup::extra>("extra"),
                                            column<&PortGroup::physicalNetwork>("physical_network"),
                                            column<&PortGroup::category>("category"),
                                            column<&PortGroup::standalonePorts>("standalone_ports"),
                                            column<&PortGroup::createdAt>("created_at"),
                                            column<&PortGroup::updatedAt>("updated_at"),
                                        });
    static const ResourceRepository<PortGroup> repository(table, "portgroup", kOfProjectsNodes);
    return repository;
}

const ResourceRepository<VolumeConnector>& volumeConnectorRepository()
{
    static const Table<VolumeConnector> table("volume_connectors",
                                              {
                                                  column<&VolumeConnector::id>("uuid"),
                                                  column<&VolumeConnector::node>("node_uuid"),
                                                  column<&VolumeConnector::type>("type"),
                                                  column<&VolumeConnector::connectorId>("connector_id"),
                                                  column<&VolumeConnector::extra>("extra"),
                                                  column<&VolumeConnector::createdAt>("created_at"),
                                                  column<&VolumeConnector::updatedAt>("updated_at"),
                                              });
    static const ResourceRepository<VolumeConnector> repository(table, "volume connector", kOfProjectsNodes);
    return repository;
}

const ResourceRepository<VolumeTarget>& volumeTargetRepository()
{
    static const Table<VolumeTarget> table("volume_targets",
                                           {
                                               column<&VolumeTarget::id>("uuid"),
                                               column<&VolumeTarget::node>("node_uuid"),
                                               column<&VolumeTarget::volumeType>("volume_type"),
                                               column<&VolumeTarget::volumeId>("volume_id"),
                                               column<&VolumeTarget::bootIndex>("boot_index"),
                                               column<&VolumeTarget::properties>("properties"),
                                               column<&VolumeTarget::extra>("extra"),
                                               column<&VolumeTarget::createdAt>("created_at"),
                                               column<&VolumeTarget::updatedAt>("updated_at"),
                                           });
    static const ResourceRepository<VolumeTarget> repository(table, "volume target", kOfProjectsNodes);
    return repository;
}

const ResourceRepository<Allocation>& allocationRepository()
{
    static const Table<Allocation> table("allocations",
                                         {
                                             column<&Allocation::id>("uuid"),
                                             column<&Allocation::name>("name"),
                                             column<&Allocation::node>("node_uuid"),
                                             column<&Allocation::resourceClass>("resource_class"),
                                             column<&Allocation::candidateNodes>("candidate_nodes"),
                                             column<&Allocation::traits>("traits"),
                                             column<&Allocation::owner>("owner"),
                                             column<&Allocation::state>("state"),
                                             column<&Allocation::lastError>("last_error"),
                                             column<&Allocation::extra>("extra"),
                                             column<&Allocation::createdAt>("created_at"),
                                             column<&Allocation::updatedAt>("updated_at"),
                                         });
    static const ResourceRepository<Allocation> repository(table, "allocation", "owner = {0}");
    return repository;
}

const ResourceRepository<DeployTemplate>& deployTemplateRepository()
{
    static const Table<DeployTemplate> table("deploy_templates",
                                             {
                                                 column<&DeployTemplate::id>("uuid"),
                                                 column<&DeployTemplate::name>("name"),
                                                 column<&DeployTemplate::steps>("steps"),
                                                 column<&DeployTemplate::extra>("extra"),
                                                 column<&DeployTemplate::createdAt>("created_at"),
                                                 column<&DeployTemplate::updatedAt>("updated_at"),
                                             });
    static const ResourceRepository<DeployTemplate> repository(table, "deploy template");
    return repository;
}

const ResourceRepository<Runbook>& runbookRepository()
{
    static const Table<Runbook> table("runbooks", {
                                                      column<&Runbook::id>("uuid"),
                                                      column<&Runbook::name>("name"),
                                                      column<&Runbook::description>("description"),
                                                      column<&Runbook::steps>("steps"),
                                                      column<&Runbook::traits>("traits"),
                                                      column<&Runbook::extra>("extra"),
                                                      column<&Runbook::owner>("owner"),
                                                      column<&Runbook::isPublic>("public"),
                                                      column<&Runbook::disableRamdisk>("disable_ramdisk"),
                                                      column<&Runbook::createdAt>("created_at"),
                                                      column<&Runbook::updatedAt>("updated_at"),
                                                  });
    static const ResourceRepository<Runbook> repository(table, "runbook", "owner = {0} or public <> 0");
    return repository;
}

const ResourceRepository<InspectionRule>& inspectionRuleRepository()
{
    static const Table<InspectionRule> table("inspection_rules",
                                             {
                                                 column<&InspectionRule::id>("uuid"),
                                                 column<&InspectionRule::description>("description"),
                                                 column<&InspectionRule::phase>("phase"),
                                                 column<&InspectionRule::priority>("priority"),
                                                 column<&InspectionRule::sensitive>("sensitive"),
                                                 column<&InspectionRule::conditions>("conditions"),
                                                 column<&InspectionRule::actions>("actions"),
                                                 column<&InspectionRule::createdAt>("created_at"),
                                                 column<&InspectionRule::updatedAt>("updated_at"),
                                             });
    static const ResourceRepository<InspectionRule> repository(table, "inspection rule");
    return repository;
}

} // namespace bm::db
