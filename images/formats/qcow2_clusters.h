#pragma once
#include "images/base/byte_source.h"
#include "images/formats/qcow2_header.h"

namespace bm::images {

/// Refuses a qcow2 file that ends before the data that its tables refer to: tools read zeros there and say
/// nothing when less than a cluster is missing. Compressed clusters are not looked at, they do not decompress
/// when cut.
/// @throws Error ImageCorrupt
void checkQcow2Clusters(const ByteSource& file, const Qcow2Header& header);

} // namespace bm::images
