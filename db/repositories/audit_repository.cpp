#include "db/repositories/audit_repository.h"

#include "db/engine/table.h"

#include <algorithm>

namespace bm::db {
namespace {

using model::AuditRecord;

const Table<AuditRecord>& audit()
{
    static const Table<AuditRecord> table("audit", {
                                                       column<&AuditRecord::sequence>("sequence"),
                                                       column<&AuditRecord::at>("at"),
                                                       column<&AuditRecord::actor>("actor"),
                                                       column<&AuditRecord::remoteAddress>("remote_address"),
                                                       column<&AuditRecord::requestId>("request_id"),
                                                       column<&AuditRecord::action>("action"),
                                                       column<&AuditRecord::targetKind>("target_kind"),
                                                       column<&AuditRecord::targetId>("target_id"),
                                                       column<&AuditRecord::targetName>("target_name"),
                                                       column<&AuditRecord::outcome>("outcome"),
                                                       column<&AuditRecord::status>("status"),
                                                       column<&AuditRecord::code>("code"),
                                                       column<&AuditRecord::detail>("detail"),
                                                   });
    return table;
}

std::string conditions(const AuditFilter& filter, std::vector<Value>& parameters)
{
    parameters.emplace_back(filter.after);
    std::string text = "where sequence > $1";
    const auto add = [&](std::string_view condition, Value value) {
        parameters.push_back(std::move(value));
        text += fmt::format(fmt::runtime(condition), fmt::arg("n", parameters.size()));
    };
    if (!filter.actor.empty())
        add(" and actor = ${n}", filter.actor);
    if (!filter.target.empty())
        add(" and (target_id = ${n} or target_name = ${n})", filter.target);
    if (!filter.targetKind.empty())
        add(" and target_kind = ${n}", filter.targetKind);
    if (!filter.action.empty())
        add(" and substr(action, 1, length(${n})) = ${n}", filter.action);
    if (filter.since)
        add(" and at >= ${n}", store(*filter.since));
    return text;
}

} // namespace

void AuditRepository::append(Transaction& tx, const AuditRecord& record) const
{
    tx.execute("insert into audit (at, actor, remote_address, request_id, action, target_kind, target_id, "
               "target_name, outcome, status, code, detail) "
               "values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
               {store(record.at), record.actor, record.remoteAddress, record.requestId, record.action,
                record.targetKind, record.targetId, record.targetName, record.outcome,
                std::int64_t{record.status}, record.code, record.detail});
}

std::vector<AuditRecord> AuditRepository::list(Transaction& tx, const AuditFilter& filter,
                                               std::size_t limit) const
{
    std::vector<Value> parameters;
    std::string tail = conditions(filter, parameters);
    parameters.push_back(store(limit));
    tail += fmt::format(" order by sequence limit ${}", parameters.size());
    return audit().find(tx, tail, parameters);
}

std::vector<AuditRecord> AuditRepository::latest(Transaction& tx, const AuditFilter& filter,
                                                 std::size_t limit) const
{
    std::vector<Value> parameters;
    std::string tail = conditions(filter, parameters);
    parameters.push_back(store(limit));
    tail += fmt::format(" order by sequence desc limit ${}", parameters.size());
    std::vector<AuditRecord> records = audit().find(tx, tail, parameters);
    std::reverse(records.begin(), records.end());
    return records;
}

std::size_t AuditRepository::prune(Transaction& tx, std::int64_t last, std::size_t limit) const
{
    const std::int64_t end = endOfPiece(tx, "audit", last, limit);
    if (end == 0)
        return 0;
    tx.execute("update audit_floor set sequence = $1", {end});
    return static_cast<std::size_t>(tx.execute("delete from audit where sequence <= $1", {end}));
}

} // namespace bm::db
