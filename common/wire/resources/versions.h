#pragma once
#include "common/model/error.h"

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace bm::wire {

/// A microversion of Ironic's API; the major number is always 1.
struct Version {
    int minor = 1;
    // NOLINTNEXTLINE(modernize-use-nullptr): the compiler's comparison has a 0
    auto operator<=>(const Version&) const = default;
};

inline constexpr Version kMinVersion{1};
inline constexpr Version kMaxVersion{115}; ///< the highest of bm, and clients' "latest"

inline constexpr std::string_view kVersionHeader = "X-OpenStack-Ironic-API-Version";
inline constexpr std::string_view kMinVersionHeader = "X-OpenStack-Ironic-API-Minimum-Version";
inline constexpr std::string_view kMaxVersionHeader = "X-OpenStack-Ironic-API-Maximum-Version";

std::string toText(Version version); ///< "1.82"

/// A refusal with Ironic's body {"code", "title", "description"} instead of a fault: routes and versions.
class RoutingError : public model::Error {
public:
    using model::Error::Error;
};

/// The version of a request's header: 1.1 without one, the highest for "latest".
/// @throws RoutingError NotAcceptable in Ironic's words
Version versionFromHeader(const std::optional<std::string>& header);

} // namespace bm::wire
