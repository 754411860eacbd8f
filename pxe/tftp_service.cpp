#include "pxe/tftp_service.h"

#include "common/model/error.h"
#include "common/platform/log.h"
#include "pxe/complaints.h"
#include "pxe/contacts.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace bm::pxe {

namespace fs = std::filesystem;
using model::Error;
using model::ErrorCode;

namespace {

/// Port 69, its folder as its root, and the user nobody.
constexpr platform::CapabilitySet kTftpdCapabilities =
    platform::capability(CAP_NET_BIND_SERVICE) | platform::capability(CAP_SYS_CHROOT) |
    platform::capability(CAP_SETUID) | platform::capability(CAP_SETGID);

/// A datagram socket at @p path, as syslogd's. @throws Error Internal
platform::Fd logSocket(const fs::path& path)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.string().size() >= sizeof address.sun_path)
        throw Error(ErrorCode::InvalidInput, "paths.run_dir is too long for a socket: " + path.string(),
                    "choose a shorter folder");
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    fs::remove(path);
    platform::Fd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!fd || ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        throw Error(ErrorCode::Internal,
                    "cannot make the socket " + path.string() + ": " + std::strerror(errno));
    ::chmod(path.c_str(), 0666);
    return fd;
}

constexpr fs::perms kReadableByAll =
    fs::perms::owner_read | fs::perms::owner_write | fs::perms::group_read | fs::perms::others_read;

/// in.tftpd runs as nobody and reads only files that others may read. A hard link shares the original's mode:
/// other files are copied.
void linkOrCopy(const fs::path& from, const fs::path& to)
{
    std::error_code failed;
    fs::remove(to, failed);
    if ((fs::status(from).permissions() & fs::perms::others_read) != fs::perms::none) {
        fs::create_hard_link(from, to, failed);
        if (!failed)
            return;
    }
    fs::copy_file(from, to, fs::copy_options::overwrite_existing);
    fs::permissions(to, kReadableByAll);
}

} // namespace

TftpService::TftpService(const BootSettings& settings, std::function<void(const BootContact&)> onContact)
    : settings_(settings), onContact_(std::move(onContact))
{}

TftpService::~TftpService()
{
    stop();
}

void TftpService::fillRoot() const
{
    const fs::path root = settings_.runFolder / "tftp";
    fs::create_directories(root);
    fs::permissions(root,
                    kReadableByAll | fs::perms::owner_exec | fs::perms::group_exec | fs::perms::others_exec);
    for (const char* loader : {"undionly.kpxe", "snponly.efi", "ipxe.efi"}) {
        const fs::path from = settings_.loaderFolder / loader;
        if (!fs::exists(from))
            throw Error(ErrorCode::NotFound, "the boot loader " + from.string() + " is missing",
                        "apt-get install ipxe, or set paths.loader_dir");
        linkOrCopy(from, root / loader);
    }
    for (const char* file : {"vmlinuz", "initrd.img"})
        if (fs::exists(settings_.ramdiskFolder / file))
            linkOrCopy(settings_.ramdiskFolder / file, root / file);
}

void TftpService::start()
{
    fillRoot();
    const fs::path dev = settings_.runFolder / "tftp-dev";
    fs::create_directories(dev);
    log_ = logSocket(dev / "log");
    fs::remove(dev /
               "dev-log"); // the target of /dev/log in bmd's unit, which may not mount (bmd/bmd.service.in)
    fs::create_symlink("log", dev / "dev-log");
    platform::Service service;
    service.name = "in.tftpd";
    service.command.argv = {settings_.tftpd,
                            "-L",
                            "-v",
                            "-v",
                            "-a",
                            settings_.address + ":" + std::to_string(settings_.tftpPort),
                            "-s",
                            (settings_.runFolder / "tftp").string()};
    service.command.capabilities = kTftpdCapabilities;
    service.onLine = [this](const std::string& line) { heard(line); };
    service.inChild = [from = dev.string()] {
        if (::unshare(CLONE_NEWNS) != 0)
            return;
        ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr);
        ::mount(from.c_str(), "/dev", nullptr, MS_BIND, nullptr);
    };
    child_ = std::make_unique<platform::Supervisor>(std::move(service));
    listener_ = std::jthread([this](const std::stop_token& stop) { listen(stop); });
    child_->start();
}

void TftpService::stop()
{
    child_.reset();
    listener_ = {};
    log_ = {};
}

bool TftpService::running() const
{
    return child_ && child_->running();
}

void TftpService::listen(const std::stop_token& stop)
{
    constexpr int kLookForStopMillis = 200;
    std::array<char, 2048> buffer{};
    while (!stop.stop_requested()) {
        pollfd waiting{log_.get(), POLLIN, 0};
        if (::poll(&waiting, 1, kLookForStopMillis) <= 0)
            continue;
        const ssize_t length = ::recv(log_.get(), buffer.data(), buffer.size(), 0);
        if (length <= 0)
            continue;
        const std::string_view datagram(buffer.data(), static_cast<std::size_t>(length));
        heard({buffer.data(), static_cast<std::size_t>(length)});
    }
}

void TftpService::heard(std::string_view text) const noexcept
{
    try {
        platform::logDebug("tftp", "{}", text);
        if (std::optional<BootContact> contact = contactFromTftpd(text)) {
            contact->at =
                std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
            onContact_(*contact);
        } else if (const std::optional<Complaint> complaint = complaintFromTftpd(text)) {
            platform::logWarning("tftp", "in.tftpd: {}{}{}", complaint->text,
                                 complaint->hint.empty() ? "" : "; hint: ", complaint->hint);
        }
    } catch (const std::exception& failure) {
        platform::logError("tftp", "cannot handle a line of in.tftpd: {}", failure.what());
    }
}

} // namespace bm::pxe
