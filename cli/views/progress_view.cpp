#include "cli/views/progress_view.h"

#include "cli/views/output.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <ostream>
#include <string_view>

namespace bm::cli {

using nlohmann::json;

namespace {

struct StepName {
    std::string_view step;
    std::string_view text;
};
constexpr auto kSteps = std::to_array<StepName>({
    {"validate", "checking settings"},
    {"identify_bmc", "asking the BMC"},
    {"read_power", "reading power"},
    {"check_request", "checking the request"},
    {"fetch_image", "fetching the image"},
    {"expect_boot", "preparing the boot"},
    {"power_off", "switching off"},
    {"boot_device_pxe", "setting network boot"},
    {"power_on", "switching on"},
    {"await_agent", "starting the RAM disk"},
    {"erase_devices_metadata", "wiping disk metadata"},
    {"end_cleaning", "switching off"},
    {"write_image", "writing the image"},
    {"write_tree", "copying the tree"},
    {"prepare_ramdisk", "laying kernel and initrd ready"},
    {"boot_device_ramdisk", "setting network boot"},
    {"await_ramdisk", "starting from the network"},
    {"start_kernel", "starting its kernel"},
    {"end_boot", "ending network boot"},
    {"power_off_written", "switching off"},
    {"check_capture", "checking the request"},
    {"shut_down", "shutting down"},
    {"capture_disk", "reading the disk"},
    {"check_verify", "checking the request"},
    {"verify_disk", "comparing the disk"},
    {"boot_device_disk", "setting disk boot"},
    {"power_on_deployed", "starting the system"},
    {"forget_instance", "forgetting the instance"},
    {"set_power", "switching"},
});

} // namespace

bool isWriting(const std::string& step)
{
    return step == "write_image" || step == "write_tree";
}

bool showsBytes(const std::string& step)
{
    return isWriting(step) || step == "fetch_image" || step == "capture_disk" || step == "verify_disk";
}

std::string stepText(const std::string& step)
{
    for (const StepName& name : kSteps)
        if (name.step == step)
            return std::string(name.text);
    return step;
}

NodeProgress progressOf(const std::string& node, const json& operation)
{
    NodeProgress progress;
    progress.node = node;
    progress.kind = operation.value("kind", "");
    progress.state = operation.value("state", "");
    if (operation.contains("step") && operation.at("step").is_string())
        progress.step = operation.at("step").get<std::string>();
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

std::string renderProgress(const NodeProgress& p, std::size_t nameWidth, std::size_t width)
{
    std::string text = fmt::format("{:<{}}  {:>8}  ", p.node, nameWidth, humanDuration(p.seconds));
    if (p.failed)
        text += p.state + ": " + p.message;
    else if (p.finished)
        text += p.kind + ": done";
    else if (p.state == "queued")
        text += p.kind + ": queued";
    else
        text += fmt::format("{}: {}", p.kind, stepText(p.step));
    const bool moving = !p.failed && !p.finished && p.bytesTotal > 0 && showsBytes(p.step);
    if (moving) {
        text = fmt::format("{:<{}} {:>3} %", text, nameWidth + 42, p.bytesDone * 100 / p.bytesTotal);
        if (p.megabytesPerSecond > 0)
            text += fmt::format("  {:>6.1f} MB/s", p.megabytesPerSecond);
        if (p.etaSeconds >= 0)
            text += fmt::format("  {} left", humanDuration(p.etaSeconds));
    }
    return text.substr(0, width);
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
        nameWidth = std::max(nameWidth, node.node.size());
    if (linesShown_ > 0)
        out_ << "\033[" << linesShown_ << "A";
    for (const NodeProgress& node : nodes)
        out_ << "\r" << renderProgress(node, nameWidth, width_) << "\033[K\n";
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
        out_ << renderProgress(node, node.node.size(), 2000) << "\n";
    }
}

} // namespace bm::cli
