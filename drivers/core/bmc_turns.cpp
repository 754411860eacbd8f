#include "drivers/core/bmc_turns.h"

#include "common/platform/condition.h"

#include <algorithm>
#include <functional>

#include <fmt/format.h>

namespace bm::drivers {

using model::Deadline;
using model::Error;
using model::ErrorCode;
using std::chrono::steady_clock;

struct BmcTurns::Bmc {
    std::mutex mutex{};
    platform::Condition changed{};
    bool talking = false;
    steady_clock::time_point notBefore{};
    std::optional<int> cipherSuite{};
    std::optional<std::size_t> resting{}; ///< hash of the refused credentials
    std::string restingBecause{};
};

namespace {

/// Distinguishes credentials, and the other settings of a login, without storing their text.
std::size_t credentialsOf(const BmcAccess& bmc)
{
    const text::Secret all = fmt::format("{}\n{}\n{}\n{}\n{}", bmc.user, bmc.password.view(),
                                         bmc.kgKey.view(), bmc.privilege, bmc.cipherSuite.value_or(-1));
    return std::hash<std::string_view>{}(all.view());
}

[[noreturn]] void throwWaitedInVain(const BmcAccess& bmc, const Deadline& deadline)
{
    if (deadline.stop.stop_requested())
        throw Error(ErrorCode::Aborted, fmt::format("stopped while waiting for BMC {}", bmc.key));
    throw Error(ErrorCode::DeadlineExceeded, fmt::format("no time left to call BMC {}", bmc.key),
                "other calls to this BMC take too long: check its event log");
}

} // namespace

BmcTurns::Turn::~Turn()
{
    if (!bmc_)
        return;
    {
        const std::lock_guard lock(bmc_->mutex);
        bmc_->talking = false;
        bmc_->notBefore = steady_clock::now();
    }
    bmc_->changed.notify_all();
}

void BmcTurns::Turn::rest(const std::string& why)
{
    const std::lock_guard lock(bmc_->mutex);
    bmc_->resting = credentials_;
    bmc_->restingBecause = why;
}

void BmcTurns::Turn::rememberCipherSuite(int suite)
{
    const std::lock_guard lock(bmc_->mutex);
    bmc_->cipherSuite = suite;
}

std::shared_ptr<BmcTurns::Bmc> BmcTurns::find(const std::string& key)
{
    const std::lock_guard lock(mutex_);
    std::shared_ptr<Bmc>& bmc = bmcs_[key];
    if (!bmc)
        bmc = std::make_shared<Bmc>();
    return bmc;
}

std::optional<int> BmcTurns::cipherSuite(const std::string& key) const
{
    std::shared_ptr<Bmc> bmc;
    {
        const std::lock_guard lock(mutex_);
        const auto found = bmcs_.find(key);
        if (found == bmcs_.end())
            return std::nullopt;
        bmc = found->second;
    }
    const std::lock_guard lock(bmc->mutex);
    return bmc->cipherSuite;
}

BmcTurns::Turn BmcTurns::take(const BmcAccess& access, const Deadline& deadline)
{
    const std::shared_ptr<Bmc> bmc = find(access.key);
    const std::size_t credentials = credentialsOf(access);
    std::unique_lock lock(bmc->mutex);
    const auto isFree = [&] { return !bmc->talking; };
    if (!bmc->changed.wait_until(lock, deadline.stop, deadline.at, isFree) || deadline.over())
        throwWaitedInVain(access, deadline);
    if (bmc->resting == credentials)
        throw Error(ErrorCode::BmcResting,
                    fmt::format("bmd makes no calls to BMC {} because it refused the login: {}", access.key,
                                bmc->restingBecause),
                    "another try could lock the account; bmd calls again after you change ipmi_username, "
                    "ipmi_password, ipmi_hex_kg_key, ipmi_priv_level or ipmi_cipher_suite");
    bmc->resting.reset(); // other credentials: try again
    bmc->talking = true;
    Turn turn(bmc, credentials);
    const steady_clock::time_point earliest = bmc->notBefore + minInterval_;
    if (earliest <= steady_clock::now())
        return turn;
    // This thread owns the turn. The wait only ends the minimum interval, or reacts to a stop request.
    bmc->changed.wait_until(lock, deadline.stop, std::min(earliest, deadline.at), [] { return false; });
    const bool inVain = deadline.over();
    lock.unlock(); // ~Turn() locks it
    if (inVain)
        throwWaitedInVain(access, deadline);
    return turn;
}

} // namespace bm::drivers
