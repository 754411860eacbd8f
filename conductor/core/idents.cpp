#include "conductor/core/idents.h"

#include "common/model/error.h"
#include "common/model/ids.h"
#include "common/text/names.h"

#include <algorithm>
#include <fmt/format.h>

namespace bm::conductor {

namespace {

[[noreturn]] void refuseIdent(std::string_view what, std::string_view parameter, const std::string& ident)
{
    throw model::Error(model::ErrorCode::InvalidInput,
                       fmt::format("Expected {} for {}: {}", what, parameter, ident.substr(0, 80)));
}

} // namespace

bool isLogicalName(std::string_view text) noexcept
{
    constexpr std::size_t kMost = 255;
    constexpr std::string_view kAlso = "-._~";
    return !text.empty() && text.size() <= kMost && std::ranges::all_of(text, [&](char c) {
        return text::isLetterOrDigit(c) || kAlso.find(c) != std::string_view::npos;
    });
}

void requireUuid(std::string_view parameter, const std::string& ident)
{
    if (!model::isUuid(ident))
        refuseIdent("UUID", parameter, ident);
}

void requireUuidOrName(std::string_view parameter, const std::string& ident)
{
    if (!model::isUuid(ident) && !isLogicalName(ident))
        refuseIdent("UUID or name", parameter, ident);
}

} // namespace bm::conductor
