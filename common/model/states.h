#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bm::model {

/// Ironic's provision states, all of them, in the order of its documentation.
enum class State : std::uint8_t {
    Enroll,
    Manageable,
    Available,
    Active,
    Error,
    Rescue,
    Verifying,
    Deploying,
    WaitCallback,
    DeployFailed,
    DeployHold,
    Cleaning,
    CleanWait,
    CleanFailed,
    CleanHold,
    Deleting,
    Inspecting,
    InspectFailed,
    InspectWait,
    Adopting,
    AdoptFailed,
    Rescuing,
    RescueWait,
    RescueFailed,
    Unrescuing,
    UnrescueFailed,
    Servicing,
    ServiceWait,
    ServiceFailed,
    ServiceHold,
};
inline constexpr std::size_t kStateCount = static_cast<std::size_t>(State::ServiceHold) + 1;

/// The events that move a node: operators' verbs first, then the conductor's findings.
enum class StateEvent : std::uint8_t {
    Manage,
    Provide,
    Deploy,
    Rebuild,
    Delete,
    Clean,
    Inspect,
    Adopt,
    Rescue,
    Unrescue,
    Service,
    Abort,
    Unhold,
    Done,
    Fail,
    Wait,
    Resume,
    Hold,
};
inline constexpr std::size_t kStateEventCount = static_cast<std::size_t>(StateEvent::Hold) + 1;

struct Transition {
    State from;
    StateEvent on;
    State to;
};

