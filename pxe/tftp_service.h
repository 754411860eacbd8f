#pragma once
#include "common/platform/files.h"
#include "common/platform/supervisor.h"
#include "pxe/boot_services.h"

#include <functional>
#include <memory>
#include <string_view>
#include <thread>

namespace bm::pxe {

/// Keeps in.tftpd running on the provisioning address. in.tftpd logs to syslog only, so it gets a /dev of its
/// own in a private mount namespace, whose log socket bmd reads; where bmd may not mount, in.tftpd runs
/// without a log.
class TftpService {
public:
    TftpService(const BootSettings& settings, std::function<void(const BootContact&)> onContact);
    ~TftpService();
    /// Fills the TFTP root (loaders, kernel, RAM disk as hard links or copies) and starts. @throws Error
    void start();
    void stop();
    bool running() const;

private:
    void fillRoot() const;
    void listen(const std::stop_token& stop);
    void heard(std::string_view text) const noexcept;
    BootSettings settings_;
    std::function<void(const BootContact&)> onContact_;
    platform::Fd log_;
    std::unique_ptr<platform::Supervisor> child_;
    std::jthread listener_;
};

} // namespace bm::pxe
