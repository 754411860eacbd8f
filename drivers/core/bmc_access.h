#pragma once
#include "common/model/error.h"
#include "common/model/power.h"
#include "common/text/secret.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace bm::drivers {

/// The address and the credentials of one BMC, as plain values. The password is in memory only, which is
/// wiped; drivers pass it to programs by file.
struct BmcAccess {
    std::string key; ///< identity for locks and per-BMC state: "host:port"; fake-hardware: the node's uuid
    std::string host;
    std::uint16_t port = 623;
    std::string user{};
    text::Secret password{};
    std::string privilege = "ADMINISTRATOR";     ///< ipmi_priv_level
    text::Secret kgKey{};                        ///< ipmi_hex_kg_key
    std::optional<int> cipherSuite{};            ///< configured; empty: the driver detects it
    std::optional<int> rememberedSuite{};        ///< the suite that this address last accepted; tried first
    std::string vendor{};                        ///< properties/vendor; "": unknown
    std::optional<std::uint32_t> manufacturer{}; ///< IANA number, from an earlier BmcIdentity of this address
    bool disableBootTimeout =
        true; ///< ipmi_disable_boot_timeout: raw 0x00 0x08 0x03 0x08 before the boot device
    std::map<std::string, std::string> settings{}; ///< fake-hardware: delays and faults
};

struct PowerReading {
    model::PowerState state = model::PowerState::Unknown;
    std::optional<model::Error> failure{};
};

struct BootRequest {
    model::BootDevice device = model::BootDevice::Pxe;
    bool persistent = false;
    bool efi = false;
};

struct BmcIdentity { ///< the fields of `mc info`
    std::string manufacturer;
    std::string product;
    std::string firmware;
    std::string ipmiVersion;
    std::optional<std::uint32_t> manufacturerId{}; ///< IANA number
};

} // namespace bm::drivers
