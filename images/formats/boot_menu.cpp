#include "images/formats/boot_menu.h"

#include "common/model/kernel_arguments.h"
#include "common/text/lower_case.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <utility>

namespace bm::images {
namespace {

constexpr std::size_t kMostEntries = 256;
constexpr std::size_t kMostMore = 16;

/// Splits a line into words as GRUB and syslinux do; quotes protect blanks.
std::vector<std::string> menuWords(std::string_view line)
{
    std::vector<std::string> words;
    std::string word;
    bool any = false;
    char quote = '\0';
    for (const char c : line) {
        if (quote == '\0' && (c == '"' || c == '\'')) {
            quote = c;
            any = true;
        } else if (c == quote) {
            quote = '\0';
        } else if (quote == '\0' && std::isspace(static_cast<unsigned char>(c)) != 0) {
            if (any || !word.empty())
                words.push_back(std::exchange(word, {}));
            any = false;
        } else {
            word += c;
        }
    }
    if (any || !word.empty())
        words.push_back(word);
    return words;
}

template <class Each> void forEachLine(std::string_view text, Each each)
{
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::vector<std::string> words = menuWords(text.substr(0, end));
        if (!words.empty() && !words.front().starts_with('#'))
            each(words);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
}

std::string joinedArguments(const std::vector<std::string>& words, std::size_t from)
{
    std::string text;
    for (std::size_t i = from; i < words.size(); ++i)
        if (words[i].find('$') == std::string::npos && model::isKernelArgument(words[i]))
            text += (text.empty() ? "" : " ") + words[i];
    return text;
}

/// "($root)/casper/vmlinuz" is "/casper/vmlinuz".
std::string withoutDevice(const std::string& path)
{
    const std::size_t end = path.starts_with('(') ? path.find(')') : std::string::npos;
    return end == std::string::npos ? path : path.substr(end + 1);
}

bool usable(const std::string& path)
{
    return !path.empty() && path.find('$') == std::string::npos;
}

/// Collects the entries while a menu is read.
class Collector {
public:
    void begin(const std::string& title)
    {
        end();
        current_.title = title;
        open_ = true;
    }

    void end()
    {
        const bool whole = usable(current_.kernel) && !current_.initrds.empty() &&
                           std::ranges::all_of(current_.initrds, usable);
        if (open_ && whole && menu_.entries.size() < kMostEntries) {
            positions_.push_back(count_);
            menu_.entries.push_back(current_);
        }
        count_ += open_ ? 1 : 0;
        open_ = false;
        current_ = {};
    }

    void more(const std::string& file)
    {
        if (menu_.more.size() < kMostMore && usable(file))
            menu_.more.push_back(file);
    }

    /// @param isDefault  predicate of an entry and its index in the menu
    template <class IsDefault> BootMenu finish(IsDefault isDefault)
    {
        end();
        for (std::size_t i = 0; i < menu_.entries.size(); ++i)
            if (isDefault(menu_.entries[i], positions_[i])) {
                std::rotate(menu_.entries.begin(), menu_.entries.begin() + static_cast<std::ptrdiff_t>(i),
                            menu_.entries.begin() + static_cast<std::ptrdiff_t>(i) + 1);
                break;
            }
        return std::move(menu_);
    }

    BootEntry& entry() { return current_; }

private:
    BootMenu menu_;
    BootEntry current_;
    std::vector<std::size_t> positions_;
    std::size_t count_ = 0;
    bool open_ = false;
};

void parseGrubLine(Collector& menu, std::string& chosen, const std::vector<std::string>& words)
{
    const std::string& verb = words.front();
    if (verb == "menuentry" && words.size() > 1) {
        menu.begin(words[1]);
    } else if (verb.starts_with("linux") && words.size() > 1) {
        menu.entry().kernel = withoutDevice(words[1]);
        menu.entry().arguments = joinedArguments(words, 2);
    } else if (verb.starts_with("initrd") && words.size() > 1) {
        for (std::size_t i = 1; i < words.size(); ++i)
            menu.entry().initrds.push_back(withoutDevice(words[i]));
    } else if (verb == "}") {
        menu.end();
    } else if (verb == "set" && words.size() > 1 && words[1].starts_with("default=")) {
        chosen = words[1].substr(8);
    } else if ((verb == "source" || verb == "configfile") && words.size() > 1) {
        menu.more(withoutDevice(words[1]));
    }
}

/// Parses the arguments of APPEND. "initrd=" may be among them, with several files.
void parseAppend(BootEntry& entry, const std::vector<std::string>& words)
{
    std::vector<std::string> kept;
    for (std::size_t i = 1; i < words.size(); ++i) {
        if (!words[i].starts_with("initrd=")) {
            kept.push_back(words[i]);
            continue;
        }
        for (std::size_t begin = 7; begin < words[i].size();) {
            const std::size_t end = std::min(words[i].find(',', begin), words[i].size());
            entry.initrds.push_back(words[i].substr(begin, end - begin));
            begin = end + 1;
        }
    }
    entry.arguments = joinedArguments(kept, 0);
}

void parseSyslinuxLine(Collector& menu, std::string& chosen, const std::vector<std::string>& words)
{
    const std::string verb = model::lowerCase(words.front());
    const std::string second = words.size() > 1 ? words[1] : "";
    if (verb == "label") {
        menu.begin(second);
    } else if (verb == "default" || verb == "ontimeout") {
        if (!second.ends_with(".c32"))
            chosen = second;
    } else if (verb == "menu" && model::lowerCase(second) == "default") {
        chosen = menu.entry().title;
    } else if (verb == "kernel" || verb == "linux") {
        menu.entry().kernel = second;
    } else if (verb == "append") {
        parseAppend(menu.entry(), words);
    } else if (verb == "initrd") {
        menu.entry().initrds.push_back(second);
    } else if (verb == "include" || (verb == "menu" && model::lowerCase(second) == "include")) {
        menu.more(verb == "include" ? second : (words.size() > 2 ? words[2] : ""));
    }
}

} // namespace

BootMenu grubMenu(std::string_view text)
{
    Collector menu;
    std::string chosen;
    forEachLine(text, [&](const std::vector<std::string>& words) { parseGrubLine(menu, chosen, words); });
    return menu.finish([&](const BootEntry& entry, std::size_t position) {
        return !chosen.empty() && (chosen == std::to_string(position) || chosen == entry.title);
    });
}

BootMenu syslinuxMenu(std::string_view text)
{
    Collector menu;
    std::string chosen;
    forEachLine(text, [&](const std::vector<std::string>& words) { parseSyslinuxLine(menu, chosen, words); });
    return menu.finish([&](const BootEntry& entry, std::size_t) {
        return !chosen.empty() && model::lowerCase(chosen) == model::lowerCase(entry.title);
    });
}

} // namespace bm::images
