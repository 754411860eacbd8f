#include "images/blocks/block_record.h"

#include "common/model/error.h"
#include "images/blocks/block_writer.h"
#include "images/blocks/digest.h"

#include <algorithm>
#include <fmt/format.h>
#include <zstd.h>

namespace bm::images {
namespace {

constexpr std::uint32_t kFlagHole = 1;
constexpr std::size_t kLengthAt = 32;
constexpr std::size_t kFlagsAt = 36;

void store32(std::span<std::byte> bytes, std::size_t at, std::uint32_t value)
{
    for (std::size_t i = 0; i < 4; ++i)
        bytes[at + i] = static_cast<std::byte>((value >> (8 * i)) & 0xffU);
}

std::uint32_t load32(std::span<const std::byte> bytes, std::size_t at)
{
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i)
        value |= static_cast<std::uint32_t>(bytes[at + i]) << (8 * i);
    return value;
}

[[noreturn]] void refuse(const std::string& why)
{
    throw model::Error(model::ErrorCode::InvalidInput, "block record: " + why);
}

} // namespace

std::array<std::byte, kBlockRecordBytes> toBytes(const BlockRecord& record)
{
    std::array<std::byte, kBlockRecordBytes> out{};
    std::ranges::copy(std::as_bytes(std::span(record.sha256)), out.begin());
    store32(out, kLengthAt, record.frameBytes);
    store32(out, kFlagsAt, record.hole ? kFlagHole : 0);
    return out;
}

BlockRecord blockRecordFrom(std::span<const std::byte, kBlockRecordBytes> bytes)
{
    static const std::uint64_t longest = ZSTD_compressBound(kBlockBytes);
    BlockRecord record;
    for (std::size_t i = 0; i < record.sha256.size(); ++i)
        record.sha256.at(i) = static_cast<std::uint8_t>(bytes[i]);
    record.frameBytes = load32(bytes, kLengthAt);
    const std::uint32_t flags = load32(bytes, kFlagsAt);
    if ((flags & ~kFlagHole) != 0)
        refuse(fmt::format("unknown flags {:#x}", flags));
    record.hole = (flags & kFlagHole) != 0;
    if (record.hole ? record.frameBytes != 0 : record.frameBytes == 0 || record.frameBytes > longest)
        refuse(fmt::format("a frame of {} bytes", record.frameBytes));
    return record;
}

void appendRecord(std::string& records, const BlockEntry& entry, std::span<const std::byte> frame)
{
    const auto append = [&records](std::span<const std::byte> bytes) {
        records.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    };
    append(toBytes({entry.sha256, entry.hole ? 0 : entry.length, entry.hole}));
    if (!entry.hole)
        append(frame);
}

ZeroBlock zeroBlock(std::uint64_t rawBytes)
{
    BM_ASSERT(rawBytes > 0 && rawBytes <= kBlockBytes);
    ZeroBlock out;
    BlockWriter writer(
        [&](const BlockEntry& entry, std::span<const std::byte> frame) {
            out.frame.assign(frame.begin(), frame.end());
            out.sha256 = entry.sha256;
        },
        {.threads = 1});
    writer.skip(rawBytes);
    writer.finish();
    return out;
}

} // namespace bm::images
