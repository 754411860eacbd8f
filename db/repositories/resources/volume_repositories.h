#pragma once
#include "common/model/resources/volume.h"
#include "db/repositories/resources/resource_repository.h"

namespace bm::db {

const ResourceRepository<model::VolumeConnector>& volumeConnectorRepository();
const ResourceRepository<model::VolumeTarget>& volumeTargetRepository();

} // namespace bm::db
