#pragma once
#include "agent/base/agent_log.h"
#include "agent/base/step_progress.h"
#include "agent/copy/frame_source.h"
#include "agent/relay/relay.h"
#include "common/platform/exec.h"
#include "common/text/json_text.h"
#include "common/wire/agent/inventory.h"

#include <functional>
#include <map>
#include <stop_token>
#include <string>

namespace bm::agent {

/// What a step has at hand; borrowed for as long as it runs.
struct StepContext {
    const model::JsonText& arguments;
    const std::string& apiBase; ///< URLs that begin with '/' are below it
    const TokenSource& token;
    const std::function<std::vector<wire::Disk>()>& disks;
    platform::Exec& exec;
    StepProgress& progress;
    AgentLog& log;
    bool resume = false; ///< this step was begun before and cut short
    std::stop_token stop{};
    RelayCopy* relay = nullptr; ///< null: alone with the server
    RelaySettings relaySettings{};
    bool mayChangeMachine = false; ///< firmware's variables too: this is the RAM disk of a machine of bm's
    std::string bootInterface{};   ///< MAC of BOOTIF; "" when there is none
};

/// Returns the step's result as JSON; throws model::Error.
using StepFunction = std::function<model::JsonText(const StepContext&)>;

/// erase_devices_metadata {} -> {erased: [{name, serial}], skipped: [{name, reason}], boot} (boot: what
/// DiskStart tells, agent/start/disk_start.h, here and below)
model::JsonText eraseDevicesMetadata(const StepContext& context);
/// erase_devices_express {} -> {erased: [{name, serial, method, seconds}], skipped: [{name, reason}], boot}
/// method "nvme-format" for NVMe disks that have it, else "metadata". Several disks at a time.
model::JsonText eraseDevicesExpress(const StepContext& context);
/// erase_devices {shred_passes: 1, allow_shred: true} -> as above; method is the first that worked of
/// "nvme-format", "nvme-sanitize", "ata-secure-erase", "secure-discard", "discard", "zero", "shred" (only if
/// allowed). A disk that none of them erases fails the step once the others are done.
model::JsonText eraseDevices(const StepContext& context);

/// raid_create_configuration {target_raid_config: {logical_disks: [{size_gb: GiB|"MAX", raid_level:
/// "0"|"1"|"1+0"|"5"|"6", controller: "software", physical_disks: [hints of one disk each]?, volume_name?,
/// is_root_volume?}]}, create_root_volume: true, create_nonroot_volumes: true} -> {raid_config:
/// {logical_disks: [{controller, raid_level, size_gb, size_bytes, name: "/dev/md0", uuid, volume_name,
/// is_root_volume, members: [{name, partition}]}]}}. The disks' RAID is made anew; a disk with other
/// partitions is refused (Conflict).
model::JsonText raidCreateConfiguration(const StepContext& context);
/// raid_delete_configuration {} -> {raid_config: {logical_disks: []}, deleted: [uuid], erased: [{name,
/// serial}], skipped: [{name, reason}], boot}. Only disks with RAID on them are touched.
model::JsonText raidDeleteConfiguration(const StepContext& context);

/// inspect {lldp_seconds: 0} -> {inventory} in the shape of Ironic's agent
/// (agent/hardware/inspection/inspection.h); with lldp_seconds every NIC is taken up and listened to so long,
/// and "lldp" and "lldp_neighbor" are what its switch said.
model::JsonText inspectStep(const StepContext& context);

/// burnin_cpu {seconds: 600, cpus: 0 (all)} -> {seconds, cpus, rounds, rounds_per_s}
/// All three: what does not come out as it must is an Error AgentFailed that names what and where.
model::JsonText burnInCpuStep(const StepContext& context);
/// burnin_memory {seconds: 600, percent: 90 (of what is free)} -> {seconds, bytes_tested, passes,
/// bytes_written, bytes_read, mb_per_s}
model::JsonText burnInMemoryStep(const StepContext& context);
/// burnin_disk {seconds: 600, mode: "read"|"write"|"smart"} -> {mode, disks: [{name, serial, bytes_written,
/// bytes_read, passes, mb_per_s}], skipped: [{name, reason}]}; "write" overwrites all candidates and leaves
/// them without partition table; "smart" (seconds: how long a self-test may take) -> disks: [{name, serial,
/// health: "passed"|null, self_test: "passed"|"unfinished"|null, detail}]
model::JsonText burnInDiskStep(const StepContext& context);

/// start_rescue {hashed_password: "$6$...", ssh_keys: ["ssh-ed25519 ..."]}, one of them at least -> {address,
/// port, host_key_fingerprint: "SHA256:..."}. dropbear lets root in, with that alone; the agent goes on.
model::JsonText startRescueStep(const StepContext& context);

/// write_image {image, root_device, root_device_policy, remembered, more_disks: [hints], grow_last_partition,
/// full, configdrive_url}
///   -> {disks: [{name, ..., blocks_root}] where there are several, disk: {name, wwn, serial, size_bytes,
///   model}, bytes_written, bytes_fetched, bytes_present, seconds, mb_per_s, blocks_root, decision:
///   {only_differing, why}, file_system: {kind, bytes_before, bytes_after, trouble}, boot}
model::JsonText writeImageStep(const StepContext& context);

/// write_tree {image, layout, content_bytes, root_device, root_device_policy, remembered, configdrive_url}
///   -> {disk, disks, entries, bytes_written, bytes_fetched, files_digest, preserved, seconds, mb_per_s,
///   boot}
model::JsonText writeTreeStep(const StepContext& context);
/// capture_disk {capture_url, kind, generalise, root_device, root_device_policy, remembered} -> {disk,
/// content_id, image_bytes, bytes_used, bytes_sent, seconds, partitions: [{file_system, mapped, why}],
/// generalised, config_drive_left_out}; kind "tree": the files on it, and in the result what captureTree()
/// (agent/tree/tree_capture.h) tells. The disk is only read.
model::JsonText captureDiskStep(const StepContext& context);
/// verify_disk {image, root_device, root_device_policy, remembered} -> {disk, blocks, blocks_changed,
/// blocks_unreadable, partitions: [{number, name, file_system, blocks_changed}], seconds}. Only read.
model::JsonText verifyDiskStep(const StepContext& context);

/// start_kernel {root_device, root_device_policy, remembered} -> {loaded, why, kernel, initrds, arguments}.
/// Loads the deployed kernel; once the server knows, the agent leaves for it. What keeps it from that is in
/// "why": the machine can always be started by its firmware.
model::JsonText startKernelStep(const StepContext& context);

/// By name. power_off and reboot do nothing here: they are carried out once the server knows that they are
/// done.
std::map<std::string, StepFunction> allSteps();

/// What follows the report of step @p name ("power_off", "reboot", "start_kernel"), which ended with @p
/// result.
enum class PowerChange : std::uint8_t { None, Off, Reboot, Kernel };
PowerChange powerChangeOf(const std::string& name, const model::JsonText& result);

} // namespace bm::agent
