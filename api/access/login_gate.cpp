#include "api/access/login_gate.h"

#include "common/model/error.h"

#include <fmt/format.h>

namespace bm::api {

using model::Error;
using model::ErrorCode;

namespace {

int countOf(const std::map<std::string, int>& counts, const std::string& client)
{
    const auto found = counts.find(client);
    return found == counts.end() ? 0 : found->second;
}

[[noreturn]] void refuse(const std::string& message)
{
    throw Error(ErrorCode::Unavailable, message, "try again in some seconds; tokens need no such check");
}

} // namespace

/// The place of one running check; the destructor gives it back and wakes those that share the check.
class LoginGate::Turn {
public:
    /// The caller holds the gate's mutex.
    Turn(LoginGate& gate, std::string key, std::string client)
        : gate_(gate), key_(std::move(key)), client_(std::move(client)), check_(std::make_shared<Check>())
    {
        gate_.running_[key_] = check_;
        ++gate_.runningOf_[client_];
    }
    ~Turn()
    {
        const std::lock_guard lock(gate_.mutex_);
        if (--gate_.runningOf_[client_] == 0)
            gate_.runningOf_.erase(client_);
        gate_.running_.erase(key_);
        check_->threw = !finished_;
        check_->ended = true;
        gate_.ended_.notify_all();
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    bool finish(bool right)
    {
        check_->right = right; // nobody reads it before `ended`
        finished_ = true;
        return right;
    }

private:
    LoginGate& gate_;
    std::string key_;
    std::string client_;
    std::shared_ptr<Check> check_;
    bool finished_ = false;
};

void LoginGate::requireRoom(const std::string& client) const
{
    if (countOf(runningOf_, client) >= limits_.runningPerClient)
        refuse(fmt::format("too many logins at the same time from {}", client));
    if (running_.size() >= static_cast<std::size_t>(limits_.running))
        refuse("too many logins at the same time");
}

bool LoginGate::share(std::unique_lock<std::mutex>& lock, const std::shared_ptr<Check>& check)
{
    if (waiting_ >= limits_.waiting)
        refuse("too many logins at the same time");
    ++waiting_;
    ended_.wait(lock, [&check] { return check->ended; });
    --waiting_;
    if (check->threw)
        refuse("the check of the password did not end");
    return check->right;
}

bool LoginGate::check(const std::string& client, const std::string& key, const std::function<bool()>& verify)
{
    std::unique_ptr<Turn> turn;
    {
        std::unique_lock lock(mutex_);
        if (const auto found = running_.find(key); found != running_.end())
            return share(lock, std::shared_ptr(found->second));
        requireRoom(client);
        turn = std::make_unique<Turn>(*this, key, client);
    }
    return turn->finish(verify());
}

} // namespace bm::api
