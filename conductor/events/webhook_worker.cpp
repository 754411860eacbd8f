#include "conductor/events/webhook_worker.h"

#include "common/platform/log.h"
#include "conductor/core/seal_places.h"
#include "db/repositories/event_filter.h"
#include "db/repositories/repositories.h"
#include "db/repositories/webhook_repository.h"

#include <algorithm>
#include <fmt/format.h>

namespace bm::conductor {
namespace {

constexpr std::size_t kWebhookPiece = 100;
constexpr std::int64_t kStoreEvery = 1'000; ///< events of other kinds, after which the cursor is stored
constexpr std::chrono::milliseconds kWebhookBreath{20}; ///< commits that come meanwhile share a check
constexpr platform::Loop::Pause kUntilNews = platform::Loop::Pause::untilWoken(kWebhookBreath);
constexpr std::chrono::milliseconds kAfterTrouble{5'000};

std::int64_t unixSeconds(const model::Clock& clock)
{
    return model::toMillis(clock.now()) / 1'000;
}

} // namespace

std::string webhookSignature(const std::string& secret, std::int64_t unixSeconds, std::string_view body)
{
    return fmt::format("t={},v1={}", unixSeconds,
                       platform::hmacSha256Hex(secret, fmt::format("{}.{}", unixSeconds, body)));
}

platform::Reach webhookReach(const WebhookSettings& settings)
{
    return {settings.outgoing, platform::Asker::System};
}

WebhookAnswer postToWebhook(platform::HttpClient& client, const platform::Reach& reach,
                            const model::Webhook& hook, const std::string& secret, const std::string& id,
                            const std::string& kind, const std::string& body, const model::Deadline& deadline)
{
    platform::HttpRequest request{reach};
    request.method = "POST";
    request.url = hook.url;
    request.body = body;
    request.bodyLimitBytes = std::size_t{64} * 1024;
    request.headers = {{"Content-Type", "application/json"},
                       {"User-Agent", "bmd"},
                       {"X-Bm-Webhook", hook.name},
                       {"X-Bm-Event", kind},
                       {"X-Bm-Delivery", id},
                       {"X-Bm-Signature", webhookSignature(secret, unixSeconds(model::SystemClock{}), body)}};
    try {
        const platform::HttpResponse response = client.send(request, deadline);
        if (response.status >= 200 && response.status < 300)
            return {response.status, {}};
        return {response.status,
                fmt::format("answered {}{}", response.status,
                            response.status / 100 == 3 ? " (redirects are not followed)" : "")};
    } catch (const model::Error& error) {
        return {0, error.what()};
    }
}

WebhookWorker::WebhookWorker(const BaseContext& context, const Webhooks::Render& render,
                             const WebhookSettings& settings, model::WebhookId id)
    : context_(context), render_(render), settings_(settings), id_(std::move(id)),
      loop_(
          "webhook " + id_.uuid, [this](const std::stop_token& stop) { return serve(stop); }, kAfterTrouble)
{
    loop_.start();
}

/// The pause after the failures so far; none before the next event when the hook is suspended or was stopped.
platform::Loop::Pause WebhookWorker::backOff(const model::Webhook& hook) const
{
    if (hook.parked || hook.failures == 0)
        return kUntilNews;
    const std::int64_t doublings = std::clamp<std::int64_t>(hook.failures - 1, 0, 20);
    return platform::Loop::Pause::exactly(
        std::min(settings_.longestBackOff, settings_.firstBackOff * (std::int64_t{1} << doublings)));
}

std::optional<WebhookWorker::Batch> WebhookWorker::nextBatch() const
{
    return context_.database.read([&](db::Transaction& tx) -> std::optional<Batch> {
        const std::optional<model::Webhook> hook = db::WebhookRepository{}.find(tx, id_);
        if (!hook || hook->parked)
            return std::nullopt;
        db::EventFilter filter;
        filter.kinds = db::kindsFromText(hook->kinds);
        const db::EventRepository events;
        const std::int64_t latest = events.latestSequence(tx); // before the events: none is skipped over
        return Batch{*hook, events.matching(tx, filter, std::max(hook->cursor, seen_), kWebhookPiece),
                     latest};
    });
}

/// Moves the cursor of @p hook to @p latest. Stored now and then, since most events are for no hook.
void WebhookWorker::sawUpTo(std::int64_t latest, model::Webhook& hook)
{
    seen_ = latest;
    if (latest - hook.cursor < kStoreEvery)
        return;
    hook.cursor = latest;
    context_.database.write([&](db::Transaction& tx) { db::WebhookRepository{}.update(tx, hook); });
}

platform::Loop::Pause WebhookWorker::serve(const std::stop_token& stop)
{
    for (;;) {
        std::optional<Batch> batch = nextBatch();
        if (!batch)
            return kUntilNews;
        model::Webhook& hook = batch->hook;
        for (const model::NodeEvent& event : batch->events)
            if (!deliver(hook, event, stop))
                return backOff(hook);
        if (stop.stop_requested())
            return kUntilNews;
        if (batch->events.size() == kWebhookPiece)
            continue;
        sawUpTo(batch->latest, hook);
        return kUntilNews;
    }
}

/// @return true if the event is delivered or given up; false: try again later, the hook is suspended, or bmd
/// stops
bool WebhookWorker::deliver(model::Webhook& hook, const model::NodeEvent& event, const std::stop_token& stop)
{
    const std::string id = fmt::format("{}-{}", hook.id.uuid, event.sequence);
    const std::string body =
        fmt::format(R"({{"id":"{}","webhook":"{}","event":{}}})", id, hook.name, render_(event));
    const WebhookAnswer answer =
        postToWebhook(client_, webhookReach(settings_), hook,
                      context_.secrets.open(webhookSecretPlace(hook.id), hook.secretSealed), id, event.kind,
                      body, model::Deadline::in(settings_.deadline, stop));
    if (stop.stop_requested() && !answer.error.empty())
        return false; // bmd stopped: not a failure of the receiver
    hook.lastAttemptAt = context_.clock.now();
    if (answer.error.empty()) {
        hook.lastDeliveredAt = hook.lastAttemptAt;
        hook.cursor = event.sequence;
        hook.failures = 0;
        ++hook.delivered;
        hook.lastError.clear();
    } else {
        countFailure(hook, answer, event.sequence);
    }
    context_.meters.webhookPost(answer.error.empty());
    context_.database.write([&](db::Transaction& tx) { db::WebhookRepository{}.update(tx, hook); });
    return answer.error.empty();
}

void WebhookWorker::countFailure(model::Webhook& hook, const WebhookAnswer& answer, std::int64_t sequence)
{
    ++hook.failures;
    hook.lastError = fmt::format("event {}: {}", sequence, answer.error);
    hook.parked = hook.failures >= settings_.attempts;
    platform::logWarning("webhook", "{}: {}{}", hook.name, hook.lastError,
                         hook.parked ? "; suspended after so many failures" : "");
}

} // namespace bm::conductor
