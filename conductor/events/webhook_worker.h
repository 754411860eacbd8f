#pragma once
#include "common/platform/http_client.h"
#include "common/platform/loop.h"
#include "conductor/events/webhooks.h"

#include <optional>
#include <vector>

namespace bm::conductor {

/// The permitted destinations of webhooks: system administrators alone add them.
platform::Reach webhookReach(const WebhookSettings& settings);

/// The result of one post.
struct WebhookAnswer {
    int status = 0;
    std::string error{}; ///< "" when the receiver took it (2xx)
};

/// Posts @p body, signed, with the id of the delivery. Errors are values here. @p secret in the clear.
WebhookAnswer postToWebhook(platform::HttpClient& client, const platform::Reach& reach,
                            const model::Webhook& hook, const std::string& secret, const std::string& id,
                            const std::string& kind, const std::string& body,
                            const model::Deadline& deadline);

/// The thread of one webhook, from construction to destruction.
class WebhookWorker {
public:
    WebhookWorker(const BaseContext& context, const Webhooks::Render& render, const WebhookSettings& settings,
                  model::WebhookId id);
    WebhookWorker(const WebhookWorker&) = delete;
    WebhookWorker& operator=(const WebhookWorker&) = delete;
    void requestStop() { loop_.requestStop(); }
    void poke() { loop_.wake(); }

private:
    struct Batch {
        model::Webhook hook;
        std::vector<model::NodeEvent> events;
        std::int64_t latest = 0; ///< of all events, for the hook or not
    };
    std::optional<Batch> nextBatch() const; ///< nothing: the hook is deleted or suspended
    /// Posts the stored events. A new event does not shorten a back-off.
    platform::Loop::Pause serve(const std::stop_token& stop);
    platform::Loop::Pause backOff(const model::Webhook& hook) const;
    bool deliver(model::Webhook& hook, const model::NodeEvent& event, const std::stop_token& stop);
    void sawUpTo(std::int64_t latest, model::Webhook& hook);
    void countFailure(model::Webhook& hook, const WebhookAnswer& answer, std::int64_t sequence);

    const BaseContext& context_;
    const Webhooks::Render& render_;
    const WebhookSettings& settings_;
    const model::WebhookId id_;
    platform::HttpClient client_;
    std::int64_t seen_ = 0; ///< nothing up to there is for this hook
    platform::Loop loop_;   ///< last: it uses all above
};

} // namespace bm::conductor
