#include "drivers/core/driver_values.h"

#include "common/text/host_address.h"
#include "common/text/lower_case.h"
#include "common/text/text.h"

#include <algorithm>

#include <fmt/format.h>

namespace bm::drivers {

std::string valueOr(const Values& values, const std::string& key, const std::string& otherwise)
{
    const auto found = values.find(key);
    return found == values.end() ? otherwise : found->second;
}

std::optional<int> wholeNumber(std::string_view text)
{
    return text::parseNumber<int>(text);
}

std::optional<bool> booleanFromText(std::string_view text)
{
    const std::string lower = model::lowerCase(text);
    if (lower == "true" || lower == "yes" || lower == "on" || lower == "1")
        return true;
    if (lower == "false" || lower == "no" || lower == "off" || lower == "0")
        return false;
    return std::nullopt;
}

bool hasControlCharacter(std::string_view text)
{
    return std::any_of(text.begin(), text.end(),
                       [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

std::string checkHost(const std::string& text)
{
    return text::HostAddress::parse(text)
               ? ""
               : fmt::format("'{}' is not a host name or IP address", text.substr(0, 80));
}

std::string checkStoredHost(const std::string& text)
{
    return text::HostAddress::parseStored(text) ? "" : checkHost(text);
}

std::string checkBoolean(const std::string& text)
{
    return booleanFromText(text) ? "" : fmt::format("'{}' is neither true nor false", text);
}

} // namespace bm::drivers
