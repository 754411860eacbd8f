#include "bmd/core.h"

#include "bmd/process_gauges.h"
#include "common/wire/event_json.h"
#include "conductor/health/fleet_gauges.h"
#include "drivers/fake/fake_hardware.h"

namespace bm::bmd {
namespace {

std::unique_ptr<platform::SecretBox> makeSecrets(const CoreSettings& settings)
{
    if (settings.secretKeyFile.empty())
        return std::make_unique<platform::SecretBox>();
    return std::make_unique<platform::SecretBox>(settings.secretKeyFile);
}

platform::SigningKey makeSigner(const CoreSettings& settings)
{
    if (settings.secretKeyFile.empty())
        return {};
    return platform::SigningKey(settings.secretKeyFile.parent_path() / "signing.key");
}

std::string eventText(const model::NodeEvent& event)
{
    wire::JsonWriter out;
    wire::writeEvent(out, event);
    return out.take();
}

drivers::IpmiSettings observed(drivers::IpmiSettings ipmi, conductor::Meters& meters)
{
    ipmi.observe = [&meters](std::chrono::milliseconds took, std::string_view code) {
        meters.bmcCall(took, code);
    };
    return ipmi;
}

CoreSettings withPolicy(CoreSettings settings,
                        const std::shared_ptr<const platform::OutgoingPolicy>& outgoing)
{
    settings.images.sources.outgoing = outgoing;
    settings.ipmi.outgoing = outgoing;
    settings.webhooks.outgoing = outgoing;
    settings.rollouts.outgoing = outgoing;
    return settings;
}

} // namespace

drivers::HardwareTypes makeHardware(platform::Exec& exec, const drivers::IpmiSettings& ipmi)
{
    drivers::HardwareTypes hardware;
    hardware.add(drivers::makeIpmi(exec, ipmi));
    hardware.add(drivers::makeFakeHardware());
    return hardware;
}

Core::Core(CoreSettings settings, const model::Clock& clock, std::function<void()> hostsChanged)
    : outgoing(std::make_shared<platform::OutgoingPolicy>(settings.outgoing)),
      settings_(withPolicy(std::move(settings), outgoing)), exec_(platform::makeExec()),
      secrets_(makeSecrets(settings_)), signer_(makeSigner(settings_)),
      hardware_(makeHardware(*exec_, observed(settings_.ipmi, meters))),
      database(db::openDatabase(settings_.database)), store(settings_.images, *exec_),
      relay(clock, settings_.conductor.agentPace), context{database,
                                                           clock,
                                                           *secrets_,
                                                           hardware_,
                                                           store,
                                                           settings_.conductor,
                                                           meters,
                                                           signer_,
                                                           strangers,
                                                           unknownMachines,
                                                           projects_,
                                                           [this] { engine.wake(); },
                                                           std::move(hostsChanged),
                                                           [this] { allocator.wake(); },
                                                           [this](const model::ImageId& image) {
                                                               catalogue.startJob(image);
                                                           }},
      nodes(context), operations(context), agents(context, relay), boots(context), catalogue(context),
      engine(context, model::makeUuid()), allocator(context), powerSync(context), tags(database, clock),
      rollouts(context, *exec_, settings_.rollouts), events(database), records(context),
      webhooks(context.base(), eventText, settings_.webhooks),
      schedules(context.base(), [this] { scheduler.wake(); }), rolloutStarter(context, rollouts),
      scheduler(context.base(), rolloutStarter)
{
    database.onCommit([this](const db::CommitFacts& facts) {
        meters.commit(facts.units, facts.took);
        events.poke();
        webhooks.poke();
    });
    conductor::measureFleet(context.base());
    measureProcess(*this, settings_.database.file);
}

Core::~Core()
{
    stop();
    database.onCommit({});
}

void Core::recover()
{
    catalogue.recover();
    engine.recover();
}

void Core::start()
{
    catalogue.start();
    engine.start();
    allocator.start();
    powerSync.start();
    records.start();
    webhooks.start();
    rollouts.start();
    scheduler.start();
}

void Core::stop()
{
    scheduler.stop();
    events.stop();
    webhooks.stop();
    rollouts.stop();
    records.stop();
    powerSync.stop();
    allocator.stop();
    engine.stop();
    catalogue.stop();
}

} // namespace bm::bmd
