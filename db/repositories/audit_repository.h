#pragma once
#include "common/model/audit.h"
#include "db/engine/database.h"
#include "db/repositories/retention.h"

#include <optional>
#include <string>
#include <vector>

namespace bm::db {

struct AuditFilter {
    std::int64_t after = 0; ///< sequence
    std::string actor{};    ///< "": any; likewise below
    std::string target{};   ///< uuid or name of the changed resource
    std::string targetKind{};
    std::string action{}; ///< prefix of the action
    std::optional<model::UtcTime> since{};
};

/// The audit log. The database refuses to change rows, and to delete others than prune() does.
class AuditRepository {
public:
    void append(Transaction& tx, const model::AuditRecord& record) const;
    /// The first @p limit matching records after AuditFilter::after.
    std::vector<model::AuditRecord> list(Transaction& tx, const AuditFilter& filter, std::size_t limit) const;
    /// The last @p limit matching records, oldest first.
    std::vector<model::AuditRecord> latest(Transaction& tx, const AuditFilter& filter,
                                           std::size_t limit) const;
    /// Removes the oldest records up to @p last (lastRowToPrune()), @p limit at most.
    /// @return how many; fewer than @p limit: no other one goes now
    std::size_t prune(Transaction& tx, std::int64_t last, std::size_t limit) const;
};

} // namespace bm::db
