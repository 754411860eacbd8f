#include "cli/shell/node_watch.h"

#include "cli/views/terminal.h"
#include "common/model/error.h"

#include <fmt/format.h>
#include <iostream>
#include <map>
#include <sys/ioctl.h>
#include <thread>
#include <unistd.h>

namespace bm::cli {

using model::Error;
using model::ErrorCode;
using nlohmann::json;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t kWatchedOneByOne = 10;
constexpr std::size_t kShownOneByOne = 20;
constexpr std::size_t kFailuresPrinted = 50;
constexpr int kLogEverySeconds = 30;

using Clock = std::chrono::steady_clock;

/// Reads the operations of the nodes that have not ended.
class NodePoller {
public:
    NodePoller(Shell& shell, const std::vector<std::string>& nodes, const EndedBefore& before)
        : shell_(shell), nodes_(nodes), before_(before)
    {}

    /// @return true if all operations have ended
    bool poll(std::vector<NodeProgress>& progress)
    {
        readUnfinished();
        bool all = true;
        for (std::size_t i = 0; i < nodes_.size(); ++i) {
            if (progress[i].finished)
                continue;
            const auto before = before_.find(nodes_[i]);
            progress[i] = progressAfter(nodes_[i], operationOf(nodes_[i]),
                                        before == before_.end() ? "" : before->second);
            progress[i].seconds =
                std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - begin_).count();
            all = all && progress[i].finished;
        }
        return all;
    }
    std::chrono::seconds since() const
    {
        return std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - begin_);
    }

private:
    void readUnfinished()
    {
        unfinished_.clear();
        if (nodes_.size() <= kWatchedOneByOne)
            return;
        const json answer = shell_.client().get("/v1/operations?limit=10000");
        for (const json& operation : answer.at("operations")) {
            unfinished_[operation.at("node_uuid").get<std::string>()] = operation;
            if (operation.at("node").is_string())
                unfinished_[operation.at("node").get<std::string>()] = operation;
        }
    }
    json operationOf(const std::string& node)
    {
        const auto known = unfinished_.find(node);
        return known != unfinished_.end() ? known->second : shell_.client().get(nodePath(node, "/operation"));
    }

    Shell& shell_;
    const std::vector<std::string>& nodes_;
    const EndedBefore& before_;
    std::map<std::string, json> unfinished_;
    Clock::time_point begin_ = Clock::now();
};

/// Prints the counts of many nodes on one line. A terminal overwrites the line; elsewhere a line is printed
/// when another tenth of the nodes has ended, and every 30 seconds.
class SumsView {
public:
    void show(const std::vector<NodeProgress>& nodes, std::chrono::seconds since)
    {
        const std::string sums = renderSums(nodes);
        if (terminal_) {
            std::cout << Control{"\r"} << cutTo(humanDuration(since.count()) + "  " + sums, terminalWidth())
                      << Control{"\033[K"} << std::flush;
            return;
        }
        std::size_t ended = 0;
        for (const NodeProgress& node : nodes)
            if (node.finished)
                ++ended;
        const std::size_t tenth = ended * 10 / nodes.size();
        if (sums == printed_ ||
            (tenth == tenth_ && since - printedAt_ < std::chrono::seconds{kLogEverySeconds}))
            return;
        printed_ = sums;
        tenth_ = tenth;
        printedAt_ = since;
        std::cout << humanDuration(since.count()) << "  " << sums << "\n" << std::flush;
    }
    ~SumsView()
    {
        if (terminal_)
            std::cout << "\n";
    }

private:
    bool terminal_ = ::isatty(STDOUT_FILENO) == 1;
    std::string printed_;
    std::size_t tenth_ = 11;
    std::chrono::seconds printedAt_{0};
};

/// "" also for a node that has had no operation.
std::string endedOperationOf(Shell& shell, const std::string& node)
{
    try {
        return endedOperation(shell.client().get(nodePath(node, "/operation")));
    } catch (const Error& error) {
        if (error.code() == ErrorCode::NotFound)
            return {}; // or there is no such node: the order says so
        throw;
    }
}

