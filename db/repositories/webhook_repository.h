#pragma once
#include "common/model/webhook.h"
#include "db/engine/database.h"

#include <optional>
#include <string>
#include <vector>

namespace bm::db {

/// Webhooks and the state of their deliveries. Stateless.
class WebhookRepository {
public:
    void insert(Transaction& tx, const model::Webhook& hook) const; ///< @throws Error Conflict (name exists)
    std::optional<model::Webhook> find(Transaction& tx, const model::WebhookId& id) const;
    std::optional<model::Webhook> findByName(Transaction& tx, const std::string& name) const;
    std::vector<model::Webhook> all(Transaction& tx) const;
    /// Stores the result of a delivery; no effect when the webhook was deleted.
    void update(Transaction& tx, const model::Webhook& hook) const;
    void remove(Transaction& tx, const model::WebhookId& id) const;
};

} // namespace bm::db
