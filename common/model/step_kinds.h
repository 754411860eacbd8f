#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bm::model {

/// The actor of a step.
enum class StepActor : std::uint8_t { Conductor, Bmc, Agent };
std::string_view toText(StepActor actor) noexcept;

/// The lists that may name a step: clean_steps, deploy_steps, service_steps.
enum class StepUse : std::uint8_t { Clean, Deploy, Service };
std::string_view toText(StepUse use) noexcept;

using StepTraits = std::uint8_t;
inline constexpr StepTraits kPlainStep = 0;
inline constexpr StepTraits kDestroysData = 1; ///< overwrites data on a disk
inline constexpr StepTraits kCountsBytes = 2;  ///< its progress is bytes, shown with rate and time left
inline constexpr StepTraits kUsesRelay = 4;    ///< nodes that copy the same image pass it on to each other;
                                               ///< its arguments are a wire::ImageCopy and more

/// One kind of step of operations. Handlers (conductor/steps), the agent's functions (agent/step_table.cpp),
/// plans, the API and docs/steps.md refer to these rows.
struct StepKind {
    std::string_view name;      ///< of the row in an operation, unique
    std::string_view interface; ///< Ironic's interface
    StepActor actor;
    StepTraits traits;
    std::string_view title;            ///< for people, at most 26 characters: "writing the image"
    std::string_view sealedArgument{}; ///< sealed in the database; the agent gets it in plain

    constexpr bool destroysData() const noexcept { return (traits & kDestroysData) != 0; }
    constexpr bool countsBytes() const noexcept { return (traits & kCountsBytes) != 0; }
    constexpr bool usesRelay() const noexcept { return (traits & kUsesRelay) != 0; }
    constexpr bool inBand() const noexcept { return actor == StepActor::Agent; }
};

// clang-format off
inline constexpr auto kStepKinds = std::to_array<StepKind>({
    {"validate",                  "power",      StepActor::Conductor, kPlainStep,    "checking settings"},
    {"identify_bmc",              "management", StepActor::Bmc,       kPlainStep,    "identifying the BMC"},
    {"read_power",                "power",      StepActor::Bmc,       kPlainStep,    "reading power"},
    {"set_power",                 "power",      StepActor::Bmc,       kPlainStep,    "switching power"},
    {"switch_off",                "power",      StepActor::Bmc,       kPlainStep,    "switching off"},
    {"switch_on",                 "power",      StepActor::Bmc,       kPlainStep,    "switching on"},
    {"shut_down",                 "power",      StepActor::Bmc,       kPlainStep,    "shutting down"},
    {"expect_boot",               "boot",       StepActor::Conductor, kPlainStep,    "preparing the boot"},
    {"power_off",                 "power",      StepActor::Bmc,       kPlainStep,    "switching off"},
    {"boot_device_pxe",           "management", StepActor::Bmc,       kPlainStep,    "setting network boot"},
    {"power_on",                  "power",      StepActor::Bmc,       kPlainStep,    "switching on"},
    {"await_agent",               "deploy",     StepActor::Conductor, kPlainStep,    "starting the RAM disk"},
    {"end_boot",                  "boot",       StepActor::Conductor, kPlainStep,    "ending network boot"},
    {"power_off_written",         "power",      StepActor::Bmc,       kPlainStep,    "switching off"},
    {"boot_device_disk",          "management", StepActor::Bmc,       kPlainStep,    "setting disk boot"},
    {"power_on_deployed",         "power",      StepActor::Bmc,       kPlainStep,    "starting the system"},
    {"end_cleaning",              "power",      StepActor::Bmc,       kPlainStep,    "switching off"},
    {"fetch_image",               "deploy",     StepActor::Conductor, kCountsBytes,  "fetching the image"},
    {"check_request",             "deploy",     StepActor::Conductor, kPlainStep,    "checking the request"},
    {"write_image",               "deploy",     StepActor::Agent,
     kDestroysData | kCountsBytes | kUsesRelay,                                      "writing the image"},
    {"write_tree",                "deploy",     StepActor::Agent,
     kDestroysData | kCountsBytes | kUsesRelay,                                      "copying the tree"},
    {"start_kernel",              "deploy",     StepActor::Agent,     kPlainStep,    "starting its kernel"},
    {"prepare_ramdisk",           "deploy",     StepActor::Conductor, kPlainStep,    "extracting kernel, initrd"},
    {"boot_device_ramdisk",       "management", StepActor::Bmc,       kPlainStep,    "setting network boot"},
    {"await_ramdisk",             "deploy",     StepActor::Conductor, kPlainStep,    "starting from the network"},
    {"forget_instance",           "deploy",     StepActor::Conductor, kPlainStep,    "forgetting the instance"},
    {"check_capture",             "deploy",     StepActor::Conductor, kPlainStep,    "checking the request"},
    {"capture_disk",              "deploy",     StepActor::Agent,     kCountsBytes,  "reading the disk"},
    {"check_verify",              "deploy",     StepActor::Conductor, kPlainStep,    "checking the request"},
    {"verify_disk",               "deploy",     StepActor::Agent,     kCountsBytes,  "comparing the disk"},
    {"erase_devices_metadata",    "deploy",     StepActor::Agent,     kDestroysData, "wiping disk metadata"},
    {"erase_devices_express",     "deploy",     StepActor::Agent,     kDestroysData, "erasing disks, express"},
    {"erase_devices",             "deploy",     StepActor::Agent,     kDestroysData, "erasing disks"},
    {"burnin_cpu",                "deploy",     StepActor::Agent,     kPlainStep,    "burning in the CPUs"},
    {"burnin_memory",             "deploy",     StepActor::Agent,     kPlainStep,    "burning in the memory"},
    {"burnin_disk",               "deploy",     StepActor::Agent,     kDestroysData, "burning in the disks"},
    {"raid_create_configuration", "raid",       StepActor::Agent,     kDestroysData, "creating RAID"},
    {"raid_delete_configuration", "raid",       StepActor::Agent,     kDestroysData, "deleting RAID"},
    {"bios_apply_configuration",  "bios",       StepActor::Bmc,       kPlainStep,    "applying BIOS settings"},
    {"bios_factory_reset",        "bios",       StepActor::Bmc,       kPlainStep,    "resetting the BIOS"},
    {"firmware_update",           "firmware",   StepActor::Bmc,       kPlainStep,    "updating firmware"},
    {"reset_bmc",                 "management", StepActor::Bmc,       kPlainStep,    "resetting the BMC"},
    {"hold",                      "power",      StepActor::Conductor, kPlainStep,    "waiting for unhold"},
    {"wait",                      "power",      StepActor::Conductor, kPlainStep,    "waiting"},
    {"start_rescue",              "rescue",     StepActor::Agent,     kPlainStep,    "starting SSH for rescue",
     "hashed_password"},
    {"adopt",                     "deploy",     StepActor::Conductor, kPlainStep,    "adopting the machine"},
    {"inspect",                   "inspect",    StepActor::Agent,     kPlainStep,    "inspecting the hardware"},
    {"apply_inspection",          "inspect",    StepActor::Conductor, kPlainStep,    "storing the inspection"},
});
// clang-format on

