#pragma once
#include "common/model/deadline.h"
#include "drivers/core/bmc_access.h"

#include <string>
#include <vector>

namespace bm::drivers {

/// A light of a machine.
struct Indicator {
    std::string component; ///< "system", "chassis"
    std::string name;      ///< "led"
    bool readOnly = false;
    std::vector<std::string> states; ///< possible states
};

/// A machine's lights; rules as for PowerDriver.
class Indicators {
public:
    virtual ~Indicators() = default;
    virtual std::vector<Indicator> list(const BmcAccess& bmc, const model::Deadline& deadline) = 0;
    virtual std::string state(const BmcAccess& bmc, const Indicator& indicator,
                              const model::Deadline& deadline) = 0;
    virtual void setState(const BmcAccess& bmc, const Indicator& indicator, const std::string& state,
                          const model::Deadline& deadline) = 0;
};

/// An image in one of a machine's virtual drives.
struct Medium {
    std::string deviceType; ///< "cdrom", "disk", "floppy"
    std::string url;
};

/// A machine's virtual drives; rules as for PowerDriver.
class VirtualMedia {
public:
    virtual ~VirtualMedia() = default;
    /// The inserted media, the latest first.
    virtual std::vector<Medium> list(const BmcAccess& bmc, const model::Deadline& deadline) = 0;
    /// Inserts @p medium and replaces the current medium of its drive.
    virtual void insert(const BmcAccess& bmc, const Medium& medium, const model::Deadline& deadline) = 0;
    /// Ejects the media of drives of @p deviceTypes. An empty drive is no error.
    virtual void eject(const BmcAccess& bmc, const std::vector<std::string>& deviceTypes,
                       const model::Deadline& deadline) = 0;
};

/// A machine's serial console; rules as for PowerDriver.
class Console {
public:
    virtual ~Console() = default;
    virtual void enable(const BmcAccess& bmc, bool on, const model::Deadline& deadline) = 0;
};

} // namespace bm::drivers
