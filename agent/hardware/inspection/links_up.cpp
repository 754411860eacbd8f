#include "agent/hardware/inspection/links_up.h"

#include "agent/disk/inventory_reader.h"
#include "common/platform/files.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <fstream>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <system_error>

namespace bm::agent {
namespace {

std::string ipv6Switch(const std::string& interface)
{
    return "/proc/sys/net/ipv6/conf/" + interface + "/disable_ipv6";
}

/// @return the previous flags, or an error
std::error_code setUp(const std::string& interface, bool up, bool& wasUp)
{
    const platform::Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ifreq request{};
    interface.copy(request.ifr_name, sizeof request.ifr_name - 1);
    if (::ioctl(socket.get(), SIOCGIFFLAGS, &request) != 0)
        return {errno, std::generic_category()};
    const unsigned flags = static_cast<unsigned short>(request.ifr_flags);
    wasUp = (flags & IFF_UP) != 0;
    if (wasUp == up)
        return {};
    request.ifr_flags = static_cast<short>(up ? flags | IFF_UP : flags & ~static_cast<unsigned>(IFF_UP));
    if (::ioctl(socket.get(), SIOCSIFFLAGS, &request) != 0)
        return {errno, std::generic_category()};
    return {};
}

} // namespace

LinksUp::LinksUp(const std::vector<std::string>& interfaces, AgentLog& log)
{
    for (const std::string& interface : interfaces) {
        if (readAttribute("/sys/class/net/" + interface + "/operstate") == "up")
            continue;
        const std::string before = readAttribute(ipv6Switch(interface));
        bool wasUp = false;
        std::ofstream(ipv6Switch(interface)) << "1";
        const std::error_code failed = setUp(interface, true, wasUp);
        if (failed)
            log.warning(fmt::format("cannot bring {} up: {}", interface, failed.message()));
        if (failed || wasUp)
            std::ofstream(ipv6Switch(interface)) << before;
        else
            taken_.push_back({interface, before});
    }
}

LinksUp::~LinksUp()
{
    for (const Taken& taken : taken_) {
        bool ignored = false;
        setUp(taken.interface, false, ignored);
        std::ofstream(ipv6Switch(taken.interface)) << taken.ipv6Off;
    }
}

} // namespace bm::agent
