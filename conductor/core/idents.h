#pragma once
#include <string>
#include <string_view>

namespace bm::conductor {

/// Refusals of identifiers that no record can have, in Ironic's words. @p parameter is Ironic's name of the
/// identifier: "node_ident". @throws Error InvalidInput

/// True if @p text has the characters of a name in Ironic: RFC 3986's unreserved ones, 255 at most.
bool isLogicalName(std::string_view text) noexcept;
void requireUuid(std::string_view parameter, const std::string& ident);
void requireUuidOrName(std::string_view parameter, const std::string& ident);

} // namespace bm::conductor
