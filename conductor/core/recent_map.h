#pragma once
#include <cstddef>
#include <functional>
#include <list>
#include <unordered_map>
#include <utility>

namespace bm::conductor {

/// A map of at most @p most entries, for tables that strangers fill: a new entry beyond takes the place of
/// the one that was used longest ago. Not thread-safe.
template <class Key, class Value> class RecentMap {
public:
    using Entry = std::pair<const Key, Value>;

    /// @param most  at least 1
    explicit RecentMap(std::size_t most) : most_(most) {}

    /// The value of @p key, made by @p make when there is none. It becomes the most recent one. Valid until
    /// the next call.
    template <class Make> Value& use(const Key& key, Make&& make)
    {
        if (Value* found = find(key))
            return *found;
        if (places_.size() >= most_) {
            places_.erase(entries_.back().first);
            entries_.pop_back();
        }
        entries_.emplace_front(key, std::forward<Make>(make)());
        places_.emplace(key, entries_.begin());
        return entries_.front().second;
    }
    /// The value of @p key, which becomes the most recent one; null without one.
    Value* find(const Key& key)
    {
        const auto found = places_.find(key);
        if (found == places_.end())
            return nullptr;
        entries_.splice(entries_.begin(), entries_, found->second);
        return &entries_.front().second;
    }
    std::size_t size() const { return places_.size(); }
    /// All entries, the most recent one first; the map is empty afterwards.
    std::list<Entry> take()
    {
        places_.clear();
        return std::exchange(entries_, {});
    }

private:
    std::size_t most_;
    std::list<Entry> entries_{};
    std::unordered_map<Key, typename std::list<Entry>::iterator> places_{};
};

} // namespace bm::conductor
