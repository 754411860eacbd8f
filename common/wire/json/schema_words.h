#pragma once
#include "common/model/error.h"

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <string_view>

/// Refusals with the phrases of Ironic's schema checker (Python's jsonschema), for which its clients look.
/// The message begins with @p where: the field ("ports[2].address"), or "Schema error for node" of a whole
/// body. All are InvalidInput.
namespace bm::wire {

/// "name: a number is not of type 'string', 'null'". @param types  as in the message: "'string', 'null'"
model::Error notOfType(std::string_view where, const nlohmann::json& value, std::string_view types,
                       const std::string& hint = {});
/// "Schema error for node: 'driver' is a required property"
model::Error missingProperty(std::string_view where, std::string_view name, const std::string& hint = {});
/// "Schema error for node: Additional properties are not allowed ('colour' was unexpected)"
model::Error unexpectedProperty(std::string_view where, std::string_view name, const std::string& hint = {});
/// "name: 'a b' does not match '^[A-Z]+$'". @param pattern  a regular expression
model::Error notMatching(std::string_view where, std::string_view text, std::string_view pattern,
                         const std::string& hint = {});
/// "traits: 'lower' is not valid under any of the given schemas. Possible root cause: ...", of a value that
/// may have one of several forms. @param cause  the refusal by the form that fits best
model::Error notValid(std::string_view where, const nlohmann::json& value, const model::Error& cause);
/// "type: 'rope' is not one of ['ip', 'iqn']"
model::Error notOneOf(std::string_view where, std::string_view text, std::span<const std::string_view> known,
                      const std::string& hint = {});
/// "steps: [] is too short". @param empty  "[]" or "''"
model::Error tooShort(std::string_view where, std::string_view empty, const std::string& hint = {});
/// Refuses a text of more than @p most characters: "name: 'xxx...' is too long: 90 characters, but the limit
/// is 80"
void requireLength(std::string_view where, std::string_view text, std::size_t most,
                   const std::string& hint = {});
/// "Missing mandatory parameter: target", of a body that is no object, too.
model::Error missingParameter(std::string_view name, const std::string& hint = {});

} // namespace bm::wire
