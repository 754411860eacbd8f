#pragma once
#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace bm::cli {

/// The one of @p known that @p word most likely stands for: few letters differ, or it begins so; "" when none
/// is near.
std::string nearest(const std::string& word, const std::vector<std::string>& known);

/// What is wrong with @p words (without the program's name) when a command or an option in them is not known:
/// "unknown command \"nod\"" and "did you mean: bm node"; both empty when all are.
struct Suggestion {
    std::string message;
    std::string hint;
};
Suggestion suggestionFor(const CLI::App& root, const std::vector<std::string>& words);

} // namespace bm::cli
