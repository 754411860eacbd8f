#pragma once
#include "common/model/clock.h"
#include "common/model/ids.h"
#include "common/model/power.h"
#include "common/model/states.h"
#include "common/text/json_text.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace bm::model {

/// A machine: one type for the database, the conductor and the API. Empty strings are null on the wire. JSON
/// columns are canonical text.
struct Node {
    NodeId id;
    std::string name;            ///< unique unless empty
    std::string driver = "ipmi"; ///< hardware type: "ipmi" or "fake-hardware"
    State state = State::Enroll;
    std::optional<State> target; ///< the state after the operation; nothing in stable states
    PowerState power = PowerState::Unknown;
    std::string targetPower; ///< the state that a power operation leads to, else ""
    JsonText driverInfo{};   ///< the operator's, with sealed secrets (platform::SecretBox)
    JsonText properties{};   ///< cpus, memory_mb, local_gb, cpu_arch, capabilities, root_device, rack ...
    JsonText instanceInfo{}; ///< of the deployment: image_source, root_device, configdrive reference ...
    JsonText driverInternalInfo{}; ///< bm's own: cipher suite, agent facts, deployed disk ...
    JsonText extra{};
    JsonText traits{"[]"};
    JsonText networkData{};
    std::string instanceUuid;
    std::string instanceName;
    std::string resourceClass;
    std::string owner;
    std::string lessee;
    std::string description;
    std::string conductorGroup;
    std::string chassisUuid;
    std::string shard;
    std::string parentNode;     ///< uuid of the enclosing node (a DPU's server); "" none
    std::string allocationUuid; ///< of its allocation; "" none
    bool maintenance = false;
    std::string maintenanceReason;
    std::string fault;
    bool isProtected = false;
    std::string protectedReason;
    bool retired = false;
    std::string retiredReason;
    std::optional<bool> automatedClean;
    bool consoleEnabled = false;
    bool disablePowerOff = false; ///< bm resets the machine and never switches it off
    std::string health;           ///< from its BMC: "OK", "Warning", "Critical"; "" unknown
    std::optional<bool> secureBoot;
    std::string lastError; ///< "<message>"; the code and hint are in the operation
    std::string lastErrorCode;
    std::string lastErrorHint;
    std::string bootMode;  ///< "bios" or "uefi", the agent's latest report; "" none
    JsonText deployStep{}; ///< {"step": "write_image", ...} or {}
    JsonText cleanStep{};
    JsonText serviceStep{};
    JsonText raidConfig{};       ///< of the machine's arrays: {"logical_disks": [...]}
    JsonText targetRaidConfig{}; ///< the operator's
    JsonText interfaces{};       ///< those other than the hardware type's defaults: {"deploy": "ramdisk"}
    std::optional<UtcTime> provisionUpdatedAt;
    std::optional<UtcTime> inspectionStartedAt;
    std::optional<UtcTime> inspectionFinishedAt;
    UtcTime createdAt{};
    std::optional<UtcTime> updatedAt;
    std::int64_t version = 0; ///< compare-and-set: rises with each stored change
};

} // namespace bm::model
