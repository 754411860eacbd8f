#include "common/wire/resources/step_list.h"

#include "common/model/error.h"
#include "common/model/step_kinds.h"
#include "common/wire/json/json_input.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

namespace bm::wire {

using model::Error;
using model::ErrorCode;
using nlohmann::json;

namespace {

constexpr std::size_t kMostSteps = 1000;
constexpr std::int64_t kMostPriority = 1'000'000;
/// The interfaces whose steps a request may name.
constexpr auto kInterfaces =
    std::to_array<std::string_view>({"bios", "deploy", "firmware", "management", "power", "raid", "vendor"});

[[noreturn]] void refuse(const std::string& where, const std::string& what, const std::string& hint = {})
{
    throw Error(ErrorCode::InvalidInput, where + ": " + what, hint);
}

std::string_view numberName(StepOrder order)
{
    return order == StepOrder::Order ? "order" : "priority";
}

std::string nameFrom(const json& value, const std::string& where)
{
    const json* name = memberOf(value, "step");
    if (name == nullptr)
        refuse(where, "'step' is a required property");
    std::string text = asString(*name, where + ".step");
    if (text.empty())
        refuse(where + ".step", "is empty");
    return text;
}

std::string interfaceFrom(const json& value, const std::string& where, const std::string& step)
{
    const json* name = memberOf(value, "interface");
    if (name == nullptr && model::isReservedStep(step))
        return "power";
    if (name == nullptr)
        refuse(where, "'interface' is a required property");
    std::string text = asString(*name, where + ".interface");
    if (std::ranges::find(kInterfaces, text) == kInterfaces.end())
        refuse(where + ".interface", fmt::format("\"{}\" has no steps", text.substr(0, 80)),
               fmt::format("one of {}", fmt::join(kInterfaces, ", ")));
    return text;
}

json stepFrom(const json& value, const std::string& where, StepOrder order)
{
    if (!value.is_object())
        refuse(where, fmt::format("expected an object, got {}", kindOf(value)),
               R"({"interface": "deploy", "step": "erase_devices", "args": {}})");
    const std::string_view number = numberName(order);
    for (const auto& [name, member] : value.items())
        if (name != "interface" && name != "step" && name != "args" && name != number)
            refuse(where, fmt::format("'{}' was unexpected", name.substr(0, 80)));
    json step;
    step["step"] = nameFrom(value, where);
    step["interface"] = interfaceFrom(value, where, step.at("step").get<std::string>());
    const json* args = memberOf(value, "args");
    if (args != nullptr && !args->is_object())
        refuse(where + ".args", fmt::format("expected an object, got {}", kindOf(*args)));
    step["args"] = args == nullptr ? json::object() : *args;
    const json* given = memberOf(value, number);
    if (given == nullptr && order != StepOrder::Given)
        refuse(where, fmt::format("'{}' is a required property", number));
    if (given != nullptr) {
        // Ironic's templates may say it as text.
        const json plain =
            given->is_string() ? json::parse(given->get<std::string>(), nullptr, false) : *given;
        step[std::string(number)] = asInteger(plain, fmt::format("{}.{}", where, number), 0, kMostPriority);
    }
    return step;
}

} // namespace

model::JsonText asSteps(const json& value, std::string_view field, StepOrder order)
{
    const std::string name(field);
    if (!value.is_array())
        refuse(name, fmt::format("expected a list of steps, got {}", kindOf(value)));
    if (value.size() > kMostSteps)
        refuse(name, fmt::format("at most {} steps", kMostSteps));
    json steps = json::array();
    std::set<std::pair<std::string, std::string>> seen;
    for (std::size_t i = 0; i < value.size(); ++i) {
        json step = stepFrom(value[i], fmt::format("{}[{}]", name, i), order);
        if (order == StepOrder::Priority && !seen.emplace(step.at("interface"), step.at("step")).second)
            refuse(fmt::format("{}[{}]", name, i),
                   fmt::format("Duplicate deploy steps: {}.{}", step.at("interface").get<std::string>(),
                               step.at("step").get<std::string>()));
        steps.push_back(std::move(step));
    }
    if (steps.empty() && order != StepOrder::Given)
        refuse(name, "No deploy steps specified. At least one is needed.");
    return canonical(steps);
}

} // namespace bm::wire
