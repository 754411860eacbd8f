#pragma once
#include "common/platform/files.h"
#include "common/platform/wake_up.h"

#include <chrono>
#include <functional>

namespace bm::http {

/// epoll(7), level-triggered, for one waiting thread; any thread may wake() it.
class Poller {
public:
    Poller();
    /// @p events as for poll(2): POLLIN, POLLOUT. Repeating changes them.
    void watch(int fd, short events);
    void forget(int fd);
    void wake() const noexcept { wake_.wake(); }
    /// Calls @p onReady for each ready descriptor. Returns after @p timeout at the latest, or when woken.
    void wait(std::chrono::milliseconds timeout, const std::function<void(int fd)>& onReady);

private:
    platform::Fd epoll_;
    platform::WakeUp wake_;
};

} // namespace bm::http
