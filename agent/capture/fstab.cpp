#include "agent/capture/fstab.h"

#include "common/text/text.h"

namespace bm::agent {
namespace {

bool isOctal(char c)
{
    return c >= '0' && c <= '7';
}

/// "\040" is a blank.
std::string unescaped(std::string_view word)
{
    std::string out;
    for (std::size_t at = 0; at < word.size(); ++at) {
        const bool escape = word[at] == '\\' && at + 3 < word.size() && isOctal(word[at + 1]) &&
                            isOctal(word[at + 2]) && isOctal(word[at + 3]);
        if (!escape) {
            out += word[at];
            continue;
        }
        out += static_cast<char>(*text::parseNumber<unsigned>(word.substr(at + 1, 3), 8));
        at += 3;
    }
    return out;
}

} // namespace

std::vector<FstabLine> parseFstab(std::string_view fstab)
{
    std::vector<FstabLine> lines;
    while (!fstab.empty()) {
        const std::vector<std::string_view> words = text::words(text::takeLine(fstab));
        if (words.size() >= 3 && !words[0].starts_with('#'))
            lines.push_back({unescaped(words[0]), unescaped(words[1]), std::string(words[2])});
    }
    return lines;
}

} // namespace bm::agent
