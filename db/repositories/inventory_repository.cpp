#include "db/repositories/inventory_repository.h"

#include "db/engine/table.h"

namespace bm::db {
namespace {

const Table<NodeInventory>& inventories()
{
    static const Table<NodeInventory> table("node_inventories",
                                            {
                                                column<&NodeInventory::node>("node_uuid"),
                                                column<&NodeInventory::inventory>("inventory"),
                                                column<&NodeInventory::pluginData>("plugin_data"),
                                                column<&NodeInventory::foundAt>("found_at"),
                                            });
    return table;
}

} // namespace

std::optional<NodeInventory> InventoryRepository::find(Transaction& tx, const model::NodeId& node) const
{
    return inventories().byKey(tx, node.uuid);
}

void InventoryRepository::store(Transaction& tx, const NodeInventory& inventory) const
{
    inventories().upsert(tx, inventory);
}

} // namespace bm::db
