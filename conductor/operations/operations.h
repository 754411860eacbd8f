#pragma once
#include "common/model/states.h"
#include "conductor/core/context.h"
#include "conductor/core/deploy_order.h"

#include <optional>
#include <semaphore>
#include <string>

namespace bm::conductor {

/// Verbs on nodes. Each stores an operation and returns at once; a client that lost the answer may repeat it.
/// Each waits for a power operation at work, one second at most, as Ironic's conductor does.
/// @throws Error NotFound, InvalidTransition (the state does not allow it), NodeLocked (an operation is at
/// work), NodeProtected, Conflict (maintenance), InvalidInput
class Operations {
public:
    explicit Operations(Context context);

    /// Ironic's PUT states/provision, all of its verbs.
    model::OperationId verb(const std::string& ident, model::StateEvent verb, const VerbOrder& order,
                            const std::string& actor);
    /// bm's own verb; its plan depends on the node's state. enroll: verify, provide, deploy. manageable:
    /// provide, deploy. available, deploy failed: deploy. active: rebuild. clean failed: manage first.
    model::OperationId provision(const std::string& ident, const DeployRequest& request,
                                 const std::string& actor);
    /// The same as part of the caller's transaction, for @p rollout.
    static model::OperationId provisionWithin(db::Transaction& tx, const Context& context,
                                              const std::string& ident, const DeployRequest& request,
                                              const std::string& actor, const model::RolloutId& rollout);
    /// Asks the node's operation to stop at its next safe point, as part of the caller's transaction.
    /// @return true if there was one
    static bool abortWithin(db::Transaction& tx, const Context& context, const model::NodeId& node,
                            const std::string& actor);
    /// bm's own: to available, from enroll by verify and clean, from manageable by clean; clean failed:
    /// manage first. @return nothing when it is available already. @throws as above, InvalidTransition from
    /// others
    std::optional<model::OperationId> provide(const std::string& ident, const std::string& actor);
    /// Ironic's PUT states/power.
    model::OperationId power(const std::string& ident, model::PowerTarget target,
                             std::optional<std::chrono::milliseconds> timeout, const std::string& actor);
    /// Stops the node's operation at its next safe point. @throws Error Conflict when none is at work
    void abort(const std::string& ident, const std::string& actor);
    /// Opens the boot window of an operation whose machine bm cannot switch, for an operator who restarts it.
    /// @throws Error Conflict (the node's operation does not wait for it)
    void allowReboot(const std::string& ident, const std::string& actor);

private:
    template <class Unit> auto whenPowerEnds(const std::string& ident, Unit&& unit);
    bool waitForPower(const std::string& ident, std::chrono::steady_clock::time_point until);

    struct Seat;
    static constexpr std::ptrdiff_t kMostWaiting = 4; ///< threads that serve requests; others get 409 at once
    Context context_;
    std::counting_semaphore<kMostWaiting> seats_{kMostWaiting};
};

/// "active" -> Deploy, "deleted" -> Delete, "manage" -> Manage ...: the targets of PUT states/provision.
std::optional<model::StateEvent> verbFromTarget(std::string_view target);
/// The targets that a node in @p state takes: "active, manage"; empty where it takes none.
std::string verbsOf(model::State state);

} // namespace bm::conductor
