#pragma once
#include "cli/shell/shell.h"
#include "cli/views/progress_view.h"

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace bm::cli {

/// Looks at the nodes' operations until each has ended, and shows them on stdout: few by a line each, many by
/// one line of sums. Failures are told on stderr. @return whether all ended well
/// @throws Error DeadlineExceeded after @p limit; the work goes on
bool watchNodes(Shell& shell, const std::vector<std::string>& nodes, std::chrono::minutes limit);

/// What came of ordering something on several nodes.
struct Ordered {
    std::vector<std::string> begun;
    int code = 0; ///< exit code of the last that refused
};
/// Orders it on each; those that refuse are told on stderr, and the others go on.
Ordered orderOnEach(const std::vector<std::string>& nodes,
                    const std::function<void(const std::string& node)>& order);
/// Watches what was begun when @p wait, else says @p ordered of each ("{}: clean ordered"). @return the exit
/// code
int finishOrder(Shell& shell, const Ordered& done, bool wait, std::chrono::minutes limit,
                const std::function<std::string(const std::string& node)>& ordered);

/// "deploy 12  done 780  failed 3  of 995": the sums of many.
std::string renderSums(const std::vector<NodeProgress>& nodes);

/// What an error says to a person: "bm: rack1-07: message [code]", then its hint.
void printNodeFailure(const std::string& node, const std::string& message, const std::string& code,
                      const std::string& hint);

std::size_t terminalWidth();

} // namespace bm::cli
