#pragma once
#include <string_view>

namespace bm::model {

/// True if @p word is one of @p words, which blanks separate: "uuid name owner".
constexpr bool isAmong(std::string_view words, std::string_view word) noexcept
{
    if (word.empty() || word.find(' ') != std::string_view::npos)
        return false;
    for (std::size_t at = words.find(word); at != std::string_view::npos; at = words.find(word, at + 1)) {
        const bool starts = at == 0 || words[at - 1] == ' ';
        const bool ends = at + word.size() == words.size() || words[at + word.size()] == ' ';
        if (starts && ends)
            return true;
    }
    return false;
}

} // namespace bm::model
