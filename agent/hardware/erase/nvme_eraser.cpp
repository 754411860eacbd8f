#include "agent/hardware/erase/nvme_eraser.h"

#include "agent/base/stop_wait.h"
#include "common/text/bytes.h"

#include <cctype>
#include <fmt/format.h>
#include <span>

namespace bm::agent {

using model::Deadline;
using namespace std::chrono_literals;

namespace {

constexpr std::chrono::milliseconds kAsking = 30s;
constexpr std::chrono::milliseconds kFormat = 2h;
constexpr std::chrono::milliseconds kSanitize = 12h;

constexpr std::size_t kIdBytes = 4096;
constexpr std::size_t kCmic = 76;
constexpr std::size_t kOacs = 256;
constexpr std::size_t kSanicap = 328;
constexpr std::size_t kFna = 524;

std::span<const std::byte> bytesOf(std::string_view text)
{
    return std::as_bytes(std::span(text));
}

} // namespace

std::optional<NvmeAbilities> parseIdController(std::string_view text)
{
    if (text.size() < kIdBytes)
        return std::nullopt;
    const std::span<const std::byte> bytes = bytesOf(text);
    const auto oacs = text::littleEndian<std::uint16_t>(bytes, kOacs);
    const auto sanicap = text::littleEndian<std::uint32_t>(bytes, kSanicap);
    const auto fna = text::littleEndian<std::uint8_t>(bytes, kFna);
    NvmeAbilities out;
    out.format = (oacs & 2U) != 0;
    out.selfTest = (oacs & 16U) != 0;
    out.formatsAllNamespaces = (fna & 3U) != 0;
    out.formatCrypto = (fna & 4U) != 0;
    out.sanitizeCrypto = (sanicap & 1U) != 0;
    out.sanitizeBlock = (sanicap & 2U) != 0;
    out.severalControllers = (text::littleEndian<std::uint8_t>(bytes, kCmic) & 2U) != 0;
    return out;
}

std::optional<SanitizeProgress> parseSanitizeLog(std::string_view text)
{
    if (text.size() < 4)
        return std::nullopt;
    const std::span<const std::byte> bytes = bytesOf(text);
    SanitizeProgress out;
    out.done = text::littleEndian<std::uint16_t>(bytes, 0);
    switch (text::littleEndian<std::uint16_t>(bytes, 2) & 7U) {
    case 1: // completed
    case 4: // completed, without deallocation
        out.state = SanitizeState::Done;
        break;
    case 2:
        out.state = SanitizeState::Running;
        break;
    case 3:
        out.state = SanitizeState::Failed;
        break;
    default:
        break;
    }
    return out;
}

std::string nvmeSubsystemOf(std::string_view disk)
{
    const std::string_view name = disk.substr(disk.rfind('/') + 1);
    constexpr std::string_view kPrefix = "nvme";
    if (!name.starts_with(kPrefix))
        return {};
    std::size_t end = kPrefix.size();
    while (end < name.size() && std::isdigit(static_cast<unsigned char>(name[end])) != 0)
        ++end;
    return std::string(name.substr(0, end));
}

NvmeEraser::NvmeEraser(std::string disk, bool alone, const EraseTools& tools)
    : disk_(std::move(disk)), alone_(alone), tools_(tools)
{}

std::optional<NvmeAbilities> NvmeEraser::abilities()
{
    const platform::Exit exit =
        tools_.exec.run({{"nvme", "id-ctrl", disk_, "--raw-binary"}}, Deadline::in(kAsking, tools_.stop));
    return exit.code == 0 ? parseIdController(exit.out) : std::nullopt;
}

std::optional<std::string> NvmeEraser::run(std::vector<std::string> argv, std::chrono::milliseconds limit)
{
    const std::string what = argv[1];
    const platform::Exit exit = tools_.exec.run({std::move(argv)}, Deadline::in(limit, tools_.stop));
    if (exit.code == 0)
        return std::nullopt;
    return fmt::format("nvme {} ended with {}: {}", what, exit.code, exit.err.empty() ? exit.out : exit.err);
}

std::optional<std::string> NvmeEraser::format()
{
    const std::optional<NvmeAbilities> can = abilities();
    if (!can)
        return "it does not identify itself";
    if (!can->format)
        return "it has no format";
    if (can->formatsAllNamespaces && (!alone_ || can->severalControllers))
        return "its format takes all namespaces, others' too";
    const auto with = [&](const char* setting) {
        return run({"nvme", "format", disk_, "--force", "--ses", setting, "--timeout",
                    fmt::to_string(kFormat.count())},
                   kFormat + 1min);
    };
    if (!can->formatCrypto)
        return with("1");
    const std::optional<std::string> crypto = with("2");
    if (!crypto)
        return std::nullopt;
    tools_.log.info(fmt::format("{}: {}; with a user-data erase instead", disk_, *crypto));
    return with("1");
}

std::optional<std::string> NvmeEraser::sanitize()
{
    const std::optional<NvmeAbilities> can = abilities();
    if (!can || (!can->sanitizeBlock && !can->sanitizeCrypto))
        return "it has no sanitize";
    if (!alone_ || can->severalControllers)
        return "sanitize takes all namespaces, others' too";
    constexpr const char* kBlock = "2";
    constexpr const char* kCrypto = "4";
    if (std::optional<std::string> failed =
            run({"nvme", "sanitize", disk_, "--sanact", can->sanitizeBlock ? kBlock : kCrypto}, kAsking))
        return failed;
    return awaitSanitize();
}

std::optional<std::string> NvmeEraser::awaitSanitize()
{
    const Deadline deadline = Deadline::in(kSanitize, tools_.stop);
    while (!deadline.over()) {
        waitUnlessStopped(tools_.poll, tools_.stop);
        const platform::Exit exit =
            tools_.exec.run({{"nvme", "sanitize-log", disk_, "--raw-binary"}}, deadline.atMost(kAsking));
        const std::optional<SanitizeProgress> now = parseSanitizeLog(exit.out);
        if (exit.code != 0 || !now)
            return "its sanitize log cannot be read";
        if (now->state == SanitizeState::Done)
            return std::nullopt;
        if (now->state != SanitizeState::Running)
            return "sanitize failed";
        tools_.share.reach(now->done, 65536);
    }
    return "sanitize did not end in time";
}

} // namespace bm::agent
