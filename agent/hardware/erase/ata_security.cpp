#include "agent/hardware/erase/ata_security.h"

#include "common/model/error.h"
#include "common/text/text.h"

#include <fmt/format.h>
#include <vector>

namespace bm::agent {

using model::Deadline;
using namespace std::chrono_literals;

namespace {

constexpr std::chrono::milliseconds kAsking = 30s;
constexpr std::chrono::minutes kLeast{120};    ///< for disks without a usable estimate
constexpr std::chrono::minutes kMost{48 * 60}; ///< limit of a disk's estimate

/// "508min" of "more than 508min for ..."; 0 without one.
std::chrono::minutes minutesBefore(std::string_view line, std::string_view what)
{
    const std::size_t at = line.find(what);
    const std::size_t unit = at == std::string_view::npos ? at : line.rfind("min", at);
    if (unit == std::string_view::npos)
        return 0min;
    std::size_t begin = unit;
    while (begin > 0 && text::isDigit(line[begin - 1]))
        --begin;
    return std::chrono::minutes{text::parseNumber<int>(line.substr(begin, unit - begin)).value_or(0)};
}

void takeLine(std::string_view line, AtaSecurity& out)
{
    std::vector<std::string_view> words = text::words(line);
    if (words.empty())
        return;
    const bool is = words.front() != "not";
    if (!is)
        words.erase(words.begin());
    if (words.empty())
        return;
    const std::string_view first = words.front();
    if (first == "supported:")
        out.enhanced = is && line.find("enhanced erase") != std::string_view::npos;
    else if (first == "supported")
        out.supported = is;
    else if (first == "enabled")
        out.enabled = is;
    else if (first == "locked")
        out.locked = is;
    else if (first == "frozen")
        out.frozen = is;
    else if (first == "expired:")
        out.expired = is;
    if (line.find("ERASE UNIT") == std::string_view::npos)
        return;
    out.erase = minutesBefore(line, " for SECURITY ERASE UNIT");
    out.enhancedErase = minutesBefore(line, " for ENHANCED SECURITY ERASE UNIT");
}

} // namespace

AtaSecurity parseAtaSecurity(std::string_view hdparm)
{
    AtaSecurity out;
    const std::size_t begin = hdparm.find("\nSecurity:");
    if (begin == std::string_view::npos)
        return out;
    std::string_view rest = hdparm.substr(begin + 1);
    rest.remove_prefix(std::min(rest.find('\n'), rest.size() - 1) + 1);
    while (!rest.empty() && (rest.front() == '\t' || rest.front() == ' ')) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        takeLine(rest.substr(0, end), out);
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return out;
}

AtaEraser::AtaEraser(std::string disk, const EraseTools& tools) : disk_(std::move(disk)), tools_(tools) {}

AtaSecurity AtaEraser::readSecurity()
{
    return parseAtaSecurity(
        tools_.exec.run({{"hdparm", "-I", disk_}}, Deadline::in(kAsking, tools_.stop)).out);
}

std::optional<std::string> AtaEraser::hdparm(const char* option, std::chrono::milliseconds limit,
                                             const std::stop_token& stop)
{
    const platform::Exit exit =
        tools_.exec.run({{"hdparm", "--user-master", "u", option, "NULL", disk_}}, Deadline::in(limit, stop));
    if (exit.code == 0)
        return std::nullopt;
    return fmt::format("hdparm {} ended with {}: {}", option, exit.code,
                       exit.err.empty() ? exit.out : exit.err);
}

/// Removes the password of an earlier run.
std::optional<std::string> AtaEraser::clear(const AtaSecurity& found)
{
    tools_.log.info(disk_ + " has a password; trying the one that an interrupted erasure leaves");
    if (found.locked)
        if (const std::optional<std::string> failed = hdparm("--security-unlock", kAsking, tools_.stop))
            return "it is locked by an unknown password: " + *failed;
    if (const std::optional<std::string> failed = hdparm("--security-disable", kAsking, tools_.stop))
        return "it has an unknown password: " + *failed;
    return std::nullopt;
}

std::optional<std::string> AtaEraser::eraseBy(const char* option, std::chrono::minutes estimate)
{
    if (std::optional<std::string> refused = hdparm("--security-set-pass", kAsking, tools_.stop))
        return refused;
    std::optional<std::string> failed;
    try {
        failed = hdparm(option, std::clamp(estimate * 3, kLeast, kMost), tools_.stop);
    } catch (const model::Error&) {
        takePasswordOff();
        throw;
    }
    takePasswordOff(); // a successful erasure removes it
    return failed;
}

/// Runs also after a stop of the step.
void AtaEraser::takePasswordOff()
{
    try {
        const platform::Exit now = tools_.exec.run({{"hdparm", "-I", disk_}}, Deadline::in(kAsking));
        const AtaSecurity found = parseAtaSecurity(now.out);
        if (!found.enabled)
            return;
        if (found.locked)
            hdparm("--security-unlock", kAsking, {});
        if (const std::optional<std::string> failed = hdparm("--security-disable", kAsking, {}))
            tools_.log.warning(
                fmt::format("{} keeps its temporary password (hdparm's NULL): {}", disk_, *failed));
    } catch (const model::Error& error) {
        tools_.log.warning(
            fmt::format("{} may keep its temporary password (hdparm's NULL): {}", disk_, error.what()));
    }
}

std::optional<std::string> AtaEraser::erase()
{
    AtaSecurity found = readSecurity();
    if (!found.supported)
        return "it has no ATA security";
    if (found.frozen)
        return "its security is frozen (by the firmware, until its next power-on)";
    if (found.expired)
        return "it accepts no more passwords until its next power-on";
    if (found.enabled)
        if (std::optional<std::string> failed = clear(found))
            return failed;
    if (found.enhanced) {
        const std::optional<std::string> failed = eraseBy("--security-erase-enhanced", found.enhancedErase);
        if (!failed)
            return std::nullopt;
        tools_.log.info(fmt::format("{}: {}; the normal erase instead", disk_, *failed));
    }
    return eraseBy("--security-erase", found.erase);
}

} // namespace bm::agent
