#pragma once
#include <string>
#include <string_view>

namespace bm::text {

/// Line feed and tab are bm's own in a whole output, and a stranger's in a cell, a message or a line of a
/// log.
enum class Breaks { Escaped, Kept };

/// Escapes text of tenants, machines and BMCs, so that it cannot control a terminal or forge a line. Control
/// characters (C0, DEL, C1), bidirectional formatting characters and U+2028/U+2029 become \uXXXX, which JSON
/// and YAML read as the character itself; line feed, carriage return and tab become \n, \r and \t. Bytes that
/// are not UTF-8 become \xXX. Source of the bidirectional characters: Unicode UAX #9, section 2.
std::string printable(std::string_view text, Breaks breaks = Breaks::Escaped);

/// As printable() with Breaks::Escaped, in at most @p most bytes (3 or more): "..." stands for the rest,
/// which it does not read. For fields that strangers fill.
std::string shortPrintable(std::string_view text, std::size_t most);

/// The number of bytes at the end of @p text that begin a UTF-8 sequence which later bytes may complete.
std::size_t unfinishedBytes(std::string_view text) noexcept;

} // namespace bm::text
