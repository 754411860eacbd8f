#pragma once
#include "common/model/fleet/rollout.h"
#include "common/model/image_tag.h"
#include "common/model/operation.h"
#include "db/engine/database.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace bm::db {

/// Rollouts and their nodes. Stateless.
class RolloutRepository {
public:
    void insert(Transaction& tx, const model::Rollout& rollout,
                const std::vector<model::RolloutNode>& nodes) const;
    /// Stores @p rollout with version + 1 and returns it. @throws Error Conflict when the version is stale
    model::Rollout update(Transaction& tx, model::Rollout rollout) const;
    void updateNode(Transaction& tx, const model::RolloutNode& node) const;
    std::optional<model::Rollout> find(Transaction& tx, const model::RolloutId& id) const;
    std::optional<model::Rollout> findByName(Transaction& tx, const std::string& name) const;
    /// Newest first. @p state filters; the list starts after @p beforeName.
    std::vector<model::Rollout> list(Transaction& tx, std::optional<model::RolloutState> state,
                                     std::size_t limit, const std::string& beforeName) const;
    /// Running, paused and aborting rollouts, oldest first.
    std::vector<model::Rollout> open(Transaction& tx) const;
    /// A number for the name of a rollout; each call returns a new one.
    std::int64_t nextNumber(Transaction& tx) const;
    std::int64_t count(Transaction& tx) const;

    /// All nodes of @p rollout in order; @p state filters.
    std::vector<model::RolloutNode> nodes(Transaction& tx, const model::RolloutId& rollout,
                                          std::optional<model::RolloutNodeState> state = {}) const;
    /// Nodes in progress: draining to restoring, including those that wait for a retry.
    std::vector<model::RolloutNode> atWork(Transaction& tx, const model::RolloutId& rollout) const;
    /// Pending nodes up to wave @p wave, in order.
    std::vector<model::RolloutNode> pending(Transaction& tx, const model::RolloutId& rollout,
                                            std::int32_t wave, std::size_t limit) const;
    std::optional<model::RolloutNode> findNode(Transaction& tx, const std::string& uuid) const;
    std::optional<model::RolloutNode> findByPhoneHome(Transaction& tx, const std::string& hash) const;
    model::RolloutCounts counts(Transaction& tx, const model::RolloutId& rollout) const;
    /// Number of unfinished nodes of waves up to @p wave.
    std::int64_t unfinishedUpTo(Transaction& tx, const model::RolloutId& rollout, std::int32_t wave) const;
    /// Number of failed nodes of one wave.
    std::int64_t failedIn(Transaction& tx, const model::RolloutId& rollout, std::int32_t wave) const;
    /// Moves all nodes of @p rollout from state @p from to @p to, with the reason if it is not empty.
    /// @return their number. @throws Error Conflict when another open rollout has one of the nodes
    std::int64_t moveAll(Transaction& tx, const model::RolloutId& rollout, model::RolloutNodeState from,
                         model::RolloutNodeState to, const std::string& reasonCode, const std::string& reason,
                         model::UtcTime at) const;
    /// Number of unfinished nodes by wave.
    std::vector<std::pair<std::int32_t, std::int64_t>>
    unfinishedByWave(Transaction& tx, const model::RolloutId& rollout) const;
    std::int64_t toWrite(Transaction& tx, const model::RolloutId& rollout) const;
    std::int32_t lastWave(Transaction& tx, const model::RolloutId& rollout) const;
    struct RunningStep {
        std::string name;
        std::int64_t bytesDone = 0;
        std::int64_t bytesTotal = 0;
        std::optional<model::UtcTime> startedAt;
    };
    /// The current step of each node: node uuid to step.
    std::map<std::string, RunningStep> runningSteps(Transaction& tx, const model::RolloutId& rollout) const;
    void remove(Transaction& tx, const model::RolloutId& rollout) const;
    /// The nodes of all open rollouts: node uuid to rollout name.
    std::map<std::string, std::string> taken(Transaction& tx) const;
    /// The latest operation of @p rollout on each node: node uuid to operation.
    std::map<std::string, model::Operation> operations(Transaction& tx,
                                                       const model::RolloutId& rollout) const;
};

/// Statistics of earlier deployments; times in milliseconds.
class DeployHistory {
public:
    /// The time of each node's last successful deployment, by node uuid.
    std::map<std::string, model::UtcTime> lastDeployed(Transaction& tx) const;
    /// The durations of the last @p most successful deployments, from the start of the first operation. Of @p
    /// image, or of any image when it is empty or has no deployments.
    std::vector<std::int64_t> durations(Transaction& tx, const model::ImageId& image, std::size_t most) const;
};

/// Tags of images and their history.
class ImageTagRepository {
public:
    std::optional<model::ImageTag> find(Transaction& tx, const std::string& reference) const;
    std::vector<model::ImageTag> all(Transaction& tx) const;
    std::vector<model::ImageTag> ofImage(Transaction& tx, const model::ImageId& image) const;
    void set(Transaction& tx, const model::ImageTag& tag, const std::string& imageName) const;
    void remove(Transaction& tx, const std::string& reference, const std::string& actor,
                model::UtcTime at) const;
    /// Newest first.
    std::vector<model::ImageTagChange> history(Transaction& tx, const std::string& reference) const;
};

} // namespace bm::db
