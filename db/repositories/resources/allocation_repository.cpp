#include "db/repositories/resources/allocation_repository.h"

namespace bm::db {

using model::Allocation;

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

} // namespace bm::db
