#include "common/wire/resources/inspection_rule_fields.h"

#include "common/wire/json/schema_words.h"
#include "common/wire/resources/resource_assign.h"
#include "common/wire/resources/resource_links.h"
#include "common/wire/resources/resource_shape.cpp.h"

#include <array>

namespace bm::wire {

using model::Error;
using model::ErrorCode;
using model::InspectionRule;
using nlohmann::json;

namespace {

using Args = std::string_view;
constexpr auto kValue = std::to_array<Args>({"value"});
constexpr auto kValues = std::to_array<Args>({"values", "?force_strings"});
constexpr auto kValueRegex = std::to_array<Args>({"value", "regex"});
constexpr auto kAddressSubnet = std::to_array<Args>({"address", "subnet"});
constexpr auto kValueOptions = std::to_array<Args>({"value", "values"});
constexpr auto kMessage = std::to_array<Args>({"msg"});
constexpr auto kPath = std::to_array<Args>({"path"});
constexpr auto kPathValue = std::to_array<Args>({"path", "value"});
constexpr auto kPathValueUnique = std::to_array<Args>({"path", "value", "?unique"});
constexpr auto kName = std::to_array<Args>({"name"});
constexpr auto kTrait = std::to_array<Args>({"name"});
constexpr auto kCapability = std::to_array<Args>({"name", "value"});
constexpr auto kLog = std::to_array<Args>({"msg", "?level"});
constexpr auto kPortPath = std::to_array<Args>({"port_id", "path"});
constexpr auto kPortValue = std::to_array<Args>({"port_id", "path", "value"});
constexpr auto kPortValueUnique = std::to_array<Args>({"port_id", "path", "value", "?unique"});

constexpr auto kConditions = std::to_array<RuleOperator>({
    {"eq", kValues},
    {"lt", kValues},
    {"gt", kValues},
    {"is-empty", kValue},
    {"in-net", kAddressSubnet},
    {"matches", kValueRegex},
    {"contains", kValueRegex},
    {"one-of", kValueOptions},
    {"is-none", kValue},
    {"is-true", kValue},
    {"is-false", kValue},
});
constexpr auto kActions = std::to_array<RuleOperator>({
    {"fail", kMessage},
    {"set-attribute", kPathValue},
    {"extend-attribute", kPathValueUnique},
    {"del-attribute", kPath},
    {"set-capability", kCapability},
    {"unset-capability", kName},
    {"add-trait", kTrait},
    {"remove-trait", kTrait},
    {"set-plugin-data", kPathValue},
    {"extend-plugin-data", kPathValueUnique},
    {"unset-plugin-data", kPath},
    {"set-port-attribute", kPortValue},
    {"extend-port-attribute", kPortValueUnique},
    {"del-port-attribute", kPortPath},
    {"log", kLog},
});

std::string known(std::span<const RuleOperator> operators)
{
    std::vector<std::string_view> names;
    for (const RuleOperator& op : operators)
        names.push_back(op.name);
    return fmt::format("one of {}", fmt::join(names, ", "));
}

/// The arguments as an object; the client may send an object or a list.
json argumentsFrom(const json& given, const RuleOperator& op, const std::string& where)
{
    json args = json::object();
    if (given.is_array()) {
        if (given.size() > op.args.size())
            throw Error(ErrorCode::InvalidInput, where + ".args: too many");
        for (std::size_t i = 0; i < given.size(); ++i)
            args[std::string(op.args[i].substr(op.args[i].starts_with('?') ? 1 : 0))] = given[i];
    } else if (given.is_object()) {
        args = given;
    } else {
        throw notOfType(where + ".args", given, "'object', 'array'");
    }
    for (const std::string_view name : op.args)
        if (!name.starts_with('?') && !args.contains(std::string(name)))
            throw Error(ErrorCode::InvalidInput,
                        fmt::format("{}.args: '{}' is a required argument of \"{}\"", where, name, op.name));
    for (const auto& [name, value] : args.items())
        if (std::ranges::none_of(op.args, [&key = name](std::string_view one) {
                return one.substr(one.starts_with('?') ? 1 : 0) == key;
            }))
            throw Error(ErrorCode::InvalidInput, fmt::format("{}.args: \"{}\" takes no argument '{}'", where,
                                                             op.name, name.substr(0, 80)));
    return args;
}

json partFrom(const json& value, std::span<const RuleOperator> operators, bool condition,
              const std::string& where)
{
    if (!value.is_object())
        throw notOfType(where, value, "'object'",
                        R"({"op": "is-true", "args": {"value": "{inventory[cpu][count]}"}})");
    refuseUnknown(value, {"op", "args", "loop", "multiple"}, where);
    const std::string name = stringMember(value, "op");
    std::string_view plain = name;
    if (condition && plain.starts_with('!'))
        plain.remove_prefix(1);
    while (plain.starts_with(' '))
        plain.remove_prefix(1);
    const auto op = std::ranges::find(operators, plain, &RuleOperator::name);
    if (op == operators.end())
        throw Error(ErrorCode::InvalidInput,
                    fmt::format("{}: \"{}\" is not an operator", where, name.substr(0, 80)),
                    known(operators));
    const json* args = memberOf(value, "args");
    json part = {{"op", name}, {"args", argumentsFrom(args == nullptr ? json::object() : *args, *op, where)}};
    if (const json* loop = memberOf(value, "loop"))
        part["loop"] = *loop;
    if (const json* multiple = memberOf(value, "multiple")) {
        const std::string text = asString(*multiple, where + ".multiple");
        if (!condition || (text != "any" && text != "all" && text != "first" && text != "last"))
            throw Error(ErrorCode::InvalidInput,
                        where + ".multiple: expected any, all, first or last, of a condition");
        part["multiple"] = text;
    }
    return part;
}

model::JsonText partsFrom(const json& value, std::span<const RuleOperator> operators, bool condition,
                          std::string_view field)
{
    json parts = json::array();
    if (!value.is_null() && !value.is_array())
        throw notOfType(field, value, "'array', 'null'");
    for (std::size_t i = 0; i < value.size(); ++i)
        parts.push_back(partFrom(value[i], operators, condition, fmt::format("{}[{}]", field, i)));
    return canonical(parts);
}

void assignConditions(InspectionRule& rule, const json& value, std::string_view field)
{
    rule.conditions = partsFrom(value, kConditions, true, field);
}

void assignActions(InspectionRule& rule, const json& value, std::string_view field)
{
    rule.actions = partsFrom(value, kActions, false, field);
    if (rule.actions.text == "[]")
        throw Error(ErrorCode::InvalidInput, std::string(field) + ": a rule has at least one action");
}

void assignPriority(InspectionRule& rule, const json& value, std::string_view field)
{
    constexpr std::int64_t kMost = 9999;
    rule.priority = asInteger(value, field, 0, kMost);
}

void assignPhase(InspectionRule& rule, const json& value, std::string_view field)
{
    rule.phase = value.is_null() ? "main" : asString(value, field);
    if (rule.phase != "main")
        throw Error(ErrorCode::InvalidInput, fmt::format("{}: the only phase is \"main\"", field));
}

void renderPriority(JsonWriter& out, const InspectionRule& rule, std::string_view /*base*/)
{
    out.number(rule.priority);
}

/// Renders null for sensitive rules in answers.
template <model::JsonText InspectionRule::*Member>
void renderUnlessSensitive(JsonWriter& out, const InspectionRule& rule, std::string_view base)
{
    if (rule.sensitive && !base.empty())
        out.null();
    else
        out.json(rule.*Member);
}

void renderLinks(JsonWriter& out, const InspectionRule& rule, std::string_view base)
{
    writeLinks(out, base, "inspection_rules/" + rule.id.uuid);
}

} // namespace

template class ResourceShape<InspectionRule>;

std::span<const RuleOperator> ruleConditionOperators()
{
    return kConditions;
}
std::span<const RuleOperator> ruleActionOperators()
{
    return kActions;
}

const ResourceShape<InspectionRule>& inspectionRuleShape()
{
    using R = InspectionRule;
    // clang-format off
    static const ResourceShape<R> shape{
        {"inspection rule", {"uuid", "description", "phase", "priority", "sensitive", "links"}, {"actions"}}, {
        {"uuid",        96, true,  false, renderUuid<R>, assignUuid<R>},
        {"created_at",  96, false, false, renderCreatedAt<R>, nullptr},
        {"updated_at",  96, false, false, renderUpdatedAt<R>, nullptr},
        {"description", 96, true,  true,  renderTextOrNull<R, &R::description>, assignText<R, &R::description, kMostOfSentences>},
        {"phase",       96, true,  true,  renderText<R, &R::phase>, assignPhase},
        {"priority",    96, true,  true,  renderPriority, assignPriority},
        {"sensitive",   96, true,  true,  renderFlag<R, &R::sensitive>, assignFlag<R, &R::sensitive>},
        {"conditions",  96, true,  true,  renderUnlessSensitive<&R::conditions>, assignConditions},
        {"actions",     96, true,  true,  renderUnlessSensitive<&R::actions>, assignActions},
        {"links",       96, false, false, renderLinks, nullptr},
    }};
    // clang-format on
    return shape;
}

} // namespace bm::wire
