#pragma once
#include "common/model/error.h"

#include <string>
#include <utility>

namespace bm::cli {

/// Splits "os=debian" into name and value. @throws Error InvalidInput
inline std::pair<std::string, std::string> splitLabel(const std::string& text)
{
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0)
        throw model::Error(model::ErrorCode::InvalidInput, "--label: \"" + text + "\" has no name and value",
                           "write it as os=debian");
    return {text.substr(0, equals), text.substr(equals + 1)};
}

} // namespace bm::cli
