#pragma once
#include "common/model/audit.h"
#include "common/model/webhook.h"
#include "db/engine/database.h"

#include <optional>
#include <string>
#include <vector>

namespace bm::db {

struct AuditFilter {
    std::int64_t after = 0; ///< sequence
    std::string actor{};    ///< "" : any, as all below
    std::string target{};   ///< uuid or name of what it was done to
    std::string targetKind{};
    std::string action{}; ///< a beginning of it
    std::optional<model::UtcTime> since{};
};

/// The audit log: rows are only ever added, and the database itself refuses anything else.
class AuditRepository {
public:
    void append(Transaction& tx, const model::AuditRecord& record) const;
    /// The first @p limit of those after AuditFilter::after that match.
    std::vector<model::AuditRecord> list(Transaction& tx, const AuditFilter& filter, std::size_t limit) const;
    /// The last @p limit that match, oldest first.
    std::vector<model::AuditRecord> latest(Transaction& tx, const AuditFilter& filter,
                                           std::size_t limit) const;
};

class WebhookRepository {
public:
    void insert(Transaction& tx, const model::Webhook& hook) const; ///< @throws Error Conflict (name taken)
    std::optional<model::Webhook> find(Transaction& tx, const model::WebhookId& id) const;
    std::optional<model::Webhook> findByName(Transaction& tx, const std::string& name) const;
    std::vector<model::Webhook> all(Transaction& tx) const;
    /// What came of a delivery; nothing happens when the hook is gone.
    void update(Transaction& tx, const model::Webhook& hook) const;
    void remove(Transaction& tx, const model::WebhookId& id) const;
};

} // namespace bm::db
