#pragma once
#include "common/http/router.h"

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

namespace bm::api {

struct AuthenticationSettings {
    std::filesystem::path usersFile;    ///< api/access/users_file.h
    std::filesystem::path tokensFile{}; ///< api/access/tokens_file.h; optional
    std::chrono::seconds cacheFor{30};  ///< how long a verified password is not hashed again
    int failuresAllowed = 10;           ///< per client (http::clientOf()) within failureWindow
    std::chrono::seconds failureWindow{
        60}; ///< after that many failures, unverified passwords are refused without a check
    std::string realm = "bm";
    bool openMetrics = false; ///< /metrics needs no login
};

/// Authenticates requests by HTTP basic authentication (RFC 7617, Argon2id hashes) or by a bearer token (RFC
/// 6750, or Keystone's X-Auth-Token). Reads both files again when they change. Remembers a verified password
/// for a while, as a salted SHA-256 of it and its hash; it never waits for other logins. The number of
/// Argon2id at the same time is limited, per client and in all (LoginGate). Thread-safe; must outlive the
/// router.
class Authentication {
public:
    /// @throws Error NotFound (no users file), InvalidInput (a malformed line: file and line)
    explicit Authentication(AuthenticationSettings settings);
    ~Authentication();
    /// Sets Request::actor and Request::grant, or throws Unauthorized (Unavailable after too many failures of
    /// the client, or with too many logins at the same time). Routes that the policy calls Open need no
    /// login.
    http::Filter filter();

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// For api.auth: none, which bmd allows on loopback only: every client counts as proved.
http::Filter noAuthentication();

} // namespace bm::api
