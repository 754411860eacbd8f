#pragma once
#include "common/platform/files.h"

namespace bm::platform {

/// An eventfd(2): poll(2) and epoll(7) see it readable after wake() until clear(). Any thread may call
/// wake().
class WakeUp {
public:
    /// @throws Error Unavailable (no descriptor is left)
    WakeUp();
    void wake() const noexcept;
    /// Makes the descriptor unreadable again; the thread that polls calls it.
    void clear() const noexcept;
    int fd() const noexcept { return fd_.get(); }

private:
    Fd fd_;
};

} // namespace bm::platform
