#include "conductor/nodes/rule_patterns.h"

#include "common/model/error.h"
#include "conductor/nodes/rule_values.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <re2/re2.h>

namespace bm::conductor {
namespace {

using model::Error;
using model::ErrorCode;
using nlohmann::json;

constexpr std::size_t kLongestPattern = 4096;

RE2 compiled(const std::string& pattern)
{
    if (pattern.size() > kLongestPattern)
        throw Error(ErrorCode::InvalidInput, "the regular expression is longer than 4096 characters");
    return RE2(pattern, RE2::Quiet);
}

void requireGood(const RE2& expression, const std::string& pattern)
{
    if (!expression.ok())
        throw Error(
            ErrorCode::InvalidInput,
            fmt::format("the regular expression \"{}\": {}", pattern.substr(0, 200), expression.error()),
            "RE2's syntax: no look-around, no back-references");
}

} // namespace

bool fitsPattern(const std::string& value, const std::string& pattern, bool whole)
{
    const RE2 expression = compiled(pattern);
    requireGood(expression, pattern);
    return whole ? RE2::FullMatch(value, expression) : RE2::PartialMatch(value, expression);
}

void requirePatterns(const model::InspectionRule& rule)
{
    for (const json& condition : json::parse(rule.conditions.text)) {
        const json args = condition.value("args", json::object());
        const auto found = args.find("regex");
        if (found == args.end() || !found->is_string())
            continue;
        const std::string pattern = found->get<std::string>();
        if (!namesRuleValue(pattern))
            requireGood(compiled(pattern), pattern);
    }
}

} // namespace bm::conductor
