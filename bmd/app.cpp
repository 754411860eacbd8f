#include "bmd/app.h"

#include "api/access/authentication.h"
#include "api/api.h"
#include "bmd/core.h"
#include "bmd/db_command.h"
#include "bmd/doctor_wiring.h"
#include "bmd/first_start.h"
#include "common/http/server.h"
#include "common/platform/log.h"
#include "common/platform/loop.h"
#include "pxe/boot_services.h"

namespace bm::bmd {

namespace {

CoreSettings coreSettings(const Config& config)
{
    CoreSettings settings;
    settings.database = config.database;
    settings.images = config.images;
    settings.ipmi = config.ipmi;
    settings.conductor = config.conductor;
    settings.rollouts = config.rollouts;
    settings.outgoing = config.outgoing;
    settings.secretKeyFile = config.paths.secretKeyFile;
    return settings;
}

api::ApiSettings apiSettings(const Config& config)
{
    api::ApiSettings settings;
    settings.ramdiskFolder = config.paths.ramdiskFolder;
    settings.loaderFolder = config.paths.loaderFolder;
    if (config.maxUploadBytes > 0)
        settings.maxUploadBytes = config.maxUploadBytes;
    settings.checkHost = config.auth == AuthMode::None;
    settings.names = config.names;
    return settings;
}

constexpr std::chrono::milliseconds kHostsPace{50};

} // namespace

/// Publishes the known machines to the DHCP service on its own thread, at most once in kHostsPace, because
/// each publication reads all machines.
class DhcpHostsPublisher {
public:
    DhcpHostsPublisher(conductor::BootService& boots, pxe::BootServices& services)
        : loop_(
              "boot",
              [&boots, &services](const std::stop_token&) {
                  services.setHosts(boots.hosts());
                  return platform::Loop::Pause::untilWoken(kHostsPace);
              },
              kHostsPace)
    {}
    void start() { loop_.start(); }
    void stop() { loop_.stop(); }
    void publish() { loop_.wake(); }

private:
    platform::Loop loop_;
};

struct App::State {
    State(Config given, const model::Clock& clock)
        : config(std::move(given)), core(coreSettings(config), clock, [this] { hosts.publish(); }),
          bootServices(config.boot, [this](const pxe::BootContact& contact) { onContact(contact); }),
          hosts(core.boots, bootServices),
          doctor(core.context, doctorChecks(
                                   config, [this] { return provisioningUrl(); }, clock, core.database,
                                   core.context.hardware)),
          api({core.context, core.nodes, core.operations, core.catalogue, core.agents, core.boots, core.relay,
               core.tags, core.rollouts, core.events, core.webhooks, core.schedules, apiSettings(config),
               &doctor})
    {}

    void onContact(const pxe::BootContact& contact);
    void bindListeners();
    void startListeners();
    void refuseOwnListeners();
    /// The URL under which machines reach bmd. With a port chosen by the system, the actual one.
    std::string provisioningUrl() const
    {
        return config.provisioning.port != 0 ? config.conductor.baseUrl
                                             : "http://127.0.0.1:" + std::to_string(machinesServer->port());
    }

