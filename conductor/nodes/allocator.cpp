#include "conductor/nodes/allocator.h"

#include "common/platform/log.h"
#include "common/platform/loop.h"
#include "conductor/nodes/allocations.h"

namespace bm::conductor {

using namespace std::chrono_literals;

struct Allocator::State {
    explicit State(Context given) : context(std::move(given)) {}
    struct Decided {
        bool any = false;
        bool all = true;
    };
    Decided decide(const std::stop_token& stop) const;

    Context context;
    platform::Loop loop{"allocations", [this](const std::stop_token& stop) {
                            const Decided decided = decide(stop);
                            return !decided.all  ? platform::Loop::Pause::exactly(1s)
                                   : decided.any ? platform::Loop::Pause{}
                                                 : platform::Loop::Pause::untilWoken();
                        }};
};

namespace {

/// @return false if the decision failed; the other allocations do not wait for this one
bool decideOne(const Context& context, const model::AllocationId& id)
{
    try {
        context.database.write([&](db::Transaction& tx) { decideAllocation(tx, context, id); });
        return true;
    } catch (const std::exception& failure) {
        platform::logError("conductor", "allocation {}: {}", id.uuid, failure.what());
        return false;
    }
}

} // namespace

Allocator::State::Decided Allocator::State::decide(const std::stop_token& stop) const
{
    const std::vector<model::AllocationId> waiting =
        context.database.read([](db::Transaction& tx) { return undecidedAllocations(tx); });
    Decided decided{!waiting.empty()};
    for (const model::AllocationId& id : waiting) {
        if (stop.stop_requested())
            break;
        decided.all = decideOne(context, id) && decided.all;
    }
    return decided;
}

Allocator::Allocator(Context context) : state_(std::make_unique<State>(std::move(context))) {}

Allocator::~Allocator()
{
    stop();
}

bool Allocator::runOnce(const std::stop_token& stop)
{
    return state_->decide(stop).any;
}

void Allocator::start()
{
    state_->loop.start();
}

void Allocator::stop()
{
    state_->loop.stop();
}

void Allocator::wake()
{
    state_->loop.wake();
}

} // namespace bm::conductor
