#pragma once
#include "common/platform/condition.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

namespace bm::platform {

/// Work of several owners for the threads of a pool. take() serves the owner with the fewest items in work;
/// among equals, the one that has waited longest; of one owner, first in, first out. A few threads stay free
/// for other owners: an owner with n items in work begins another only if (n + 1) / 8 threads are idle after
/// that. Its first item always begins. Every member function is thread-safe.
template <class T> class FairQueue {
public:
    /// One item in work. Ends when destroyed; the queue outlives it.
    class Work {
    public:
        Work(FairQueue& queue, std::string owner, T given)
            : item(std::move(given)), queue_(&queue), owner_(std::move(owner))
        {}
        Work(Work&& other) noexcept
            : item(std::move(other.item)), queue_(std::exchange(other.queue_, nullptr)),
              owner_(std::move(other.owner_))
        {}
        Work(const Work&) = delete;
        Work& operator=(const Work&) = delete;
        Work& operator=(Work&&) = delete;
        ~Work()
        {
            if (queue_ != nullptr)
                queue_->end(owner_);
        }
        /// From now on the item counts for @p owner. @return false, and nothing changed: the owner has its
        /// share
        bool belongsTo(const std::string& owner)
        {
            if (owner != owner_ && !queue_->move(owner_, owner))
                return false;
            owner_ = owner;
            return true;
        }

        T item;

    private:
        FairQueue* queue_;
        std::string owner_;
    };

    explicit FairQueue(std::size_t threads) : threads_(threads) {}

    void push(const std::string& owner, T item)
    {
        {
            const std::lock_guard lock(mutex_);
            owners_[owner].items.push_back({std::move(item), ++pushed_});
        }
        came_.notify_one();
    }
    /// Waits for an item and removes it. Nothing after a stop request, even while items are left.
    std::optional<Work> take(const std::stop_token& stop)
    {
        std::unique_lock lock(mutex_);
        auto next = owners_.end();
        if (!came_.wait(lock, stop, [&] { return (next = choose()) != owners_.end(); }) ||
            stop.stop_requested())
            return std::nullopt;
        T item = std::move(next->second.items.front().item);
        next->second.items.pop_front();
        ++next->second.inWork;
        ++inWork_;
        came_.notify_one(); // one end may allow several items to begin
        return std::optional<Work>(std::in_place, *this, next->first, std::move(item));
    }
    /// Destroys the remaining items; call it after the threads have ended.
    void clear()
    {
        const std::lock_guard lock(mutex_);
        for (auto& [name, owner] : owners_)
            owner.items.clear();
    }

private:
    struct Item {
        T item;
        std::uint64_t number;
    };
    struct Owner {
        std::deque<Item> items{};
        std::size_t inWork = 0;
    };
    using Owners = std::map<std::string, Owner>;

    /// True if @p owner may have one more, of @p busy in work.
    bool mayHold(const Owner& owner, std::size_t busy) const
    {
        return owner.inWork == 0 || owner.inWork + 1 <= (threads_ - std::min(threads_, busy)) * 8;
    }
    typename Owners::iterator choose()
    {
        auto best = owners_.end();
        for (auto it = owners_.begin(); it != owners_.end(); ++it) {
            const Owner& owner = it->second;
            if (owner.items.empty() || !mayHold(owner, inWork_ + 1))
                continue;
            if (best == owners_.end() ||
                std::pair(owner.inWork, owner.items.front().number) <
                    std::pair(best->second.inWork, best->second.items.front().number))
                best = it;
        }
        return best;
    }
    void end(const std::string& name)
    {
        {
            const std::lock_guard lock(mutex_);
            --inWork_;
            leave(name);
        }
        came_.notify_one(); // an owner at its share may go on
    }
    bool move(const std::string& from, const std::string& to)
    {
        const std::lock_guard lock(mutex_);
        const auto found = owners_.find(to);
        if (found != owners_.end() && !mayHold(found->second, inWork_))
            return false;
        ++owners_[to].inWork;
        leave(from);
        return true;
    }
    void leave(const std::string& name)
    {
        const auto found = owners_.find(name);
        if (--found->second.inWork == 0 && found->second.items.empty())
            owners_.erase(found);
    }

    const std::size_t threads_;
    std::mutex mutex_{};
    Condition came_{};
    Owners owners_{};
    std::size_t inWork_ = 0;
    std::uint64_t pushed_ = 0;
};

} // namespace bm::platform
