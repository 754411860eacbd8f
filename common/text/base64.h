#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace bm::text {

/// Base64 with padding (RFC 4648, section 4), by libsodium: constant time, fit for secrets.
std::string toBase64(std::string_view bytes);
/// The bytes; nothing where @p text is not base64. Skips the characters of @p ignored.
std::optional<std::string> fromBase64(std::string_view text, const char* ignored = nullptr);

} // namespace bm::text
