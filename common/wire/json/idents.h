#pragma once
#include "common/model/mac_address.h"

#include <string>
#include <string_view>

/// Refusals of identifiers that no record can have, in Ironic's words: "Expected UUID for node_ident: x". All
/// throw Error InvalidInput. @p parameter is Ironic's name of the identifier.
namespace bm::wire {

/// True if @p text has the characters of a name in Ironic: RFC 3986's unreserved ones, 255 at most.
bool isLogicalName(std::string_view text) noexcept;
void requireName(std::string_view parameter, const std::string& ident);
void requireUuid(std::string_view parameter, const std::string& ident);
void requireUuidOrName(std::string_view parameter, const std::string& ident);
/// @return the address of @p text, as model::anyMacFromText()
model::MacAddress requireMac(std::string_view parameter, const std::string& text);

} // namespace bm::wire
