#include "db/engine/table.h"
#include "db/repositories/repositories.h"

namespace bm::db {
namespace {

const Table<AgentRecord>& agents()
{
    static const Table<AgentRecord> table("agents",
                                          {
                                              column<&AgentRecord::node>("node_uuid"),
                                              column<&AgentRecord::bootSecretHash>("boot_secret_hash"),
                                              column<&AgentRecord::scriptAskedAt>("boot_secret_at"),
                                              column<&AgentRecord::nonceHash>("nonce_hash"),
                                              column<&AgentRecord::tokenSealed>("token_sealed"),
                                              column<&AgentRecord::bootId>("boot_id"),
                                              column<&AgentRecord::bootExpectedUntil>("boot_expected_until"),
                                              column<&AgentRecord::lastContactAt>("last_contact_at"),
                                              column<&AgentRecord::address>("address"),
                                              column<&AgentRecord::version>("version"),
                                              column<&AgentRecord::inventory>("inventory"),
                                          });
    return table;
}

} // namespace

std::optional<AgentRecord> AgentRepository::find(Transaction& tx, const model::NodeId& node) const
{
    return agents().byKey(tx, node.uuid);
}

void AgentRepository::store(Transaction& tx, const AgentRecord& record) const
{
    agents().upsert(tx, record);
}

std::vector<AgentRecord> AgentRepository::expectedToBoot(Transaction& tx, model::UtcTime now) const
{
    return agents().find(
        tx, "where boot_expected_until is not null and boot_expected_until > $1 order by node_uuid",
        {model::toMillis(now)});
}

} // namespace bm::db
