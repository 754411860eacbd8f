#pragma once
#include "cli/shell/shell.h"
#include "cli/views/progress_view.h"

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace bm::cli {

/// By node: the uuid of its latest operation, if that had ended before an order; "" without one.
using EndedBefore = std::map<std::string, std::string>;

/// Polls the nodes' operations until each ends and shows them on stdout: one line per node, or one line of
/// counts for many nodes. Prints failures on stderr. The order did not begin the operations of @p before: a
/// node without a later operation is done. @return true if all operations succeeded
/// @throws Error DeadlineExceeded after @p limit; the operations continue
bool watchNodes(Shell& shell, const std::vector<std::string>& nodes, std::chrono::minutes limit,
                const EndedBefore& before = {});

/// The result of starting an operation on several nodes.
struct Ordered {
    std::vector<std::string> begun;
    EndedBefore before; ///< filled with @p wait only
    int code = 0;       ///< exit code of the last refusal; 0 without one
};
/// Calls @p order with each node. A refusal is printed on stderr, and the next node follows. With @p wait it
/// first reads the node's latest operation, for finishOrder().
Ordered orderOnEach(Shell& shell, const std::vector<std::string>& nodes, bool wait,
                    const std::function<void(const std::string& node)>& order);
/// With @p wait, watches the started operations; else prints @p ordered(node) for each ("rack1-07: clean
/// started"). @return the exit code
int finishOrder(Shell& shell, const Ordered& done, bool wait, std::chrono::minutes limit,
                const std::function<std::string(const std::string& node)>& ordered);

/// "deploy 12  done 780  failed 3  of 995": the counts of many nodes.
std::string renderSums(const std::vector<NodeProgress>& nodes);

/// Prints an error of a node on stderr: "bm: rack1-07: message [code]", then its hint.
void printNodeFailure(const std::string& node, const std::string& message, const std::string& code,
                      const std::string& hint);

std::size_t terminalWidth();

} // namespace bm::cli
