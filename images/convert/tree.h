#pragma once
#include "images/convert/decompress.h"
#include "images/convert/tree_index.h"

#include <string>

namespace bm::images {

/// Converts the archive on stdin (a regular file: tar, cpio, zip, an OCI layout or a docker archive in a tar)
/// to the canonical archive on stdout, and describes its content as a JSON object in @p describeFile, which
/// exists. Reads stdin twice, names first, so that a refused archive produces no output. Needs a UTF-8
/// locale.
ConvertExit convertTree(const TreeLimits& limits, const std::string& describeFile);

} // namespace bm::images
