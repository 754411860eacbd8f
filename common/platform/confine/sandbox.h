#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <linux/filter.h>

namespace bm::platform {

enum class NetworkReach : std::uint8_t {
    None, ///< no sockets
    Udp,  ///< datagrams by IPv4 and IPv6, and the kernel's list of addresses (netlink)
};

/// The remaining rights of a process that reads foreign bytes.
struct Confinement {
    std::vector<std::string> readPaths{};  ///< files that it may read, besides programs and their libraries
    std::vector<std::string> writePaths{}; ///< existing files that it may write
    std::vector<std::string> programs{};   ///< files that it may execute, besides those in /usr and /bin
    NetworkReach network = NetworkReach::None;
    bool landlockOptional = false; ///< true: enter a sandbox without Landlock where the kernel lacks it
    std::uint64_t memoryBytes = 0; ///< address space; 0: unlimited
    std::uint64_t cpuSeconds = 0;  ///< 0: unlimited
    std::uint64_t fileBytes = 0;   ///< largest file that it may create
};

/// The version of Landlock that this kernel has (Linux 5.13 and later, if enabled), 0 without it.
int landlockVersion() noexcept;
/// The result of enter() on a kernel without Landlock. It names the kernel's option.
extern const char* const kNoLandlock;

/// A confinement that is ready to be entered. The constructor opens what enter() needs.
class Sandbox {
public:
    explicit Sandbox(const Confinement& confinement);
    ~Sandbox();
    Sandbox(const Sandbox&) = delete;
    Sandbox& operator=(const Sandbox&) = delete;

    /// Confines this process and its children permanently: resource limits, no new privileges, no
    /// capabilities, only the named files (Landlock), no signal to other processes and only the permitted
    /// sockets (seccomp), and without a network also namespaces, where the kernel grants them. The process
    /// must be single-threaded. Async-signal-safe.
    /// @return null, or the measure that failed, with errno; the process must then end
    const char* enter() noexcept;

private:
    void prepareFiles(const Confinement& confinement);
    void prepareFilter(NetworkReach network);
    bool filterSystemCalls() noexcept;
    bool setLimits() const noexcept;

    Confinement confinement_;
    int rules_ = -1;        ///< descriptor of the Landlock ruleset
    int rulesError_ = 0;    ///< errno of its creation
    bool landlock_ = false; ///< the kernel has it
    std::vector<sock_filter> filter_{};
    std::vector<std::size_t>
        ownPidAt_{}; ///< instructions that compare with the process id, which enter() sets
};

} // namespace bm::platform
