#pragma once
#include "common/model/node.h"
#include "db/engine/database.h"
#include "db/repositories/lease_repository.h"

#include <optional>
#include <string>
#include <vector>

namespace bm::db {

/// What a list of nodes is narrowed and ordered by; unset members do not narrow.
struct NodeFilter {
    std::optional<model::State> state{};
    std::optional<std::string> driver{};
    std::optional<std::string> resourceClass{};
    std::optional<std::string> owner{};
    std::optional<std::string> lessee{};
    std::optional<std::string> project{}; ///< that owns or leases it
    std::optional<std::string> conductorGroup{};
    std::optional<std::string> shard{};
    std::optional<std::string> chassisUuid{};
    std::optional<std::string> parentNode{}; ///< "": only those that sit in no other
    std::optional<std::string> instanceUuid{};
    std::optional<std::string> fault{};
    std::optional<std::string> descriptionContains{};
    std::optional<bool> associated{}; ///< has an instance
    std::optional<bool> maintenance{};
    std::optional<bool> retired{};
    std::string sortKey =
        "created_at"; ///< a column name from sortKeys(); ties by uuid. This one: as enrolled
    bool descending = false;
    std::size_t limit = 1000;
    std::string marker{}; ///< uuid of the last node of the page before
};

/// Nodes. Stateless; speaks model::Node.
class NodeRepository {
public:
    std::optional<model::Node> find(Transaction& tx, const model::NodeId& id) const;
    std::optional<model::Node> findByName(Transaction& tx, const std::string& name) const;
    std::vector<model::Node> inState(Transaction& tx, model::State state, std::size_t limit) const;
    std::vector<model::Node> all(Transaction& tx) const;
    /// @throws Error InvalidInput (unknown sort key), NotFound (unknown marker)
    std::vector<model::Node> list(Transaction& tx, const NodeFilter& filter) const;
    static const std::vector<std::string>& sortKeys();
    /// @throws Error Conflict (name or uuid taken)
    void insert(Transaction& tx, const model::Node& node) const;
    /// Stores @p node with version + 1 and returns it. @throws Error Conflict when the version is stale or,
    /// with an epoch, when the lease is not held with it any more.
    model::Node update(Transaction& tx, const model::Node& node,
                       const std::optional<LeaseEpoch>& epoch = {}) const;
    /// An observation: needs no lease and does not touch the version.
    void recordPower(Transaction& tx, const model::NodeId& id, model::PowerState power) const;
    void remove(Transaction& tx,
                const model::NodeId& id) const; ///< with its ports, operations, events, agent rows
    std::int64_t count(Transaction& tx) const;
};

} // namespace bm::db
