#pragma once
#include "common/text/json_text.h"

#include <string>
#include <string_view>

namespace bm::wire {

inline constexpr std::string_view kMask = "******";

/// @p object for people: the value of a key that names a secret (model::namesSecret), every sealed text, and
/// the user information of a URL (https://******@host/) read "******".
/// Keys in @p also (blank-separated) are masked as well. Works on the text, in one pass.
std::string masked(const model::JsonText& object, std::string_view also = {});

} // namespace bm::wire
