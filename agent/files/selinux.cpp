#include "agent/files/selinux.h"

#include "common/text/lower_case.h"
#include "common/text/text.h"

#include <string>

namespace bm::agent {

bool usesSelinux(std::string_view config)
{
    bool uses = false;
    while (!config.empty()) {
        constexpr std::string_view kKey = "selinux=";
        const std::string line = model::lowerCase(text::trimmed(text::takeLine(config)));
        if (!line.starts_with(kKey))
            continue;
        const std::string_view value = text::trimmed(std::string_view(line).substr(kKey.size()));
        uses = value == "enforcing" || value == "permissive";
    }
    return uses;
}

} // namespace bm::agent
