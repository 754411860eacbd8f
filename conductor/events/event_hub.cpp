#include "conductor/events/event_hub.h"

#include "common/platform/loop.h"
#include "db/repositories/repositories.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <vector>

namespace bm::conductor {
namespace {

constexpr std::size_t kPiece = 500;
constexpr std::chrono::milliseconds kBreath{10};
constexpr std::chrono::milliseconds kAfterFailure{1'000};

struct Subscription {
    db::EventFilter filter;
    std::int64_t cursor = 0;
    std::shared_ptr<EventSubscriber> subscriber;
};

/// Events after a cursor, and the sequence up to which they are complete.
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
    void serve(const std::stop_token& stop);
    void takeFresh();
    bool serveRound();
    bool serveGroup(std::int64_t cursor, const std::vector<Subscription*>& group);
    bool give(Subscription& to, const Piece& piece);

    db::Database& database;
    std::mutex mutex{};
    bool stopped = false;
    std::vector<Subscription> fresh{};
    std::vector<Subscription> all{}; ///< of the thread
    std::atomic<std::size_t> count = 0;
    std::atomic<std::uint64_t> delivered = 0;
    /// Commits within this pause share a read.
    platform::Loop loop{"events",
                        [this](const std::stop_token& stop) {
                            serve(stop);
                            return platform::Loop::Pause::untilWoken(kBreath);
                        },
                        kAfterFailure};
};

/// @return false: the hub has stopped
bool EventHub::State::take(Subscription subscription)
{
    const std::lock_guard lock(mutex);
    if (stopped)
        return false;
    fresh.push_back(std::move(subscription));
    loop.start(); // nothing where it runs
    loop.wake();
    return true;
}

void EventHub::State::takeFresh()
{
    const std::lock_guard lock(mutex);
    for (Subscription& subscription : fresh)
        all.push_back(std::move(subscription));
    fresh.clear();
}

void EventHub::State::serve(const std::stop_token& stop)
{
    takeFresh();
    while (!stop.stop_requested() && serveRound()) {
    }
}

/// Hands one piece to every ready subscriber. @return true if a ready subscriber has further events
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

/// The database applies the filter of a single subscriber; subscribers at one cursor share a read.
bool EventHub::State::serveGroup(std::int64_t cursor, const std::vector<Subscription*>& group)
{
    const Piece piece =
        readPiece(database, group.size() == 1 ? group.front()->filter : db::EventFilter{}, cursor);
    bool ready = false;
    for (Subscription* one : group)
        ready = give(*one, piece) || ready;
    return ready && !piece.whole;
}

/// @return true if the subscriber took all events
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
    if (!state_->take({std::move(filter), after, subscriber}))
        subscriber->end();
}

void EventHub::poke()
{
    state_->loop.wake();
}

void EventHub::stop()
{
    State& state = *state_;
    {
        const std::lock_guard lock(state.mutex);
        state.stopped = true;
    }
    state.loop.stop();
    state.takeFresh();
    for (const Subscription& subscription : state.all)
        subscription.subscriber->end();
    state.all.clear();
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
