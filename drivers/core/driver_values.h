#pragma once
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace bm::drivers {

/// Keys and values as plain texts: numbers and booleans in text form, secrets decrypted.
using Values = std::map<std::string, std::string>;

/// Returns the error of a value, or "" for a valid one. The error contains no secret.
using ValueCheck = std::string (*)(const std::string& value);

std::string valueOr(const Values& values, const std::string& key, const std::string& otherwise);
std::optional<int> wholeNumber(std::string_view text);
std::optional<bool> booleanFromText(std::string_view text); ///< true, yes, on, 1; false, no, off, 0
bool hasControlCharacter(std::string_view text);

// Checks for values of several hardware types.
std::string checkHost(const std::string& text);       ///< an address that somebody writes now
std::string checkStoredHost(const std::string& text); ///< an address that an earlier version may have stored
std::string checkBoolean(const std::string& text);

} // namespace bm::drivers
