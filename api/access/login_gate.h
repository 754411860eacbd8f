#pragma once
#include "common/platform/condition.h"

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace bm::api {

/// Limits of the password checks that run at the same time. Argon2id takes 64 MiB and about 0.1 s of a core.
struct LoginLimits {
    int running = 4;          ///< in all
    int runningPerClient = 2; ///< of one client
    int waiting = 8;          ///< requests that wait for an equal check, in all
};

/// Admits password checks within limits; it refuses further ones before they hash. Requests with the same
/// credentials, such as those of a script that starts many `bm`, share one check. Thread-safe.
class LoginGate {
public:
    explicit LoginGate(LoginLimits limits = {}) : limits_(limits) {}

    /// The result of @p verify, or of the running check with the same @p key.
    /// @param client  whom the limits count (http::clientOf())
    /// @param key  equal for equal credentials only
    /// @throws Error Unavailable when the client or all clients have too many checks
    bool check(const std::string& client, const std::string& key, const std::function<bool()>& verify);

private:
    struct Check {
        bool ended = false;
        bool threw = false;
        bool right = false;
    };
    class Turn;
    bool share(std::unique_lock<std::mutex>& lock, const std::shared_ptr<Check>& check);
    void requireRoom(const std::string& client) const;

    LoginLimits limits_;
    std::mutex mutex_{};
    platform::Condition ended_{};
    std::map<std::string, std::shared_ptr<Check>> running_{}; ///< by key
    std::map<std::string, int> runningOf_{};                  ///< by client; no zeros
    int waiting_ = 0;
};

} // namespace bm::api
