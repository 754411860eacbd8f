#pragma once
#include "common/platform/ip_address.h"

#include <optional>
#include <string>
#include <vector>

namespace bm::http {

/// The client of a connection or a request.
struct ForwardedClient {
    std::string address; ///< "10.77.0.101"
    std::optional<bool>
        https{}; ///< scheme of the client's URL, as a proxy tells it; nothing: that of bmd's listener
};

/// The proxies in front of a listener whose statements about clients count.
struct TrustedProxies {
    std::vector<platform::IpNetwork> networks{};
    /// A trusted peer begins each connection with a PROXY protocol header; without one it is closed.
    bool proxyProtocol = false;

    bool contain(const std::string& address) const;
};

/// The client of a request that a trusted proxy, @p peer, passed on: the last address in X-Forwarded-For that
/// is not a trusted proxy's, because a proxy appends its peer and clients write anything before it. Without
/// such an address the first trusted one, or @p peer. An entry that is no address ends the search.
/// @param forwardedFor, @p forwardedProto values of the fields X-Forwarded-For and X-Forwarded-Proto, in
/// order
ForwardedClient clientBehind(const TrustedProxies& proxies, const ForwardedClient& peer,
                             const std::vector<std::string>& forwardedFor,
                             const std::vector<std::string>& forwardedProto);

} // namespace bm::http
