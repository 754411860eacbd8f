#pragma once
#include "agent/hardware/erase/erase_tools.h"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace bm::agent {

/// The section "Security:" of hdparm -I.
struct AtaSecurity {
    bool supported = false;
    bool enabled = false; ///< a user password is set
    bool locked = false;
    bool frozen = false;
    bool expired = false; ///< too many wrong passwords since power-on
    bool enhanced = false;
    std::chrono::minutes erase{0}; ///< the disk's estimate; 0: none
    std::chrono::minutes enhancedErase{0};
};
/// Never throws; a text without that section means a disk without it.
AtaSecurity parseAtaSecurity(std::string_view hdparm);

/// ATA secure erase by hdparm. The temporary password is hdparm's "NULL" (32 zero bytes): not a secret, so
/// that anybody can remove it after a power cut. The next run removes it, too.
class AtaEraser {
public:
    AtaEraser(std::string disk, const EraseTools& tools);
    /// Runs the enhanced erase if the disk supports it; without support, or after a failure, the normal one.
    /// Removes the password in any case.
    /// @return the reason of the failure; nothing: erased
    std::optional<std::string> erase();

private:
    AtaSecurity readSecurity();
    std::optional<std::string> clear(const AtaSecurity& found);
    std::optional<std::string> eraseBy(const char* option, std::chrono::minutes estimate);
    std::optional<std::string> hdparm(const char* option, std::chrono::milliseconds limit,
                                      const std::stop_token& stop);
    void takePasswordOff();

    std::string disk_;
    const EraseTools& tools_;
};

} // namespace bm::agent
