#include "common/model/image.h"

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

} // namespace bm::model
