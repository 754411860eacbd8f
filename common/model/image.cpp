#include "common/model/image.h"

#include "common/text/text.h"

#include <algorithm>

namespace bm::model {

bool isImageName(std::string_view name) noexcept
{
    const auto fits = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
               c == '.' || c == '_';
    };
    return !name.empty() && name.size() <= 128 && name.front() != '.' && name.front() != '-' &&
           !isUuid(name) && std::all_of(name.begin(), name.end(), fits);
}

bool isContentId(std::string_view text) noexcept
{
    constexpr std::size_t kSha256Digits = 64;
    return text::isLowerHex(text, kSha256Digits);
}

} // namespace bm::model
