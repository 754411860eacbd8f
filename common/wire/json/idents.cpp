#include "common/wire/json/idents.h"

#include "common/model/error.h"
#include "common/model/ids.h"
#include "common/text/names.h"

#include <fmt/format.h>
#include <optional>

namespace bm::wire {

namespace {

model::Error notExpected(std::string_view what, std::string_view parameter, const std::string& ident,
                         const std::string& hint = {})
{
    return {model::ErrorCode::InvalidInput,
            fmt::format("Expected {} for {}: {}", what, parameter, ident.substr(0, 80)), hint};
}

} // namespace

bool isLogicalName(std::string_view text) noexcept
{
    constexpr std::size_t kMost = 255;
    return text::hasOnly(text, kMost, "-._~");
}

void requireName(std::string_view parameter, const std::string& ident)
{
    if (!isLogicalName(ident))
        throw notExpected("name", parameter, ident);
}

void requireUuid(std::string_view parameter, const std::string& ident)
{
    if (!model::isUuid(ident))
        throw notExpected("UUID", parameter, ident);
}

void requireUuidOrName(std::string_view parameter, const std::string& ident)
{
    if (!model::isUuid(ident) && !isLogicalName(ident))
        throw notExpected("UUID or name", parameter, ident);
}

model::MacAddress requireMac(std::string_view parameter, const std::string& text)
{
    if (std::optional<model::MacAddress> mac = model::anyMacFromText(text))
        return *std::move(mac);
    throw notExpected("valid MAC address", parameter, text, "six pairs of hex digits with colons");
}

} // namespace bm::wire
