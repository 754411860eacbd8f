#pragma once
#include "common/model/resources/inspection_rule.h"

#include <string>

namespace bm::conductor {

/// True if the regular expression @p pattern (RE2's syntax, "(?i)" in front ignores case) fits @p value as a
/// whole, or (@p whole false) a part of it. Time is linear in both lengths, whatever the pattern.
/// @throws Error InvalidInput: RE2 does not accept the pattern, or it is longer than 4096 characters
bool fitsPattern(const std::string& value, const std::string& pattern, bool whole);

/// Checks the patterns of the rule's conditions "matches" and "contains" when the rule is written. Skips
/// patterns that name a value in braces: the value is known only when the rule is applied.
/// @throws Error InvalidInput naming the pattern
void requirePatterns(const model::InspectionRule& rule);

} // namespace bm::conductor
