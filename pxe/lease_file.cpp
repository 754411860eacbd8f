#include "pxe/lease_file.h"

#include "common/platform/files.h"
#include "common/text/text.h"

#include <cstdint>
#include <system_error>
#include <vector>

namespace bm::pxe {

namespace {

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
        const std::vector<std::string_view> words = text::words(text::takeLine(text), " ");
        if (words.size() >= 3 && words[2] == address && isLive(words[0], now))
            return model::macFromText(words[1]);
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
