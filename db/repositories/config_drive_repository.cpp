#include "db/repositories/repositories.h"

namespace bm::db {

void ConfigDriveRepository::store(Transaction& tx, const model::NodeId& node,
                                  const model::SealedText& sealed) const
{
    tx.execute("insert into config_drives (node_uuid, sealed) values ($1, $2) "
               "on conflict (node_uuid) do update set sealed = $2",
               {node.uuid, sealed.text});
}

std::optional<model::SealedText> ConfigDriveRepository::find(Transaction& tx, const model::NodeId& node) const
{
    const auto rows = tx.query("select sealed from config_drives where node_uuid = $1", {node.uuid});
    if (rows.empty())
        return std::nullopt;
    return model::SealedText{std::get<std::string>(rows[0][0])};
}

void ConfigDriveRepository::remove(Transaction& tx, const model::NodeId& node) const
{
    tx.execute("delete from config_drives where node_uuid = $1", {node.uuid});
}

} // namespace bm::db
