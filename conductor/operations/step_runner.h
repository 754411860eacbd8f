#pragma once
#include "common/model/error.h"
#include "conductor/core/context.h"

#include <atomic>
#include <optional>
#include <stop_token>
#include <string>

namespace bm::conductor {

class RunningHandlers;

/// Admits one operation, runs its current step and stores the outcome. One unit of writing has the outcome of
/// a step and the intent of the next one, or the operation's end. One thread per operation at a time; the
/// engine ensures it. Has no state between calls: everything is in the database.
class StepRunner {
public:
    /// Borrows @p handlers.
    StepRunner(const Context& context, std::string bootId, model::UtcTime engineStart,
               RunningHandlers& handlers);

    /// @return true if it may continue at once (a step ended); otherwise not before the stored runAt
    bool advance(const model::OperationId& id, const std::stop_token& stop) const;
    /// An agent's silence before @p now does not count any more. Any thread.
    void clockJumped(model::UtcTime now) { engineStart_ = now; }

private:
    struct Loaded;
    std::optional<Loaded> load(const model::OperationId& id) const;
    bool admit(const Loaded& loaded) const;
    bool goOn(db::Transaction& tx, const model::Operation& operation, model::Node node,
              const std::optional<db::LeaseEpoch>& epoch) const;
    bool beginOpenStep(const Loaded& loaded) const;
    bool runStep(Loaded& loaded, model::Step step, const std::stop_token& stop) const;
    bool bootAgain(const Loaded& loaded) const;
    bool abort(const Loaded& loaded) const;
    bool fail(const Loaded& loaded, const model::Error& error) const;
    Context context_;
    std::string bootId_;
    std::atomic<model::UtcTime> engineStart_;
    RunningHandlers& handlers_;
};

} // namespace bm::conductor
