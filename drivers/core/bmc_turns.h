#pragma once
#include "common/model/deadline.h"
#include "common/model/error.h"
#include "drivers/core/bmc_access.h"

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

namespace bm::drivers {

/// Serialises the calls to each BMC (by BmcAccess::key): one call at a time and a minimum interval between
/// calls. After a refused login the BMC rests: calls fail until a setting of the login changes (user,
/// password, Kg key, privilege level, configured cipher suite). Thread-safe. In memory only, so a restart of
/// bmd ends all rests.
class BmcTurns {
    struct Bmc;

public:
    explicit BmcTurns(std::chrono::milliseconds minInterval) : minInterval_(minInterval) {}

    /// The exclusive right to call one BMC, until destruction. Use it on the thread that took it.
    class Turn {
    public:
        Turn(std::shared_ptr<Bmc> bmc, std::size_t credentials)
            : bmc_(std::move(bmc)), credentials_(credentials)
        {}
        Turn(Turn&&) noexcept = default;
        Turn& operator=(Turn&&) = delete;
        ~Turn();
        /// Makes take() refuse the credentials of this turn, with the reason @p why.
        void rest(const std::string& why);
        void rememberCipherSuite(int suite);

    private:
        std::shared_ptr<Bmc> bmc_; ///< shared with the table, because a turn may outlive its row
        std::size_t credentials_;
    };

    /// Waits for the BMC. @throws Error BmcResting, DeadlineExceeded, Aborted
    Turn take(const BmcAccess& bmc, const model::Deadline& deadline);
    std::optional<int> cipherSuite(const std::string& key) const;

private:
    std::shared_ptr<Bmc> find(const std::string& key);

    std::chrono::milliseconds minInterval_;
    mutable std::mutex mutex_;
    std::unordered_map<std::string, std::shared_ptr<Bmc>> bmcs_; ///< shared with the current turns
};

} // namespace bm::drivers
