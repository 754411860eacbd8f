#include "common/http/poller.h"

#include "common/model/error.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <poll.h>
#include <sys/epoll.h>

namespace bm::http {

Poller::Poller() : epoll_(::epoll_create1(EPOLL_CLOEXEC))
{
    if (!epoll_)
        throw model::Error(model::ErrorCode::Unavailable, "no descriptors are left for a listener",
                           "raise the limit of open files (LimitNOFILE)");
    watch(wake_.fd(), POLLIN);
}

void Poller::watch(int fd, short events)
{
    epoll_event event{};
    event.events = ((events & POLLIN) != 0 ? EPOLLIN : 0U) | ((events & POLLOUT) != 0 ? EPOLLOUT : 0U);
    event.data.fd = fd;
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event) != 0 && errno == ENOENT)
        ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event);
}

void Poller::forget(int fd)
{
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

void Poller::wait(std::chrono::milliseconds timeout, const std::function<void(int fd)>& onReady)
{
    std::array<epoll_event, 64> events{};
    const auto millis = static_cast<int>(std::clamp<std::int64_t>(timeout.count(), 0, 60'000));
    const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), millis);
    for (int i = 0; i < count; ++i) {
        const int fd = events.at(static_cast<std::size_t>(i)).data.fd;
        if (fd == wake_.fd())
            wake_.clear();
        else
            onReady(fd);
    }
}

} // namespace bm::http