    Config config;
    Core core;
    pxe::BootServices bootServices;
    DhcpHostsPublisher hosts;
    conductor::Doctor doctor;
    api::Api api;
    std::unique_ptr<api::Authentication> auth;
    http::Router operators;
    http::Router machines;
    std::unique_ptr<http::Server> operatorsServer;
    std::unique_ptr<http::Server> machinesServer;
};

void App::State::onContact(const pxe::BootContact& contact)
{
    try {
        core.boots.contact(contact);
    } catch (const std::exception& failure) {
        platform::logError("boot", "{}: {}", model::toText(contact.kind), failure.what());
    }
}

/// A bmd that does not get its ports has changed nothing.
void App::State::bindListeners()
{
    if (config.auth == AuthMode::Basic) {
        auth = std::make_unique<api::Authentication>(
            api::AuthenticationSettings{.usersFile = config.paths.stateFolder / "users",
                                        .tokensFile = config.paths.stateFolder / "tokens",
                                        .openMetrics = config.openMetrics});
        operators.filter(auth->filter());
    } else {
        operators.filter(api::noAuthentication());
    }
    api.mount(operators);
    api.mountProvisioning(machines);
    operatorsServer = std::make_unique<http::Server>(operators, config.api);
    machinesServer = std::make_unique<http::Server>(machines, config.provisioning);
    machinesServer->bind();
    operatorsServer->bind();
    refuseOwnListeners(); // before any request can steer bmd to them
}

void App::State::startListeners()
{
    machinesServer->start();
    operatorsServer->start();
}

void App::State::refuseOwnListeners()
{
    constexpr std::uint16_t kDhcpPort = 67;
    platform::OutgoingPolicy& policy = *core.outgoing;
    policy.addListener(config.api.address, operatorsServer->port());
    policy.addListener(config.provisioning.address, machinesServer->port());
    const platform::Destination machinesUrl = platform::destinationOf(config.conductor.baseUrl);
    if (!machinesUrl.host.empty()) // a proxy in front of bmd leads to bmd
        policy.addListener(machinesUrl.host, machinesUrl.port);
    if (config.boot.tftp)
        policy.addListener(config.boot.address, config.boot.tftpPort);
    if (config.boot.dhcp != pxe::DhcpMode::Off)
        policy.addListener(config.boot.address, kDhcpPort);
}

App::App(Config config, const model::Clock& clock)
{
    constexpr std::chrono::seconds kPatience{5}; // a killed bmd needs a moment to end
    makeFolders(config);
    lock_ = std::make_unique<StateLock>(placesOf(config), kPatience);
    state_ = std::make_unique<State>(std::move(config), clock);
}

App::~App()
{
    stop();
}

void App::start()
{
    State& state = *state_;
    makeFirstUser(state.config);
    useCertificates(state.config);
    state.bindListeners();
    state.core.recover(); // before any request can change the state
    state.startListeners();
    writeClientConfig(state.config, endpoint());
    if (state.config.bootServices())
        state.bootServices.start();
    state.core.start();
    state.hosts.start();
}

void App::stop()
{
    if (!state_)
        return;
    State& state = *state_;
    state.hosts.stop();
    state.core.stop();
    state.api.stop();
    state.bootServices.stop();
    if (state.operatorsServer)
        state.operatorsServer->stop();
    if (state.machinesServer)
        state.machinesServer->stop();
}

std::string App::endpoint() const
{
    const std::string address =
        state_->config.api.address == "0.0.0.0" ? "127.0.0.1" : state_->config.api.address;
    return (state_->config.apiUsesTls() ? "https://" : "http://") + address + ":" +
           std::to_string(state_->operatorsServer->port());
}

std::uint16_t App::provisioningPort() const
{
    return state_->machinesServer->port();
}

Config devConfig(const std::string& folder, std::uint16_t port)
{
    Config config = defaultConfig();
    const std::filesystem::path state = folder;
    config.api.address = "127.0.0.1";
    config.api.port = port;
    config.tls = TlsMode::Off;
    config.auth = AuthMode::None;
    config.provisioning.address = "127.0.0.1";
    config.provisioning.port = 0;
    config.boot.dhcp = pxe::DhcpMode::Off;
    config.boot.tftp = false;
    config.paths.stateFolder = state;
    config.paths.runFolder = state / "run";
    config.paths.secretKeyFile.clear();
    config.database.file = state / "bm.sqlite";
    config.database.durable = false;
    config.conductor.records.folder.clear(); // a reserve is of no use to a server for trials
    config.conductor.handlersFile.clear();
    config.images.folder = state / "images";
    config.ipmi.runFolder = state / "run";
    config.boot.runFolder = state / "run";
    config.outgoing.allow = {{platform::networkFromText("127.0.0.0/8")}, {platform::networkFromText("::1")}};
    config.outgoing.bmcOnLoopback = true;
    config.conductor.conductorName = "dev";
    config.conductor.baseUrl = "http://127.0.0.1:6386";
    return config;
}

} // namespace bm::bmd
