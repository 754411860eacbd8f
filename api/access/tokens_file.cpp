#include "api/access/tokens_file.h"

#include "api/access/account_lines.h"
#include "api/access/users_file.h"
#include "common/model/error.h"
#include "common/platform/secrets.h"
#include "common/text/text.h"

#include <fmt/format.h>
#include <vector>

namespace bm::api {

namespace {

constexpr std::size_t kIdBytes = 4;
constexpr std::size_t kSecretBytes = 32;
constexpr std::string_view kPrefix = "bm_";
constexpr std::size_t kHashDigits = 64;

/// The first four fields of a line, and its rest.
std::vector<std::string> partsOf(const std::string& row)
{
    constexpr std::size_t kParts = 5;
    std::vector<std::string> parts;
    std::size_t at = 0;
    while (parts.size() + 1 < kParts) {
        const std::size_t colon = row.find(':', at);
        if (colon == std::string::npos)
            return {};
        parts.push_back(row.substr(at, colon - at));
        at = colon + 1;
    }
    parts.push_back(row.substr(at));
    return parts;
}

std::optional<std::int64_t> secondsOf(const std::string& text)
{
    const std::optional<std::int64_t> seconds = text::parseNumber<std::int64_t>(text);
    return seconds && *seconds >= 0 ? seconds : std::nullopt;
}

std::optional<Token> tokenOf(const std::string& row)
{
    const std::vector<std::string> parts = partsOf(row);
    if (parts.empty() || parts[0].size() != 2 * kIdBytes || parts[1].size() != kHashDigits ||
        parts[4].empty())
        return std::nullopt;
    const std::optional<std::int64_t> expires = secondsOf(parts[2]);
    if (!expires)
        return std::nullopt;
    Token token{.id = parts[0], .secretSha256 = parts[1], .grant = grantFromText(parts[4]), .name = parts[3]};
    if (*expires > 0)
        token.expiresAt = model::UtcTime{std::chrono::seconds{*expires}};
    return token;
}

} // namespace

NewToken makeToken(const std::string& name, const model::Grant& grant,
                   std::optional<model::UtcTime> expiresAt)
{
    checkAccountWord(name, "token");
    if (!grant.ofSystem())
        checkAccountWord(grant.project, "project");
    const std::string secret = platform::randomHex(kSecretBytes);
    NewToken made{.token = {.id = platform::randomHex(kIdBytes),
                            .secretSha256 = platform::sha256Hex(secret),
                            .grant = grant,
                            .expiresAt = expiresAt,
                            .name = name}};
    made.text = fmt::format("{}{}_{}", kPrefix, made.token.id, secret);
    return made;
}

Tokens tokensFromText(const std::string& text, const std::string& file)
{
    Tokens tokens;
    forEachAccountLine(text, file, "id:sha256:expires:name:role[:project]", "bmd --create-token NAME",
                       [&](const std::string& row) {
                           std::optional<Token> token = tokenOf(row);
                           if (token)
                               tokens[token->id] = std::move(*token);
                           return token.has_value();
                       });
    return tokens;
}

std::string tokenLine(const Token& token)
{
    const std::int64_t expires =
        token.expiresAt
            ? std::chrono::duration_cast<std::chrono::seconds>(token.expiresAt->time_since_epoch()).count()
            : 0;
    return fmt::format("{}:{}:{}:{}:{}", token.id, token.secretSha256, expires, token.name,
                       toText(token.grant));
}

const Token* findToken(const Tokens& tokens, const std::string& text)
{
    const std::size_t idEnd = kPrefix.size() + 2 * kIdBytes;
    if (!text.starts_with(kPrefix) || text.size() != idEnd + 1 + 2 * kSecretBytes || text[idEnd] != '_')
        return nullptr;
    const auto found = tokens.find(text.substr(kPrefix.size(), 2 * kIdBytes));
    if (found == tokens.end())
        return nullptr;
    const std::string hash = platform::sha256Hex(std::string_view(text).substr(idEnd + 1));
    return platform::equalSecrets(hash, found->second.secretSha256) ? &found->second : nullptr;
}

} // namespace bm::api
