#pragma once
#include "api/access/tokens_file.h"
#include "bmd/config.h"

#include <optional>
#include <string>
#include <vector>

namespace bm::bmd {

/// What the command line says of a role; what it does not say stays as it is, or is the given default.
struct GrantWish {
    std::string role{};
    std::optional<std::string> project{}; ///< "" is the system
};

/// Adds a user to the state folder's users file, or changes the password; a running bmd takes it at once.
/// New users are administrators of the system unless @p wish says otherwise. @throws Error InvalidInput
void setUser(const Config& config, const std::string& name, const std::string& password,
             const GrantWish& wish = {});
/// Adds a token to the state folder's tokens file (a reader of the system unless @p wish says otherwise).
/// @p days until it expires, 0: never. @throws Error InvalidInput
api::NewToken createToken(const Config& config, const std::string& name, const GrantWish& wish, int days);
/// The oldest first.
std::vector<api::Token> listTokens(const Config& config);
/// @p idOrName ends: by id one, by name all of that name. @return how many. @throws Error NotFound
std::size_t revokeTokens(const Config& config, const std::string& idOrName);

} // namespace bm::bmd
