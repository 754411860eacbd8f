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
    std::chrono::minutes erase{0}; ///< as the disk estimates; 0: does not say
    std::chrono::minutes enhancedErase{0};
};
/// Never throws; a text without that section is a disk without it.
AtaSecurity parseAtaSecurity(std::string_view hdparm);

/// ATA secure erase by hdparm. The temporary password is hdparm's "NULL" (32 zero bytes): nothing secret, and
/// whoever finds the disk after a power cut can take it off; the next run of this does.
class AtaEraser {
public:
    AtaEraser(std::string disk, const EraseTools& tools);
    /// The enhanced erase where the disk has one, else, or where that fails, the normal one. The password is
    /// taken off again whatever happens.
    /// @return why it did not do, or nothing: erased
    std::optional<std::string> erase();

private:
    AtaSecurity look();
    std::optional<std::string> clear(const AtaSecurity& found);
    std::optional<std::string> eraseBy(const char* option, std::chrono::minutes estimate);
    std::optional<std::string> hdparm(const char* option, std::chrono::milliseconds limit,
                                      const std::stop_token& stop);
    void takePasswordOff();

    std::string disk_;
    const EraseTools& tools_;
};

} // namespace bm::agent
