#pragma once
#include "common/model/error.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace bm::cli {

/// One argument KEY=VALUE or KEY:=JSON.
struct Assignment {
    std::string key;
    std::string text;    ///< as typed
    bool isJson = false; ///< KEY:=JSON

    /// KEY=VALUE: booleans, integers, lists and objects are JSON; other values, and all values of secrets,
    /// are texts as typed ("831877e8" and "00123" are no numbers). KEY:=JSON: any JSON.
    /// @throws Error InvalidInput: no JSON after :=
    nlohmann::json value() const;
};
/// Nothing without a key.
std::optional<Assignment> assignmentOf(const std::string& argument);
/// Converts assignments to a JSON Patch (RFC 6902). An empty value removes the member.
/// @throws Error InvalidInput
nlohmann::json patchOf(const std::vector<std::string>& assignments);
/// bmd's refusal of a patch of @p assignments. The hint shows how to write a value that must be a text, since
/// the shell takes the quotes off FIELD="12".
model::Error refusalOf(const std::vector<std::string>& assignments, const model::Error& error);
/// Converts HINT=VALUE texts (and HINT:=JSON) to root device hints; values are texts. @p option names the
/// command-line option in messages. @throws Error InvalidInput
nlohmann::json hintsOf(const std::vector<std::string>& hints, const std::string& option);

} // namespace bm::cli
