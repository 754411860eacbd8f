#pragma once
#include "conductor/events/event_hub.h"
#include "conductor/events/record_keeper.h"
#include "conductor/events/webhooks.h"
#include "conductor/fleet/rollouts/rollout_starter.h"
#include "conductor/fleet/rollouts/rollouts.h"
#include "conductor/fleet/schedules/scheduler.h"
#include "conductor/fleet/schedules/schedules.h"
#include "conductor/images/image_catalogue.h"
#include "conductor/images/image_reference.h"
#include "conductor/machines/agent_service.h"
#include "conductor/machines/boot_service.h"
#include "conductor/machines/relay_coordinator.h"
#include "conductor/nodes/allocator.h"
#include "conductor/nodes/node_commands.h"
#include "conductor/nodes/power_sync.h"
#include "conductor/operations/engine.h"
#include "conductor/operations/operations.h"
#include "db/open/open_database.h"
#include "drivers/ipmi/ipmi.h"

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace bm::bmd {

struct CoreSettings {
    db::DatabaseSettings database;
    images::StoreSettings images;
    drivers::IpmiSettings ipmi;
    conductor::Settings conductor;
    conductor::WebhookSettings webhooks{};
    conductor::fleet::RolloutSettings rollouts;
    platform::OutgoingSettings outgoing; ///< the policy made of it replaces those of the members above
    std::filesystem::path
        secretKeyFile; ///< signing.key is beside it; empty: keys in memory only (--dev, tests)
};

/// Every hardware type of this bmd.
drivers::HardwareTypes makeHardware(platform::Exec& exec, const drivers::IpmiSettings& ipmi);

/// All of bmd except the network: database, drivers, image store, conductor. The App and the tests' World use
/// it. Threads run between start() and stop() only.
class Core {
public:
    Core(
        CoreSettings settings, const model::Clock& clock, std::function<void()> hostsChanged = [] {});
    ~Core();
    Core(const Core&) = delete;
    Core& operator=(const Core&) = delete;
    void recover(); ///< resumes the work of an earlier process; call it before start() and before any request
    void start();
    void stop();

    /// The one rule for outgoing requests; the App adds bmd's listeners.
    const std::shared_ptr<platform::OutgoingPolicy> outgoing;

private:
    CoreSettings settings_;
    std::unique_ptr<platform::Exec> exec_;
    std::unique_ptr<platform::SecretBox> secrets_;
    platform::SigningKey signer_;

public:
    conductor::Meters meters; ///< outlives all members that count
    conductor::StrangerGate strangers;
    conductor::UnknownMachines unknownMachines;

private:
    drivers::HardwareTypes hardware_;
    conductor::ProjectData projects_{settings_.conductor.maxProjectBytes};

public:
    db::Database database;
    images::ImageStore store;
    conductor::RelayCoordinator relay;
    conductor::Context context;
    conductor::NodeCommands nodes;
    conductor::Operations operations;
    conductor::AgentService agents;
    conductor::BootService boots;
    conductor::ImageCatalogue catalogue;
    conductor::Engine engine;
    conductor::Allocator allocator;
    conductor::PowerSync powerSync;
    conductor::ImageTags tags;
    conductor::fleet::Rollouts rollouts;
    conductor::EventHub events;
    conductor::RecordKeeper records;
    conductor::Webhooks webhooks;
    conductor::fleet::Schedules schedules;
    conductor::fleet::RolloutLauncher rolloutStarter;
    conductor::fleet::Scheduler scheduler;
};

} // namespace bm::bmd
