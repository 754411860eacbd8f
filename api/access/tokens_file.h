#pragma once
#include "common/model/clock.h"
#include "common/model/grant.h"

#include <chrono>
#include <map>
#include <optional>
#include <string>

namespace bm::api {

/// A bearer token as it is kept: its secret as a hash.
struct Token {
    std::string id; ///< eight hex digits, the middle of "bm_<id>_<secret>"
    std::string secretSha256;
    model::Grant grant{};
    std::optional<model::UtcTime> expiresAt{};
    std::string name; ///< who is said to have asked: in the audit log, in events
};
using Tokens = std::map<std::string, Token>; ///< by id

struct NewToken {
    Token token;
    std::string text{}; ///< "bm_<id>_<secret>": shown once, kept by nobody
};
/// @throws Error InvalidInput (an odd name or project)
NewToken makeToken(const std::string& name, const model::Grant& grant,
                   std::optional<model::UtcTime> expiresAt);

/// A line per token, "id:sha256:expires:name:role[:project]"; expires in Unix seconds, 0: never.
/// @throws Error InvalidInput (a line of another form: file and line)
Tokens tokensFromText(const std::string& text, const std::string& file);
std::string tokenLine(const Token& token);
/// The token that @p text is, expired or not; nullptr: none.
const Token* findToken(const Tokens& tokens, const std::string& text);

} // namespace bm::api
