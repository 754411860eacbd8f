#pragma once
#include <string>
#include <string_view>

namespace bm::images {

/// The checksum of @p name in the text of a checksum file: lines "HEX  NAME" and "HEX *NAME" (sha256sum),
/// "SHA256 (NAME) = HEX" (BSD), also with folders before NAME; or one HEX alone. SHA-256 and SHA-512, told by
/// length.
/// @return "sha256:<hex>" or "sha512:<hex>"
/// @throws Error NotFound (no line for it), InvalidInput (two that contradict each other; no checksums at
/// all)
std::string checksumFromFile(std::string_view text, const std::string& name);

} // namespace bm::images
