#include "cli/views/progress_view.h"

#include "cli/views/output.h"
#include "cli/views/terminal.h"
#include "common/model/step_kinds.h"

#include <algorithm>
#include <fmt/format.h>
#include <ostream>

namespace bm::cli {

using nlohmann::json;

bool isWriting(const std::string& step)
{
    const model::StepKind* kind = model::findStepKind(step);
    return kind != nullptr && kind->destroysData() && kind->countsBytes();
}

bool showsBytes(const std::string& step)
{
    const model::StepKind* kind = model::findStepKind(step);
    return kind != nullptr && kind->countsBytes();
}

NodeProgress progressOf(const std::string& node, const json& operation)
{
    NodeProgress progress;
    progress.node = node;
    progress.kind = operation.value("kind", "");
    progress.state = operation.value("state", "");
    if (operation.contains("step") && operation.at("step").is_string())
        progress.step = operation.at("step").get<std::string>();
    progress.stepTitle = operation.value("step_title", model::titleOfStep(progress.step));
    progress.bytesDone = operation.value("bytes_done", std::int64_t{0});
    progress.bytesTotal = operation.value("bytes_total", std::int64_t{0});
    progress.megabytesPerSecond = operation.value("mb_per_s", 0.0);
    if (operation.contains("eta_seconds") && operation.at("eta_seconds").is_number())
        progress.etaSeconds = operation.at("eta_seconds").get<std::int64_t>();
    const bool more = operation.contains("then") && !operation.at("then").empty();
    progress.failed = progress.state == "failed" || progress.state == "aborted";
    progress.finished = progress.failed || (progress.state == "done" && !more && progress.kind != "undeploy");
    if (operation.contains("error") && operation.at("error").is_object()) {
        progress.code = operation.at("error").value("code", "");
        progress.message = operation.at("error").value("message", "");
        progress.hint = operation.at("error").value("hint", "");
    }
    return progress;
}

std::string endedOperation(const json& operation)
{
    const std::string state = operation.value("state", "");
    const bool ended = state == "done" || state == "failed" || state == "aborted";
    return ended ? operation.value("uuid", "") : "";
}

NodeProgress progressAfter(const std::string& node, const json& operation, const std::string& before)
{
    if (before.empty() || operation.value("uuid", "") != before)
        return progressOf(node, operation);
    NodeProgress done;
    done.node = node;
    done.state = "done";
    done.finished = true;
    return done;
}

std::string renderProgress(const NodeProgress& p, std::size_t nameWidth, std::size_t width)
{
    std::string text = fmt::format("{}  {:>8}  ", paddedTo(p.node, nameWidth), humanDuration(p.seconds));
    if (p.failed)
        text += p.state + ": " + p.message;
    else if (p.finished)
        text += p.kind.empty() ? "done" : p.kind + ": done";
    else if (p.state == "queued")
        text += p.kind + ": queued";
    else
        text += fmt::format("{}: {}", p.kind, p.stepTitle);
    const bool moving = !p.failed && !p.finished && p.bytesTotal > 0 && showsBytes(p.step);
    if (moving) {
        text = fmt::format("{} {:>3} %", paddedTo(text, nameWidth + 42), p.bytesDone * 100 / p.bytesTotal);
        if (p.megabytesPerSecond > 0)
            text += fmt::format("  {:>6.1f} MB/s", p.megabytesPerSecond);
        if (p.etaSeconds >= 0)
            text += fmt::format("  {} left", humanDuration(p.etaSeconds));
    }
    return cutTo(text, width);
}

ProgressView::ProgressView(std::ostream& out, bool terminal, std::size_t width)
    : out_(out), terminal_(terminal), width_(width)
{}

void ProgressView::show(const std::vector<NodeProgress>& nodes)
{
    if (terminal_)
        rewrite(nodes);
    else
        log(nodes);
    out_.flush();
}

void ProgressView::rewrite(const std::vector<NodeProgress>& nodes)
{
    std::size_t nameWidth = 4;
    for (const NodeProgress& node : nodes)
        nameWidth = std::max(nameWidth, textWidth(node.node));
    if (linesShown_ > 0)
        out_ << Control{fmt::format("\033[{}A", linesShown_)};
    for (const NodeProgress& node : nodes)
        out_ << Control{"\r"} << renderProgress(node, nameWidth, width_) << Control{"\033[K"} << "\n";
    linesShown_ = nodes.size();
}

void ProgressView::log(const std::vector<NodeProgress>& nodes)
{
    logged_.resize(nodes.size());
    tenths_.resize(nodes.size(), -1);
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        const NodeProgress& node = nodes[i];
        const std::string key = node.kind + "/" + node.step + "/" + node.state;
        const int tenth = node.bytesTotal > 0 && showsBytes(node.step)
                              ? static_cast<int>(node.bytesDone * 4 / node.bytesTotal)
                              : -1;
        if (key == logged_[i] && tenth <= tenths_[i])
            continue;
        logged_[i] = key;
        tenths_[i] = tenth;
        out_ << renderProgress(node, textWidth(node.node), 2000) << "\n";
    }
}

} // namespace bm::cli
