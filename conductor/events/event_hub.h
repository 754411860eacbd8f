#pragma once
#include "db/engine/database.h"
#include "db/repositories/event_filter.h"

#include <cstdint>
#include <memory>

namespace bm::conductor {

/// Receives events after their commit. The hub calls it on its own thread, and end() on the thread that stops
/// the hub. Calls must not wait.
class EventSubscriber {
public:
    virtual ~EventSubscriber() = default;
    enum class Readiness { Ready, Busy, Gone };
    /// Busy: it takes no event now, and wakes the hub when it is ready again. Gone: the hub drops it.
    virtual Readiness readiness() = 0;
    /// @return false when it has no space now; the hub offers the event again once it is Ready
    virtual bool take(const model::NodeEvent& event) = 0;
    /// The hub ends: no event follows.
    virtual void end() = 0;
};

/// Hands committed events to subscribers in the order of their sequence, without gap or duplicate. Every
/// subscriber has a cursor; subscribers at the same cursor share a read. Old events, in pieces, and new ones
/// take the same path, and a slow subscriber delays no other. A thread of its own runs from the first
/// subscription to stop(). Thread-safe.
class EventHub {
public:
    explicit EventHub(db::Database& database);
    ~EventHub();
    EventHub(const EventHub&) = delete;
    EventHub& operator=(const EventHub&) = delete;

    /// From the first event after @p after on. After stop(): ends it at once.
    void subscribe(db::EventFilter filter, std::int64_t after,
                   const std::shared_ptr<EventSubscriber>& subscriber);
    /// Call it after a commit, and when a busy subscriber is ready. From any thread; never waits.
    void poke();
    void stop();
    std::size_t subscribers() const;
    /// Events handed to subscribers so far.
    std::uint64_t delivered() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace bm::conductor
