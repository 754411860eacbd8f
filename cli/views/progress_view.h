#pragma once
#include <chrono>
#include <iosfwd>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace bm::cli {

/// The progress of one node's operation, from GET /v1/nodes/{ident}/operation.
struct NodeProgress {
    std::string node;
    std::string kind; ///< verify, clean, deploy; "": the order began no operation
    std::string step;
    std::string stepTitle; ///< for people: "writing the image"
    std::string state;     ///< queued, running, done, failed, aborted
    bool finished = false;
    bool failed = false;
    std::int64_t bytesDone = 0;
    std::int64_t bytesTotal = 0;
    double megabytesPerSecond = 0;
    std::int64_t etaSeconds = -1; ///< -1: unknown
    std::int64_t seconds = 0;     ///< since bm began to watch
    std::string code, message, hint;
};

/// Parses @p operation as bmd returns it. @c finished means that the state is final.
NodeProgress progressOf(const std::string& node, const nlohmann::json& operation);
/// The uuid of @p operation if it has ended, else "": an order such as unhold continues it.
std::string endedOperation(const nlohmann::json& operation);
/// As progressOf(), after an order. @p before: endedOperation() of the node's operation before the order. If
/// @p operation is still that one, the order began none and is done: manage, from clean failed.
NodeProgress progressAfter(const std::string& node, const nlohmann::json& operation,
                           const std::string& before);
/// "rack1-07  deploy: writing the image   43 %  112.0 MB/s  0:14 left": at most @p width characters.
std::string renderProgress(const NodeProgress& progress, std::size_t nameWidth, std::size_t width);

/// True if the step copies data onto the node. The view sums the rates of such steps.
bool isWriting(const std::string& step);
/// True if the step reports its progress in bytes.
bool showsBytes(const std::string& step);

/// Shows the progress of many nodes. A terminal has one line per node and overwrites it; elsewhere a line is
/// printed for each new step.
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
