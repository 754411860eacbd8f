#pragma once
#include "common/model/clock.h"

#include <cstdint>
#include <string>

namespace bm::model {

/// Who asked for what, and what came of it. Rows are added, never changed or removed. No field ever holds a
/// secret: bodies and queries of requests are not kept.
struct AuditRecord {
    std::int64_t sequence = 0; ///< given by the database, rising
    UtcTime at{};
    std::string actor;         ///< user name; "system" for what bmd does by itself
    std::string remoteAddress; ///< "" for what was not a request
    std::string requestId;
    std::string action;     ///< "PUT /v1/nodes/{ident}/states/provision", or "operation.deploy"
    std::string targetKind; ///< "node", "image" ...; "" none
    std::string targetId;   ///< uuid where known
    std::string targetName; ///< as it was called in the request
    std::string outcome;    ///< accepted, refused, done, failed, aborted
    int status = 0;         ///< HTTP status; 0: not a request
    std::string code;       ///< an error's
    std::string detail;     ///< one line
};

} // namespace bm::model
