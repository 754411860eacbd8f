#pragma once
#include <string>
#include <string_view>

namespace bm::wire {

/// The comparison language of root device hints (oslo.utils' specs_matcher): "= 40" means at least 40, "==
/// 40",
/// "!= 40", ">= 40", "<= 40", "> 40", "< 40" compare numbers; "s== x", "s!= x", "s>= x", "s> x", "s<= x", "s<
/// x" texts;
/// "<in> x" is a part of, "<all-in> x y" all are parts of, "<or> x <or> y" is one of.
/// A bare value means equal: @p numeric says whether as number. Case is ignored.
/// @throws Error InvalidInput where numbers are asked for and none is given
bool satisfies(std::string_view value, std::string_view expression, bool numeric);
/// @throws Error InvalidInput if @p expression can never be compared
void checkExpression(std::string_view expression, bool numeric);

std::string_view trimmed(std::string_view text);

} // namespace bm::wire
