#pragma once
#include "common/model/clock.h"
#include "common/model/ids.h"
#include "common/text/sealed_text.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace bm::model {

using WebhookId = Id<struct WebhookTag>;

/// A receiver of events. The events table is its queue: the row stores a cursor only.
struct Webhook {
    WebhookId id;
    std::string name; ///< unique
    std::string url;
    SealedText secretSealed;   ///< of the signature
    std::string kinds;         ///< "state.changed,operation.*"; "": all
    bool parked = false;       ///< suspended after too many failures; a successful test resumes it
    std::int64_t cursor = 0;   ///< sequence of the last event that was delivered or given up
    std::int64_t failures = 0; ///< in a row
    std::int64_t delivered = 0;
    std::string lastError;
    std::optional<UtcTime> lastAttemptAt;
    std::optional<UtcTime> lastDeliveredAt;
    UtcTime createdAt{};
};

} // namespace bm::model
