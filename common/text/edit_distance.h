#pragma once
#include <cstddef>
#include <string_view>

namespace bm::model {

/// Levenshtein's distance: the least number of bytes to insert, remove or replace to turn @p a into @p b.
std::size_t editDistance(std::string_view a, std::string_view b);

} // namespace bm::model
