#pragma once
#include <compare>
#include <string>

namespace bm::model {

/// A secret as the database stores it: sealed by platform::SecretBox for one place. "" stands for no secret.
struct SealedText {
    std::string text{};
    bool empty() const { return text.empty(); }
    auto operator<=>(const SealedText&) const = default;
};

} // namespace bm::model
