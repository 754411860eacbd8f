#pragma once
#include "common/http/router.h"

#include <string>
#include <vector>

namespace bm::api {

/// The bodies that changing requests may have.
enum class BodyTypes {
    Json, ///< JSON; application/octet-stream for routes that stream. Routes without a login take any type.
    Any,
};

struct SiteRules {
    BodyTypes bodies = BodyTypes::Json;
    /// Refuse a Host that is neither an IP address, nor localhost, nor in names. For listeners without a
    /// login: a site can give its own name bmd's address (DNS rebinding), but not an IP address.
    bool checkHost = false;
    std::vector<std::string> names{}; ///< host names of this server, in lower case
};

/// Refuses changing requests that a page of another site can make a browser send: by Sec-Fetch-Site, else by
/// Origin (403), and by the type of the body (415), because such a page can send forms, but no JSON. A
/// request with a token is exempt from the first two: browsers do not add tokens. Clients without these
/// headers are no browsers.
http::Filter siteGuard(SiteRules rules);

} // namespace bm::api
