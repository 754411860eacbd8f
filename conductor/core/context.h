#pragma once
#include "common/model/error.h"
#include "conductor/core/base_context.h"
#include "conductor/core/config_drive_level.h"
#include "conductor/core/project_data.h"
#include "conductor/core/record_settings.h"
#include "conductor/core/relay_settings.h"
#include "conductor/core/stranger_gate.h"
#include "conductor/core/unknown_machines.h"
#include "db/repositories/repositories.h"
#include "drivers/core/hardware_types.h"
#include "images/store/image_store.h"
#include "pxe/boot_services.h"

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <string>

namespace bm::conductor {

/// Limits and waits; each a key of bmd.yaml (docs in bmd/config).
struct Settings {
    std::string conductorName = "localhost";
    std::string baseUrl; ///< of the provisioning listener: "http://10.77.0.1:6386"
    int stepThreads = 16;
    int importThreads = 2;
    std::size_t maxConcurrentDeploys = 250; ///< beyond: queued
    std::size_t maxConcurrentCleans = 50;
    std::chrono::milliseconds verifyTimeout{60'000};
    std::chrono::milliseconds powerTimeout{60'000};       ///< for the BMC to report an ordered power state
    std::chrono::milliseconds softOffTimeout{180'000};    ///< then hard off
    std::chrono::milliseconds callbackTimeout{1'800'000}; ///< RAM disk to first agent contact
    std::chrono::milliseconds agentSilence{120'000};      ///< a silent agent during a step fails it
    std::chrono::milliseconds writeTimeout{14'400'000};
    std::chrono::milliseconds powerSyncInterval{60'000};      ///< 0: off
    std::chrono::milliseconds agentPace{2'000};               ///< exchange interval while a step runs
    std::uint64_t maxDownloadBytes = std::uint64_t{2} << 40U; ///< of an image given by url
    std::uint64_t maxProjectBytes = std::uint64_t{64} << 20U; ///< of a project's nodes, see ProjectData
    bool automatedClean = true;
    bool fastTrack = true;
    bool guardSpecialFileSystems = true; ///< cleaning stops at cluster file systems
    bool smallestDisk = false;           ///< Ironic's "smallest of at least 4 GiB" instead of refusing
    model::BootMode defaultBootMode =
        model::BootMode::Uefi; ///< of a machine never seen and without a boot_mode capability
    RelaySettings relay{};
    RecordSettings records{};
    ConfigDriveLevel configDriveLevel = ConfigDriveLevel::Window;
    std::filesystem::path leaseFile;    ///< of the DHCP server in managed mode; empty: another server's
    std::filesystem::path handlersFile; ///< the steps whose handlers run; empty: no crash is counted
    std::string kernelArguments;        ///< extra ones for the RAM disk
    std::map<std::string, std::string> rootDeviceByClass; ///< resource class to root device hints (JSON text)
};

/// Services and settings of the conductor. Borrowed: bmd's Core makes it and outlives every user.
struct Context {
    db::Database& database;
    const model::Clock& clock;
    platform::SecretBox& secrets;
    drivers::HardwareTypes& hardware;
    images::ImageStore& images;
    const Settings& settings;
    Meters& meters;
    const platform::SigningKey& signer; ///< of reports
    StrangerGate& strangers;
    UnknownMachines& unknownMachines;
    ProjectData& projects; ///< refuses oversized records, and projects with too much data
    // Each follows a commit: give them to Transaction::afterCommit.
    std::function<void()> wake = [] {};              ///< has the engine check for due operations
    std::function<void()> hostsChanged = [] {};      ///< publishes the known machines to the DHCP service
    std::function<void()> decideAllocations = [] {}; ///< has the allocator decide the new ones
    /// Starts the job of an image whose job row is stored.
    std::function<void(const model::ImageId&)> startImageJob = [](const model::ImageId&) {};

    BaseContext base() const { return {database, clock, secrets, meters}; }
};

} // namespace bm::conductor
