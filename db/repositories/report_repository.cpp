#include "db/repositories/report_repository.h"

namespace bm::db {

void ReportRepository::append(Transaction& tx, const model::NodeReport& report) const
{
    tx.execute("insert into node_reports (node_uuid, operation_uuid, kind, body, signature, public_key, "
               "created_at) values ($1, $2, $3, $4, $5, $6, $7)",
               {report.node.uuid, report.operation.uuid, report.kind, report.body.text, report.signature,
                report.publicKey, model::toMillis(report.createdAt)});
}

std::optional<model::NodeReport> ReportRepository::latest(Transaction& tx, const model::NodeId& node,
                                                          std::string_view kind) const
{
    auto rows = tx.query("select number, operation_uuid, body, signature, public_key, created_at from "
                         "node_reports where node_uuid = $1 and kind = $2 order by number desc limit 1",
                         {node.uuid, std::string(kind)});
    if (rows.empty())
        return std::nullopt;
    Row& row = rows[0];
    model::NodeReport report;
    report.number = std::get<std::int64_t>(row[0]);
    report.node = node;
    report.operation.uuid = std::get<std::string>(row[1]);
    report.kind = kind;
    report.body.text = std::get<std::string>(row[2]);
    report.signature = std::get<std::string>(row[3]);
    report.publicKey = std::get<std::string>(row[4]);
    report.createdAt = model::fromMillis(std::get<std::int64_t>(row[5]));
    return report;
}

} // namespace bm::db
