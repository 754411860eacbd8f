#include "common/http/poller.h"

#include "common/model/error.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace bm::http {
namespace {

platform::Fd makeEventFd()
{
    return platform::Fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
}

void signalEventFd(int fd)
{
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t count = ::write(fd, &one, sizeof one);
}

} // namespace

Poller::Poller() : epoll_(::epoll_create1(EPOLL_CLOEXEC)), wake_(makeEventFd())
{
    if (!epoll_ || !wake_)
        throw model::Error(model::ErrorCode::Unavailable, "no descriptors are left for a listener",
                           "raise the limit of open files (LimitNOFILE)");
    watch(wake_.get(), POLLIN);
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

void Poller::wake()
{
    signalEventFd(wake_.get());
}

void Poller::wait(std::chrono::milliseconds timeout, const std::function<void(int fd)>& onReady)
{
    std::array<epoll_event, 64> events{};
    const auto millis = static_cast<int>(std::clamp<std::int64_t>(timeout.count(), 0, 60'000));
    const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), millis);
    for (int i = 0; i < count; ++i) {
        const int fd = events.at(static_cast<std::size_t>(i)).data.fd;
        std::uint64_t ignored = 0;
        if (fd == wake_.get()) [[maybe_unused]]
            const ssize_t got = ::read(fd, &ignored, sizeof ignored);
        else
            onReady(fd);
    }
}

StopSignal::StopSignal() : fd_(makeEventFd())
{
    if (!fd_)
        throw model::Error(model::ErrorCode::Unavailable, "no descriptors are left for a listener");
}

void StopSignal::set()
{
    signalEventFd(fd_.get());
}

} // namespace bm::http
