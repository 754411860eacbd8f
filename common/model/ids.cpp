#include "common/model/ids.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstdint>
#include <sys/random.h>
#include <system_error>

namespace bm::model {

namespace {

/// Reads the kernel's random bytes for 16 uuids at a time: each request needs one, and a call takes a µs.
std::array<std::uint8_t, 16> randomBytes()
{
    thread_local std::array<std::uint8_t, 256> pool; // getrandom(2) gives up to 256 bytes uninterrupted
    thread_local std::size_t used = pool.size();
    if (used == pool.size()) {
        if (::getrandom(pool.data(), pool.size(), 0) != static_cast<ssize_t>(pool.size()))
            throw std::system_error(errno, std::generic_category(), "getrandom");
        used = 0;
    }
    std::array<std::uint8_t, 16> bytes{};
    std::copy_n(pool.begin() + static_cast<std::ptrdiff_t>(used), bytes.size(), bytes.begin());
    used += bytes.size();
    return bytes;
}

} // namespace

std::string makeUuid()
{
    std::array<std::uint8_t, 16> bytes = randomBytes();
    bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0fU) | 0x40U);
    bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3fU) | 0x80U);
    static constexpr std::string_view kHex = "0123456789abcdef";
    std::string text;
    text.reserve(36);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            text += '-';
        text += kHex[bytes.at(i) >> 4U];
        text += kHex[bytes.at(i) & 0x0fU];
    }
    return text;
}

bool isUuid(std::string_view text) noexcept
{
    if (text.size() != 36)
        return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
        if (hyphen ? text[i] != '-' : std::isxdigit(static_cast<unsigned char>(text[i])) == 0)
            return false;
    }
    return true;
}

} // namespace bm::model