bool printFailures(const std::vector<NodeProgress>& nodes)
{
    std::size_t failed = 0;
    for (const NodeProgress& node : nodes)
        if (node.failed && ++failed <= kFailuresPrinted)
            printNodeFailure(node.node, node.message, node.code, node.hint);
    if (failed > kFailuresPrinted)
        std::cerr << "bm: and " << failed - kFailuresPrinted << " more\n";
    return failed == 0;
}

} // namespace

std::size_t terminalWidth()
{
    winsize size{};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return 100;
}

void printNodeFailure(const std::string& node, const std::string& message, const std::string& code,
                      const std::string& hint)
{
    std::cerr << "bm: " << node << ": " << message << " [" << code << "]\n";
    if (!hint.empty())
        std::cerr << "hint: " << hint << "\n";
}

std::string renderSums(const std::vector<NodeProgress>& nodes)
{
    std::map<std::string, std::size_t> counts;
    std::size_t done = 0;
    std::size_t failed = 0;
    double megabytesPerSecond = 0;
    for (const NodeProgress& node : nodes) {
        if (node.failed)
            ++failed;
        else if (node.finished)
            ++done;
        else
            ++counts[node.state == "queued" ? "queued" : node.kind];
        if (!node.finished && isWriting(node.step))
            megabytesPerSecond += node.megabytesPerSecond;
    }
    std::string text;
    for (const auto& [kind, count] : counts)
        text += fmt::format("{} {}  ", kind.empty() ? "waiting" : kind, count);
    text += fmt::format("done {}  failed {}  of {}", done, failed, nodes.size());
    if (megabytesPerSecond > 0)
        text += fmt::format("  {:.0f} MB/s", megabytesPerSecond);
    return text;
}

Ordered orderOnEach(Shell& shell, const std::vector<std::string>& nodes, bool wait,
                    const std::function<void(const std::string&)>& order)
{
    Ordered done;
    for (const std::string& node : nodes) {
        try {
            if (wait)
                done.before[node] = endedOperationOf(shell, node);
            order(node);
            done.begun.push_back(node);
        } catch (const Error& error) {
            printNodeFailure(node, error.what(), std::string(model::toText(error.code())), error.hint());
            done.code = exitCodeOf(error);
        }
    }
    return done;
}

int finishOrder(Shell& shell, const Ordered& done, bool wait, std::chrono::minutes limit,
                const std::function<std::string(const std::string&)>& ordered)
{
    if (wait && !done.begun.empty())
        return watchNodes(shell, done.begun, limit, done.before) ? done.code : 1;
    for (const std::string& node : done.begun)
        std::cout << node << ": " << ordered(node) << "\n";
    return done.code;
}

bool watchNodes(Shell& shell, const std::vector<std::string>& nodes, std::chrono::minutes limit,
                const EndedBefore& before)
{
    if (nodes.empty())
        return true;
    NodePoller poller(shell, nodes, before);
    std::vector<NodeProgress> progress(nodes.size());
    {
        ProgressView lines(std::cout, ::isatty(STDOUT_FILENO) == 1, terminalWidth());
        std::unique_ptr<SumsView> sums;
        if (nodes.size() > kShownOneByOne)
            sums = std::make_unique<SumsView>();
        while (true) {
            const bool all = poller.poll(progress);
            if (sums)
                sums->show(progress, poller.since());
            else
                lines.show(progress);
            if (all)
                break;
            if (poller.since() > limit)
                throw Error(ErrorCode::DeadlineExceeded, "the time limit has passed; the operations continue",
                            "bm node list shows the nodes; --timeout MINUTES waits longer");
            std::this_thread::sleep_for(1s);
        }
    }
    return printFailures(progress);
}

} // namespace bm::cli
