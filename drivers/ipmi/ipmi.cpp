#include "drivers/ipmi/ipmi.h"

#include "common/model/error.h"
#include "common/platform/log.h"
#include "drivers/core/vendor_quirks.h"
#include "drivers/ipmi/ipmi_access.h"
#include "drivers/ipmi/ipmi_texts.h"
#include "drivers/ipmi/ipmi_vendor.h"
#include "drivers/ipmi/ipmitool_client.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <thread>

#include <fmt/format.h>

namespace bm::drivers {
namespace {

using model::Deadline;
using model::Error;
using model::ErrorCode;
using model::PowerAction;
using model::PowerState;

constexpr std::size_t kReadersAtOnce = 16; ///< parallel ipmitool processes of one readPower call

/// The argument of `chassis power`.
std::string verbOf(PowerAction action)
{
    switch (action) {
    case PowerAction::Off:
        return "off";
    case PowerAction::On:
        return "on";
    case PowerAction::SoftOff:
        return "soft";
    case PowerAction::Reset:
        return "reset";
    }
    throw Error(ErrorCode::Internal, "an unknown power action");
}

/// The state in which @p action changes nothing.
PowerState targetStateOf(PowerAction action)
{
    if (action == PowerAction::On)
        return PowerState::On;
    return action == PowerAction::Reset ? PowerState::Unknown : PowerState::Off;
}

class IpmitoolPower final : public PowerDriver {
public:
    explicit IpmitoolPower(std::shared_ptr<IpmitoolClient> client) : client_(std::move(client)) {}
    std::string_view name() const noexcept override { return "ipmitool"; }
    void validate(const BmcAccess& bmc) const override { requireReachable(bmc); }

    std::vector<PowerReading> readPower(std::span<const BmcAccess> bmcs, const Deadline& deadline) override
    {
        std::vector<PowerReading> readings(bmcs.size());
        std::atomic<std::size_t> next{0};
        const auto work = [&] {
            for (std::size_t at = next++; at < bmcs.size(); at = next++)
                readings[at] = readOne(bmcs[at], deadline);
        };
        std::vector<std::jthread> readers;
        for (std::size_t reader = 1; reader < std::min(kReadersAtOnce, bmcs.size()); ++reader)
            readers.emplace_back(work);
        work();
        readers.clear(); // joins
        return readings;
    }

    void setPower(const BmcAccess& bmc, PowerAction action, const Deadline& deadline) override
    {
        validate(bmc);
        try {
            client_->call(bmc, {"chassis", "power", verbOf(action)}, Retry::Acting, deadline);
        } catch (const Error& error) {
            // Some BMCs refuse "off" for a machine that is off (0xD5). Then the action is already done.
            const PowerState target = targetStateOf(action);
            if (error.code() != ErrorCode::BmcRejected || target == PowerState::Unknown ||
                status(bmc, deadline) != target)
                throw;
        }
    }

private:
    PowerState status(const BmcAccess& bmc, const Deadline& deadline)
    {
        return parseChassisPower(
            client_->call(bmc, {"chassis", "power", "status"}, Retry::Reading, deadline));
    }
    PowerReading readOne(const BmcAccess& bmc, const Deadline& deadline) noexcept
    {
        try {
            validate(bmc);
            return {status(bmc, deadline), std::nullopt};
        } catch (const Error& error) {
            return {PowerState::Unknown, error};
        } catch (const std::exception& error) {
            return {PowerState::Unknown, Error(ErrorCode::Internal, error.what())};
        }
    }

    std::shared_ptr<IpmitoolClient> client_; ///< shared by the interfaces of this hardware type
};

class IpmitoolBoot final : public BootControl {
public:
    explicit IpmitoolBoot(std::shared_ptr<IpmitoolClient> client) : client_(std::move(client)) {}

    std::vector<model::BootDevice> supportedDevices() const override
    {
        using enum model::BootDevice;
        return {Pxe, Disk, Cdrom, Bios, Safe};
    }

    void setBootDevice(const BmcAccess& bmc, const BootRequest& request, const Deadline& deadline) override
    {
        requireReachable(bmc);
        if (bmc.disableBootTimeout)
            disableTimeout(bmc, deadline);
        if (request.efi) {
            setUefiDevice(bmc, request, deadline);
            return;
        }
        std::vector<std::string> arguments{"chassis", "bootdev", std::string(model::toText(request.device))};
        if (request.persistent)
            arguments.emplace_back("options=persistent");
        client_->call(bmc, arguments, Retry::Acting, deadline);
    }

    bool undoesBootEntries(const BmcAccess& bmc, const Deadline& deadline) override
    {
        requireReachable(bmc);
        return quirks(bmc, deadline).bootDeviceUndoesEntries;
    }

