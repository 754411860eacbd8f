#pragma once
#include "common/model/node.h"
#include "db/engine/database.h"
#include "db/repositories/lease_repository.h"

#include <optional>
#include <string>
#include <vector>

namespace bm::db {

/// Filter and order of a list of nodes; unset members do not restrict.
struct NodeFilter {
    std::optional<model::State> state{};
    std::optional<std::string> driver{};
    std::optional<std::string> resourceClass{};
    std::optional<std::string> owner{};
    std::optional<std::string> lessee{};
    std::optional<std::string> project{}; ///< owner or lessee
    std::optional<std::string> conductorGroup{};
    std::optional<std::string> shard{};
    std::optional<std::string> chassisUuid{};
    std::optional<std::string> parentNode{}; ///< "": only nodes without a parent
    std::optional<std::string> instanceUuid{};
    std::optional<std::string> fault{};
    std::optional<std::string> descriptionContains{};
    std::optional<bool> associated{}; ///< true if it has an instance
    std::optional<bool> maintenance{};
    std::optional<bool> retired{};
    std::string sortKey =
        "created_at"; ///< a column name from sortKeys(); uuid breaks ties. created_at: enrolment order
    bool descending = false;
    std::size_t limit = 1000;
    std::string marker{}; ///< uuid of the last node of the previous page
};

/// Repository of nodes. Stateless.
class NodeRepository {
public:
    std::optional<model::Node> find(Transaction& tx, const model::NodeId& id) const;
    std::optional<model::Node> findByName(Transaction& tx, const std::string& name) const;
    std::vector<model::Node> inState(Transaction& tx, model::State state, std::size_t limit) const;
    std::vector<model::Node> all(Transaction& tx) const;
    /// @throws Error InvalidInput (unknown sort key), NotFound (unknown marker)
    std::vector<model::Node> list(Transaction& tx, const NodeFilter& filter) const;
    static const std::vector<std::string>& sortKeys();
    /// @throws Error Conflict (name or uuid exists)
    void insert(Transaction& tx, const model::Node& node) const;
    /// Stores @p node with version + 1 and returns it. @throws Error Conflict when the version is stale or,
    /// with @p epoch, when the lease is lost
    model::Node update(Transaction& tx, const model::Node& node,
                       const std::optional<LeaseEpoch>& epoch = {}) const;
    /// Records an observation: needs no lease and does not change the version.
    void recordPower(Transaction& tx, const model::NodeId& id, model::PowerState power) const;
    void remove(Transaction& tx,
                const model::NodeId& id) const; ///< with its ports, operations, events and agent row
    std::int64_t count(Transaction& tx) const;
};

} // namespace bm::db
