#include "cli/views/rollout_view.h"

#include "cli/views/output.h"
#include "cli/views/terminal.h"

#include <algorithm>
#include <fmt/format.h>
#include <ostream>
#include <sys/ioctl.h>
#include <unistd.h>

namespace bm::cli {

using nlohmann::json;

namespace {

constexpr int kBarWidth = 30;

struct Terminal {
    std::size_t rows = 24;
    std::size_t columns = 100;
};

Terminal terminalSize()
{
    winsize size{};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0)
        return {size.ws_row, size.ws_col};
    return {};
}

std::int64_t count(const json& rollout, const char* key)
{
    return rollout.at("nodes").value(key, std::int64_t{0});
}

std::string countsText(const json& rollout)
{
    std::string text = fmt::format("{} of {} done", count(rollout, "done"), count(rollout, "total"));
    for (const char* key : {"working", "pending", "failed", "skipped", "aborted"})
        if (const std::int64_t number = count(rollout, key); number > 0)
            text += fmt::format(", {} {}", number, key);
    return text;
}

std::string leftText(const json& rollout)
{
    const json& left = rollout.at("seconds_left");
    const std::string state = rollout.value("state", "");
    return left.is_number() && state == "running"
               ? ", about " + humanDuration(left.get<std::int64_t>()) + " left"
               : "";
}

std::string bytesText(const json& rollout)
{
    const double total = rollout.value("bytes_total", 0.0);
    return total > 0
               ? fmt::format("{} of {}", humanBytes(rollout.value("bytes_done", 0.0)), humanBytes(total))
               : "";
}

std::string bar(const json& rollout)
{
    const double total = rollout.value("bytes_total", 0.0);
    const double share = total > 0 ? rollout.value("bytes_done", 0.0) / total : 0;
    const int full = std::clamp(static_cast<int>(share * kBarWidth), 0, kBarWidth);
    return "[" + std::string(static_cast<std::size_t>(full), '#') +
           std::string(static_cast<std::size_t>(kBarWidth - full), '.') + "]";
}

std::string nodeLine(const json& node)
{
    std::string line =
        fmt::format("  {} {:<10}", paddedTo(node.value("node", ""), 20), node.value("state", ""));
    if (node.at("step").is_string())
        line += " " + node.at("step").get<std::string>();
    if (node.value("percent", json(nullptr)).is_number())
        line += fmt::format(" {} %", node.at("percent").get<int>());
    if (node.at("seconds_left").is_number())
        line += ", " + humanDuration(node.at("seconds_left").get<std::int64_t>()) + " left";
    if (node.at("reason").is_string())
        line += "  " + node.at("reason").get<std::string>();
    else if (node.at("gate").is_string())
        line += "  " + node.at("gate").get<std::string>();
    return line;
}

bool isAtWork(const json& node)
{
    const std::string state = node.value("state", "");
    return state == "draining" || state == "working" || state == "checking" || state == "retrying" ||
           state == "restoring";
}

} // namespace

std::string rolloutSummary(const json& rollout)
{
    std::string text =
        fmt::format("{}: {}, {} -> {}{}\n", rollout.value("name", ""), rollout.value("state", ""),
                    rollout.value("image", ""), countsText(rollout), leftText(rollout));
    if (rollout.at("reason").is_string())
        text += "reason: " + rollout.at("reason").get<std::string>() + "\n";
    if (rollout.at("hint").is_string())
        text += "hint: " + rollout.at("hint").get<std::string>() + "\n";
    return text;
}

void RolloutView::show(const json& rollout, const json& nodes)
{
    if (terminal_)
        draw(rollout, nodes);
    else
        log(rollout, nodes);
}

void RolloutView::draw(const json& rollout, const json& nodes)
{
    const Terminal terminal = terminalSize();
    std::vector<std::string> lines;
    lines.push_back(fmt::format("{}  {}  wave {}  {} {}", rollout.value("name", ""),
                                rollout.value("state", ""), rollout.value("wave", 0) + 1, bar(rollout),
                                bytesText(rollout)));
    lines.push_back(countsText(rollout) + leftText(rollout));
    const std::size_t room = terminal.rows > 6 ? terminal.rows - 4 : 2;
    std::size_t hidden = 0;
    for (const json& node : nodes) {
        if (!isAtWork(node) && node.value("state", "") != "failed")
            continue;
        if (lines.size() < room)
            lines.push_back(nodeLine(node));
        else
            ++hidden;
    }
    if (hidden > 0)
        lines.push_back(fmt::format("  and {} more", hidden));
    if (drawn_ > 0)
        out_ << Control{fmt::format("\033[{}A\r\033[J", drawn_)};
    std::string text;
    for (const std::string& line : lines)
        text += cutTo(line, terminal.columns - 1) + "\n";
    drawn_ = lines.size();
    out_ << text << std::flush;
}

void RolloutView::log(const json& rollout, const json& nodes)
{
    for (const json& node : nodes) {
        const std::string state = node.value("state", "");
        std::string& last = last_[node.value("node", "")];
        if (state == last || state == "pending" || (last.empty() && state == "skipped"))
            continue;
        last = state;
        out_ << node.value("node", "") << ": " << state
             << (node.at("reason").is_string() ? " (" + node.at("reason").get<std::string>() + ")" : "")
             << "\n";
    }
    const std::string state = rollout.value("state", "");
    if (state != lastState_)
        out_ << rolloutSummary(rollout);
    lastState_ = state;
    out_ << std::flush;
}

void RolloutView::finish()
{
    drawn_ = 0;
}

} // namespace bm::cli