/// Ironic's 93 transitions, then those that bm adds (docs/adr/0002): a working state may be aborted.
// clang-format off
inline constexpr auto kTransitions = std::to_array<Transition>({
    {State::Enroll,         StateEvent::Manage,   State::Verifying},
    {State::Manageable,     StateEvent::Provide,  State::Cleaning},
    {State::Manageable,     StateEvent::Clean,    State::Cleaning},
    {State::Manageable,     StateEvent::Inspect,  State::Inspecting},
    {State::Manageable,     StateEvent::Adopt,    State::Adopting},
    {State::Available,      StateEvent::Deploy,   State::Deploying},
    {State::Available,      StateEvent::Manage,   State::Manageable},
    {State::Active,         StateEvent::Rebuild,  State::Deploying},
    {State::Active,         StateEvent::Delete,   State::Deleting},
    {State::Active,         StateEvent::Rescue,   State::Rescuing},
    {State::Active,         StateEvent::Service,  State::Servicing},
    {State::Error,          StateEvent::Rebuild,  State::Deploying},
    {State::Error,          StateEvent::Delete,   State::Deleting},
    {State::Rescue,         StateEvent::Rescue,   State::Rescuing},
    {State::Rescue,         StateEvent::Delete,   State::Deleting},
    {State::Rescue,         StateEvent::Unrescue, State::Unrescuing},
    {State::Verifying,      StateEvent::Done,     State::Manageable},
    {State::Verifying,      StateEvent::Fail,     State::Enroll},
    {State::Deploying,      StateEvent::Fail,     State::DeployFailed},
    {State::Deploying,      StateEvent::Wait,     State::WaitCallback},
    {State::Deploying,      StateEvent::Hold,     State::DeployHold},
    {State::Deploying,      StateEvent::Done,     State::Active},
    {State::WaitCallback,   StateEvent::Hold,     State::DeployHold},
    {State::WaitCallback,   StateEvent::Resume,   State::Deploying},
    {State::WaitCallback,   StateEvent::Fail,     State::DeployFailed},
    {State::WaitCallback,   StateEvent::Abort,    State::DeployFailed},
    {State::WaitCallback,   StateEvent::Delete,   State::Deleting},
    {State::DeployFailed,   StateEvent::Rebuild,  State::Deploying},
    {State::DeployFailed,   StateEvent::Deploy,   State::Deploying},
    {State::DeployFailed,   StateEvent::Delete,   State::Deleting},
    {State::DeployHold,     StateEvent::Unhold,   State::WaitCallback},
    {State::DeployHold,     StateEvent::Abort,    State::DeployFailed},
    {State::Cleaning,       StateEvent::Done,     State::Available},
    {State::Cleaning,       StateEvent::Fail,     State::CleanFailed},
    {State::Cleaning,       StateEvent::Wait,     State::CleanWait},
    {State::Cleaning,       StateEvent::Hold,     State::CleanHold},
    {State::Cleaning,       StateEvent::Manage,   State::Manageable},
    {State::CleanWait,      StateEvent::Fail,     State::CleanFailed},
    {State::CleanWait,      StateEvent::Abort,    State::CleanFailed},
    {State::CleanWait,      StateEvent::Hold,     State::CleanHold},
    {State::CleanWait,      StateEvent::Resume,   State::Cleaning},
    {State::CleanFailed,    StateEvent::Manage,   State::Manageable},
    {State::CleanHold,      StateEvent::Abort,    State::CleanFailed},
    {State::CleanHold,      StateEvent::Unhold,   State::CleanWait},
    {State::Deleting,       StateEvent::Fail,     State::Error},
    {State::Deleting,       StateEvent::Clean,    State::Cleaning},
    {State::Inspecting,     StateEvent::Done,     State::Manageable},
    {State::Inspecting,     StateEvent::Fail,     State::InspectFailed},
    {State::Inspecting,     StateEvent::Wait,     State::InspectWait},
    {State::InspectFailed,  StateEvent::Manage,   State::Manageable},
    {State::InspectFailed,  StateEvent::Inspect,  State::Inspecting},
    {State::InspectWait,    StateEvent::Done,     State::Manageable},
    {State::InspectWait,    StateEvent::Fail,     State::InspectFailed},
    {State::InspectWait,    StateEvent::Abort,    State::InspectFailed},
    {State::InspectWait,    StateEvent::Resume,   State::Inspecting},
    {State::Adopting,       StateEvent::Done,     State::Active},
    {State::Adopting,       StateEvent::Fail,     State::AdoptFailed},
    {State::AdoptFailed,    StateEvent::Adopt,    State::Adopting},
    {State::AdoptFailed,    StateEvent::Manage,   State::Manageable},
    {State::Rescuing,       StateEvent::Done,     State::Rescue},
    {State::Rescuing,       StateEvent::Wait,     State::RescueWait},
    {State::Rescuing,       StateEvent::Fail,     State::RescueFailed},
    {State::RescueWait,     StateEvent::Resume,   State::Rescuing},
    {State::RescueWait,     StateEvent::Fail,     State::RescueFailed},
    {State::RescueWait,     StateEvent::Abort,    State::RescueFailed},
    {State::RescueWait,     StateEvent::Delete,   State::Deleting},
    {State::RescueFailed,   StateEvent::Rescue,   State::Rescuing},
    {State::RescueFailed,   StateEvent::Unrescue, State::Unrescuing},
    {State::RescueFailed,   StateEvent::Delete,   State::Deleting},
    {State::Unrescuing,     StateEvent::Done,     State::Active},
    {State::Unrescuing,     StateEvent::Fail,     State::UnrescueFailed},
    {State::UnrescueFailed, StateEvent::Rescue,   State::Rescuing},
    {State::UnrescueFailed, StateEvent::Unrescue, State::Unrescuing},
    {State::UnrescueFailed, StateEvent::Delete,   State::Deleting},
    {State::Servicing,      StateEvent::Done,     State::Active},
    {State::Servicing,      StateEvent::Fail,     State::ServiceFailed},
    {State::Servicing,      StateEvent::Wait,     State::ServiceWait},
    {State::Servicing,      StateEvent::Hold,     State::ServiceHold},
    {State::ServiceWait,    StateEvent::Hold,     State::ServiceHold},
    {State::ServiceWait,    StateEvent::Resume,   State::Servicing},
    {State::ServiceWait,    StateEvent::Fail,     State::ServiceFailed},
    {State::ServiceWait,    StateEvent::Abort,    State::ServiceFailed},
    {State::ServiceWait,    StateEvent::Delete,   State::Deleting},
    {State::ServiceFailed,  StateEvent::Service,  State::Servicing},
    {State::ServiceFailed,  StateEvent::Rescue,   State::Rescuing},
    {State::ServiceFailed,  StateEvent::Wait,     State::ServiceWait},
    {State::ServiceFailed,  StateEvent::Hold,     State::ServiceHold},
    {State::ServiceFailed,  StateEvent::Delete,   State::Deleting},
    {State::ServiceFailed,  StateEvent::Abort,    State::Active},
    {State::ServiceHold,    StateEvent::Service,  State::Servicing},
    {State::ServiceHold,    StateEvent::Unhold,   State::ServiceWait},
    {State::ServiceHold,    StateEvent::Fail,     State::ServiceFailed},
    {State::ServiceHold,    StateEvent::Abort,    State::ServiceFailed},
});
/// bm's own transitions, by POST /v1/nodes/{id}/operation/abort only.
inline constexpr auto kOwnTransitions = std::to_array<Transition>({
    {State::Verifying,      StateEvent::Abort,    State::Enroll},
    {State::Deploying,      StateEvent::Abort,    State::DeployFailed},
    {State::Cleaning,       StateEvent::Abort,    State::CleanFailed},
    {State::Deleting,       StateEvent::Abort,    State::Error},
    {State::Servicing,      StateEvent::Abort,    State::ServiceFailed},
    {State::Inspecting,     StateEvent::Abort,    State::InspectFailed},
    {State::Adopting,       StateEvent::Abort,    State::AdoptFailed},
    {State::Rescuing,       StateEvent::Abort,    State::RescueFailed},
    {State::Unrescuing,     StateEvent::Abort,    State::UnrescueFailed},
});
// clang-format on