    std::optional<BootRequest> bootDevice(const BmcAccess& bmc, const Deadline& deadline) override
    {
        requireReachable(bmc);
        return parseBootFlags(
            client_->call(bmc, {"chassis", "bootparam", "get", "5"}, Retry::Reading, deadline),
            quirks(bmc, deadline).uefiDisk);
    }

private:
    /// Boot option parameter 5 as Ironic sends it. ipmitool's `chassis bootdev` knows no vendor's selectors,
    /// and writes parameters 0 and 4 as well.
    void setUefiDevice(const BmcAccess& bmc, const BootRequest& request, const Deadline& deadline)
    {
        constexpr int kUefiForGood = 0xe0, kUefiOnce = 0xa0;
        const std::uint8_t selector = request.device == model::BootDevice::Disk
                                          ? quirks(bmc, deadline).uefiDisk
                                          : bootSelector(request.device);
        client_->call(bmc,
                      {"raw", "0x00", "0x08", "0x05",
                       fmt::format("{:#04x}", request.persistent ? kUefiForGood : kUefiOnce),
                       fmt::format("{:#04x}", selector), "0x00", "0x00", "0x00"},
                      Retry::Acting, deadline);
    }

    const VendorQuirks& quirks(const BmcAccess& bmc, const Deadline& deadline)
    {
        return quirksOf(bmc.vendor, bmc.vendor.empty() ? client_->manufacturer(bmc, deadline) : std::nullopt);
    }

    /// Sets boot option parameter 3, "don't clear the valid bit on timeout". Otherwise the BMC drops the boot
    /// device after 60 s, and a machine with a slow POST boots from its disk (IPMI 2.0, table 28-14).
    void disableTimeout(const BmcAccess& bmc, const Deadline& deadline)
    {
        try {
            client_->call(bmc, {"raw", "0x00", "0x08", "0x03", "0x08"}, Retry::Acting, deadline);
        } catch (const Error& error) {
            if (error.code() != ErrorCode::BmcUnsupported && error.code() != ErrorCode::BmcRejected)
                throw;
            platform::logDebug("ipmi", "BMC {} keeps its boot-flag timeout: {}", bmc.key, error.message());
        }
    }

    std::shared_ptr<IpmitoolClient> client_; ///< shared by the interfaces of this hardware type
};

class IpmitoolBmc final : public BmcControl {
public:
    explicit IpmitoolBmc(std::shared_ptr<IpmitoolClient> client) : client_(std::move(client)) {}

    BmcIdentity identify(const BmcAccess& bmc, const Deadline& deadline) override
    {
        requireReachable(bmc);
        return client_->identify(bmc, deadline);
    }

    void injectNmi(const BmcAccess& bmc, const Deadline& deadline) override
    {
        requireReachable(bmc);
        client_->call(bmc, {"chassis", "power", "diag"}, Retry::Acting, deadline);
    }

    void resetBmc(const BmcAccess& bmc, bool warm, const Deadline& deadline) override
    {
        requireReachable(bmc);
        client_->call(bmc, {"mc", "reset", warm ? "warm" : "cold"}, Retry::Acting, deadline);
    }

    Values learned(const BmcAccess& bmc) const override
    {
        Values facts;
        if (const std::optional<int> suite = client_->cipherSuite(bmc))
            facts["ipmi_cipher_suite"] = std::to_string(*suite);
        if (const std::optional<std::uint32_t> maker = client_->knownManufacturer(bmc))
            facts["ipmi_manufacturer_id"] = std::to_string(*maker);
        if (!facts.empty())
            facts["ipmi_learned_from"] = bmc.key;
        return facts;
    }

    std::optional<BmcWeakness> weakness(const BmcAccess& bmc) const override
    {
        const CipherSuite* const suite = findCipherSuite(client_->cipherSuite(bmc).value_or(0));
        if (suite == nullptr || suite->weakness.empty())
            return std::nullopt;
        const std::string_view why = bmc.cipherSuite ? ", as ipmi_cipher_suite says" : " only";
        return BmcWeakness{fmt::format("the BMC at {} supports {}{}", bmc.host, suite->weakness, why),
                           "update the BMC's firmware to get suite 17, and isolate its network"};
    }

private:
    std::shared_ptr<IpmitoolClient> client_; ///< shared by the interfaces of this hardware type
};

} // namespace

HardwareType makeIpmi(platform::Exec& exec, IpmiSettings settings)
{
    const auto client = std::make_shared<IpmitoolClient>(exec, std::move(settings));
    const Slots management{.boot = std::make_shared<IpmitoolBoot>(client),
                           .bmc = std::make_shared<IpmitoolBmc>(client)};
    return {"ipmi",
            "ipmi_",
            ipmiProperties(),
            {
                {"bios", "no-bios"},
                {"boot", "ipxe"},
                {"boot", "pxe"},
                {"boot", "http-ipxe"},
                {"console", "no-console"},
                {"deploy", "direct"},
                {"deploy", "ramdisk"},
                {"firmware", "no-firmware"},
                {"inspect", "agent"},
                {"inspect", "no-inspect"},
                {"management", "ipmitool", management},
                {"management", "noop"},
                {"network", "noop"},
                {"power", "ipmitool", {.power = std::make_shared<IpmitoolPower>(client)}},
                {"raid", "agent"},
                {"raid", "no-raid"},
                {"rescue", "agent"},
                {"rescue", "no-rescue"},
                {"storage", "noop"},
                {"vendor", "ipmitool", {.vendor = makeIpmiVendor(client)}},
                {"vendor", "no-vendor"},
            },
            ipmiAccess};
}

} // namespace bm::drivers
