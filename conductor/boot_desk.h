#pragma once
#include "conductor/context.h"

#include <string>
#include <vector>

namespace bm::conductor {

/// Who may boot from us and what it is told; what machines do on the wire becomes events.
class BootDesk {
public:
    explicit BootDesk(Context context);
    /// iPXE's script for @p mac. A node that is expected to boot gets the RAM disk's with a fresh secret, a known idle
    /// one leaves for its disk, an unknown one is told so and noted.
    std::string script(const std::string& mac, const std::string& platform, const std::string& peerAddress);
    /// A kernel or RAM disk went out (@p what: "kernel", "ramdisk"); becomes an event of the node behind @p peerAddress.
    void fetched(const std::string& what, const std::string& peerAddress, std::uint64_t bytes, bool whole);
    void contact(const pxe::BootContact& contact);
    /// All known machines, with who is to boot now: for pxe::BootServices::setHosts.
    std::vector<pxe::BootHost> hosts() const;

private:
    Context context_;
};

} // namespace bm::conductor
