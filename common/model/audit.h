#pragma once
#include "common/model/clock.h"

#include <cstdint>
#include <string>

namespace bm::model {

/// A request or operation, its actor and its outcome. bmd adds rows, never changes one, and removes the
/// oldest by the retention. No field holds a secret: rows have neither bodies nor queries of requests.
struct AuditRecord {
    std::int64_t sequence = 0; ///< from the database, rising
    UtcTime at{};
    std::string actor;         ///< user name; "system" for bmd itself
    std::string remoteAddress; ///< "": not a request
    std::string requestId;
    std::string action;     ///< "PUT /v1/nodes/{ident}/states/provision", or "operation.deploy"
    std::string targetKind; ///< "node", "image" ...; "" none
    std::string targetId;   ///< uuid where known
    std::string targetName; ///< the request's name for it
    std::string outcome;    ///< accepted, refused, done, failed, aborted
    int status = 0;         ///< HTTP status; 0: not a request
    std::string code;       ///< an error's
    std::string detail;     ///< one line
};

} // namespace bm::model
