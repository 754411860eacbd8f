#pragma once
#include "common/model/deadline.h"
#include "drivers/core/bmc_access.h"
#include "drivers/core/driver_values.h"

#include <chrono>
#include <string>
#include <vector>

namespace bm::drivers {

/// Asynchronous work of a BMC, stored with the step.
struct BmcJob {
    std::string id{}; ///< chosen by the driver, such as a task's URL
    bool done = true;
    std::chrono::milliseconds checkAgain{1'000}; ///< the interval to the next check() while it is not done
    std::chrono::milliseconds age{0};            ///< time since the start; the caller sets it
    std::string message{};                       ///< progress for people
};

/// Settings of a machine's firmware; rules as for PowerDriver.
class BiosSettings {
public:
    virtual ~BiosSettings() = default;
    /// All settings: name to value.
    virtual Values read(const BmcAccess& bmc, const model::Deadline& deadline) = 0;
    virtual BmcJob apply(const BmcAccess& bmc, const Values& settings, const model::Deadline& deadline) = 0;
    virtual BmcJob reset(const BmcAccess& bmc, const model::Deadline& deadline) = 0;
    /// Reads the progress of @p job. @throws Error BmcRejected when it failed
    virtual BmcJob check(const BmcAccess& bmc, const BmcJob& job, const model::Deadline& deadline) = 0;
};

/// One firmware image to install.
struct FirmwareImage {
    std::string component; ///< "bios", "bmc" ...
    std::string url;
};

/// Firmware updates of a machine's components; rules as for PowerDriver.
class FirmwareUpdates {
public:
    virtual ~FirmwareUpdates() = default;
    virtual BmcJob update(const BmcAccess& bmc, const std::vector<FirmwareImage>& images,
                          const model::Deadline& deadline) = 0;
    /// Reads the progress of @p job. @throws Error BmcRejected when it failed
    virtual BmcJob check(const BmcAccess& bmc, const BmcJob& job, const model::Deadline& deadline) = 0;
};

} // namespace bm::drivers
