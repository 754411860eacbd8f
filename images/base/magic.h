#pragma once
#include <algorithm>
#include <cstddef>
#include <span>
#include <string_view>

namespace bm::images {

/// True if @p bytes has @p text at @p offset; false when @p bytes is too short.
inline bool hasAt(std::span<const std::byte> bytes, std::size_t offset, std::string_view text)
{
    return bytes.size() >= offset + text.size() &&
           std::ranges::equal(bytes.subspan(offset, text.size()), std::as_bytes(std::span(text)));
}

} // namespace bm::images
