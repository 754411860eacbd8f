#pragma once
#include "common/model/resources/volume.h"
#include "common/wire/resources/resource_shape.h"

namespace bm::wire {

const ResourceShape<model::VolumeConnector>& volumeConnectorShape();
const ResourceShape<model::VolumeTarget>& volumeTargetShape();
extern template class ResourceShape<model::VolumeConnector>;
extern template class ResourceShape<model::VolumeTarget>;

} // namespace bm::wire
