#pragma once
#include "common/platform/guarded.h"

#include <map>
#include <string>
#include <utility>

namespace bm::http {

/// Counts the connections of a listener, in all and per client address. Thread-safe; outlives its tickets.
class Admission {
public:
    /// One counted connection; counted off when destroyed.
    class Ticket {
    public:
        Ticket(Admission& owner, std::string peer) : owner_(&owner), peer_(std::move(peer)) {}
        Ticket(Ticket&& other) noexcept
            : owner_(std::exchange(other.owner_, nullptr)), peer_(std::move(other.peer_))
        {}
        Ticket(const Ticket&) = delete;
        Ticket& operator=(const Ticket&) = delete;
        Ticket& operator=(Ticket&&) = delete;
        ~Ticket()
        {
            if (owner_ != nullptr)
                owner_->leave(peer_);
        }

    private:
        Admission* owner_;
        std::string peer_;
    };

    Ticket enter(const std::string& peer)
    {
        auto counts = counts_.lock();
        ++counts->total;
        ++counts->byPeer[peer];
        return {*this, peer};
    }
    int total() { return counts_.lock()->total; }
    int of(const std::string& peer)
    {
        auto counts = counts_.lock();
        const auto found = counts->byPeer.find(peer);
        return found == counts->byPeer.end() ? 0 : found->second;
    }

private:
    struct Counts {
        int total = 0;
        std::map<std::string, int> byPeer{};
    };
    void leave(const std::string& peer)
    {
        auto counts = counts_.lock();
        --counts->total;
        if (--counts->byPeer[peer] == 0)
            counts->byPeer.erase(peer);
    }
    platform::Guarded<Counts> counts_;
};

} // namespace bm::http
