#pragma once
#include "common/platform/http_client.h"
#include "conductor/events/webhooks.h"

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace bm::conductor {

/// What came of one post.
struct WebhookAnswer {
    int status = 0;
    std::string error{}; ///< "" when it was taken
};

/// Posts @p body, signed, with the id of the delivery. Errors are values here. @p secret in the clear.
WebhookAnswer postToWebhook(platform::HttpClient& client, const model::Webhook& hook,
                            const std::string& secret, const std::string& id, const std::string& kind,
                            const std::string& body, const model::Deadline& deadline);

/// The thread of one webhook, from construction to destruction.
class WebhookWorker {
public:
    WebhookWorker(const Context& context, const Webhooks::Render& render, const WebhookSettings& settings,
                  model::WebhookId id);
    ~WebhookWorker();
    WebhookWorker(const WebhookWorker&) = delete;
    WebhookWorker& operator=(const WebhookWorker&) = delete;
    void requestStop() { thread_.request_stop(); }
    void poke();

private:
    struct Batch {
        model::Webhook hook;
        std::vector<model::NodeEvent> events;
        std::int64_t latest = 0; ///< of all events, for the hook or not
    };
    void run(const std::stop_token& stop);
    void wait(std::chrono::milliseconds pause, const std::stop_token& stop);
    std::optional<Batch> nextBatch() const; ///< nothing: the hook is gone or parked
    /// Posts the events that are stored now. @return how long to wait for the next check; zero: until a poke
    std::chrono::milliseconds serve(const std::stop_token& stop);
    std::chrono::milliseconds backOff(const model::Webhook& hook) const;
    bool deliver(model::Webhook& hook, const model::NodeEvent& event, const std::stop_token& stop);
    void sawUpTo(std::int64_t latest, model::Webhook& hook);
    void countFailure(model::Webhook& hook, const WebhookAnswer& answer, std::int64_t sequence);

    const Context& context_;
    const Webhooks::Render& render_;
    const WebhookSettings& settings_;
    const model::WebhookId id_;
    platform::HttpClient client_;
    std::int64_t seen_ = 0; ///< nothing up to there is for this hook
    std::mutex mutex_;
    std::condition_variable_any came_;
    bool poked_ = true;
    std::jthread thread_;
};

} // namespace bm::conductor
