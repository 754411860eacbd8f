#pragma once
#include "common/model/resources/step_list.h"
#include "common/wire/resources/resource_shape.h"

namespace bm::wire {

const ResourceShape<model::DeployTemplate>& deployTemplateShape();
const ResourceShape<model::Runbook>& runbookShape();
extern template class ResourceShape<model::DeployTemplate>;
extern template class ResourceShape<model::Runbook>;

} // namespace bm::wire
