#pragma once
#include "common/platform/guarded.h"

#include <atomic>
#include <cstddef>
#include <map>
#include <string>
#include <utility>

namespace bm::http {

/// Counts the connections of a listener, in all and per client (clientOf()). Thread-safe; outlives its
/// tickets.
class Admission {
public:
    /// One counted connection; counted off when destroyed.
    class Ticket {
    public:
        Ticket(Admission& owner, std::string client, const std::atomic<int>& count)
            : owner_(&owner), client_(std::move(client)), count_(&count)
        {}
        Ticket(Ticket&& other) noexcept
            : owner_(std::exchange(other.owner_, nullptr)), client_(std::move(other.client_)),
              count_(other.count_)
        {}
        Ticket(const Ticket&) = delete;
        Ticket& operator=(const Ticket&) = delete;
        Ticket& operator=(Ticket&& other) noexcept
        {
            std::swap(owner_, other.owner_); // other counts this one's connection off
            std::swap(client_, other.client_);
            std::swap(count_, other.count_);
            return *this;
        }
        ~Ticket()
        {
            if (owner_ != nullptr)
                owner_->leave(client_);
        }
        const std::string& client() const { return client_; }
        /// Connections of this client, this one included.
        int count() const { return *count_; }

    private:
        Admission* owner_;
        std::string client_;
        const std::atomic<int>* count_;
    };

    Ticket enter(const std::string& client)
    {
        auto counts = counts_.lock();
        ++counts->total;
        std::atomic<int>& count = counts->byClient[client];
        ++count;
        return {*this, client, count};
    }
    int total() { return counts_.lock()->total; }
    int of(const std::string& client)
    {
        auto counts = counts_.lock();
        const auto found = counts->byClient.find(client);
        return found == counts->byClient.end() ? 0 : found->second.load();
    }

private:
    struct Counts {
        int total = 0;
        std::map<std::string, std::atomic<int>> byClient{};
    };
    void leave(const std::string& client)
    {
        auto counts = counts_.lock();
        --counts->total;
        if (--counts->byClient[client] == 0)
            counts->byClient.erase(client);
    }
    platform::Guarded<Counts> counts_;
};

/// Counts bytes that a listener holds for clients that are not authenticated. Thread-safe; outlives its
/// shares.
class ByteBudget {
public:
    /// The bytes of one client; the destructor releases them.
    class Share {
    public:
        Share() = default;
        explicit Share(ByteBudget& owner) : owner_(&owner) {}
        Share(Share&& other) noexcept
            : owner_(std::exchange(other.owner_, nullptr)), bytes_(std::exchange(other.bytes_, 0))
        {}
        Share& operator=(Share&& other) noexcept
        {
            set(0);
            owner_ = std::exchange(other.owner_, nullptr);
            bytes_ = std::exchange(other.bytes_, 0);
            return *this;
        }
        Share(const Share&) = delete;
        Share& operator=(const Share&) = delete;
        ~Share() { set(0); }
        void set(std::size_t bytes)
        {
            if (owner_ != nullptr)
                owner_->used_ += bytes - bytes_; // wraps round where it shrinks, and so does the sum
            bytes_ = bytes;
        }
        std::size_t bytes() const { return bytes_; }

    private:
        ByteBudget* owner_ = nullptr;
        std::size_t bytes_ = 0;
    };
    std::size_t used() const { return used_; }

private:
    std::atomic<std::size_t> used_ = 0;
};

} // namespace bm::http
