#pragma once
#include "common/model/event.h"
#include "common/model/image.h"
#include "common/model/operation.h"
#include "common/model/resources/port.h"
#include "common/text/sealed_text.h"
#include "db/repositories/event_filter.h"
#include "db/repositories/node_repository.h"
#include "db/repositories/retention.h"

#include <optional>
#include <string>
#include <vector>

namespace bm::db {

class PortRepository {
public:
    std::optional<model::Port> find(Transaction& tx, const model::PortId& id) const;
    std::optional<model::Port> findByMac(Transaction& tx, const model::MacAddress& mac) const;
    std::vector<model::Port> ofGroup(Transaction& tx, const model::PortGroupId& group) const;
    std::vector<model::Port> ofNode(Transaction& tx, const model::NodeId& node) const;
    std::vector<model::Port> all(Transaction& tx) const;
    std::vector<model::Port>
    list(Transaction& tx, std::size_t limit, const std::string& marker,
         const std::string& project = {}) const;                 ///< @p project: ports of its nodes only
    void insert(Transaction& tx, const model::Port& port) const; ///< @throws Error Conflict (MAC exists)
    void update(Transaction& tx, const model::Port& port) const;
    void remove(Transaction& tx, const model::PortId& id) const;
};

class ImageRepository {
public:
    std::optional<model::Image> find(Transaction& tx, const model::ImageId& id) const;
    std::optional<model::Image> findByName(Transaction& tx, const std::string& name) const;
    std::optional<model::Image> findByAddressKey(Transaction& tx, const std::string& key) const;
    std::vector<model::Image> all(Transaction& tx) const;
    void insert(Transaction& tx,
                const model::Image& image) const; ///< @throws Error Conflict (name or address key exists)
    void update(Transaction& tx, const model::Image& image) const;
    void remove(Transaction& tx, const model::ImageId& id) const;
    std::int64_t countWithContent(Transaction& tx, const std::string& contentId) const;
};

class OperationRepository {
public:
    void insert(Transaction& tx, const model::Operation& operation,
                const std::vector<model::Step>& steps) const;
    void update(Transaction& tx, const model::Operation& operation) const;
    void updateStep(Transaction& tx, const model::Step& step) const;
    std::optional<model::Operation> find(Transaction& tx, const model::OperationId& id) const;
    std::optional<model::Step> findStep(Transaction& tx, const model::StepId& id) const;
    /// The queued or running operation of a node. A node has at most one.
    std::optional<model::Operation> current(Transaction& tx, const model::NodeId& node) const;
    std::optional<model::Operation> latest(Transaction& tx, const model::NodeId& node) const;
    std::vector<model::Operation> unfinished(Transaction& tx) const; ///< queued and running, oldest first
    /// Running operations whose runAt has passed, the longest overdue first.
    std::vector<model::OperationId> due(Transaction& tx, model::UtcTime now, std::size_t limit) const;
    /// Queued operations of a kind, oldest first.
    std::vector<model::OperationId> queued(Transaction& tx, model::OperationKind kind,
                                           std::size_t limit) const;
    std::int64_t countRunning(Transaction& tx, model::OperationKind kind) const;
    /// The earliest runAt of all running operations; nullopt when none runs.
    std::optional<model::UtcTime> nextRunAt(Transaction& tx) const;
    /// Makes a queued or running operation due at @p at, unless it is due earlier.
    void makeDueNow(Transaction& tx, const model::OperationId& id, model::UtcTime at) const;
    std::vector<model::Step> steps(Transaction& tx, const model::OperationId& operation) const;
    /// Nodes with an unfinished operation whose request names the image.
    std::vector<model::NodeId> nodesUsingImage(Transaction& tx, const model::ImageId& image) const;
};

class EventRepository {
public:
    std::int64_t append(Transaction& tx, const model::NodeEvent& event) const; ///< @return its sequence
    std::vector<model::NodeEvent> ofNode(Transaction& tx, const model::NodeId& node,
                                         std::int64_t afterSequence, std::size_t limit) const;
    std::vector<model::NodeEvent> since(Transaction& tx, std::int64_t afterSequence, std::size_t limit) const;
    /// The first @p limit events after @p afterSequence that match @p filter.
    std::vector<model::NodeEvent> matching(Transaction& tx, const EventFilter& filter,
                                           std::int64_t afterSequence, std::size_t limit) const;
    std::int64_t latestSequence(Transaction& tx) const;
    /// Removes the oldest events up to @p last (lastRowToPrune()), @p limit at most.
    /// @return how many; fewer than @p limit: no other one goes now
    std::size_t prune(Transaction& tx, std::int64_t last, std::size_t limit) const;
};

/// Observations of a node's agent and boot. A separate table, so that writes need no lease.
struct AgentRecord {
    model::NodeId node;
    std::string bootSecretHash;                      ///< SHA-256 of the last boot secret; "": none
    std::optional<model::UtcTime> scriptAskedAt;     ///< the latest request for a boot script in the window
    std::string nonceHash;                           ///< hash of the nonce that was exchanged for the token
    model::SealedText tokenSealed;                   ///< sealed token; the same nonce gets it again
    std::string bootId;                              ///< kernel boot id of the agent's RAM disk
    std::optional<model::UtcTime> bootExpectedUntil; ///< bmd serves boot scripts until then
    std::optional<model::UtcTime> lastContactAt;
    std::string address; ///< the agent's IP address
    std::string version;
    model::JsonText inventory{}; ///< of the latest boot
};

class AgentRepository {
public:
    std::optional<AgentRecord> find(Transaction& tx, const model::NodeId& node) const;
    void store(Transaction& tx, const AgentRecord& record) const; ///< inserts or replaces
    std::vector<AgentRecord> expectedToBoot(Transaction& tx, model::UtcTime now) const;
};

/// The config drive of a node until its next deployment, sealed because it may contain secrets.
class ConfigDriveRepository {
public:
    void store(Transaction& tx, const model::NodeId& node, const model::SealedText& sealed) const;
    std::optional<model::SealedText> find(Transaction& tx, const model::NodeId& node) const;
    void remove(Transaction& tx, const model::NodeId& node) const;
};

} // namespace bm::db
