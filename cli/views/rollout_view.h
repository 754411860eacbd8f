#pragma once
#include <iosfwd>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

namespace bm::cli {

/// A few lines about a rollout as GET /v1/rollouts/{rollout} gives it.
std::string rolloutSummary(const nlohmann::json& rollout);

/// A rollout as it goes on. On a terminal: a head with bar, counts and time left, and the nodes at work,
/// drawn over; elsewhere a line whenever a node or the rollout changes its state.
class RolloutView {
public:
    RolloutView(std::ostream& out, bool terminal) : out_(out), terminal_(terminal) {}
    void show(const nlohmann::json& rollout, const nlohmann::json& nodes);
    /// Leaves the last picture standing.
    void finish();

private:
    void draw(const nlohmann::json& rollout, const nlohmann::json& nodes);
    void log(const nlohmann::json& rollout, const nlohmann::json& nodes);
    std::ostream& out_;
    bool terminal_;
    std::size_t drawn_ = 0;                   ///< lines of the last picture
    std::map<std::string, std::string> last_; ///< node to state, as last logged
    std::string lastState_;
};

} // namespace bm::cli
