#include "agent/capture/fstab.h"

#include <sstream>

namespace bm::agent {
namespace {

bool isOctal(char c)
{
    return c >= '0' && c <= '7';
}

/// "\040" is a blank.
std::string unescaped(const std::string& word)
{
    std::string out;
    for (std::size_t at = 0; at < word.size(); ++at) {
        const bool escape = word[at] == '\\' && at + 3 < word.size() && isOctal(word[at + 1]) &&
                            isOctal(word[at + 2]) && isOctal(word[at + 3]);
        if (!escape) {
            out += word[at];
            continue;
        }
        out += static_cast<char>(std::stoi(word.substr(at + 1, 3), nullptr, 8));
        at += 3;
    }
    return out;
}

} // namespace

std::vector<FstabLine> parseFstab(std::string_view text)
{
    std::vector<FstabLine> lines;
    std::istringstream in{std::string(text)};
    for (std::string line; std::getline(in, line);) {
        std::istringstream words(line);
        FstabLine found;
        if (words >> found.spec >> found.mount >> found.type && !found.spec.starts_with('#'))
            lines.push_back({unescaped(found.spec), unescaped(found.mount), found.type});
    }
    return lines;
}

} // namespace bm::agent
