#pragma once
#include "common/model/clock.h"
#include "common/model/fleet/rollout.h"
#include "common/model/fleet/schedule.h"
#include "common/model/ids.h"
#include "common/model/image.h"
#include "common/model/mac_address.h"
#include "common/model/operation.h"
#include "common/model/power.h"
#include "common/model/states.h"
#include "common/text/json_text.h"
#include "common/text/sealed_text.h"
#include "db/engine/database.h"

#include <chrono>
#include <concepts>
#include <optional>
#include <string>
#include <type_traits>

namespace bm::db {

// Conversions between members of model types and column values. load() moves the text out of the value.

/// @throws Error Internal when the column has another type
std::string moveText(Value& value);
std::int64_t integerOf(const Value& value);
[[noreturn]] void refuseText(const std::string& text);

inline Value store(const std::string& text)
{
    return text;
}
inline void load(Value& value, std::string& text)
{
    text = moveText(value);
}

template <std::integral Number> Value store(Number number)
{
    return static_cast<std::int64_t>(number);
}
template <std::integral Number> void load(Value& value, Number& number)
{
    number = static_cast<Number>(integerOf(value));
}
inline void load(Value& value, bool& flag)
{
    flag = integerOf(value) != 0;
}

inline Value store(const model::JsonText& json)
{
    return json.text;
}
inline void load(Value& value, model::JsonText& json)
{
    json.text = moveText(value);
}

inline Value store(const model::SealedText& sealed)
{
    return sealed.text;
}
inline void load(Value& value, model::SealedText& sealed)
{
    sealed.text = moveText(value);
}

inline Value store(const model::MacAddress& mac)
{
    return mac.text;
}
inline void load(Value& value, model::MacAddress& mac)
{
    mac.text = moveText(value);
}

template <class Tag> Value store(const model::Id<Tag>& id)
{
    return id.uuid;
}
template <class Tag> void load(Value& value, model::Id<Tag>& id)
{
    id.uuid = moveText(value);
}

inline Value store(model::UtcTime time)
{
    return model::toMillis(time);
}
inline void load(Value& value, model::UtcTime& time)
{
    time = model::fromMillis(integerOf(value));
}

inline Value store(std::chrono::milliseconds span)
{
    return std::int64_t{span.count()};
}
inline void load(Value& value, std::chrono::milliseconds& span)
{
    span = std::chrono::milliseconds{integerOf(value)};
}

inline std::optional<model::State> fromText(const std::string& text, model::State)
{
    return model::stateFromText(text);
}
inline std::optional<model::PowerState> fromText(const std::string& text, model::PowerState)
{
    return text.empty() ? model::PowerState::Unknown : model::powerStateFromText(text);
}
inline std::optional<model::ImageKind> fromText(const std::string& text, model::ImageKind)
{
    return model::imageKindFromText(text);
}
inline std::optional<model::ImageVisibility> fromText(const std::string& text, model::ImageVisibility)
{
    return model::imageVisibilityFromText(text);
}
inline std::optional<model::ImageState> fromText(const std::string& text, model::ImageState)
{
    return model::imageStateFromText(text);
}
inline std::optional<model::OperationState> fromText(const std::string& text, model::OperationState)
{
    return model::operationStateFromText(text);
}
inline std::optional<model::OperationKind> fromText(const std::string& text, model::OperationKind)
{
    return model::operationKindFromText(text);
}
inline std::optional<model::StepState> fromText(const std::string& text, model::StepState)
{
    return model::stepStateFromText(text);
}
inline std::optional<model::RolloutState> fromText(const std::string& text, model::RolloutState)
{
    return model::rolloutStateFromText(text);
}
inline std::optional<model::MissedRule> fromText(const std::string& text, model::MissedRule)
{
    return model::missedRuleFromText(text);
}
inline std::optional<model::OverlapRule> fromText(const std::string& text, model::OverlapRule)
{
    return model::overlapRuleFromText(text);
}
inline std::optional<model::ScheduleRunState> fromText(const std::string& text, model::ScheduleRunState)
{
    return model::scheduleRunStateFromText(text);
}
inline std::optional<model::ScheduleTrigger> fromText(const std::string& text, model::ScheduleTrigger)
{
    return model::scheduleTriggerFromText(text);
}
inline std::optional<model::RolloutNodeState> fromText(const std::string& text, model::RolloutNodeState)
{
    return model::rolloutNodeStateFromText(text);
}
inline std::optional<model::PlanVerdict> fromText(const std::string& text, model::PlanVerdict)
{
    return model::planVerdictFromText(text);
}

template <class Enum>
requires std::is_enum_v<Enum> Value store(Enum value)
{
    return std::string(toText(value));
}
template <class Enum>
requires std::is_enum_v<Enum>
void load(Value& value, Enum& result)
{
    const std::string text = moveText(value);
    const auto known = fromText(text, Enum{});
    if (!known)
        refuseText(text);
    result = *known;
}

/// nullopt becomes null. An optional State is an exception: like every absent text, nullopt becomes ''.
inline Value store(const std::optional<model::State>& state)
{
    return state ? store(*state) : Value{std::string{}};
}
inline void load(Value& value, std::optional<model::State>& state)
{
    const auto* text = std::get_if<std::string>(&value);
    if (text != nullptr && text->empty())
        state.reset();
    else
        load(value, state.emplace());
}
template <class T> Value store(const std::optional<T>& value)
{
    return value ? store(*value) : Value{};
}
template <class T> void load(Value& value, std::optional<T>& result)
{
    if (std::holds_alternative<std::monostate>(value))
        result.reset();
    else
        load(value, result.emplace());
}

} // namespace bm::db
