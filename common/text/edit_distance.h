#pragma once
#include <cstddef>
#include <string_view>

namespace bm::model {

/// Levenshtein's distance, in bytes: how many are to be inserted, taken out or replaced to make @p b of @p a.
std::size_t editDistance(std::string_view a, std::string_view b);

} // namespace bm::model
