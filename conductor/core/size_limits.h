#pragma once
#include "common/model/fleet/rollout.h"
#include "common/model/fleet/schedule.h"
#include "common/model/image.h"
#include "common/model/node.h"
#include "common/model/operation.h"
#include "common/model/resources/allocation.h"
#include "common/model/resources/chassis.h"
#include "common/model/resources/inspection_rule.h"
#include "common/model/resources/port.h"
#include "common/model/resources/port_group.h"
#include "common/model/resources/step_list.h"
#include "common/model/resources/volume.h"
#include "common/model/webhook.h"
#include "db/repositories/inventory_repository.h"
#include "db/repositories/repositories.h"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bm::conductor {

/// The limits of one column for what requests, agents and rules store there. bm's own changes of a record
/// are not checked.
struct SizeRule {
    std::string_view column; ///< its name in the database and in the API's JSON
    std::size_t bytes;       ///< of JSON in its canonical form, or of a text
    std::size_t entries = 0; ///< of a JSON list; 0: any number
    bool counted = true;     ///< in the sum of its project; false: bm's own data
};
template <class T> struct SizeLimit {
    SizeRule rule;
    const std::string& (*text)(const T& item);
};

/// All limits of a kind of record. size_limits.cpp has the one table of them.
template <class T> std::span<const SizeLimit<T>> sizeLimits();
template <> std::span<const SizeLimit<model::Node>> sizeLimits();
template <> std::span<const SizeLimit<model::Port>> sizeLimits();
template <> std::span<const SizeLimit<model::PortGroup>> sizeLimits();
template <> std::span<const SizeLimit<model::VolumeConnector>> sizeLimits();
template <> std::span<const SizeLimit<model::VolumeTarget>> sizeLimits();
template <> std::span<const SizeLimit<model::Chassis>> sizeLimits();
template <> std::span<const SizeLimit<model::Allocation>> sizeLimits();
template <> std::span<const SizeLimit<model::DeployTemplate>> sizeLimits();
template <> std::span<const SizeLimit<model::Runbook>> sizeLimits();
template <> std::span<const SizeLimit<model::InspectionRule>> sizeLimits();
template <> std::span<const SizeLimit<model::Image>> sizeLimits();
template <> std::span<const SizeLimit<model::Rollout>> sizeLimits();
template <> std::span<const SizeLimit<model::Schedule>> sizeLimits();
template <> std::span<const SizeLimit<model::Webhook>> sizeLimits();
template <> std::span<const SizeLimit<model::Operation>> sizeLimits();
template <> std::span<const SizeLimit<db::NodeInventory>> sizeLimits();
template <> std::span<const SizeLimit<db::AgentRecord>> sizeLimits();

/// The excess of @p text over @p rule: "70000 bytes, but the limit is 65536". @p before: the stored text, if
/// any; a text that is over the limit may stay, and may shrink.
std::optional<std::string> excessOf(const SizeRule& rule, const std::string& text, const std::string* before);
[[noreturn]] void refuseExcess(const SizeRule& rule, const std::string& excess);

/// Refuses a request that leads from @p before (null: a new record) to @p item. @throws Error TooLarge
template <class T> void refuseOversize(const T& item, const T* before)
{
    for (const SizeLimit<T>& limit : sizeLimits<T>())
        if (const std::optional<std::string> excess =
                excessOf(limit.rule, limit.text(item), before == nullptr ? nullptr : &limit.text(*before)))
            refuseExcess(limit.rule, *excess);
}

/// The columns of a stored record that are over their limits: "extra: 70000 bytes, but the limit is 65536".
template <class T> std::vector<std::string> oversizes(const T& item)
{
    std::vector<std::string> found;
    for (const SizeLimit<T>& limit : sizeLimits<T>())
        if (const std::optional<std::string> excess = excessOf(limit.rule, limit.text(item), nullptr))
            found.push_back(std::string(limit.rule.column) + ": " + *excess);
    return found;
}

/// Bytes of the columns that count in the sum of a project.
template <class T> std::size_t bytesOf(const T& item)
{
    std::size_t sum = 0;
    for (const SizeLimit<T>& limit : sizeLimits<T>())
        if (limit.rule.counted)
            sum += limit.text(item).size();
    return sum;
}

} // namespace bm::conductor
