#include "common/wire/resources/step_list.h"

#include "common/model/error.h"
#include "common/model/step_kinds.h"
#include "common/wire/json/json_input.h"
#include "common/wire/json/schema_words.h"

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
        throw missingProperty(where, "step");
    std::string text = asString(*name, where + ".step");
    if (text.empty())
        throw tooShort(where + ".step", "''");
    return text;
}

std::string interfaceFrom(const json& value, const std::string& where, const std::string& step)
{
    const json* name = memberOf(value, "interface");
    if (name == nullptr && model::isReservedStep(step))
        return "power";
    if (name == nullptr)
        throw missingProperty(where, "interface");
    std::string text = asString(*name, where + ".interface");
    if (std::ranges::find(kInterfaces, text) == kInterfaces.end())
        throw notOneOf(where + ".interface", text, kInterfaces, "other interfaces have no steps");
    return text;
}

json stepFrom(const json& value, const std::string& where, StepOrder order)
{
    if (!value.is_object())
        throw notOfType(where, value, "'object'",
                        R"({"interface": "deploy", "step": "erase_devices", "args": {}})");
    const std::string_view number = numberName(order);
    for (const auto& [name, member] : value.items())
        if (name != "interface" && name != "step" && name != "args" && name != number)
            throw unexpectedProperty(where, name);
    json step;
    step["step"] = nameFrom(value, where);
    step["interface"] = interfaceFrom(value, where, step.at("step").get<std::string>());
    const json* args = memberOf(value, "args");
    if (args != nullptr && !args->is_object())
        throw notOfType(where + ".args", *args, "'object'");
    step["args"] = args == nullptr ? json::object() : *args;
    const json* given = memberOf(value, number);
    if (given == nullptr && order != StepOrder::Given)
        throw missingProperty(where, number);
    if (given != nullptr) {
        // Ironic's templates may say it as text.
        const json parsed =
            given->is_string() ? json::parse(given->get<std::string>(), nullptr, false) : json();
        step[std::string(number)] = asInteger(parsed.is_number_integer() ? parsed : *given,
                                              fmt::format("{}.{}", where, number), 0, kMostPriority);
    }
    return step;
}

} // namespace

model::JsonText asSteps(const json& value, std::string_view field, StepOrder order)
{
    const std::string name(field);
    if (!value.is_array())
        throw notOfType(name, value, "'array'");
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
        throw tooShort(name, "[]", "name at least one step");
    return canonical(steps);
}

} // namespace bm::wire
