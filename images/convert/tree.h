#pragma once
#include "images/convert/decompress.h"
#include "images/convert/tree_index.h"

#include <string>

namespace bm::images {

/// The archive on stdin (a regular file: tar, cpio, zip, an OCI layout or a docker archive in a tar) becomes
/// the canonical archive on stdout, and what it holds a JSON object in @p describeFile (which exists). Read
/// twice: names first, so that nothing comes out of what is refused. The locale is one of UTF-8.
ConvertExit convertTree(const TreeLimits& limits, const std::string& describeFile);

} // namespace bm::images
