#pragma once
#include "agent/hardware/erase/erase_tools.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bm::agent {

/// What an NVMe controller can, from its Identify Controller data (NVM Express base specification 2.0, figure
/// 275).
struct NvmeAbilities {
    bool format = false;
    bool formatCrypto = false;
    bool formatsAllNamespaces = false; ///< whichever one is named
    bool sanitizeBlock = false;
    bool sanitizeCrypto = false;
    bool selfTest = false;
    bool severalControllers = false; ///< in the subsystem: namespaces may be others' too
};
/// @param bytes  the 4096 bytes; nothing when they are fewer
std::optional<NvmeAbilities> parseIdController(std::string_view bytes);

enum class SanitizeState : std::uint8_t { Never, Done, Running, Failed };
struct SanitizeProgress {
    SanitizeState state = SanitizeState::Never;
    std::uint32_t done = 0; ///< of 65536
};
/// Log page 81h; nothing when it is too short.
std::optional<SanitizeProgress> parseSanitizeLog(std::string_view bytes);

/// "nvme0" of "/dev/nvme0n1": disks with the same name are namespaces of one device. "" for other disks.
std::string nvmeSubsystemOf(std::string_view disk);

/// Erases a namespace by nvme-cli. Each returns why it did not do, or nothing: erased.
class NvmeEraser {
public:
    /// @param alone  false: the device has a namespace that must not be touched; only what spares it is done
    NvmeEraser(std::string disk, bool alone, const EraseTools& tools);
    /// Format with a cryptographic erase where the device has one, else with a user-data erase.
    std::optional<std::string> format();
    /// Sanitize by block erase, else by cryptographic erase: all namespaces and all caches.
    std::optional<std::string> sanitize();

private:
    std::optional<std::string> run(std::vector<std::string> argv, std::chrono::milliseconds limit);
    std::optional<std::string> awaitSanitize();
    std::optional<NvmeAbilities> abilities();

    std::string disk_;
    bool alone_;
    const EraseTools& tools_;
};

} // namespace bm::agent
