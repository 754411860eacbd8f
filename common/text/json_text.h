#pragma once
#include <compare>
#include <string>

namespace bm::model {

/// A JSON value kept as canonical text (sorted keys, no blanks), as it is stored and sent.
struct JsonText {
    std::string text = "{}";
    auto operator<=>(const JsonText&) const = default;
};

} // namespace bm::model
