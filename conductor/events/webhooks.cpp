#include "conductor/events/webhooks.h"

#include "common/platform/guarded.h"
#include "common/platform/urls.h"
#include "common/text/names.h"
#include "conductor/core/nodes.h"
#include "conductor/core/seal_places.h"
#include "conductor/core/size_limits.h"
#include "conductor/events/webhook_worker.h"
#include "db/repositories/event_filter.h"
#include "db/repositories/repositories.h"
#include "db/repositories/webhook_repository.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>

namespace bm::conductor {

using model::Error;
using model::ErrorCode;
using model::Webhook;

namespace {

constexpr std::size_t kMaxHooks = 32; ///< each has a thread

void requireName(const std::string& name)
{
    constexpr std::size_t kLongest = 64;
    if (!text::isPlainName(name, kLongest) || model::isUuid(name))
        throw Error(ErrorCode::InvalidInput,
                    fmt::format("\"{}\" cannot be a webhook's name", name.substr(0, 80)),
                    "1 to 64 letters, digits, '-', '_' and '.', no '-' at its start");
}

void requireUrl(const std::string& url)
{
    const bool http = url.starts_with("http://") || url.starts_with("https://");
    const std::size_t host = url.find("://");
    const bool clean = url.size() <= 2'000 && std::all_of(url.begin(), url.end(), [](unsigned char c) {
                           return c > 0x20 && c < 0x7f && c != '"' && c != '\\';
                       });
    if (!http || !clean || host + 3 >= url.size() || url.at(host + 3) == '/')
        throw Error(ErrorCode::InvalidInput, "url: not an address of a web server",
                    "https://host/path, or http://");
    if (platform::hasUserInformation(url))
        throw Error(ErrorCode::InvalidInput, "url: it holds a password",
                    "posts are signed: let the receiver check X-Bm-Signature instead");
}

} // namespace

struct Webhooks::State {
    State(BaseContext given, Render how, WebhookSettings limits)
        : context(given), render(std::move(how)), settings(std::move(limits))
    {}
    struct Workers {
        bool running = false;
        std::map<std::string, std::unique_ptr<WebhookWorker>> byId{};
    };
    void begin(Workers& at, const model::WebhookId& id)
    {
        at.byId.emplace(id.uuid, std::make_unique<WebhookWorker>(context, render, settings, id));
    }

    BaseContext context;
    Render render;
    WebhookSettings settings;
    platform::Guarded<Workers> workers;
};

Webhooks::Webhooks(BaseContext context, Render render, WebhookSettings settings)
    : state_(std::make_unique<State>(context, std::move(render), std::move(settings)))
{}

Webhooks::~Webhooks()
{
    stop();
}

void Webhooks::start()
{
    const std::vector<Webhook> hooks = all();
    auto workers = state_->workers.lock();
    workers->running = true;
    for (const Webhook& hook : hooks)
        state_->begin(*workers, hook.id);
}

void Webhooks::stop()
{
    std::map<std::string, std::unique_ptr<WebhookWorker>> ending;
    {
        auto workers = state_->workers.lock();
        workers->running = false;
        ending.swap(workers->byId);
    }
    for (const auto& [id, worker] : ending)
        worker->requestStop(); // stop all threads first, then join them
}

void Webhooks::poke()
{
    auto workers = state_->workers.lock();
    for (const auto& [id, worker] : workers->byId)
        worker->poke();
}

