#pragma once
#include "common/http/router.h"

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

namespace bm::api {

struct AuthenticationSettings {
    std::filesystem::path usersFile;        ///< api/access/users_file.h
    std::filesystem::path tokensFile{};     ///< api/access/tokens_file.h; need not be there
    std::chrono::seconds cacheFor{30};      ///< a verified password is not hashed again so long
    int failuresAllowed = 10;               ///< per client address within failureWindow
    std::chrono::seconds failureWindow{60}; ///< beyond: its unverified passwords are refused unseen
    std::string realm = "bm";
    bool openMetrics = false; ///< /metrics needs no login
};

/// Who asks, by HTTP basic authentication (RFC 7617, Argon2id hashes) or by a bearer token (RFC 6750, or
/// Keystone's X-Auth-Token). Both files are read again when they change. A verified password is remembered
/// for a while by a salted SHA-256 of it and its hash, never as it is; Argon2id runs once at a time, so that
/// guessing does not take the machine's memory. Thread-safe; must outlive the router.
class Authentication {
public:
    /// @throws Error NotFound (no users file), InvalidInput (a line of another form: file and line)
    explicit Authentication(AuthenticationSettings settings);
    ~Authentication();
    /// Sets Request::actor and Request::grant, or throws Unauthorized (Unavailable when the client guessed
    /// too often). What the policy calls Open needs no login.
    http::Filter filter();

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace bm::api
