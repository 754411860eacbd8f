#pragma once
#include <string>
#include <string_view>

namespace bm::images {

/// Finds the checksum of file @p name in the text of a checksum file: lines "HEX  NAME" and "HEX *NAME"
/// (sha256sum), "SHA256 (NAME) = HEX" (BSD), with or without folders before NAME; or a single HEX. The length
/// decides between SHA-256 and SHA-512.
/// @return "sha256:<hex>" or "sha512:<hex>"
/// @throws Error NotFound (no line for the file), InvalidInput (a contradiction, or no checksums)
std::string checksumFromFile(std::string_view text, const std::string& name);

} // namespace bm::images
