#include "agent/start/kernel_choice.h"

#include "common/text/text.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace bm::agent {

namespace {

using Words = std::vector<std::string>;

/// Splits a line into words as GRUB's shell does: without quotes; # begins a comment.
Words grubWords(std::string_view line)
{
    Words out;
    std::string word;
    bool inWord = false;
    char quote = 0;
    for (std::size_t i = 0; i < line.size(); ++i) {
        const char c = line[i];
        if (c == '\\' && quote != '\'' && i + 1 < line.size()) {
            word += line[++i];
            inWord = true;
        } else if (quote != 0 ? c == quote : c == '"' || c == '\'') {
            quote = quote != 0 ? '\0' : c;
            inWord = true;
        } else if (quote == 0 && (c == ' ' || c == '\t' || c == '\r' || c == ';')) {
            if (inWord)
                out.push_back(std::move(word));
            word.clear();
            inWord = false;
        } else if (quote == 0 && c == '#' && !inWord) {
            break;
        } else {
            word += c;
            inWord = true;
        }
    }
    if (inWord)
        out.push_back(std::move(word));
    return out;
}

struct Entry {
    std::string kernel;
    Words initrds;
    Words arguments;
};

bool isVariable(const std::string& word)
{
    if (word.size() < 2 || word.front() != '$')
        return false;
    return std::all_of(word.begin() + 1, word.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
               c == '{' || c == '}';
    });
}

/// "($root)/boot/vmlinuz" and "(hd0,gpt2)/boot/vmlinuz" are files of this file system.
std::string pathOf(const std::string& word)
{
    if (word.starts_with('('))
        return word.find(")/") == std::string::npos ? std::string() : word.substr(word.find(")/") + 1);
    return word;
}

bool isPath(const std::string& path)
{
    return path.starts_with('/') && path.find('$') == std::string::npos;
}

std::optional<KernelChoice> choiceOf(const Entry& entry)
{
    KernelChoice out;
    out.kernel = pathOf(entry.kernel);
    bool leftOut = false;
    bool root = false;
    for (const std::string& word : entry.arguments) {
        if (isVariable(word)) {
            leftOut = true;
            continue;
        }
        if (word.find('$') != std::string::npos)
            return std::nullopt;
        root = root || word.starts_with("root=");
        const bool blanks = word.find(' ') != std::string::npos;
        out.arguments += (out.arguments.empty() ? "" : " ") + (blanks ? "\"" + word + "\"" : word);
    }
    if (!isPath(out.kernel) || (leftOut && !root))
        return std::nullopt;
    for (const std::string& initrd : entry.initrds) {
        if (isVariable(initrd))
            continue;
        out.initrds.push_back(pathOf(initrd));
        if (!isPath(out.initrds.back()))
            return std::nullopt;
    }
    return out;
}

/// The top level of GRUB's menu. A submenu is an item without a kernel. GRUB runs the commands outside of all
/// items before it shows the menu; without a menu they start the kernel.
class Menu {
public:
    void take(const Words& words)
    {
        const std::string& first = words.front();
        if ((first == "menuentry" || first == "submenu") && depth_ == 0)
            begin(first == "submenu");
        else if (first == "linux" || first == "linux16" || first == "linuxefi")
            kernel(words);
        else if (first == "initrd" || first == "initrd16" || first == "initrdefi")
            initrds(words);
        else if (first == "set" && words.size() == 2 && words[1].starts_with("default=") && depth_ == 0)
            default_ = text::parseNumber<std::size_t>(std::string_view(words[1]).substr(8));
        for (const std::string& word : words)
            depth_ += word == "{" ? 1 : word == "}" ? -1 : 0;
        if (depth_ <= 0)
            inside_ = Inside::Nothing;
        depth_ = std::max(depth_, 0);
    }

    std::optional<KernelChoice> chosen() const
    {
        if (default_ && *default_ < items_.size() && !items_[*default_].kernel.empty())
            return choiceOf(items_[*default_]);
        const auto first =
            std::ranges::find_if(items_, [](const Entry& item) { return !item.kernel.empty(); });
        if (first != items_.end())
            return choiceOf(*first);
        return items_.empty() && !outside_.kernel.empty() ? choiceOf(outside_) : std::nullopt;
    }

private:
    enum class Inside : std::uint8_t { Nothing, Entry, Submenu };

    void begin(bool submenu)
    {
        items_.emplace_back();
        inside_ = submenu ? Inside::Submenu : Inside::Entry;
    }
    /// The item to which this line belongs; null in submenus and functions.
    Entry* current()
    {
        if (depth_ == 0)
            return &outside_;
        return inside_ == Inside::Entry ? &items_.back() : nullptr;
    }
    void kernel(const Words& words)
    {
        Entry* entry = current();
        if (entry == nullptr || words.size() < 2 || !entry->kernel.empty())
            return;
        entry->kernel = words[1];
        entry->arguments.assign(words.begin() + 2, words.end());
    }
    void initrds(const Words& words)
    {
        if (Entry* entry = current(); entry != nullptr)
            entry->initrds.insert(entry->initrds.end(), words.begin() + 1, words.end());
    }

    std::vector<Entry> items_;
    Entry outside_;
    std::optional<std::size_t> default_;
    int depth_ = 0;
    Inside inside_ = Inside::Nothing;
};

} // namespace

std::optional<KernelChoice> kernelFromGrub(std::string_view config)
{
    Menu menu;
    while (!config.empty()) {
        const Words words = grubWords(text::takeLine(config));
        if (!words.empty())
            menu.take(words);
    }
    return menu.chosen();
}

std::optional<KernelChoice> kernelFromEntries(const std::vector<std::string>& texts)
{
    for (const std::string& entryText : texts) {
        Entry entry;
        std::string_view rest = entryText;
        while (!rest.empty()) {
            const Words words = grubWords(text::takeLine(rest));
            if (words.size() < 2)
                continue;
            if (words[0] == "linux")
                entry.kernel = words[1];
            else if (words[0] == "initrd")
                entry.initrds.insert(entry.initrds.end(), words.begin() + 1, words.end());
            else if (words[0] == "options")
                entry.arguments.insert(entry.arguments.end(), words.begin() + 1, words.end());
        }
        if (std::optional<KernelChoice> choice = choiceOf(entry))
            return choice;
    }
    return std::nullopt;
}

} // namespace bm::agent
