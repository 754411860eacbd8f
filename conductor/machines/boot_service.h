#pragma once
#include "common/platform/guarded.h"
#include "conductor/core/context.h"
#include "conductor/core/recent_map.h"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace bm::conductor {

/// The MAC address that DHCP last saw at an IP address, for the last 100,000 addresses; TFTP and HTTP show
/// only IP addresses. Thread-safe.
class AddressBook {
public:
    std::optional<model::MacAddress> macOf(const std::string& address);
    void remember(const std::string& address, const model::MacAddress& mac);

private:
    static constexpr std::size_t kMost = 100'000;
    platform::Guarded<RecentMap<std::string, model::MacAddress>> macs_{kMost};
};

/// A file of a node's RAM-disk deployment, on disk or (config drive) in memory.
struct BootFile {
    model::NodeId node;
    model::EventKind event = model::EventKind::HttpKernel; ///< recorded when a machine has fetched it
    std::filesystem::path path;                            ///< empty: bytes
    std::string bytes;
};

/// Answers machines that boot by the network, and records their requests as events, within the limits of
/// Context::strangers.
class BootService {
public:
    explicit BootService(Context context);
    ~BootService();
    /// iPXE's script for @p mac. A node that is expected to boot gets the RAM disk's script with a new
    /// secret until its agent has called; then the script waits for the operation to boot the machine again.
    /// A known idle node gets the script that starts its disk; an unknown machine is noted and counted.
    std::string script(const std::string& mac, const std::string& platform, const std::string& peerAddress);
    /// Records that a machine has fetched the kernel or the RAM disk, for the node at @p peerAddress.
    /// @param what  HttpKernel or HttpRamdisk
    void fetched(model::EventKind what, const std::string& peerAddress, std::uint64_t bytes, bool whole);
    /// "vmlinuz", "initrd.img", "image.iso" or "config.img" of the RAM-disk deployment of @p node; extracts
    /// the file again when it is missing.
    /// @param token  of the deployment, from its boot script
    /// @throws Error NotFound (no such file, node or token; the message is the same), Unavailable, Forbidden
    ///   (config.img, by Settings::configDriveLevel)
    BootFile imageFile(const std::string& node, const std::string& token, const std::string& name,
                       const std::string& peerAddress);
    /// Records that the machine has fetched @p file; its deployment waits for kernel and initrd.
    void imageFetched(const BootFile& file, const std::string& peerAddress, std::uint64_t bytes, bool whole);
    void contact(const pxe::BootContact& contact);
    /// All known machines, and whether each is to boot now: for pxe::BootServices::setHosts.
    std::vector<pxe::BootHost> hosts() const;

private:
    Context context_;
    std::unique_ptr<AddressBook> addresses_;
};

} // namespace bm::conductor
