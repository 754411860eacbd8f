#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

namespace bm::images {

/// CRC-32C (Castagnoli, RFC 3720 B.4) of @p bytes.
std::uint32_t crc32c(std::span<const std::byte> bytes) noexcept;

} // namespace bm::images
