#include "common/wire/resources/versions.h"

#include "common/text/text.h"

#include <fmt/format.h>

namespace bm::wire {
namespace {

std::optional<int> wholeNumber(std::string_view text)
{
    const std::optional<int> value = text::parseNumber<int>(text);
    return value && *value >= 0 ? value : std::nullopt;
}

std::string range()
{
    return fmt::format("The supported version range is: [{}, {}].", toText(kMinVersion), toText(kMaxVersion));
}

constexpr std::string_view kHint =
    "leave the header out (1.1), or send a version of the range, or \"latest\"";

} // namespace

std::string toText(Version version)
{
    return fmt::format("1.{}", version.minor);
}

Version versionFromHeader(const std::optional<std::string>& header)
{
    if (!header || header->empty())
        return kMinVersion;
    if (*header == "latest")
        return kMaxVersion;
    const std::size_t dot = header->find('.');
    const std::optional<int> major = wholeNumber(std::string_view(*header).substr(0, dot));
    const std::optional<int> minor =
        dot == std::string::npos ? std::nullopt : wholeNumber(std::string_view(*header).substr(dot + 1));
    if (!major || !minor)
        throw RoutingError(model::ErrorCode::NotAcceptable,
                           fmt::format("Invalid value for {} header", kVersionHeader), std::string(kHint));
    if (*major != 1)
        throw RoutingError(
            model::ErrorCode::NotAcceptable,
            fmt::format("Mutually exclusive versions requested. Version {}.{} requested but not "
                        "supported by this service. {}",
                        *major, *minor, range()),
            std::string(kHint));
    const Version version{*minor};
    if (version < kMinVersion || version > kMaxVersion)
        throw RoutingError(
            model::ErrorCode::NotAcceptable,
            fmt::format("Version {} was requested but the minor version is not supported by this "
                        "service. {}",
                        toText(version), range()),
            std::string(kHint));
    return version;
}

} // namespace bm::wire
