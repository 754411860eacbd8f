#include "bmd/accounts.h"

#include "api/access/users_file.h"
#include "bmd/first_start.h"
#include "common/model/error.h"
#include "common/platform/files.h"

#include <filesystem>
#include <fmt/format.h>
#include <sstream>

namespace bm::bmd {

namespace fs = std::filesystem;
using model::Error;
using model::ErrorCode;

namespace {

fs::path usersFile(const Config& config)
{
    return config.paths.stateFolder / "users";
}

fs::path tokensFile(const Config& config)
{
    return config.paths.stateFolder / "tokens";
}

std::string textOf(const fs::path& file)
{
    return fs::exists(file) ? platform::readFile(file) : "";
}

/// The lines of @p text for which @p wanted is true, comments included.
template <class Wanted> std::string linesOf(const std::string& text, Wanted wanted)
{
    std::string kept;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);)
        if (wanted(line))
            kept += line + "\n";
    return kept;
}

model::Grant grantOf(const RequestedGrant& requested, model::Grant grant)
{
    if (!requested.role.empty())
        grant.role = api::grantFromText(requested.role).role;
    if (requested.project)
        grant.project = *requested.project;
    return grant;
}

} // namespace

void setUser(const Config& config, const std::string& name, const std::string& password,
             const RequestedGrant& requested)
{
    makeFolders(config);
    const std::string before = textOf(usersFile(config));
    const api::Users users = api::usersFromText(before, usersFile(config).string());
    const auto found = users.find(name);
    const model::Grant grant =
        grantOf(requested, found == users.end() ? model::Grant{} : found->second.grant);
    const std::string line = api::userLine(name, password, grant);
    const std::string kept =
        linesOf(before, [&](const std::string& row) { return !row.starts_with(name + ":"); });
    platform::writeFileAtomically(usersFile(config), kept + line + "\n", 0600);
}

api::NewToken createToken(const Config& config, const std::string& name, const RequestedGrant& requested,
                          int days)
{
    if (days < 0)
        throw Error(ErrorCode::InvalidInput, fmt::format("--days {}: must not be negative", days),
                    "0 means that the token does not expire");
    makeFolders(config);
    std::optional<model::UtcTime> expires;
    if (days > 0)
        expires = model::SystemClock{}.now() + std::chrono::days{days};
    api::NewToken made = api::makeToken(name, grantOf(requested, {model::Role::Reader, ""}), expires);
    const std::string before = textOf(tokensFile(config));
    api::tokensFromText(before, tokensFile(config).string()); // validate before appending to the file
    platform::writeFileAtomically(tokensFile(config), before + api::tokenLine(made.token) + "\n", 0600);
    return made;
}

std::vector<api::Token> listTokens(const Config& config)
{
    std::vector<api::Token> tokens;
    const std::string text = textOf(tokensFile(config));
    linesOf(text, [&](const std::string& row) { // the order of the file
        for (auto& [id, token] : api::tokensFromText(row, tokensFile(config).string()))
            tokens.push_back(token);
        return false;
    });
    return tokens;
}

std::size_t revokeTokens(const Config& config, const std::string& idOrName)
{
    std::size_t revoked = 0;
    const std::string kept = linesOf(textOf(tokensFile(config)), [&](const std::string& row) {
        const api::Tokens one = api::tokensFromText(row, tokensFile(config).string());
        const bool goes =
            !one.empty() && (one.begin()->first == idOrName || one.begin()->second.name == idOrName);
        revoked += goes ? 1 : 0;
        return !goes;
    });
    if (revoked == 0)
        throw Error(ErrorCode::NotFound, fmt::format("there is no token {}", idOrName.substr(0, 80)),
                    "bmd --list-tokens lists the tokens");
    platform::writeFileAtomically(tokensFile(config), kept, 0600);
    return revoked;
}

} // namespace bm::bmd
