#include "pxe/lease_file.h"

#include "common/platform/files.h"
#include "common/text/text.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <system_error>
#include <vector>

namespace bm::pxe {

namespace {

/// The end of a lease in seconds since 1970, the largest number for one that never ends; nothing for a lease
/// that is over.
std::optional<std::int64_t> liveUntil(std::string_view end, model::UtcTime now)
{
    const std::optional<std::int64_t> seconds = text::parseNumber<std::int64_t>(end);
    if (seconds == 0)
        return std::numeric_limits<std::int64_t>::max();
    return seconds && *seconds > model::toMillis(now) / 1000 ? seconds : std::nullopt;
}

/// Nothing without the file.
std::optional<std::string> textOf(const std::filesystem::path& file)
{
    std::error_code hidden;
    if (!std::filesystem::exists(file, hidden))
        return std::nullopt;
    return platform::readFile(file);
}

} // namespace

std::optional<model::MacAddress> leaseHolder(std::string_view text, const std::string& address,
                                             model::UtcTime now)
{
    while (!text.empty()) {
        const std::vector<std::string_view> words = text::words(text::takeLine(text), " ");
        if (words.size() >= 3 && words[2] == address && liveUntil(words[0], now))
            return model::macFromText(words[1]);
    }
    return std::nullopt;
}

std::optional<model::MacAddress> leaseHolderIn(const std::filesystem::path& file, const std::string& address,
                                               model::UtcTime now)
{
    const std::optional<std::string> text = textOf(file);
    return text ? leaseHolder(*text, address, now) : std::nullopt;
}

std::optional<std::string> leasedAddress(std::string_view text, std::span<const model::MacAddress> macs,
                                         model::UtcTime now)
{
    std::optional<std::string> address;
    std::int64_t latest = 0;
    while (!text.empty()) {
        const std::vector<std::string_view> words = text::words(text::takeLine(text), " ");
        const std::optional<std::int64_t> end = words.size() >= 3 ? liveUntil(words[0], now) : std::nullopt;
        const std::optional<model::MacAddress> mac = end ? model::macFromText(words[1]) : std::nullopt;
        if (!mac || *end <= latest || std::ranges::find(macs, *mac) == macs.end())
            continue;
        latest = *end;
        address = words[2];
    }
    return address;
}

std::optional<std::string> leasedAddressIn(const std::filesystem::path& file,
                                           std::span<const model::MacAddress> macs, model::UtcTime now)
{
    const std::optional<std::string> text = textOf(file);
    return text ? leasedAddress(*text, macs, now) : std::nullopt;
}

} // namespace bm::pxe
