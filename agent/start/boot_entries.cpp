#include "agent/start/boot_entries.h"

#include "common/model/error.h"
#include "common/text/lower_case.h"

#include <algorithm>
#include <cctype>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace bm::agent {

using model::Error;
using model::ErrorCode;

namespace {

constexpr std::size_t kLongestName = 48;
constexpr std::size_t kDigits = 4;

bool isNumber(std::string_view text)
{
    return text.size() == kDigits &&
           std::ranges::all_of(text, [](unsigned char c) { return std::isxdigit(c) != 0; });
}

std::vector<std::string> numbersOf(std::string_view text)
{
    std::vector<std::string> out;
    while (!text.empty()) {
        const std::size_t comma = std::min(text.find(','), text.size());
        std::string_view word = text.substr(0, comma);
        while (word.starts_with(' '))
            word.remove_prefix(1);
        if (isNumber(word))
            out.emplace_back(word);
        text.remove_prefix(std::min(comma + 1, text.size()));
    }
    return out;
}

/// The third field of "HD(1,GPT,<guid>,0x800,0x100000)".
std::string partitionOf(std::string_view path)
{
    const std::size_t at = path.find(",GPT,");
    constexpr std::size_t kGuidChars = 36;
    if (!path.starts_with("HD(") || at == std::string_view::npos || path.size() < at + 5 + kGuidChars)
        return {};
    return model::lowerCase(path.substr(at + 5, kGuidChars));
}

/// The path after the partition: "/File(\EFI\debian\shimx64.efi)", later versions say "/\EFI\...".
std::string loaderOf(std::string_view path)
{
    const std::size_t end = path.find(")/");
    if (end == std::string_view::npos)
        return {};
    std::string_view rest = path.substr(end + 2);
    if (rest.starts_with("File(")) {
        rest.remove_prefix(5);
        return std::string(rest.substr(0, rest.find(')')));
    }
    return rest.starts_with('\\') ? std::string(rest) : std::string();
}

BootEntry entryOf(std::string_view number, std::string_view rest)
{
    BootEntry entry;
    entry.number = number;
    const std::size_t tab = rest.find('\t');
    entry.label = rest.substr(0, tab);
    if (tab != std::string_view::npos) {
        entry.partition = partitionOf(rest.substr(tab + 1));
        entry.loader = loaderOf(rest.substr(tab + 1));
    }
    return entry;
}

bool contains(const std::vector<std::string>& all, const std::string& one)
{
    return std::ranges::find(all, one) != all.end();
}

bool isFor(const BootEntry& entry, const BootTarget& target, const std::string& label)
{
    return entry.label == label && entry.partition == target.partitionGuid && entry.loader == target.loader;
}

std::string titleOf(const BootEntry& entry)
{
    return "Boot" + entry.number + " " + entry.label;
}

/// Runs efibootmgr for one change.
class Variables {
public:
    Variables(platform::Exec& exec, const model::Deadline& deadline) : exec_(exec), deadline_(deadline) {}

    BootVariables read() { return parseBootVariables(run({"efibootmgr", "-v"}, "reading the boot entries")); }
    void remove(const BootEntry& entry)
    {
        run({"efibootmgr", "-q", "-b", entry.number, "-B"}, "removing " + titleOf(entry));
    }
    void create(const BootTarget& target, const std::string& label)
    {
        run({"efibootmgr", "-q", "-C", "-d", target.disk, "-p", std::to_string(target.partition), "-L", label,
             "-l", target.loader},
            "making a boot entry for " + target.disk);
    }
    void setOrder(const std::vector<std::string>& order)
    {
        run({"efibootmgr", "-q", "-o", fmt::format("{}", fmt::join(order, ","))}, "setting BootOrder");
    }

private:
    std::string run(std::vector<std::string> argv, const std::string& doing)
    {
        const platform::Exit exit = exec_.run({.argv = std::move(argv)}, deadline_);
        if (exit.code != 0)
            throw Error(ErrorCode::AgentFailed,
                        fmt::format("{}: efibootmgr ended with {}: {}", doing, exit.code,
                                    exit.err.substr(0, exit.err.find('\n'))),
                        "the firmware's variable store may be full or locked: check the firmware's setup");
        return exit.out;
    }

