#pragma once
#include <string>

namespace bm::cli {

/// Turns the content of --config-drive's file into what bmd takes: base64 of a gzipped image. @p bytes is an
/// ISO 9660 or FAT image, gzip of one, or base64 of either. @p file names it in messages.
/// @throws Error InvalidInput (another content, more than 64 MiB unpacked)
std::string configDriveOf(const std::string& bytes, const std::string& file);

} // namespace bm::cli
