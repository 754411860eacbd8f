#pragma once
#include "common/model/clock.h"
#include "common/model/ids.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace bm::model {

using WebhookId = Id<struct WebhookTag>;

/// Where events are posted to. The events themselves are the queue: the cursor is all that is stored.
struct Webhook {
    WebhookId id;
    std::string name; ///< unique
    std::string url;
    std::string secretSealed;  ///< of the signature
    std::string kinds;         ///< "state.changed,operation.*"; "": all
    bool parked = false;       ///< gave up after too many failures; a test that succeeds takes it up again
    std::int64_t cursor = 0;   ///< sequence of the last event that is settled
    std::int64_t failures = 0; ///< in a row
    std::int64_t delivered = 0;
    std::string lastError;
    std::optional<UtcTime> lastAttemptAt;
    std::optional<UtcTime> lastDeliveredAt;
    UtcTime createdAt{};
};

} // namespace bm::model
