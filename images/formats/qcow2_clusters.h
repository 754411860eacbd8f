#pragma once
#include "images/base/byte_source.h"
#include "images/formats/qcow2_header.h"

namespace bm::images {

/// Refuses a qcow2 file that ends before the data of its tables: other tools read zeros there, without an
/// error when less than a cluster is missing. Skips compressed clusters, because decompression detects their
/// truncation. Refuses a file that was not closed cleanly when two entries of its tables share a cluster.
/// @throws Error ImageCorrupt
void checkQcow2Clusters(const ByteSource& file, const Qcow2Header& header);

} // namespace bm::images
