#include "common/text/secret_names.h"

#include "common/text/lower_case.h"

#include <algorithm>
#include <array>
#include <string>

namespace bm::model {

bool namesSecret(std::string_view key)
{
    constexpr auto kParts =
        std::to_array<std::string_view>({"password", "passwd", "secret", "token", "credential", "kg_key",
                                         "auth_key", "priv_key", "private_key", "community"});
    const std::string lower = lowerCase(key);
    return std::ranges::any_of(kParts,
                               [&](std::string_view part) { return lower.find(part) != std::string::npos; });
}

} // namespace bm::model
