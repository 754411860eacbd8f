#pragma once
#include "common/model/clock.h"
#include "common/model/ids.h"
#include "common/text/json_text.h"

#include <cstdint>
#include <string>

namespace bm::model {

/// The conductor's signed report of a deployment, or of the verification of a node's disk.
struct NodeReport {
    std::int64_t number = 0; ///< rising
    NodeId node;
    OperationId operation;
    std::string kind;      ///< "deploy" or "verify"
    JsonText body{};       ///< canonical; the signature is of these bytes
    std::string signature; ///< Ed25519, lower-case hex
    std::string publicKey; ///< of the conductor that signed it, lower-case hex
    UtcTime createdAt{};
};

} // namespace bm::model
