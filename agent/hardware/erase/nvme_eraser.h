#pragma once
#include "agent/hardware/erase/erase_tools.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bm::agent {

/// The capabilities of an NVMe controller, from its Identify Controller data (NVM Express base
/// specification 2.0, figure 275).
struct NvmeAbilities {
    bool format = false;
    bool formatCrypto = false;
    bool formatsAllNamespaces = false; ///< a format affects all namespaces
    bool sanitizeBlock = false;
    bool sanitizeCrypto = false;
    bool selfTest = false;
    bool severalControllers = false; ///< controllers in the subsystem; they may share namespaces
};
/// @param bytes  all 4096 bytes. @return nothing for fewer bytes
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

/// Erases a namespace by nvme-cli. Each function returns the reason of its failure; nothing: erased.
class NvmeEraser {
public:
    /// @param alone  false: the device has another namespace that must stay; runs only methods that keep it
    NvmeEraser(std::string disk, bool alone, const EraseTools& tools);
    /// Formats with a cryptographic erase if the device supports it, else with a user-data erase.
    std::optional<std::string> format();
    /// Sanitizes by block erase, else by cryptographic erase. Affects all namespaces and caches.
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
