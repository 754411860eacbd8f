#include "conductor/events/event_hub.h"

#include "common/platform/log.h"
#include "db/repositories/repositories.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

namespace bm::conductor {
namespace {

constexpr std::size_t kPiece = 500;
constexpr std::chrono::milliseconds kBreath{10}; ///< commits that come meanwhile share a read
constexpr std::chrono::milliseconds kAfterFailure{1'000};

struct Subscription {
    db::EventFilter filter;
    std::int64_t cursor = 0;
    std::shared_ptr<EventSubscriber> subscriber;
};

/// What follows a cursor, and the sequence up to which nothing else does.
struct Piece {
    std::vector<model::NodeEvent> events{};
    std::int64_t upTo = 0;
    bool whole = true; ///< nothing is left after it
};

Piece readPiece(db::Database& database, const db::EventFilter& filter, std::int64_t after)
{
    return database.read([&](db::Transaction& tx) {
        Piece piece;
        piece.events = db::EventRepository{}.matching(tx, filter, after, kPiece);
        piece.whole = piece.events.size() < kPiece;
        piece.upTo = piece.whole ? std::max(after, db::EventRepository{}.latestSequence(tx))
                                 : piece.events.back().sequence;
        return piece;
    });
}

} // namespace

struct EventHub::State {
    explicit State(db::Database& given) : database(given) {}
    bool take(Subscription subscription);
    void run(const std::stop_token& stop);
    bool await(const std::stop_token& stop);
    bool serveRound();
    bool serveGroup(std::int64_t cursor, const std::vector<Subscription*>& group);
    bool give(Subscription& to, const Piece& piece);
    void wake();

    db::Database& database;
    std::mutex mutex{};
    std::condition_variable_any came{};
    bool poked = false;
    bool stopped = false;
    std::vector<Subscription> fresh{};
    std::vector<Subscription> all{}; ///< of the thread
    std::atomic<std::size_t> count = 0;
    std::atomic<std::uint64_t> delivered = 0;
    std::jthread thread{};
};

/// @return false: the hub has stopped
bool EventHub::State::take(Subscription subscription)
{
    const std::lock_guard lock(mutex);
    if (stopped)
        return false;
    fresh.push_back(std::move(subscription));
    poked = true;
    if (!thread.joinable())
        thread = std::jthread([this](const std::stop_token& stop) { run(stop); });
    return true;
}

bool EventHub::State::await(const std::stop_token& stop)
{
    std::unique_lock lock(mutex);
    if (!came.wait(lock, stop, [this] { return poked; }))
        return false;
    poked = false;
    for (Subscription& subscription : fresh)
        all.push_back(std::move(subscription));
    fresh.clear();
    return true;
}

void EventHub::State::run(const std::stop_token& stop)
{
    while (await(stop)) {
        std::chrono::milliseconds pause = kBreath;
        try {
            bool more = true;
            while (more && !stop.stop_requested())
                more = serveRound();
        } catch (const std::exception& error) {
            platform::logError("events", "reading what is new: {}", error.what());
            pause = kAfterFailure;
            wake();
        }
        std::unique_lock lock(mutex);
        came.wait_for(lock, stop, pause, [] { return false; });
    }
    for (const Subscription& subscription : all)
        subscription.subscriber->end();
    all.clear();
}

void EventHub::State::wake()
{
    {
        const std::lock_guard lock(mutex);
        poked = true;
    }
    came.notify_one();
}

/// One piece for everybody who is ready. @return whether somebody ready has more to come
bool EventHub::State::serveRound()
{
    using Readiness = EventSubscriber::Readiness;
    std::map<std::int64_t, std::vector<Subscription*>> groups;
    std::erase_if(all,
                  [](const Subscription& one) { return one.subscriber->readiness() == Readiness::Gone; });
    count = all.size();
    for (Subscription& one : all)
        if (one.subscriber->readiness() == Readiness::Ready)
            groups[one.cursor].push_back(&one);
    bool more = false;
    for (const auto& [cursor, group] : groups)
        more = serveGroup(cursor, group) || more;
    return more;
}

/// One alone has its filter applied by the database; those who share a cursor share what is read.
bool EventHub::State::serveGroup(std::int64_t cursor, const std::vector<Subscription*>& group)
{
    const Piece piece =
        readPiece(database, group.size() == 1 ? group.front()->filter : db::EventFilter{}, cursor);
    bool ready = false;
    for (Subscription* one : group)
        ready = give(*one, piece) || ready;
    return ready && !piece.whole;
}

/// @return whether all of it was taken
bool EventHub::State::give(Subscription& to, const Piece& piece)
{
    for (const model::NodeEvent& event : piece.events) {
        if (to.filter.matches(event)) {
            if (!to.subscriber->take(event))
                return false;
            ++delivered;
        }
        to.cursor = event.sequence;
    }
    to.cursor = piece.upTo;
    return true;
}

EventHub::EventHub(db::Database& database) : state_(std::make_unique<State>(database)) {}

EventHub::~EventHub()
{
    stop();
}

void EventHub::subscribe(db::EventFilter filter, std::int64_t after,
                         const std::shared_ptr<EventSubscriber>& subscriber)
{
    if (state_->take({std::move(filter), after, subscriber}))
        state_->came.notify_one();
    else
        subscriber->end();
}

void EventHub::poke()
{
    state_->wake();
}

void EventHub::stop()
{
    State& state = *state_;
    {
        const std::lock_guard lock(state.mutex);
        state.stopped = true;
    }
    if (state.thread.joinable()) {
        state.thread.request_stop();
        state.thread.join();
    }
    const std::lock_guard lock(state.mutex);
    for (const Subscription& subscription : state.fresh)
        subscription.subscriber->end();
    state.fresh.clear();
}

std::size_t EventHub::subscribers() const
{
    return state_->count;
}

std::uint64_t EventHub::delivered() const
{
    return state_->delivered;
}

} // namespace bm::conductor
