#pragma once
#include "common/model/unknown_machine.h"
#include "db/engine/database.h"

#include <cstddef>
#include <vector>

namespace bm::db {

/// Machines that are not enrolled. A machine whose MAC address a port has is none of them.
class UnknownMachineRepository {
public:
    /// Adds @p seen to the machine's row: its requests to the count, its texts in place of the stored ones
    /// where they are not empty. The first time of a stored row stays.
    void add(Transaction& tx, const model::UnknownMachine& seen) const;
    /// Removes the enrolled ones, then those seen longest ago beyond the last @p most.
    void trim(Transaction& tx, std::size_t most) const;
    /// The machine that was seen last comes first.
    std::vector<model::UnknownMachine> list(Transaction& tx, std::size_t limit) const;
};

} // namespace bm::db
