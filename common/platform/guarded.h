#pragma once
#include <mutex>
#include <utility>

namespace bm::platform {

/// A value with its lock: lock() returns a handle that gives access to the value and holds the lock.
template <class T> class Guarded {
public:
    template <class... Args> explicit Guarded(Args&&... args) : value_(std::forward<Args>(args)...) {}
    class Handle {
    public:
        Handle(std::mutex& mutex, T& value) : lock_(mutex), value_(&value) {}
        T* operator->() const { return value_; }
        T& operator*() const { return *value_; }
        std::unique_lock<std::mutex>& raw() { return lock_; }

    private:
        std::unique_lock<std::mutex> lock_;
        T* value_;
    };
    Handle lock() { return Handle(mutex_, value_); }

private:
    std::mutex mutex_;
    T value_;
};

} // namespace bm::platform
