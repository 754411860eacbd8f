#include "common/wire/json/secret_mask.h"

#include "common/text/secret_names.h"
#include "common/text/word_list.h"

#include <algorithm>

namespace bm::wire {
namespace {

constexpr std::string_view kQuotedMask = "\"******\"";
constexpr std::string_view kSealed = "\"sealed:";

/// One past the string that starts at @p at (a quote).
std::size_t endOfString(std::string_view text, std::size_t at)
{
    for (std::size_t i = at + 1; i < text.size(); ++i) {
        if (text[i] == '\\')
            ++i;
        else if (text[i] == '"')
            return i + 1;
    }
    return text.size();
}

/// One past the object or array that starts at @p at.
std::size_t endOfContainer(std::string_view text, std::size_t at)
{
    int depth = 0;
    for (std::size_t i = at; i < text.size();) {
        const char c = text[i];
        i = c == '"' ? endOfString(text, i) : i + 1;
        depth += c == '{' || c == '[' ? 1 : c == '}' || c == ']' ? -1 : 0;
        if (depth == 0)
            return i;
    }
    return text.size();
}

/// One past the value that starts at @p at, blanks before it included.
std::size_t endOfValue(std::string_view text, std::size_t at)
{
    const std::size_t found = std::min(text.find_first_of("\"{[,}]", at), text.size());
    if (found == text.size() || text[found] == ',' || text[found] == '}' || text[found] == ']')
        return found; // a number or a word
    return text[found] == '"' ? endOfString(text, found) : endOfContainer(text, found);
}

/// Appends the string @p quoted; the user information of URLs in it reads "******".
void appendWithoutLogins(std::string& shown, std::string_view quoted)
{
    constexpr std::string_view kMark = "://";
    for (std::size_t at = 0;;) {
        const std::size_t mark = quoted.find(kMark, at);
        if (mark == std::string_view::npos) {
            shown += quoted.substr(at);
            return;
        }
        const std::size_t begin = mark + kMark.size();
        const std::size_t end = std::min(quoted.find_first_of("/?# ", begin), quoted.size());
        const std::size_t sign = quoted.substr(begin, end - begin).rfind('@');
        shown += quoted.substr(at, begin - at);
        at = begin;
        if (sign != std::string_view::npos) {
            shown += kMask;
            at = begin + sign;
        }
    }
}

} // namespace

std::string masked(const model::JsonText& object, std::string_view also)
{
    const std::string_view text = object.text;
    std::string shown;
    shown.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        if (text[at] != '"') {
            shown += text[at++];
            continue;
        }
        const std::size_t end = endOfString(text, at);
        const std::string_view quoted = text.substr(at, end - at);
        const bool isKey = end < text.size() && text[end] == ':';
        if (quoted.starts_with(kSealed) && !isKey)
            shown += kQuotedMask;
        else
            appendWithoutLogins(shown, quoted);
        at = end;
        if (!isKey || quoted.size() < 2)
            continue;
        const std::string_view name = quoted.substr(1, quoted.size() - 2);
        if (model::namesSecret(name) || model::isAmong(also, name)) {
            shown += ':';
            shown += kQuotedMask;
            at = endOfValue(text, end + 1);
        }
    }
    return shown;
}

} // namespace bm::wire
