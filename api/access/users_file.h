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

/// Parses one user per line, "name:$argon2id$...[:role[:project]]"; # starts a comment. Without a role the
/// user is an administrator of the system. @throws Error InvalidInput (a malformed line: file and line)
Users usersFromText(const std::string& text, const std::string& file);
/// @throws Error InvalidInput (name with a colon or blanks, empty password, invalid project)
std::string userLine(const std::string& name, const std::string& password, const model::Grant& grant = {});

/// Parses "role[:project]"; "" is an administrator of the system. @throws Error InvalidInput
model::Grant grantFromText(const std::string& text);
std::string toText(const model::Grant& grant);
/// Checks a field of these files: at most 64 characters, no colon, blank or #. @throws Error InvalidInput
void checkAccountWord(const std::string& word, const std::string& what);

inline constexpr std::size_t kLongestPassword = 1024;

} // namespace bm::api
