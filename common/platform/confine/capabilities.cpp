#include "common/platform/confine/capabilities.h"

#include <array>

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace bm::platform {
namespace {

constexpr unsigned kNumbers = 64;
constexpr unsigned kHalf = 32; ///< the kernel's structure holds a set in two numbers of 32 bits

bool holds(CapabilitySet set, unsigned number) noexcept
{
    return (set & capability(number)) != 0;
}

} // namespace

bool keepCapabilities(CapabilitySet kept) noexcept
{
    if (kept == kAllCapabilities)
        return true;
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    std::array<__user_cap_data_struct, 2> sets{};
    if (::syscall(SYS_capget, &header, sets.data()) != 0)
        return false;
    kept &= sets[0].permitted | CapabilitySet{sets[1].permitted} << kHalf;
    // Fails without CAP_SETPCAP; then no_new_privs alone stops a program of root from gaining capabilities.
    for (unsigned number = 0; number < kNumbers; ++number)
        if (!holds(kept, number))
            ::prctl(PR_CAPBSET_DROP, number, 0, 0, 0);
    ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    for (unsigned half = 0; half < sets.size(); ++half) {
        const auto bits = static_cast<std::uint32_t>(kept >> (half * kHalf));
        sets[half] = {bits, bits, bits};
    }
    if (::syscall(SYS_capset, &header, sets.data()) != 0)
        return false;
    for (unsigned number = 0; number < kNumbers; ++number)
        if (holds(kept, number) && ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, number, 0, 0) != 0)
            return false;
    return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

} // namespace bm::platform
