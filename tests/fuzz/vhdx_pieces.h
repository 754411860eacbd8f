#pragma once
#include "images/base/byte_source.h"
#include "images/formats/crc32c.h"

#include <algorithm>
#include <cstring>
#include <vector>

namespace bm::fuzz {

/// A VHDX of megabytes, mostly zeros, made of a few hundred bytes: its parts at their usual places, with
/// right checksums. So a fuzzer changes what matters. Input: u8 file size in MiB, 80 bytes header, 144 region
/// table, 288 metadata table, 64 metadata values, the rest block table.
class VhdxPieces final : public images::ByteSource {
public:
    explicit VhdxPieces(std::span<const std::byte> bytes)
    {
        constexpr std::uint64_t kKiB = 1024;
        constexpr std::uint64_t kMiB = 1024 * kKiB;
        sizeBytes_ = bytes.empty() ? 0 : std::to_integer<std::uint64_t>(bytes[0]) * kMiB;
        bytes = bytes.subspan(std::min<std::size_t>(bytes.size(), 1));
        static constexpr char kMagic[] = "vhdxfile";
        place(0, std::as_bytes(std::span(kMagic, 8)), 8);
        place(64 * kKiB, take(bytes, 80), 4 * kKiB);
        place(192 * kKiB, take(bytes, 144), 64 * kKiB);
        place(2 * kMiB, take(bytes, 288), 64 * kKiB);
        place(2 * kMiB + 64 * kKiB, take(bytes, 64), 64);
        place(3 * kMiB, bytes, bytes.size());
        mend(pieces_[1].bytes);
        mend(pieces_[2].bytes);
    }

    std::uint64_t sizeBytes() const override { return sizeBytes_; }
    std::vector<std::byte> read(std::uint64_t offset, std::size_t count) const override
    {
        if (offset >= sizeBytes_)
            return {};
        std::vector<std::byte> out(std::min<std::uint64_t>(count, sizeBytes_ - offset));
        for (const Piece& piece : pieces_) {
            const std::uint64_t begin = std::max(offset, piece.offset);
            const std::uint64_t end = std::min(offset + out.size(), piece.offset + piece.bytes.size());
            if (begin < end)
                std::memcpy(out.data() + (begin - offset), piece.bytes.data() + (begin - piece.offset),
                            end - begin);
        }
        return out;
    }

private:
    struct Piece {
        std::uint64_t offset;
        std::vector<std::byte> bytes;
    };

    static std::span<const std::byte> take(std::span<const std::byte>& from, std::size_t count)
    {
        const auto part = from.first(std::min(count, from.size()));
        from = from.subspan(part.size());
        return part;
    }
    void place(std::uint64_t offset, std::span<const std::byte> bytes, std::size_t length)
    {
        Piece piece{offset, {bytes.begin(), bytes.end()}};
        piece.bytes.resize(length);
        pieces_.push_back(std::move(piece));
    }
    static void mend(std::vector<std::byte>& part)
    {
        std::fill_n(part.begin() + 4, 4, std::byte{0});
        const std::uint32_t crc = images::crc32c(part);
        for (std::size_t i = 0; i < 4; ++i)
            part[4 + i] = static_cast<std::byte>(crc >> (8 * i));
    }

    std::uint64_t sizeBytes_ = 0;
    std::vector<Piece> pieces_;
};

} // namespace bm::fuzz
