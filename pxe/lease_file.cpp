#include "pxe/lease_file.h"

#include "common/platform/files.h"
#include "common/text/text.h"

#include <array>
#include <cstdint>
#include <system_error>

namespace bm::pxe {

namespace {

/// The next word of @p rest, which loses it and the blank behind it.
std::string_view takeWord(std::string_view& rest)
{
    const std::size_t end = std::min(rest.find(' '), rest.size());
    const std::string_view word = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return word;
}

bool isLive(std::string_view end, model::UtcTime now)
{
    const std::optional<std::int64_t> seconds = text::parseNumber<std::int64_t>(end);
    return seconds && *seconds >= 0 && (*seconds == 0 || *seconds > model::toMillis(now) / 1000);
}

} // namespace

std::optional<model::MacAddress> leaseHolder(std::string_view text, const std::string& address,
                                             model::UtcTime now)
{
    while (!text.empty()) {
        const std::size_t length = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, length);
        text.remove_prefix(std::min(length + 1, text.size()));
        const std::string_view end = takeWord(line);
        const std::string_view mac = takeWord(line);
        if (takeWord(line) == address && isLive(end, now))
            return model::macFromText(std::string(mac));
    }
    return std::nullopt;
}

std::optional<model::MacAddress> leaseHolderIn(const std::filesystem::path& file, const std::string& address,
                                               model::UtcTime now)
{
    std::error_code hidden;
    if (!std::filesystem::exists(file, hidden))
        return std::nullopt;
    const std::string text = platform::readFile(file);
    return leaseHolder(text, address, now);
}

} // namespace bm::pxe
