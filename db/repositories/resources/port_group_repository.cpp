#include "db/repositories/resources/port_group_repository.h"

namespace bm::db {

using model::PortGroup;

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

} // namespace bm::db
