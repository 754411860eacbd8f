#include "db/repositories/resources/chassis_repository.h"

namespace bm::db {

using model::Chassis;

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

} // namespace bm::db
