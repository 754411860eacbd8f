#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace bm::model {

/// Every kind of event that bm writes. The text ("area.what") is API: stored, streamed, used in filters and
/// webhooks, and documented in docs/events.md. A renamed kind keeps its old text as an alias for one release.
enum class EventKind : std::uint8_t {
    AgentContact,
    AgentDone,
    AgentFailed,
    AgentLookup,
    AgentRefused,
    AllocationChanged,
    AllocationCreated,
    AllocationDeleted,
    BmcIdentified,
    BmcRaw,
    BmcReset,
    BmcRetry,
    BootDevice,
    BootEntry,
    BootFastTrack,
    BootTrouble,
    BootUnknown,
    ChassisChanged,
    ChassisCreated,
    ChassisDeleted,
    DeployTemplateChanged,
    DeployTemplateCreated,
    DeployTemplateDeleted,
    DhcpAck,
    DhcpDiscover,
    DhcpIgnored,
    DhcpNak,
    DhcpOffer,
    DhcpProxy,
    DhcpRequest,
    DiskVerified,
    HttpConfig,
    HttpInitrd,
    HttpIso,
    HttpKernel,
    HttpRamdisk,
    HttpScript,
    ImageAdded,
    ImageBroken,
    ImageCaptured,
    ImageDeleted,
    ImageFailed,
    ImageFetched,
    ImageMended,
    ImageReady,
    ImageTagged,
    ImageUntagged,
    ImageVerified,
    ImageVerify,
    ImageVerifyFailed,
    ImageWritten,
    InspectionRuleChanged,
    InspectionRuleCreated,
    InspectionRuleDeleted,
    InspectionLog,
    KexecNotStarted,
    KexecStarted,
    NodeAdopted,
    NodeChanged,
    NodeDeleted,
    NodeEnrolled,
    NodeInspected,
    NodeMaintenance,
    NodeMaintenanceEnded,
    NodeNmi,
    OperationAborted,
    OperationDone,
    OperationFailed,
    OperationQueued,
    OperationResumed,
    OperationReturning,
    OperationStarted,
    PortChanged,
    PortCreated,
    PortDeleted,
    PortgroupChanged,
    PortgroupCreated,
    PortgroupDeleted,
    PowerOff,
    PowerOn,
    PowerSoftOffIgnored,
    PowerUnknown,
    RamdiskPrepared,
    RamdiskStarted,
    RelayLeft,
    RolloutAborted,
    RolloutAborting,
    RolloutDeleted,
    RolloutDone,
    RolloutFailed,
    RolloutNodeAborted,
    RolloutNodeChecking,
    RolloutNodeDone,
    RolloutNodeDraining,
    RolloutNodeFailed,
    RolloutNodePending,
    RolloutNodePhonedHome,
    RolloutNodePlanned,
    RolloutNodeRestoring,
    RolloutNodeRetrying,
    RolloutNodeSkipped,
    RolloutNodeWorking,
    RolloutPaused,
    RolloutPlanned,
    RolloutProgress,
    RolloutResumed,
    RolloutRetried,
    RolloutStarted,
    RolloutWave,
    RunbookChanged,
    RunbookCreated,
    RunbookDeleted,
    ScheduleChanged,
    ScheduleCreated,
    ScheduleDeleted,
    ScheduleEnded,
    SchedulePaused,
    ScheduleResumed,
    ScheduleSkipped,
    ScheduleStarted,
    StateChanged,
    StepDone,
    StepHeld,
    StepStarted,
    TftpNak,
    TftpRead,
    TreeWritten,
    VolumeConnectorChanged,
    VolumeConnectorCreated,
    VolumeConnectorDeleted,
    VolumeTargetChanged,
    VolumeTargetCreated,
    VolumeTargetDeleted,
    WebhookTest,
};

struct EventKindRow {
    EventKind kind;
    std::string_view text;
    std::string_view meaning; ///< one line for an operator
};

/// An old text of a kind: filters and webhooks may still name it.
struct EventKindAlias {
    std::string_view old;
    EventKind kind;
};

/// In the order of the enumerators, which is that of the texts.
std::span<const EventKindRow> eventKinds() noexcept;
std::span<const EventKindAlias> eventKindAliases() noexcept;
std::string_view toText(EventKind kind) noexcept;
/// Old texts count. Nothing: bm writes no such kind.
std::optional<EventKind> eventKindFromText(std::string_view text) noexcept;
/// All texts that stand for the kind @p text: its own and its old ones; only @p text where bm writes no such
/// kind. A filter with all of them finds events from before a renaming, too.
std::vector<std::string_view> sameEventKind(std::string_view text);

} // namespace bm::model
