#pragma once
#include "api/access/tokens_file.h"
#include "bmd/config.h"

#include <optional>
#include <string>
#include <vector>

namespace bm::bmd {

/// The role that the command line requests. Missing values keep the current grant, or get the default.
struct RequestedGrant {
    std::string role{};
    std::optional<std::string> project{}; ///< "" means the system
};

/// Adds a user to the state folder's users file, or changes the password. A running bmd reads the file again
/// at once. New users are administrators of the system unless @p requested says otherwise. @throws Error
/// InvalidInput
void setUser(const Config& config, const std::string& name, const std::string& password,
             const RequestedGrant& requested = {});
/// Adds a token to the state folder's tokens file (a reader of the system unless @p requested says
/// otherwise).
/// @param days  lifetime; 0: never expires. @throws Error InvalidInput
api::NewToken createToken(const Config& config, const std::string& name, const RequestedGrant& requested,
                          int days);
/// All tokens, the oldest first.
std::vector<api::Token> listTokens(const Config& config);
/// Revokes the token with the id @p idOrName, or all tokens with that name. @return their number. @throws
/// Error NotFound
std::size_t revokeTokens(const Config& config, const std::string& idOrName);

} // namespace bm::bmd
