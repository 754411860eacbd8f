#pragma once
#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace bm::cli {

/// The entry of @p known that is closest to @p word: few letters differ, or @p word is its prefix; "" when
/// none is close.
std::string nearest(const std::string& word, const std::vector<std::string>& known);

/// Finds the first unknown command or option in @p words (without the program's name): the message 'unknown
/// command "nod"' and the hint "did you mean: bm node". Both are empty when all words are known.
struct Suggestion {
    std::string message;
    std::string hint;
};
Suggestion suggestionFor(const CLI::App& root, const std::vector<std::string>& words);

} // namespace bm::cli