/// The state that @p on leads to from @p from by Ironic's table; nothing: refused (the caller throws
/// InvalidTransition).
constexpr std::optional<State> next(State from, StateEvent on)
{
    for (const Transition& t : kTransitions)
        if (t.from == from && t.on == on)
            return t.to;
    return std::nullopt;
}
/// Likewise, with bm's own transitions.
constexpr std::optional<State> nextWithOwn(State from, StateEvent on)
{
    if (const std::optional<State> to = next(from, on))
        return to;
    for (const Transition& t : kOwnTransitions)
        if (t.from == from && t.on == on)
            return t.to;
    return std::nullopt;
}
static_assert(kTransitions.size() == 93);
static_assert(next(State::WaitCallback, StateEvent::Resume) == State::Deploying);

std::string_view toText(State state) noexcept;      ///< "wait call-back", "deploy failed": Ironic's texts
std::string_view toText(StateEvent event) noexcept; ///< "done", "manage"
std::optional<State> stateFromText(std::string_view text) noexcept;
/// The state after the operation ("active" while deploying); nothing for stable states.
std::optional<State> targetOf(State state) noexcept;
/// True if a node stays in @p state until a request.
bool isStable(State state) noexcept;
bool isFailure(State state) noexcept;
/// Waits for the agent: "wait call-back", "clean wait" ...
bool isWait(State state) noexcept;
/// One of the states of a cleaning. A manual cleaning passes the same ones, on its way to manageable.
bool isCleaning(State state) noexcept;
/// Runs an instance, which a deployment or its end wipes.
bool holdsInstance(State state) noexcept;

/// The first part of a deployment; the later parts follow in this order. Manage is the verb, without an
/// operation.
enum class DeployStart : std::uint8_t { None, Verify, Manage, Clean, Deploy };
/// None: no deployment starts from @p state.
DeployStart deployStart(State state) noexcept;
/// The table as a graph in DOT (docs/states.dot is this text).
std::string statesAsDot();

} // namespace bm::model
