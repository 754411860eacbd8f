#pragma once
#include "common/model/clock.h"
#include "common/model/grant.h"

#include <chrono>
#include <map>
#include <optional>
#include <string>

namespace bm::api {

/// A bearer token in its stored form: with a hash of its secret.
struct Token {
    std::string id; ///< eight hex digits, the middle of "bm_<id>_<secret>"
    std::string secretSha256;
    model::Grant grant{};
    std::optional<model::UtcTime> expiresAt{};
    std::string name; ///< the actor's name in the audit log and in events
};
using Tokens = std::map<std::string, Token>; ///< by id

struct NewToken {
    Token token;
    std::string text{}; ///< "bm_<id>_<secret>": shown once, stored nowhere
};
/// @throws Error InvalidInput (invalid name or project)
NewToken makeToken(const std::string& name, const model::Grant& grant,
                   std::optional<model::UtcTime> expiresAt);

/// A line per token, "id:sha256:expires:name:role[:project]"; expires in Unix seconds, 0: never.
/// @throws Error InvalidInput (a malformed line: file and line)
Tokens tokensFromText(const std::string& text, const std::string& file);
std::string tokenLine(const Token& token);
/// Finds the token with the text @p text, even if it has expired; nullptr without one.
const Token* findToken(const Tokens& tokens, const std::string& text);

} // namespace bm::api
