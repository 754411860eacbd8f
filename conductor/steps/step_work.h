#pragma once
#include "common/model/deadline.h"
#include "common/model/event_kinds.h"
#include "common/wire/operation_request.h"
#include "conductor/core/context.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace bm::conductor {

/// A step in progress. Handlers get node and operation as stored before the call, change the step's message,
/// progress and result, and request changes of the node, which bm applies to the stored node together with
/// the outcome.
struct StepWork {
    const Context& context;
    const model::Node& node;
    const model::Operation& operation;
    const wire::OperationRequest& request; ///< the operation's, read
    model::Step& step;
    model::UtcTime engineStart;   ///< when this bmd started: silence before it is not the agent's
    model::Deadline callDeadline; ///< for calls out of the process in this run
    std::optional<model::PowerState> seenPower{}; ///< by the BMC, in this run
    std::vector<std::function<void(model::Node&)>> nodeChanges{};
    std::vector<model::NodeEvent> events{};
    std::vector<std::function<void(db::Transaction&)>> writes{}; ///< runs in the outcome's transaction

    void changeNode(std::function<void(model::Node&)> change) { nodeChanges.push_back(std::move(change)); }
    void recordEvent(model::EventKind kind, std::string message, std::string detailsJson = "{}");
    /// Time since the first call for this step.
    std::chrono::milliseconds age() const
    {
        return context.clock.now() - step.startedAt.value_or(context.clock.now());
    }
};

using StepHandler = model::StepResult (*)(StepWork&);

} // namespace bm::conductor
