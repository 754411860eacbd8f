#pragma once
#include "common/model/allocation.h"
#include "common/model/chassis.h"
#include "common/model/inspection_rule.h"
#include "common/model/port_group.h"
#include "common/model/step_list.h"
#include "common/model/volume.h"
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
