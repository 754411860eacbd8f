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

/// A machine, as the database keeps it and the API shows it: one type from end to end.
/// Empty strings are null on the wire. JSON columns are canonical text.
struct Node {
    NodeId id;
    std::string name;            ///< unique unless empty
    std::string driver = "ipmi"; ///< hardware type: "ipmi" or "fake-hardware"
    State state = State::Enroll;
    std::optional<State> target; ///< where the state is heading; nothing when it rests
    PowerState power = PowerState::Unknown;
    std::string targetPower; ///< Ironic's text while a power operation runs, else ""
    JsonText driverInfo{};   ///< as given, secrets sealed ("sealed:..."); see common/platform/secret_box.h
    JsonText properties{};   ///< cpus, memory_mb, local_gb, cpu_arch, capabilities, root_device, rack ...
    JsonText instanceInfo{}; ///< what is deployed: image_source, root_device, configdrive reference ...
    JsonText driverInternalInfo{}; ///< what bm remembers: cipher suite, agent facts, deployed disk ...
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
    std::string parentNode;     ///< uuid of the node that this one sits in (a DPU in its server); "" none
    std::string allocationUuid; ///< whose it is; "" nobody's
    bool maintenance = false;
    std::string maintenanceReason;
    std::string fault;
    bool isProtected = false;
    std::string protectedReason;
    bool retired = false;
    std::string retiredReason;
    std::optional<bool> automatedClean;
    bool consoleEnabled = false;
    bool disablePowerOff = false; ///< it cannot be switched off: reboots instead
    std::string health;           ///< "OK", "Warning", "Critical" as its BMC says; "" not known
    std::optional<bool> secureBoot;
    std::string lastError; ///< "<message>"; the code and hint are in the operation
    std::string lastErrorCode;
    std::string lastErrorHint;
    std::string bootMode;  ///< "bios" or "uefi" as last seen by the agent; "" never seen
    JsonText deployStep{}; ///< {"step": "write_image", ...} or {}
    JsonText cleanStep{};
    JsonText serviceStep{};
    JsonText raidConfig{};       ///< as the RAM disk made it: {"logical_disks": [...]}
    JsonText targetRaidConfig{}; ///< as an operator wants it
    JsonText interfaces{};       ///< chosen beside the hardware type's defaults: {"deploy": "ramdisk"}
    std::optional<UtcTime> provisionUpdatedAt;
    std::optional<UtcTime> inspectionStartedAt;
    std::optional<UtcTime> inspectionFinishedAt;
    UtcTime createdAt{};
    std::optional<UtcTime> updatedAt;
    std::int64_t version = 0; ///< compare-and-set: rises with each stored change
};

} // namespace bm::model
