#pragma once
#include "common/model/resources/volume.h"
#include "conductor/resources/resources.h"

namespace bm::conductor {

const ResourceRules<model::VolumeConnector>& volumeConnectorRules();
const ResourceRules<model::VolumeTarget>& volumeTargetRules();
extern template class Resources<model::VolumeConnector>;
extern template class Resources<model::VolumeTarget>;

} // namespace bm::conductor
