#include "api/access/users_file.h"

#include "api/access/account_lines.h"
#include "common/model/error.h"
#include "common/platform/secrets.h"

#include <fmt/format.h>

namespace bm::api {

using model::Error;
using model::ErrorCode;

namespace {

bool isHash(std::string_view text)
{
    constexpr std::size_t kLongest = 256;
    return text.starts_with("$argon2id$") && text.size() < kLongest;
}

} // namespace

model::Grant grantFromText(const std::string& text)
{
    if (text.empty())
        return {};
    const std::size_t colon = text.find(':');
    const std::optional<model::Role> role = model::roleFromText(text.substr(0, colon));
    if (!role)
        throw Error(ErrorCode::InvalidInput,
                    fmt::format("\"{}\" is not a role", text.substr(0, std::min<std::size_t>(colon, 80))),
                    "use reader, member, manager or admin");
    model::Grant grant{*role, colon == std::string::npos ? "" : text.substr(colon + 1)};
    if (!grant.project.empty())
        checkAccountWord(grant.project, "project");
    return grant;
}

std::string toText(const model::Grant& grant)
{
    return std::string(model::toText(grant.role)) + (grant.ofSystem() ? "" : ":" + grant.project);
}

void checkAccountWord(const std::string& word, const std::string& what)
{
    constexpr std::size_t kLongest = 64;
    if (word.empty() || word.size() > kLongest || word.find_first_of(": \t\r\n#") != std::string::npos)
        throw Error(ErrorCode::InvalidInput,
                    fmt::format("\"{}\" is not the name of a {}", word.substr(0, 80), what),
                    "use at most 64 characters without colon, blank or #");
}

Users usersFromText(const std::string& text, const std::string& file)
{
    Users users;
    forEachAccountLine(
        text, file, "name:$argon2id$...[:role[:project]]", "bmd --set-user NAME",
        [&](const std::string& row) {
            const std::size_t colon = row.find(':');
            if (colon == 0 || colon == std::string::npos)
                return false;
            const std::size_t end = std::min(row.find(':', colon + 1), row.size());
            const std::string hash = row.substr(colon + 1, end - colon - 1);
            if (!isHash(hash))
                return false;
            users[row.substr(0, colon)] = {hash, grantFromText(end == row.size() ? "" : row.substr(end + 1))};
            return true;
        });
    return users;
}

std::string userLine(const std::string& name, const std::string& password, const model::Grant& grant)
{
    checkAccountWord(name, "user");
    if (!grant.ofSystem())
        checkAccountWord(grant.project, "project");
    if (password.empty() || password.size() > kLongestPassword)
        throw Error(ErrorCode::InvalidInput, "a password has 1 to 1024 characters",
                    "bmd --set-user NAME < password-file");
    return fmt::format("{}:{}:{}", name, platform::hashPassword(password), toText(grant));
}

} // namespace bm::api
