#pragma once
#include <algorithm>
#include <cstddef>
#include <span>
#include <string_view>

namespace bm::images {

/// Whether @p text stands at @p offset of @p bytes; not where they are too short for it.
inline bool hasAt(std::span<const std::byte> bytes, std::size_t offset, std::string_view text)
{
    return bytes.size() >= offset + text.size() &&
           std::ranges::equal(bytes.subspan(offset, text.size()), std::as_bytes(std::span(text)));
}

} // namespace bm::images
