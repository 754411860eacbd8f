#include "agent/copy/present_blocks.h"

#include "agent/base/aligned_buffer.h"
#include "common/model/error.h"
#include "images/blocks/block_decoder.h"
#include "images/blocks/digest.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>

namespace bm::agent {

using images::kBlockBytes;
using model::Error;
using model::ErrorCode;

namespace {

constexpr unsigned kReaders = 2;
constexpr std::size_t kProbes = 16;

using OnBlock = std::function<void(std::size_t block, std::span<const std::byte> bytes)>;

/// @return true if the disk could read it
bool readBlock(const BlockDevice& device, std::size_t block, std::span<std::byte> into)
{
    try {
        device.read(block * kBlockBytes, into);
        return true;
    } catch (const Error& error) {
        if (error.code() != ErrorCode::DiskFailed)
            throw;
        return false;
    }
}

/// Calls @p onBlock for each block that @p wanted selects, on several threads, in roughly rising order. Skips
/// unreadable blocks.
void forEachBlock(const images::Manifest& manifest, const BlockDevice& device,
                  const std::function<bool(std::size_t)>& wanted, const OnBlock& onBlock,
                  const std::stop_token& stop)
{
    std::atomic<std::size_t> next{0};
    std::mutex mutex;
    std::exception_ptr failure;
    const auto compare = [&](std::size_t block, const AlignedBuffer& buffer) {
        const std::uint64_t length = manifest.rawLength(block);
        const std::uint64_t sector = device.sectorBytes();
        if (readBlock(device, block, buffer.first((length + sector - 1) / sector * sector)))
            onBlock(block, buffer.first(length));
    };
    const auto work = [&] {
        try {
            const AlignedBuffer buffer(kBlockBytes);
            for (std::size_t block = next++; block < manifest.blocks.size() && !stop.stop_requested();
                 block = next++)
                if (wanted(block))
                    compare(block, buffer);
        } catch (...) {
            const std::scoped_lock lock(mutex);
            failure = std::current_exception();
            next = manifest.blocks.size();
        }
    };
    {
        std::vector<std::jthread> readers;
        for (unsigned i = 0; i < kReaders; ++i)
            readers.emplace_back(work);
    }
    if (failure)
        std::rethrow_exception(failure);
    if (stop.stop_requested())
        throw Error(ErrorCode::Aborted, "stopped while reading");
}

bool holds(const images::BlockEntry& entry, std::span<const std::byte> bytes)
{
    return !images::isAllZero(bytes) && images::sha256(bytes) == entry.sha256;
}

/// The blocks that a probe reads: up to kProbes, spread over the data, without the first block.
std::vector<bool> probedBlocks(const images::Manifest& manifest)
{
    std::vector<std::size_t> blocks;
    for (std::size_t i = 1; i < manifest.blocks.size(); ++i)
        if (!manifest.blocks[i].hole)
            blocks.push_back(i);
    std::vector<bool> chosen(manifest.blocks.size(), false);
    for (std::size_t i = 0; i < kProbes && !blocks.empty(); ++i)
        chosen[blocks[i * blocks.size() / kProbes]] = true;
    return chosen;
}

} // namespace

Probe probeDisk(const images::Manifest& manifest, const BlockDevice& device, const std::stop_token& stop)
{
    const std::vector<bool> chosen = probedBlocks(manifest);
    std::atomic<std::size_t> sampled{0};
    std::atomic<std::size_t> equal{0};
    std::atomic<std::uint64_t> bytes{0};
    const auto start = std::chrono::steady_clock::now();
    forEachBlock(
        manifest, device, [&](std::size_t block) { return chosen[block]; },
        [&](std::size_t block, std::span<const std::byte> found) {
            ++sampled;
            bytes += found.size();
            if (images::sha256(found) == manifest.blocks[block].sha256)
                ++equal;
        },
        stop);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return {sampled, equal, static_cast<double>(bytes) / std::max(seconds, 1e-6)};
}

std::vector<bool> findPresent(const images::Manifest& manifest, const BlockDevice& device,
                              const std::vector<bool>& known, std::vector<BlockHash>& hashes,
                              const std::stop_token& stop)
{
    std::vector<bool> present(manifest.blocks.size(), false);
    std::vector<std::atomic<bool>> found(manifest.blocks.size());
    forEachBlock(
        manifest, device, [&](std::size_t block) { return !manifest.blocks[block].hole && !known[block]; },
        [&](std::size_t block, std::span<const std::byte> bytes) {
            if (!holds(manifest.blocks[block], bytes))
                return;
            hashes[block] = hashOf(bytes);
            found[block] = true;
        },
        stop);
    for (std::size_t i = 0; i < present.size(); ++i)
        present[i] = found[i];
    return present;
}

} // namespace bm::agent
