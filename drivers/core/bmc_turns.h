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

/// What is remembered of each BMC (by BmcAccess::key), and whose turn it is to talk to it: one call at a
/// time, a minimum interval between calls, none while it rests after a refused login. Thread-safe. In memory
/// only: after a restart of bmd a resting BMC is asked once more.
class BmcTurns {
    struct Bmc;

public:
    explicit BmcTurns(std::chrono::milliseconds minInterval) : minInterval_(minInterval) {}

    /// The right to talk to one BMC; given back on destruction. Used by the thread that took it.
    class Turn {
    public:
        Turn(std::shared_ptr<Bmc> bmc, std::size_t credentials)
            : bmc_(std::move(bmc)), credentials_(credentials)
        {}
        Turn(Turn&&) noexcept = default;
        Turn& operator=(Turn&&) = delete;
        ~Turn();
        /// From now on take() refuses the credentials of this turn: @p why is quoted.
        void rest(const std::string& why);
        void rememberCipherSuite(int suite);

    private:
        std::shared_ptr<Bmc> bmc_; ///< shared with the table: a turn outlives nothing else
        std::size_t credentials_;
    };

    /// Waits for the turn. @throws Error BmcResting, DeadlineExceeded, Aborted
    Turn take(const BmcAccess& bmc, const model::Deadline& deadline);
    std::optional<int> cipherSuite(const std::string& key) const;

private:
    std::shared_ptr<Bmc> find(const std::string& key);

    std::chrono::milliseconds minInterval_;
    mutable std::mutex mutex_;
    std::unordered_map<std::string, std::shared_ptr<Bmc>> bmcs_; ///< shared with the turns being taken
};

} // namespace bm::drivers
