#pragma once
#include "conductor/fleet/rollouts/gates.h"
#include "conductor/fleet/rollouts/rollouts.h"
#include "db/repositories/rollout_repository.h"

#include <map>
#include <string>
#include <vector>

namespace bm::conductor::fleet {

/// Checks one open rollout inside one transaction: records the outcome of its operations, begins
/// nodes, ends the rollout. Everything it needs is stored, so it may be cut off and repeated
/// anywhere.
class RolloutReconciler {
public:
    RolloutReconciler(db::Transaction& tx, const Context& context, const RolloutRequest& request,
                      model::Rollout rollout);
    /// @return true if anything changed
    bool run();
    /// Gate calls to make outside of the transaction; answerGate() takes their answers.
    std::vector<GateQuestion> questions{};

    /// Handles an answer in a transaction of its own; ignores a late one.
    void answerGate(const GateQuestion& question, const GateAnswer& answer);

private:
    struct Failure {
        std::string code;
        std::string text;
        std::string hint;
    };
    void check(model::RolloutNode& node);
    void checkWorking(model::RolloutNode& node);
    void checkRestoring(model::RolloutNode& node);
    void askAbout(model::RolloutNode& node);
    void begin(model::RolloutNode& node);
    void order(model::RolloutNode& node, const DeployRequest& deploy);
    void deployed(model::RolloutNode& node);
    void unhealthy(model::RolloutNode& node, const Failure& failure);
    void restorePrevious(model::RolloutNode& node, const Failure& failure);
    void failed(model::RolloutNode& node, const Failure& failure, bool mayRetry);
    void end(model::RolloutNode& node, model::RolloutNodeState state, const Failure& why = {});
    void move(model::RolloutNode& node, model::RolloutNodeState state);
    void beginPending();
    void skipWaiting();
    std::vector<model::RolloutNode> waitingNodes();
    void openNextWave();
    bool keepToBudget();
    void stopAll();
    void finishIfOver();
    void pauseFor(const std::string& reason, const std::string& hint);
    DeployRequest deployOf(model::RolloutNode& node) const;
    std::string addressOf(const model::NodeId& node) const;
    /// A project, where it may have set properties/health_address.
    platform::Asker askerOfAddress(const model::NodeId& node) const;
    bool windowIsOver() const;

    db::Transaction& tx_;
    const Context& context_;
    const RolloutRequest& request_;
    model::Rollout rollout_;
    db::RolloutRepository rows_;
    std::map<std::string, model::Operation> operations_;
    std::vector<model::RolloutNode> atWork_;
    bool changed_ = false;
    bool rolloutChanged_ = false;
    model::UtcTime now_;
};

} // namespace bm::conductor::fleet