Webhooks::Added Webhooks::add(const NewWebhook& wanted)
{
    requireName(wanted.name);
    requireUrl(wanted.url);
    webhookReach(state_->settings).requireUrl(wanted.url);
    db::kindsFromText(wanted.kinds);
    if (!wanted.secret.empty() && wanted.secret.size() < 16)
        throw Error(ErrorCode::InvalidInput, "secret: shorter than 16 characters",
                    "leave it out: bmd then makes a secret and shows it once");
    Added added;
    added.secret = wanted.secret.empty() ? platform::randomHex(32) : wanted.secret;
    Webhook& hook = added.hook;
    hook.id = model::WebhookId::make();
    hook.name = wanted.name;
    hook.url = wanted.url;
    hook.kinds = wanted.kinds;
    hook.secretSealed = state_->context.secrets.seal(webhookSecretPlace(hook.id), added.secret);
    hook.createdAt = state_->context.clock.now();
    refuseOversize<Webhook>(hook, nullptr);
    state_->context.database.write([&](db::Transaction& tx) {
        const db::WebhookRepository hooks;
        if (hooks.findByName(tx, hook.name))
            throw Error(ErrorCode::Conflict, fmt::format("there is a webhook {} already", hook.name),
                        "delete it first, or choose another name");
        if (hooks.all(tx).size() >= kMaxHooks)
            throw Error(ErrorCode::Conflict,
                        fmt::format("there are {} webhooks already, the most that bmd keeps", kMaxHooks),
                        "let one receiver forward the events");
        hook.cursor = db::EventRepository{}.latestSequence(tx);
        hooks.insert(tx, hook);
    });
    auto workers = state_->workers.lock();
    if (workers->running)
        state_->begin(*workers, hook.id);
    return added;
}

std::vector<Webhook> Webhooks::all() const
{
    return state_->context.database.read([](db::Transaction& tx) { return db::WebhookRepository{}.all(tx); });
}

Webhook Webhooks::get(const std::string& ident) const
{
    const auto found = state_->context.database.read([&](db::Transaction& tx) {
        const db::WebhookRepository hooks;
        return model::isUuid(ident) ? hooks.find(tx, model::WebhookId{ident}) : hooks.findByName(tx, ident);
    });
    if (!found)
        throw Error(ErrorCode::NotFound, fmt::format("there is no webhook {}", ident.substr(0, 80)),
                    "bm webhook list shows all");
    return *found;
}

void Webhooks::remove(const std::string& ident)
{
    const Webhook hook = get(ident);
    state_->context.database.write([&](db::Transaction& tx) { db::WebhookRepository{}.remove(tx, hook.id); });
    std::unique_ptr<WebhookWorker> ending;
    auto workers = state_->workers.lock();
    if (auto found = workers->byId.extract(hook.id.uuid); !found.empty())
        ending = std::move(found.mapped()); // its destructor joins the thread, after the lock is released
}

WebhookTest Webhooks::test(const std::string& ident)
{
    Webhook hook = get(ident);
    const BaseContext& context = state_->context;
    const std::string id = fmt::format("{}-test-{}", hook.id.uuid, platform::randomHex(8));
    const model::NodeEvent event =
        makeEvent(context.clock.now(), {}, model::EventKind::WebhookTest, "a test by an operator");
    const std::string body =
        fmt::format(R"({{"id":"{}","webhook":"{}","event":{}}})", id, hook.name, state_->render(event));
    platform::HttpClient client;
    const WebhookAnswer answer =
        postToWebhook(client, webhookReach(state_->settings), hook,
                      context.secrets.open(webhookSecretPlace(hook.id), hook.secretSealed), id, event.kind,
                      body, model::Deadline::in(state_->settings.deadline));
    WebhookTest result{answer.status, answer.error, false};
    if (answer.error.empty() && hook.parked) {
        context.database.write([&](db::Transaction& tx) {
            const std::optional<Webhook> now = db::WebhookRepository{}.find(tx, hook.id);
            if (!now)
                return;
            hook = *now;
            hook.parked = false;
            hook.failures = 0;
            hook.lastError.clear();
            db::WebhookRepository{}.update(tx, hook);
        });
        result.resumed = true;
        poke();
    }
    return result;
}

std::int64_t Webhooks::backlog(const Webhook& hook) const
{
    return state_->context.database.read([&](db::Transaction& tx) {
        return std::max<std::int64_t>(0, db::EventRepository{}.latestSequence(tx) - hook.cursor);
    });
}

} // namespace bm::conductor
