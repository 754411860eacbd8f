#pragma once
#include "common/http/router.h"

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

namespace bm::api {

struct BasicAuthSettings {
    std::filesystem::path usersFile;        ///< a line per user, "name:$argon2id$..."; # starts a comment
    std::chrono::seconds cacheFor{30};      ///< a verified password is not hashed again so long
    int failuresAllowed = 10;               ///< per client address within failureWindow
    std::chrono::seconds failureWindow{60}; ///< beyond: its unverified passwords are refused unseen
    std::string realm = "bm";
    bool openMetrics = false; ///< /metrics needs no password
};

/// HTTP basic authentication (RFC 7617) with Argon2id hashes. The users file is read again when it changes. A
/// verified password is remembered for a while by a salted SHA-256 of it and its hash, never as it is;
/// Argon2id runs once at a time, so that guessing does not take the machine's memory. Thread-safe; must
/// outlive the router.
class BasicAuth {
public:
    /// @throws Error NotFound (no users file), InvalidInput (a line of another form: file and line)
    explicit BasicAuth(BasicAuthSettings settings);
    ~BasicAuth();
    /// Sets Request::actor, or throws Unauthorized (Unavailable when the client guessed too often). Version
    /// discovery, lookup and heartbeat are open, as in Ironic.
    http::Filter filter();
    /// A line for the users file. @throws Error InvalidInput (name with a colon or blanks, empty password)
    static std::string userLine(const std::string& name, const std::string& password);

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace bm::api
