#include "common/wire/agent/hint_expression.h"

#include "common/model/error.h"
#include "common/text/lower_case.h"
#include "common/text/text.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <fmt/format.h>
#include <optional>
#include <vector>

namespace bm::wire {

using model::Error;
using model::ErrorCode;

namespace {

/// Longer ones first, so that ">=" is not taken for ">".
constexpr std::array<std::string_view, 16> kOperators = {
    "<all-in>", "<in>", "<or>", "s==", "s!=", "s>=", "s<=", "s>",
    "s<",       "==",   "!=",   ">=",  "<=",  ">",   "<",   "="};

struct Expression {
    std::string_view op; ///< "" for a bare value
    std::string_view operand;
};

Expression split(std::string_view text)
{
    text = text::trimmed(text);
    for (const std::string_view op : kOperators) {
        if (!text.starts_with(op))
            continue;
        const std::string_view rest = text.substr(op.size());
        // A serial may begin with "s": operators stand apart from their operand, as in Ironic.
        if (rest.empty() || std::isspace(static_cast<unsigned char>(rest.front())) != 0 ||
            op.find('s') == std::string_view::npos)
            return {op, text::trimmed(rest)};
    }
    return {"", text};
}

double numberOf(std::string_view text) // in any of from_chars' forms: "1e3", too
{
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size())
        throw Error(ErrorCode::InvalidInput, fmt::format("\"{}\" is not a number", text),
                    "the numbers of size are GiB, without a unit: 400, >= 400, 400 <or> 800");
    if (!std::isfinite(value) || value < 0)
        throw Error(ErrorCode::InvalidInput, fmt::format("\"{}\" is not a size", text), "a number of GiB");
    return value;
}

template <class Value> std::optional<bool> compare(std::string_view op, const Value& a, const Value& b)
{
    if (op == "==")
        return !(a < b) && !(b < a);
    if (op == "!=")
        return a < b || b < a;
    if (op == ">=" || op == "=")
        return !(a < b);
    if (op == "<=")
        return !(b < a);
    if (op == ">")
        return b < a;
    if (op == "<")
        return a < b;
    return std::nullopt;
}

std::vector<std::string_view> splitBy(std::string_view text, std::string_view separator)
{
    std::vector<std::string_view> parts;
    while (!text.empty()) {
        const std::size_t at = std::min(text.find(separator), text.size());
        if (const std::string_view part = text::trimmed(text.substr(0, at)); !part.empty())
            parts.push_back(part);
        text.remove_prefix(std::min(at + separator.size(), text.size()));
    }
    return parts;
}

bool oneOf(std::string_view value, std::string_view operand, bool numeric)
{
    return std::ranges::any_of(splitBy(operand, "<or>"), [&](std::string_view part) {
        return numeric ? *compare("==", numberOf(value), numberOf(part)) : value == part;
    });
}

} // namespace

bool satisfies(std::string_view value, std::string_view expression, bool numeric)
{
    const std::string valueText = model::lowerCase(text::trimmed(value));
    const std::string expressionText = model::lowerCase(expression);
    const auto [op, operand] = split(expressionText);
    if (op.empty())
        return numeric ? *compare("==", numberOf(valueText), numberOf(operand)) : valueText == operand;
    if (op == "<in>")
        return valueText.find(operand) != std::string::npos;
    if (op == "<all-in>")
        return std::ranges::all_of(splitBy(operand, " "), [&](std::string_view part) {
            return valueText.find(part) != std::string::npos;
        });
    if (op == "<or>")
        return oneOf(valueText, operand, numeric);
    if (op.starts_with('s'))
        return *compare(op.substr(1), std::string_view(valueText), operand);
    return *compare(op, numberOf(valueText), numberOf(operand));
}

bool namesOneValue(std::string_view expression)
{
    const std::string_view op = split(expression).op;
    return op.empty() || op == "s==" || op == "==";
}

bool isNegation(std::string_view expression)
{
    const std::string_view op = split(expression).op;
    return op == "s!=" || op == "!=";
}

void checkExpression(std::string_view expression, bool numeric)
{
    const std::string text = model::lowerCase(expression);
    const auto [op, operand] = split(text);
    if (operand.empty())
        throw Error(ErrorCode::InvalidInput, fmt::format("\"{}\" has no operand", expression));
    if (op.empty() && !numeric)
        return;
    const bool texts = op.starts_with('s') || op == "<in>" || op == "<all-in>";
    if (texts || (op == "<or>" && !numeric))
        return;
    if (op == "<or>") {
        for (const std::string_view part : splitBy(operand, "<or>"))
            numberOf(part);
        return;
    }
    numberOf(operand);
}

} // namespace bm::wire
