#include "db/repositories/webhook_repository.h"

#include "db/engine/table.h"

namespace bm::db {
namespace {

using model::Webhook;

const Table<Webhook>& webhooks()
{
    static const Table<Webhook> table("webhooks", {
                                                      column<&Webhook::id>("uuid"),
                                                      column<&Webhook::name>("name"),
                                                      column<&Webhook::url>("url"),
                                                      column<&Webhook::secretSealed>("secret_sealed"),
                                                      column<&Webhook::kinds>("kinds"),
                                                      column<&Webhook::parked>("parked"),
                                                      column<&Webhook::cursor>("last_sequence"),
                                                      column<&Webhook::failures>("failures"),
                                                      column<&Webhook::delivered>("delivered"),
                                                      column<&Webhook::lastError>("last_error"),
                                                      column<&Webhook::lastAttemptAt>("last_attempt_at"),
                                                      column<&Webhook::lastDeliveredAt>("last_delivered_at"),
                                                      column<&Webhook::createdAt>("created_at"),
                                                  });
    return table;
}

} // namespace

void WebhookRepository::insert(Transaction& tx, const Webhook& hook) const
{
    webhooks().insert(tx, hook);
}

std::optional<Webhook> WebhookRepository::find(Transaction& tx, const model::WebhookId& id) const
{
    return webhooks().byKey(tx, id.uuid);
}

std::optional<Webhook> WebhookRepository::findByName(Transaction& tx, const std::string& name) const
{
    return webhooks().first(tx, "where name = $1", {name});
}

std::vector<Webhook> WebhookRepository::all(Transaction& tx) const
{
    return webhooks().find(tx, "order by name");
}

void WebhookRepository::update(Transaction& tx, const Webhook& hook) const
{
    webhooks().update(tx, hook);
}

void WebhookRepository::remove(Transaction& tx, const model::WebhookId& id) const
{
    webhooks().remove(tx, id.uuid);
}

} // namespace bm::db