    platform::Exec& exec_;
    const model::Deadline& deadline_;
};

/// Of several equal entries, keeps the first.
const BootEntry* entryFor(const BootVariables& variables, const BootTarget& target, const std::string& label)
{
    const auto found = std::ranges::find_if(
        variables.entries, [&](const BootEntry& entry) { return isFor(entry, target, label); });
    return found == variables.entries.end() ? nullptr : &*found;
}

} // namespace

BootVariables parseBootVariables(std::string_view text)
{
    BootVariables out;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        constexpr std::size_t kHead = 4 + kDigits;
        if (line.starts_with("BootCurrent: "))
            out.current = line.substr(13);
        else if (line.starts_with("BootOrder: "))
            out.order = numbersOf(line.substr(11));
        else if (line.starts_with("Boot") && line.size() > kHead + 2 && isNumber(line.substr(4, kDigits)) &&
                 (line[kHead] == '*' || line[kHead] == ' '))
            out.entries.push_back(entryOf(line.substr(4, kDigits), line.substr(kHead + 2)));
    }
    return out;
}

std::string bootLabel(const std::string& image)
{
    std::string out(kBootLabel);
    for (const char c : image.substr(0, kLongestName))
        out += c > ' ' && c < 0x7f ? c : '_';
    return out;
}

std::vector<std::string> staleEntries(const BootVariables& variables, const std::vector<BootTarget>& targets,
                                      const std::string& label, const std::vector<std::string>& gone)
{
    std::vector<std::string> kept;
    for (const BootTarget& target : targets)
        if (const BootEntry* entry = entryFor(variables, target, label))
            kept.push_back(entry->number);
    std::vector<std::string> stale;
    for (const BootEntry& entry : variables.entries) {
        const bool own = entry.label.starts_with(kBootLabel);
        const bool lost = !entry.partition.empty() && contains(gone, entry.partition);
        if ((own || lost) && !contains(kept, entry.number))
            stale.push_back(entry.number);
    }
    return stale;
}

std::vector<std::string> wantedOrder(const BootVariables& variables, const std::vector<std::string>& ours)
{
    std::vector<std::string> order;
    if (!variables.order.empty() && variables.order.front() == variables.current &&
        !contains(ours, variables.current))
        order.push_back(variables.current);
    order.insert(order.end(), ours.begin(), ours.end());
    for (const std::string& number : variables.order)
        if (!contains(order, number))
            order.push_back(number);
    return order;
}

BootEntriesOutcome enterTargets(const std::vector<BootTarget>& targets, const std::string& label,
                                const std::vector<std::string>& gone, platform::Exec& exec, AgentLog& log,
                                const model::Deadline& deadline)
{
    Variables firmware(exec, deadline);
    BootVariables now = firmware.read();
    BootEntriesOutcome outcome;
    const std::vector<std::string> stale = staleEntries(now, targets, label, gone);
    for (const BootEntry& entry : now.entries)
        if (contains(stale, entry.number)) { // removal first, since it frees space
            firmware.remove(entry);
            outcome.removed.push_back(titleOf(entry));
            log.info("boot entry removed: " + outcome.removed.back());
        }
    for (const BootTarget& target : targets)
        if (entryFor(now, target, label) == nullptr)
            firmware.create(target, label);
    now = firmware.read();
    std::vector<std::string> ours;
    for (const BootTarget& target : targets) {
        const BootEntry* entry = entryFor(now, target, label);
        if (entry == nullptr)
            throw Error(
                ErrorCode::AgentFailed,
                fmt::format("efibootmgr wrote the boot entry for {} of {}, but the firmware does not have it",
                            target.loader, target.disk),
                "some firmware forgets entries that it did not make: set the boot order by hand");
        ours.push_back(entry->number);
        outcome.entries.push_back(titleOf(*entry));
    }
    outcome.order = ours.empty() ? now.order : wantedOrder(now, ours);
    if (outcome.order != now.order)
        firmware.setOrder(outcome.order);
    return outcome;
}

} // namespace bm::agent
