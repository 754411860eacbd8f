#pragma once
#include "common/text/host_address.h"

#include <optional>
#include <string>
#include <string_view>

namespace bm::conductor::fleet {

inline constexpr std::string_view kAddressMark = "{address}"; ///< in a gate's URL: the node's address
inline constexpr std::string_view kNameMark = "{name}";       ///< in a gate's URL: the node's name

/// Refuses a gate's URL that bm cannot fill safely: no http(s), user information, a port that is no number, a
/// mark that is neither {address} nor {name} in its host. @throws Error InvalidInput naming @p field
void checkGateUrl(const std::string& url, std::string_view field);
/// The URL for one node: its host is an address by its type, every other value is percent-encoded.
/// @throws Error InvalidInput when the host becomes no address
std::string healthUrl(const std::string& url, const std::optional<text::HostAddress>& address,
                      const std::string& name);

} // namespace bm::conductor::fleet
