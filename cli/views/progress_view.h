#pragma once
#include <chrono>
#include <iosfwd>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace bm::cli {

/// What is known of one node's work, from GET /v1/nodes/{ident}/operation.
struct NodeProgress {
    std::string node;
    std::string kind; ///< verify, clean, deploy
    std::string step;
    std::string stepTitle; ///< for people: "writing the image"
    std::string state;     ///< queued, running, done, failed, aborted
    bool finished = false;
    bool failed = false;
    std::int64_t bytesDone = 0;
    std::int64_t bytesTotal = 0;
    double megabytesPerSecond = 0;
    std::int64_t etaSeconds = -1; ///< -1: not known
    std::int64_t seconds = 0;     ///< since the work was asked for
    std::string code, message, hint;
};

/// @p operation as bmd shows it. Finished: nothing follows any more.
NodeProgress progressOf(const std::string& node, const nlohmann::json& operation);
/// "rack1-07  deploy: writing the image   43 %  112.0 MB/s  0:14 left": at most @p width characters.
std::string renderProgress(const NodeProgress& progress, std::size_t nameWidth, std::size_t width);

/// Whether a step's bytes are those of a copy onto the node, so that nodes' rates add up.
bool isWriting(const std::string& step);
/// Whether its bytes say how far it is.
bool showsBytes(const std::string& step);

/// Shows many nodes: on a terminal a line each, written over; else a line for each change of step.
class ProgressView {
public:
    ProgressView(std::ostream& out, bool terminal, std::size_t width);
    void show(const std::vector<NodeProgress>& nodes);

private:
    void rewrite(const std::vector<NodeProgress>& nodes);
    void log(const std::vector<NodeProgress>& nodes);
    std::ostream& out_;
    bool terminal_;
    std::size_t width_;
    std::size_t linesShown_ = 0;
    std::vector<std::string> logged_;
    std::vector<int> tenths_;
};

} // namespace bm::cli
