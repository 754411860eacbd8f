#include "images/convert/sandbox.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstring>

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace bm::images {
namespace {

std::string failure(const char* what)
{
    return std::string(what) + ": " + std::strerror(errno);
}

bool limit(__rlimit_resource resource, std::uint64_t value)
{
    const rlimit both{value, value};
    return ::setrlimit(resource, &both) == 0;
}

bool setLimits(const Confinement& confinement)
{
    constexpr std::uint64_t kDescriptors = 64;
    if (confinement.memoryBytes > 0 && !limit(RLIMIT_AS, confinement.memoryBytes))
        return false;
    if (confinement.cpuSeconds > 0 && !limit(RLIMIT_CPU, confinement.cpuSeconds))
        return false;
    std::uint64_t fileBytes = confinement.fileBytes;
#if defined(BM_COVERAGE_FOLDER) // gcov's counters are files
    fileBytes = std::max(fileBytes, std::uint64_t{1} << 24U);
#endif
    return limit(RLIMIT_FSIZE, fileBytes) && limit(RLIMIT_CORE, 0) && limit(RLIMIT_NOFILE, kDescriptors);
}

/// Enters new namespaces. Without a uid map the process has the user id of "nobody" there and no capability
/// outside.
void leaveNamespaces()
{
    constexpr int kNoUsers = CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS;
    if (::unshare(CLONE_NEWUSER | kNoUsers) != 0)
        ::unshare(kNoUsers); // for root where user namespaces are forbidden; without them seccomp denies the
                             // network
}

bool dropCapabilities()
{
    for (int capability = 0; capability < 64; ++capability)
        ::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0); // fails for unprivileged processes, which have none
    ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    std::array<__user_cap_data_struct, 2> none{};
    return ::syscall(SYS_capset, &header, none.data()) == 0;
}

constexpr sock_filter statement(unsigned code, unsigned value)
{
    return {static_cast<std::uint16_t>(code), 0, 0, value};
}

/// Jumps @p onMatch instructions when the loaded word equals @p value.
constexpr sock_filter equals(unsigned value, unsigned onMatch, unsigned otherwise)
{
    return {BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint8_t>(onMatch),
            static_cast<std::uint8_t>(otherwise), value};
}

constexpr auto kForbidden = std::to_array<unsigned>({
    SYS_socket,
    SYS_socketpair,
    SYS_connect,
    SYS_bind,
    SYS_listen,
    SYS_accept,
    SYS_accept4,
    SYS_sendto,
    SYS_sendmsg,
    SYS_ptrace,
    SYS_process_vm_readv,
    SYS_process_vm_writev,
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
});

#if defined(__x86_64__)
constexpr unsigned kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr unsigned kArchitecture = AUDIT_ARCH_AARCH64;
#else
#error "the system call filter is not written for this architecture"
#endif

/// Answers the forbidden calls with EPERM. Another ABI (32 bit, x32) kills the process, because its numbers
/// differ.
bool filterSystemCalls()
{
    constexpr unsigned kX32Bit = 0x40000000;
    std::vector<sock_filter> program{
        statement(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)),
        equals(kArchitecture, 1, 0),
        statement(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        statement(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        {BPF_JMP | BPF_JGE | BPF_K, 0, 1, kX32Bit},
        statement(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    };
    for (const unsigned call : kForbidden) {
        program.push_back(equals(call, 0, 1));
        program.push_back(statement(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM));
    }
    program.push_back(statement(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
    const sock_fprog filter{static_cast<std::uint16_t>(program.size()), program.data()};
    return ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) == 0;
}

constexpr std::uint64_t kTruncate = std::uint64_t{1} << 14U; // LANDLOCK_ACCESS_FS_TRUNCATE, Linux 6.2
constexpr std::uint64_t kReadFile = LANDLOCK_ACCESS_FS_READ_FILE;
constexpr std::uint64_t kReadTree = kReadFile | LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_EXECUTE;

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

/// Landlock: Linux 5.13 and later, if enabled.
void confineFiles(const Confinement& confinement)
{
    const long version = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (version < 1)
        return;
    const std::uint64_t truncate = version >= 3 ? kTruncate : 0;
    landlock_ruleset_attr handled{};
    handled.handled_access_fs =
        (LANDLOCK_ACCESS_FS_REFER - 1) | truncate; // all rights of the first Landlock version
    const auto rules = static_cast<int>(::syscall(SYS_landlock_create_ruleset, &handled, sizeof handled, 0));
    if (rules < 0)
        return;
    for (const char* path : {"/usr", "/lib", "/lib64", "/bin"})
        allow(rules, path, kReadTree);
    for (const char* path : {"/etc/ld.so.cache", "/etc/ssl/openssl.cnf", "/etc/gnutls", "/dev/urandom"})
        allow(rules, path, kReadFile);
    allow(rules, "/dev/null", kReadFile | LANDLOCK_ACCESS_FS_WRITE_FILE);
    for (const std::string& path : confinement.readPaths)
        allow(rules, path, kReadFile);
    for (const std::string& path : confinement.writePaths)
        allow(rules, path, kReadFile | LANDLOCK_ACCESS_FS_WRITE_FILE | truncate);
#if defined(BM_COVERAGE_FOLDER) // gcov's counters
    allow(rules, BM_COVERAGE_FOLDER, handled.handled_access_fs);
#endif
    ::syscall(SYS_landlock_restrict_self, rules, 0);
    ::close(rules);
}

} // namespace

std::string confine(const Confinement& confinement)
{
    const pid_t parent = ::getppid();
    leaveNamespaces();
    if (!dropCapabilities())
        return failure("dropping capabilities");
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return failure("no new privileges");
    // A change of credentials resets the parent-death signal.
    if (::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 || ::getppid() != parent)
        return "the parent is gone";
    confineFiles(confinement);
    if (!filterSystemCalls())
        return failure("system call filter");
    if (!setLimits(confinement))
        return failure("limits");
    return {};
}

} // namespace bm::images
