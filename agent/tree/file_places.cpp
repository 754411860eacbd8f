#include "agent/tree/file_places.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <span>
#include <string>
#include <sys/ioctl.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace bm::agent {
namespace {

constexpr std::uint32_t kAtOnce = 32;
constexpr std::uint32_t kPlain = FIEMAP_EXTENT_LAST | FIEMAP_EXTENT_MERGED;

/// A fiemap structure with room for its extents.
class Answer {
public:
    fiemap& head() { return *reinterpret_cast<fiemap*>(room_.data()); }
    std::span<const fiemap_extent> extents()
    {
        const auto count = std::min<std::size_t>(head().fm_mapped_extents, kAtOnce);
        return {reinterpret_cast<const fiemap_extent*>(room_.data() + sizeof(fiemap)), count};
    }

private:
    alignas(fiemap) std::array<std::byte, sizeof(fiemap) + kAtOnce * sizeof(fiemap_extent)> room_{};
};

struct Place {
    std::uint64_t inFile = 0;
    std::uint64_t onDisk = 0;
    std::uint64_t length = 0;
};

/// The places of a file. Adjacent ones are joined, since a file system may report one place in several
/// pieces.
class Places {
public:
    void add(const Place& place)
    {
        if (last_.length != 0 && last_.inFile + last_.length == place.inFile &&
            last_.onDisk + last_.length == place.onDisk) {
            last_.length += place.length;
            return;
        }
        put();
        last_ = place;
    }
    std::uint64_t hash()
    {
        put();
        last_ = {};
        return XXH3_64bits(text_.data(), text_.size());
    }

private:
    void put()
    {
        for (const std::uint64_t value : {last_.inFile, last_.onDisk, last_.length})
            if (last_.length != 0)
                text_.append(reinterpret_cast<const char*>(&value), sizeof value);
    }
    Place last_{};
    std::string text_;
};

} // namespace

std::optional<std::uint64_t> placesOfFile(int fd, std::uint64_t size)
{
    Places places;
    Answer answer;
    for (std::uint64_t at = 0; at < size;) {
        answer.head().fm_start = at;
        answer.head().fm_length = size - at;
        answer.head().fm_extent_count = kAtOnce;
        if (::ioctl(fd, FS_IOC_FIEMAP, &answer.head()) != 0)
            return std::nullopt;
        if (answer.extents().empty())
            break; // a hole to the end
        for (const fiemap_extent& extent : answer.extents()) {
            if ((extent.fe_flags & ~kPlain) != 0 || extent.fe_length == 0)
                return std::nullopt;
            if (extent.fe_logical < size) // file systems may reserve more beyond the end
                places.add({extent.fe_logical, extent.fe_physical,
                            std::min<std::uint64_t>(extent.fe_length, size - extent.fe_logical)});
            at = std::max<std::uint64_t>(at, extent.fe_logical + extent.fe_length);
        }
        if ((answer.extents().back().fe_flags & FIEMAP_EXTENT_LAST) != 0)
            break;
    }
    return places.hash();
}

} // namespace bm::agent
