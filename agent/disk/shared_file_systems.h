#pragma once
#include "agent/disk/block_device.h"

#include <string>
#include <vector>

namespace bm::agent {

/// A file system that several machines use at once.
struct SharedFileSystem {
    std::string name;  ///< "GFS2", "OCFS2", "OCFS", "VMFS", "GPFS"
    std::string place; ///< "the whole disk", "partition 2", "partition 2, an LVM volume"
};

/// The cluster file systems on @p device: on the whole disk, on partitions by GPT or MBR (by the partition's
/// type, too), in LVM volumes and in members of md arrays, also in each other. Reads superblocks and tables
/// only, and skips unreadable ones. Signatures: libblkid's superblocks/, GPFS: the NSD descriptor in
/// sector 2.
std::vector<SharedFileSystem> sharedFileSystemsOn(const BlockDevice& device);

} // namespace bm::agent
