#include "pxe/boot_services.h"

#include "common/model/error.h"
#include "common/platform/files.h"
#include "common/platform/guarded.h"
#include "common/platform/log.h"
#include "common/platform/supervisor.h"
#include "pxe/complaints.h"
#include "pxe/contacts.h"
#include "pxe/dnsmasq_config.h"
#include "pxe/tftp_service.h"

#include <csignal>
#include <linux/capability.h>
#include <net/if.h>

namespace bm::pxe {

namespace fs = std::filesystem;
using model::Error;
using model::ErrorCode;

namespace {

/// Ports 67 and 4011, raw answers to machines without an address, and the routes and neighbours.
constexpr platform::CapabilitySet kDnsmasqCapabilities = platform::capability(CAP_NET_BIND_SERVICE) |
                                                         platform::capability(CAP_NET_RAW) |
                                                         platform::capability(CAP_NET_ADMIN);

} // namespace

struct BootServices::State {
    BootSettings settings;
    std::function<void(const BootContact&)> onContact;
    platform::Guarded<std::string> hosts;
    std::unique_ptr<platform::Supervisor> dnsmasq;
    std::unique_ptr<TftpService> tftp;

    platform::Guarded<std::string> lastHint{};
    VendorClass vendorClass{}; ///< the last one that dnsmasq logged; its supervisor's thread only

    void startDnsmasq();
    void onLine(const std::string& line);
    void warn(const Complaint& complaint);
};

/// Reports equal complaints once in a row: dnsmasq repeats some with every packet.
void BootServices::State::warn(const Complaint& complaint)
{
    const auto last = lastHint.lock();
    if (!complaint.hint.empty() && complaint.hint == *last)
        return;
    *last = complaint.hint;
    platform::logWarning("dhcp", "dnsmasq: {}{}{}", complaint.text,
                         complaint.hint.empty() ? "" : "; hint: ", complaint.hint);
}

void BootServices::State::onLine(const std::string& line)
{
    platform::logDebug("dhcp", "{}", line);
    if (std::optional<VendorClass> found = vendorClassFromDnsmasq(line))
        vendorClass = std::move(*found);
    if (std::optional<BootContact> contact = contactFromDnsmasq(line)) {
        if (!vendorClass.beginning.empty() && line.starts_with(vendorClass.beginning))
            contact->vendorClass = vendorClass.text;
        contact->at =
            std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
        onContact(*contact);
    }
    if (const std::optional<Complaint> complaint = complaintFromDnsmasq(line))
        warn(*complaint);
}

void BootServices::State::startDnsmasq()
{
    if (settings.interface.empty() || ::if_nametoindex(settings.interface.c_str()) == 0)
        throw Error(ErrorCode::InvalidInput,
                    "dhcp.mode needs the provisioning network's interface; there is no \"" +
                        settings.interface + "\"",
                    "set provisioning.interface to one that `ip link` shows, or dhcp.mode: off");
    platform::writeFileAtomically(settings.runFolder / "dnsmasq.conf", dnsmasqConfig(settings));
    platform::writeFileAtomically(settings.runFolder / "dhcp-hosts", *hosts.lock());
    platform::Service service;
    service.name = "dnsmasq";
    service.command.argv = {settings.dnsmasq,
                            "--conf-file=" + (settings.runFolder / "dnsmasq.conf").string()};
    service.command.capabilities = kDnsmasqCapabilities;
    service.onLine = [this](const std::string& line) { onLine(line); };
    // A SIGHUP before dnsmasq has its handler must not end it; dnsmasq reads the hosts afterwards anyway.
    service.inChild = [] { ::signal(SIGHUP, SIG_IGN); };
    dnsmasq = std::make_unique<platform::Supervisor>(std::move(service));
    dnsmasq->start();
}

BootServices::BootServices(BootSettings settings, std::function<void(const BootContact&)> onContact)
    : state_(std::make_unique<State>())
{
    state_->settings = std::move(settings);
    state_->onContact = std::move(onContact);
}

BootServices::~BootServices()
{
    stop();
}

void BootServices::start()
{
    fs::create_directories(state_->settings.runFolder);
    if (state_->settings.dhcp != DhcpMode::Off)
        state_->startDnsmasq();
    if (state_->settings.tftp) {
        state_->tftp = std::make_unique<TftpService>(state_->settings, state_->onContact);
        state_->tftp->start();
    }
}

void BootServices::stop()
{
    state_->tftp.reset();
    state_->dnsmasq.reset();
}

void BootServices::setHosts(const std::vector<BootHost>& hosts)
{
    const std::string text = dhcpHosts(hosts);
    const auto known = state_->hosts.lock();
    if (*known == text)
        return;
    *known = text;
    if (!state_->dnsmasq)
        return;
    platform::writeFileAtomically(state_->settings.runFolder / "dhcp-hosts", text);
    state_->dnsmasq->signal(SIGHUP);
}

bool BootServices::healthy() const
{
    return (!state_->dnsmasq || state_->dnsmasq->running()) && (!state_->tftp || state_->tftp->running());
}

} // namespace bm::pxe
