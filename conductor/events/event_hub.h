#pragma once
#include "db/engine/database.h"
#include "db/repositories/event_filter.h"

#include <cstdint>
#include <memory>

namespace bm::conductor {

/// Hears of events as they are committed. The hub calls it on its own thread, end() on the one that stops it;
/// calls must not wait.
class EventSubscriber {
public:
    virtual ~EventSubscriber() = default;
    enum class Readiness { Ready, Busy, Gone };
    /// Busy: it takes nothing now and pokes the hub when it does again. Gone: it is forgotten.
    virtual Readiness readiness() = 0;
    /// @return false: no room now; the event is offered again once it is Ready
    virtual bool take(const model::NodeEvent& event) = 0;
    /// The hub ends; nothing more comes.
    virtual void end() = 0;
};

/// Tells subscribers of the events that were committed, each in the order of their sequence, without gap or
/// duplicate. Every subscriber has a cursor; those at the same one share a read, so old events (in pieces,
/// never all at once) and new ones come by the same way, and a slow subscriber falls behind by itself. A
/// thread of its own runs from the first subscription to stop(). Thread-safe.
class EventHub {
public:
    explicit EventHub(db::Database& database);
    ~EventHub();
    EventHub(const EventHub&) = delete;
    EventHub& operator=(const EventHub&) = delete;

    /// From the first event after @p after on. After stop(): ends it at once.
    void subscribe(db::EventFilter filter, std::int64_t after,
                   const std::shared_ptr<EventSubscriber>& subscriber);
    /// Something was committed, or a busy subscriber is ready. From any thread, never waits.
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