/// nullptr: no such row.
constexpr const StepKind* findStepKind(std::string_view name) noexcept
{
    for (const StepKind& kind : kStepKinds)
        if (kind.name == name)
            return &kind;
    return nullptr;
}

/// The row of @p name; a misspelt name does not compile.
consteval const StepKind& stepKind(std::string_view name)
{
    const StepKind* found = findStepKind(name);
    if (found == nullptr)
        throw "kStepKinds has no such row";
    return *found;
}

/// The row's title; the name itself for the step of a newer bmd.
std::string titleOfStep(std::string_view name);

/// A step that requests may name: in clean_steps, deploy_steps, service_steps, runbooks, deploy templates.
struct StepOffer {
    std::string_view interface; ///< "": a reserved step, named without an interface
    std::string_view name;      ///< Ironic's
    std::string_view row;       ///< the StepKind that does it; "": the plan makes several rows of it
    std::string_view backing;   ///< of an agent's step: the node's interface must be one of these,
                                ///< blank-separated; "": any. A BMC's step needs a driver that implements it
    std::string_view required;  ///< arguments, blank-separated
    std::string_view optional;  ///< more of them

    constexpr bool reserved() const noexcept { return interface.empty(); }
    constexpr bool inBand() const noexcept
    {
        const StepKind* kind = findStepKind(row);
        return kind != nullptr && kind->inBand();
    }
    /// Service keeps the content of the disks.
    constexpr bool allowedIn(StepUse use) const noexcept
    {
        const StepKind* kind = findStepKind(row);
        return use != StepUse::Service || kind == nullptr || !kind->destroysData();
    }
};

// clang-format off
inline constexpr auto kStepOffers = std::to_array<StepOffer>({
    {"deploy",     "erase_devices_metadata", "erase_devices_metadata",    "", "", ""},
    {"deploy",     "erase_devices_express",  "erase_devices_express",     "", "", ""},
    {"deploy",     "erase_devices",          "erase_devices",             "", "", "shred_passes allow_shred"},
    {"deploy",     "burnin_cpu",             "burnin_cpu",                "", "", "seconds cpus"},
    {"deploy",     "burnin_memory",          "burnin_memory",             "", "", "seconds percent"},
    {"deploy",     "burnin_disk",            "burnin_disk",               "", "", "seconds mode"},
    {"raid",       "create_configuration",   "raid_create_configuration", "agent fake", "",
     "create_root_volume create_nonroot_volumes delete_existing"},
    {"raid",       "apply_configuration",    "raid_create_configuration", "agent fake", "raid_config",
     "create_root_volume create_nonroot_volumes delete_existing"},
    {"raid",       "delete_configuration",   "raid_delete_configuration", "agent fake", "", ""},
    {"bios",       "apply_configuration",    "bios_apply_configuration",  "", "settings", ""},
    {"bios",       "factory_reset",          "bios_factory_reset",        "", "", ""},
    {"firmware",   "update",                 "firmware_update",           "", "settings", ""},
    {"management", "reset_bmc",              "reset_bmc",                 "", "", ""},
    {"",           "hold",                   "hold",                      "", "", ""},
    {"",           "wait",                   "wait",                      "", "seconds", ""},
    {"",           "power_on",               "switch_on",                 "", "", ""},
    {"",           "power_off",              "switch_off",                "", "", ""},
    {"",           "reboot",                 "",                          "", "", ""},
});
// clang-format on

/// nullptr: requests name no such step. Reserved steps are not among these.
const StepOffer* findStepOffer(std::string_view interface, std::string_view name) noexcept;
/// hold, wait, power_on, power_off, reboot: bm does them itself; every list may name them, without an
/// interface.
bool isReservedStep(std::string_view name) noexcept;
/// Ironic's name of the row @p name: "create_configuration" of "raid_create_configuration". A row that no
/// request names keeps its own.
std::string_view shownStepName(std::string_view name) noexcept;

} // namespace bm::model
