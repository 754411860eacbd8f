#pragma once
#include "common/platform/guarded.h"
#include "conductor/core/context.h"

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace bm::conductor {

/// Which MAC address DHCP last saw at an IP address: TFTP and HTTP fetches only show the latter. Thread-safe.
class AddressBook {
public:
    std::optional<model::MacAddress> macOf(const std::string& address);
    void remember(const std::string& address, const model::MacAddress& mac);

private:
    platform::Guarded<std::map<std::string, model::MacAddress>> macs_;
};

/// A file of a node's RAM-disk deployment, on disk or (config drive) in memory.
struct BootFile {
    model::NodeId node;
    model::EventKind event = model::EventKind::HttpKernel; ///< that a fetch of it becomes
    std::filesystem::path path;                            ///< empty: bytes
    std::string bytes;
};

/// Who may boot from us and what it is told; what machines do on the wire becomes events.
class BootService {
public:
    explicit BootService(Context context);
    ~BootService();
    /// iPXE's script for @p mac. A node that is expected to boot gets the RAM disk's with a fresh secret, a
    /// known idle one leaves for its disk, an unknown one is told so and noted.
    std::string script(const std::string& mac, const std::string& platform, const std::string& peerAddress);
    /// A kernel or RAM disk went out (@p what: HttpKernel, HttpRamdisk); becomes an event of the node behind
    /// @p peerAddress.
    void fetched(model::EventKind what, const std::string& peerAddress, std::uint64_t bytes, bool whole);
    /// "vmlinuz", "initrd.img", "image.iso" or "config.img" of the image that @p node has been given to stay
    /// in, made anew where it is gone. @p token: of that deployment, as its script has it.
    /// @throws Error NotFound (no such file, node or token: all told alike), Unavailable
    BootFile imageFile(const std::string& node, const std::string& token, const std::string& name);
    /// @p file went out; becomes an event of its node, and is what its deployment waits for.
    void imageFetched(const BootFile& file, const std::string& peerAddress, std::uint64_t bytes, bool whole);
    void contact(const pxe::BootContact& contact);
    /// All known machines, with who is to boot now: for pxe::BootServices::setHosts.
    std::vector<pxe::BootHost> hosts() const;

private:
    Context context_;
    std::unique_ptr<AddressBook> addresses_;
};

} // namespace bm::conductor
