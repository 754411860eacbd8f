#include "db/repositories/resources/volume_repositories.h"

namespace bm::db {

using model::VolumeConnector;
using model::VolumeTarget;

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

} // namespace bm::db
