#include "common/platform/confine/sandbox.h"

#include "common/platform/confine/capabilities.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <initializer_list>

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/landlock.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace bm::platform {

const char* const kNoLandlock = "this kernel has no Landlock; it needs CONFIG_SECURITY_LANDLOCK=y, and "
                                "landlock in the boot parameter lsm=";

namespace {

bool limit(__rlimit_resource resource, std::uint64_t value) noexcept
{
    const rlimit both{value, value};
    return ::setrlimit(resource, &both) == 0;
}

/// Enters new namespaces. Without a uid map the process has the user id of "nobody" there and no capability
/// outside.
void leaveNamespaces() noexcept
{
    ::unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS);
}

// The filter of system calls. Offsets are those of seccomp_data.

constexpr unsigned kEqual = BPF_JMP | BPF_JEQ | BPF_K;

constexpr sock_filter statement(unsigned code, unsigned value)
{
    return {static_cast<std::uint16_t>(code), 0, 0, value};
}

/// Jumps @p onMatch instructions when the loaded word equals @p value.
constexpr sock_filter equals(unsigned value, unsigned onMatch, unsigned otherwise)
{
    return {kEqual, static_cast<std::uint8_t>(onMatch), static_cast<std::uint8_t>(otherwise), value};
}

/// Loads the low word of a system call's argument: both architectures are little-endian.
constexpr sock_filter loadArgument(unsigned number)
{
    return statement(BPF_LD | BPF_W | BPF_ABS, static_cast<unsigned>(offsetof(seccomp_data, args)) +
                                                   number * static_cast<unsigned>(sizeof(std::uint64_t)));
}

constexpr sock_filter kAllow = statement(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
constexpr sock_filter kRefuse = statement(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
constexpr sock_filter kUnknown = statement(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS);
constexpr sock_filter kKill = statement(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);

// Numbers that Debian 12's headers lack; they are the same on all architectures.
constexpr unsigned kProcessMrelease = 448;

constexpr auto kForbidden = std::to_array<unsigned>({
    // other processes
    SYS_ptrace,
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    SYS_process_madvise,
    kProcessMrelease,
    SYS_pidfd_open,
    SYS_pidfd_getfd,
    SYS_pidfd_send_signal,
    SYS_kcmp,
    SYS_migrate_pages,
    SYS_move_pages,
    SYS_setpriority,
    SYS_ioprio_set,
    SYS_shmget,
    SYS_msgget,
    SYS_semget,
    SYS_mq_open,
    // the system
    SYS_mount,
    SYS_umount2,
    SYS_pivot_root,
    SYS_chroot,
    SYS_unshare,
    SYS_setns,
    SYS_bpf,
    SYS_perf_event_open,
    SYS_userfaultfd,
    SYS_keyctl,
    SYS_add_key,
    SYS_request_key,
    SYS_open_by_handle_at,
    SYS_kexec_load,
    SYS_init_module,
    SYS_finit_module,
    SYS_delete_module,
    SYS_reboot,
    SYS_swapon,
    SYS_swapoff,
    SYS_io_uring_setup,
    SYS_io_uring_enter,
    SYS_io_uring_register,
    SYS_fsopen,
    SYS_fsmount,
    SYS_move_mount,
    SYS_open_tree,
    SYS_mount_setattr,
    // incoming connections, pairs
    SYS_socketpair,
    SYS_listen,
    SYS_accept,
    SYS_accept4,
});

constexpr auto kNetworkCalls = std::to_array<unsigned>({
    SYS_socket,
    SYS_connect,
    SYS_bind,
    SYS_sendto,
    SYS_sendmsg,
    SYS_sendmmsg,
});

/// Signals, which a process may send to itself (abort(3)), by the process id in the first argument.
constexpr auto kSignalCalls = std::to_array<unsigned>({
    SYS_kill,
    SYS_tkill,
    SYS_tgkill,
    SYS_rt_sigqueueinfo,
    SYS_rt_tgsigqueueinfo,
});

/// Calls whose first argument is a process id, 0 for the process itself.
constexpr auto kCallsOnOneself = std::to_array<unsigned>({
    SYS_prlimit64,
    SYS_sched_setaffinity,
    SYS_sched_setscheduler,
    SYS_sched_setparam,
    SYS_sched_setattr,
});

#if defined(__x86_64__)
constexpr unsigned kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr unsigned kArchitecture = AUDIT_ARCH_AARCH64;
#else
#error "the system call filter is not written for this architecture"
#endif

/// Instructions for one system call; the last one returns.
void add(std::vector<sock_filter>& program, unsigned call, std::initializer_list<sock_filter> block)
{
    program.push_back(equals(call, 0, static_cast<unsigned>(block.size())));
    program.insert(program.end(), block);
}

/// Datagrams by IP; and the kernel's list of addresses, which ipmitool reads for a BMC with an IPv6 address.
void addSockets(std::vector<sock_filter>& program)
{
    constexpr unsigned kTypes = 0xF; // without SOCK_CLOEXEC and SOCK_NONBLOCK
    add(program, SYS_socket,
        {loadArgument(0), equals(AF_INET, 3, 0), equals(AF_INET6, 2, 0), equals(AF_NETLINK, 6, 0), kRefuse,
         loadArgument(1), statement(BPF_ALU | BPF_AND | BPF_K, kTypes), equals(SOCK_DGRAM, 1, 0), kRefuse,
         kAllow, loadArgument(2), equals(NETLINK_ROUTE, 1, 0), kRefuse, kAllow});
}

/// fcntl(2) can have the kernel send any signal to any process of the same user when a descriptor is ready.
void addFcntl(std::vector<sock_filter>& program)
{
    add(program, SYS_fcntl,
        {loadArgument(1), equals(F_SETOWN, 3, 0), equals(F_SETOWN_EX, 2, 0), equals(F_SETSIG, 1, 0), kAllow,
         kRefuse});
}

/// New namespaces would give capabilities over them. clone3's flags lie in memory, which a filter does not
/// see; libc then uses clone.
void addClone(std::vector<sock_filter>& program)
{
    constexpr unsigned kNamespaces = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWPID |
                                     CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;
    add(program, SYS_clone,
        {loadArgument(0), {BPF_JMP | BPF_JSET | BPF_K, 0, 1, kNamespaces}, kRefuse, kAllow});
    add(program, SYS_clone3, {kUnknown});
}

constexpr int kLowestDescriptor = 4;
constexpr std::uint64_t kTruncate = std::uint64_t{1} << 14U; // LANDLOCK_ACCESS_FS_TRUNCATE, Linux 6.2
constexpr std::uint64_t kReadFile = LANDLOCK_ACCESS_FS_READ_FILE;
constexpr std::uint64_t kRunFile = kReadFile | LANDLOCK_ACCESS_FS_EXECUTE;
constexpr std::uint64_t kReadTree = kRunFile | LANDLOCK_ACCESS_FS_READ_DIR;

/// landlock_ruleset_attr of Linux 6.12; older kernels know its begin.
struct RulesetAttributes {
    std::uint64_t files = 0;
    std::uint64_t network = 0; ///< version 4
    std::uint64_t scopes = 0;  ///< version 6
};

std::size_t sizeKnown(int version)
{
    constexpr int kNetwork = 4;
    constexpr int kScopes = 6;
    if (version < kNetwork)
        return offsetof(RulesetAttributes, network);
    return version < kScopes ? offsetof(RulesetAttributes, scopes) : sizeof(RulesetAttributes);
}

RulesetAttributes handled(int version)
{
    constexpr int kWithTruncate = 3;
    constexpr std::uint64_t kTcp = 3;               // bind, connect
    constexpr std::uint64_t kSocketsAndSignals = 3; // abstract sockets of others, signals to others
    RulesetAttributes made;
    made.files = (LANDLOCK_ACCESS_FS_REFER - 1) | // all rights of the first version
                 (version >= kWithTruncate ? kTruncate : 0);
    made.network = kTcp;
    made.scopes = kSocketsAndSignals;
    return made;
}

void allow(int rules, const std::string& path, std::uint64_t access)
{
    const int fd = ::open(path.c_str(), O_PATH | O_CLOEXEC);
    if (fd < 0)
        return; // a missing file needs no rule
    struct stat status {};
    if (::fstat(fd, &status) == 0 && !S_ISDIR(status.st_mode))
        access &= ~std::uint64_t{LANDLOCK_ACCESS_FS_READ_DIR};
    const landlock_path_beneath_attr rule{access, fd};
    ::syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    ::close(fd);
}

} // namespace

int landlockVersion() noexcept
{
    const long version = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
    return version < 1 ? 0 : static_cast<int>(version);
}

Sandbox::Sandbox(const Confinement& confinement) : confinement_(confinement)
{
    prepareFiles(confinement);
    prepareFilter(confinement.network);
}

Sandbox::~Sandbox()
{
    if (rules_ >= 0)
        ::close(rules_);
}

void Sandbox::prepareFiles(const Confinement& confinement)
{
    const int version = landlockVersion();
    landlock_ = version > 0;
    if (!landlock_)
        return;
    const RulesetAttributes attributes = handled(version);
    const auto made =
        static_cast<int>(::syscall(SYS_landlock_create_ruleset, &attributes, sizeKnown(version), 0));
    // Above the descriptors that a child replaces (ChildProcess).
    rules_ = made < 0 ? made : ::fcntl(made, F_DUPFD_CLOEXEC, kLowestDescriptor);
    rulesError_ = rules_ < 0 ? errno : 0;
    if (made >= 0)
        ::close(made);
    if (rules_ < 0)
        return;
    for (const char* path : {"/usr", "/lib", "/lib64", "/bin"})
        allow(rules_, path, kReadTree);
    for (const char* path : {"/etc/ld.so.cache", "/etc/ssl/openssl.cnf", "/etc/gnutls", "/dev/urandom"})
        allow(rules_, path, kReadFile);
    allow(rules_, "/dev/null", kReadFile | LANDLOCK_ACCESS_FS_WRITE_FILE);
    for (const std::string& path : confinement.programs)
        allow(rules_, path, kRunFile);
    for (const std::string& path : confinement.readPaths)
        allow(rules_, path, kReadFile);
    for (const std::string& path : confinement.writePaths)
        allow(rules_, path, kReadFile | LANDLOCK_ACCESS_FS_WRITE_FILE | (attributes.files & kTruncate));
#if defined(BM_COVERAGE_FOLDER) // gcov's counters
    allow(rules_, BM_COVERAGE_FOLDER, attributes.files);
#endif
}

/// Answers the forbidden calls with EPERM. Another ABI (32 bit, x32) kills the process, because its numbers
/// differ.
void Sandbox::prepareFilter(NetworkReach network)
{
    constexpr unsigned kX32Bit = 0x40000000;
    filter_ = {
        statement(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)),
        equals(kArchitecture, 1, 0),
        kKill,
        statement(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        {BPF_JMP | BPF_JGE | BPF_K, 0, 1, kX32Bit},
        kKill,
    };
    for (const unsigned call : kForbidden)
        add(filter_, call, {kRefuse});
    if (network == NetworkReach::Udp)
        addSockets(filter_);
    else
        for (const unsigned call : kNetworkCalls)
            add(filter_, call, {kRefuse});
    for (const unsigned call : kSignalCalls) {
        add(filter_, call, {loadArgument(0), equals(0, 1, 0), kRefuse, kAllow});
        ownPidAt_.push_back(filter_.size() - 3);
    }
    for (const unsigned call : kCallsOnOneself) {
        add(filter_, call, {loadArgument(0), equals(0, 2, 0), equals(0, 1, 0), kRefuse, kAllow});
        ownPidAt_.push_back(filter_.size() - 3);
    }
    addFcntl(filter_);
    addClone(filter_);
    filter_.push_back(kAllow);
}

bool Sandbox::filterSystemCalls() noexcept
{
    for (const std::size_t at : ownPidAt_)
        filter_[at].k = static_cast<unsigned>(::getpid());
    const sock_fprog filter{static_cast<std::uint16_t>(filter_.size()), filter_.data()};
    return ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) == 0;
}

bool Sandbox::setLimits() const noexcept
{
    constexpr std::uint64_t kDescriptors = 64;
    if (confinement_.memoryBytes > 0 && !limit(RLIMIT_AS, confinement_.memoryBytes))
        return false;
    if (confinement_.cpuSeconds > 0 && !limit(RLIMIT_CPU, confinement_.cpuSeconds))
        return false;
    std::uint64_t fileBytes = confinement_.fileBytes;
#if defined(BM_COVERAGE_FOLDER) // gcov's counters are files
    fileBytes = std::max(fileBytes, std::uint64_t{1} << 24U);
#endif
    return limit(RLIMIT_FSIZE, fileBytes) && limit(RLIMIT_CORE, 0) && limit(RLIMIT_NOFILE, kDescriptors);
}

const char* Sandbox::enter() noexcept
{
    errno = ENOSYS;
    if (!landlock_ && !confinement_.landlockOptional)
        return kNoLandlock;
    errno = rulesError_;
    if (landlock_ && rules_ < 0)
        return "making Landlock's rules";
    const pid_t parent = ::getppid();
    if (confinement_.network == NetworkReach::None)
        leaveNamespaces();
    if (!keepCapabilities(kNoCapabilities)) // includes no_new_privs
        return "dropping capabilities";
    // A change of credentials resets the parent-death signal.
    if (::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 || ::getppid() != parent)
        return "the parent is gone";
    if (rules_ >= 0 && ::syscall(SYS_landlock_restrict_self, rules_, 0) != 0)
        return "Landlock";
    if (!filterSystemCalls())
        return "system call filter";
    return setLimits() ? nullptr : "limits"; // last: under a small limit of memory the stack does not grow
}

} // namespace bm::platform
