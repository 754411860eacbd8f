#pragma once
#include <compare>
#include <string>

namespace bm::model {

/// A JSON value as canonical text (sorted keys, no blanks): the form in the database and in messages.
struct JsonText {
    std::string text = "{}";
    auto operator<=>(const JsonText&) const = default;
};

} // namespace bm::model
