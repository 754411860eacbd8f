#pragma once
#include "common/model/event.h"
#include "common/model/webhook.h"
#include "common/platform/outgoing_policy.h"
#include "conductor/core/base_context.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace bm::conductor {

/// Attempts and pauses of a webhook; tests make them shorter.
struct WebhookSettings {
    std::chrono::milliseconds deadline{10'000};    ///< of one attempt
    std::chrono::milliseconds firstBackOff{1'000}; ///< doubles with every failure in a row
    std::chrono::milliseconds longestBackOff{300'000};
    int attempts = 12; ///< of one event; then bmd suspends the hook (some 20 minutes)
    /// The rule for the receivers' addresses; never null.
    std::shared_ptr<const platform::OutgoingPolicy> outgoing = std::make_shared<platform::OutgoingPolicy>();
};

struct NewWebhook {
    std::string name;
    std::string url;
    std::string secret; ///< "": one is made
    std::string kinds;  ///< as for EventHub's filter
};

/// The result of a webhook's test.
struct WebhookTest {
    int status = 0;       ///< of the answer; 0: none came
    std::string error{};  ///< "" when the receiver took it (2xx)
    bool resumed = false; ///< the hook was suspended and is active again
};

/// Posts events to the URLs of operators. Each hook has its own thread: a slow receiver delays no other. bmd
/// repeats a post with back-off until the receiver answers 2xx. After WebhookSettings::attempts it suspends
/// the hook, which then shows its error; a successful test resumes it. The cursor is stored. After a restart
/// the receiver may get an event twice (same id); it misses none. Follows no redirect. Thread-safe.
class Webhooks {
public:
    /// @param render  returns an event as JSON, as /v1/events shows it
    using Render = std::function<std::string(const model::NodeEvent&)>;
    Webhooks(BaseContext context, Render render, WebhookSettings settings = {});
    ~Webhooks();
    void start();
    void stop();
    /// Call it after a commit. Never waits.
    void poke();

    struct Added {
        model::Webhook hook;
        std::string secret; ///< shown this once
    };
    /// Begins with the next event. @throws Error InvalidInput (name, url, kinds, a receiver that bmd does not
    /// request), Conflict (name)
    Added add(const NewWebhook& wanted);
    std::vector<model::Webhook> all() const;
    model::Webhook get(const std::string& ident) const; ///< name or uuid. @throws Error NotFound
    void remove(const std::string& ident);
    /// Posts a "webhook.test" event now; resumes the hook when the receiver takes it.
    WebhookTest test(const std::string& ident);
    /// Events that wait for @p hook, those of other kinds included.
    std::int64_t backlog(const model::Webhook& hook) const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// "t=<unix seconds>,v1=<hex HMAC-SHA256 of "<t>.<body>">"
std::string webhookSignature(const std::string& secret, std::int64_t unixSeconds, std::string_view body);

} // namespace bm::conductor
