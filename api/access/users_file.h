#pragma once
#include "common/model/grant.h"

#include <map>
#include <string>

namespace bm::api {

struct User {
    std::string hash; ///< "$argon2id$..."
    model::Grant grant{};
};
using Users = std::map<std::string, User>;

/// A line per user, "name:$argon2id$...[:role[:project]]"; # starts a comment. Without a role: an
/// administrator of the system. @throws Error InvalidInput (a line of another form: file and line)
Users usersFromText(const std::string& text, const std::string& file);
/// @throws Error InvalidInput (name with a colon or blanks, empty password, odd project)
std::string userLine(const std::string& name, const std::string& password, const model::Grant& grant = {});

/// "role[:project]"; "" is an administrator of the system. @throws Error InvalidInput
model::Grant grantFromText(const std::string& text);
std::string toText(const model::Grant& grant);
/// What stands in a line of these files: at most 64 characters, no colon, blank or #. @throws Error
/// InvalidInput
void checkAccountWord(const std::string& word, const std::string& what);

inline constexpr std::size_t kLongestPassword = 1024;

} // namespace bm::api
