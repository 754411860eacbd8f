#pragma once
#include "conductor/core/context.h"

#include <chrono>

namespace bm::conductor {

/// The boot window of an operation gives boot scripts, each with a new secret, until an agent has traded a
/// secret and called: then it is closed, and nobody gets a script. A machine that restarts by itself asks
/// again; bm then switches its power and opens a new window (docs/adr/0104).

/// True if an agent of this boot has traded its secret and called.
bool isWindowClosed(const db::AgentRecord& record);
/// True if somebody has asked for a script of the closed window since its agent last called.
bool askedAfterContact(const db::AgentRecord& record);
/// The silence after which an agent is gone: a running one calls every few seconds.
std::chrono::milliseconds agentGoneAfter(const Settings& settings);
/// True if somebody has asked for a script of the closed window and its agent is gone at @p now.
/// @param engineStart  agents could not call before it
bool hasRestarted(const db::AgentRecord& record, const Settings& settings, model::UtcTime now,
                  model::UtcTime engineStart = {});

} // namespace bm::conductor
