#pragma once
#include "common/model/resources/allocation.h"
#include "common/model/resources/chassis.h"
#include "common/model/resources/inspection_rule.h"
#include "common/model/resources/port_group.h"
#include "common/model/resources/step_list.h"
#include "common/model/resources/volume.h"
#include "db/repositories/resource_table.h"

namespace bm::db {

const ResourceRepository<model::Chassis>& chassisRepository();
const ResourceRepository<model::PortGroup>& portGroupRepository();
const ResourceRepository<model::VolumeConnector>& volumeConnectorRepository();
const ResourceRepository<model::VolumeTarget>& volumeTargetRepository();
const ResourceRepository<model::Allocation>& allocationRepository();
const ResourceRepository<model::DeployTemplate>& deployTemplateRepository();
const ResourceRepository<model::Runbook>& runbookRepository();
const ResourceRepository<model::InspectionRule>& inspectionRuleRepository();

} // namespace bm::db
