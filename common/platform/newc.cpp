#include "common/platform/newc.h"

#include <fmt/format.h>

namespace bm::platform {

std::string_view newcPadding(std::uint64_t bytes) noexcept
{
    constexpr std::uint64_t kAlignment = 4;
    static constexpr std::string_view kZeros("\0\0\0", kAlignment - 1);
    return kZeros.substr(0, (kAlignment - bytes % kAlignment) % kAlignment);
}

std::string newcHeader(const NewcEntry& entry)
{
    constexpr unsigned kNone = 0;
    std::string out =
        fmt::format("070701{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}",
                    entry.inode, entry.mode, kNone, kNone, entry.links, kNone, entry.bytes, kNone, kNone,
                    kNone, kNone, entry.name.size() + 1, kNone);
    out += entry.name;
    out += '\0';
    out += newcPadding(out.size());
    return out;
}

} // namespace bm::platform
