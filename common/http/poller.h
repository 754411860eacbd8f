#pragma once
#include "common/platform/files.h"

#include <chrono>
#include <functional>

namespace bm::http {

/// epoll(7), level-triggered, and an eventfd to wake its one waiting thread. wake() from any thread.
class Poller {
public:
    Poller();
    /// @p events as for poll(2): POLLIN, POLLOUT. Repeating changes them.
    void watch(int fd, short events);
    void forget(int fd);
    void wake();
    /// Calls @p onReady for each ready descriptor. Returns after @p timeout at the latest, or when woken.
    void wait(std::chrono::milliseconds timeout, const std::function<void(int fd)>& onReady);

private:
    platform::Fd epoll_;
    platform::Fd wake_;
};

/// A condition that descriptors' waits can see: readable for ever once set. Thread-safe.
class StopSignal {
public:
    StopSignal();
    void set();
    int fd() const { return fd_.get(); }

private:
    platform::Fd fd_;
};

} // namespace bm::http
