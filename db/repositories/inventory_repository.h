#pragma once
#include "common/model/clock.h"
#include "common/model/ids.h"
#include "common/text/json_text.h"
#include "db/engine/database.h"

#include <optional>

namespace bm::db {

/// The result of a node's last inspection, in the form of Ironic's inventory.
struct NodeInventory {
    model::NodeId node;
    model::JsonText inventory{};
    model::JsonText pluginData{};
    model::UtcTime foundAt{};
};

class InventoryRepository {
public:
    std::optional<NodeInventory> find(Transaction& tx, const model::NodeId& node) const;
    void store(Transaction& tx, const NodeInventory& inventory) const; ///< inserts or replaces
};

} // namespace bm::db
