#pragma once
#include <string>
#include <string_view>

namespace bm::wire {

/// Compares @p value by the language of root device hints (oslo.utils' specs_matcher), without regard to
/// case:
/// - "= 40" means at least 40; "== 40", "!= 40", ">= 40", "<= 40", "> 40", "< 40" compare numbers;
/// - "s== x", "s!= x", "s>= x", "s> x", "s<= x", "s< x" compare texts;
/// - "<in> x": is a part, "<all-in> x y": all are parts, "<or> x <or> y": is one of them;
/// - a bare value: equal, as numbers where @p numeric.
/// @throws Error InvalidInput: the operator compares numbers and an operand is none
bool satisfies(std::string_view value, std::string_view expression, bool numeric);
/// True for an expression that equals one value: a bare one, "s==", "==".
bool namesOneValue(std::string_view expression);
/// True for "s!=" and "!=".
bool isNegation(std::string_view expression);
/// Checks @p expression without a value. @throws Error InvalidInput
void checkExpression(std::string_view expression, bool numeric);

} // namespace bm::wire
