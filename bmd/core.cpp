#include "bmd/core.h"

namespace bm::bmd {
namespace {

std::unique_ptr<platform::SecretBox> makeSecrets(const CoreSettings& settings)
{
    if (settings.secretKeyFile.empty())
        return std::make_unique<platform::SecretBox>();
    return std::make_unique<platform::SecretBox>(settings.secretKeyFile);
}

std::map<std::string, drivers::HardwareType> makeHardware(platform::Exec& exec,
                                                          const drivers::IpmiSettings& ipmi)
{
    std::map<std::string, drivers::HardwareType> hardware;
    hardware.emplace("ipmi", drivers::makeIpmi(exec, ipmi));
    hardware.emplace("fake-hardware", drivers::makeFakeHardware());
    return hardware;
}

} // namespace

Core::Core(CoreSettings settings, const model::Clock& clock, std::function<void()> hostsChanged)
    : settings_(std::move(settings)), exec_(platform::makeExec()), secrets_(makeSecrets(settings_)),
      hardware_(makeHardware(*exec_, settings_.ipmi)), database(settings_.database),
      store(settings_.images, *exec_), context{database,
                                               clock,
                                               *secrets_,
                                               hardware_,
                                               store,
                                               settings_.conductor,
                                               [this] { engine.wake(); },
                                               std::move(hostsChanged)},
      nodes(context), operations(context), agents(context), boots(context), catalogue(context),
      engine(context, model::makeUuid()), powerSync(context), tags(database, clock),
      rollouts(context, *exec_, settings_.rollouts), events(database)
{
    database.onCommit([this](const db::CommitFacts&) { events.poke(); });
}

Core::~Core()
{
    stop();
    database.onCommit({});
}

void Core::start()
{
    catalogue.start();
    engine.recover();
    engine.start();
    powerSync.start();
    rollouts.start();
}

void Core::stop()
{
    events.stop();
    rollouts.stop();
    powerSync.stop();
    engine.stop();
    catalogue.stop();
}

} // namespace bm::bmd
