#include "common/model/image.h"

#include "common/text/text.h"

#include "common/text/names.h"

namespace bm::model {

bool isImageName(std::string_view name) noexcept
{
    constexpr std::size_t kLongest = 128;
    return text::isPlainName(name, kLongest) && name.front() != '.' && !isUuid(name);
}

bool isContentId(std::string_view text) noexcept
{
    constexpr std::size_t kSha256Digits = 64;
    return text::isLowerHex(text, kSha256Digits);
}

} // namespace bm::model
