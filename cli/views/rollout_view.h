#pragma once
#include <iosfwd>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

namespace bm::cli {

/// Renders a rollout as GET /v1/rollouts/{rollout} returns it, in a few lines.
std::string rolloutSummary(const nlohmann::json& rollout);

/// Shows the progress of a rollout. A terminal has a header with bar, counts and time left above the running
/// nodes, and is overwritten; elsewhere a line is printed for each state change.
class RolloutView {
public:
    RolloutView(std::ostream& out, bool terminal) : out_(out), terminal_(terminal) {}
    void show(const nlohmann::json& rollout, const nlohmann::json& nodes);
    /// Ends the view; the last frame remains on the terminal.
    void finish();

private:
    void draw(const nlohmann::json& rollout, const nlohmann::json& nodes);
    void log(const nlohmann::json& rollout, const nlohmann::json& nodes);
    std::ostream& out_;
    bool terminal_;
    std::size_t drawn_ = 0;                   ///< lines of the last frame
    std::map<std::string, std::string> last_; ///< node to its last printed state
    std::string lastState_;
};

} // namespace bm::cli
