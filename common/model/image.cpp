#include "common/model/image.h"

#include "common/model/error.h"
#include "common/text/names.h"
#include "common/text/text.h"

namespace bm::model {

bool isImageName(std::string_view name) noexcept
{
    constexpr std::size_t kLongest = 128;
    return text::isPlainName(name, kLongest) && name.front() != '.' && !isUuid(name);
}

void checkImageTag(const std::string& tag)
{
    const std::size_t colon = tag.find(':');
    if (colon == std::string::npos || !isImageName(tag.substr(0, colon)) ||
        !isImageName(tag.substr(colon + 1)))
        throw Error(ErrorCode::InvalidInput, "tag: \"" + tag.substr(0, 80) + "\" is not of the form NAME:TAG",
                    "as web:stable or web:2026-11; letters, digits and - . _");
}

bool isContentId(std::string_view text) noexcept
{
    constexpr std::size_t kSha256Digits = 64;
    return text::isLowerHex(text, kSha256Digits);
}

} // namespace bm::model
