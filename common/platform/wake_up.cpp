#include "common/platform/wake_up.h"

#include "common/model/error.h"

#include <cerrno>
#include <cstdint>
#include <sys/eventfd.h>
#include <system_error>
#include <unistd.h>

namespace bm::platform {

WakeUp::WakeUp() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK))
{
    if (!fd_)
        throw model::Error(model::ErrorCode::Unavailable,
                           "cannot make an eventfd: " + std::generic_category().message(errno),
                           "raise the limit of open files (LimitNOFILE)");
}

void WakeUp::wake() const noexcept
{
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t count = ::write(fd_.get(), &one, sizeof one);
}

void WakeUp::clear() const noexcept
{
    std::uint64_t count = 0;
    [[maybe_unused]] const ssize_t length = ::read(fd_.get(), &count, sizeof count);
}

} // namespace bm::platform
