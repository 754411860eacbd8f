#include "bmd/command_line.h"

#include "bmd/app.h"
#include "bmd/first_start.h"
#include "common/model/error.h"
#include "common/model/states.h"
#include "common/platform/files.h"
#include "common/platform/log.h"

#include <CLI/CLI.hpp>
#include <csignal>
#include <iostream>
#include <malloc.h>
#include <pthread.h>

namespace bm::bmd {

using model::Error;

namespace {

struct Options {
    std::string configFile{kDefaultConfigFile};
    bool configGiven = false;
    bool printConfig = false;
    bool printStates = false;
    bool check = false;
    bool dev = false;
    std::string user;
    std::uint16_t port = 0;
};

constexpr const char* kFooter = R"(Examples:
  bmd --print-config > /etc/bm/bmd.yaml     the documented defaults
  bmd --check                               is the file right?
  bmd --dev --port 6385                     try it out: no root, no network, simulated machines
  bmd --set-user alice < password-file      add an operator or change a password)";

sigset_t endSignals()
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    return signals;
}

/// Serves until SIGTERM or SIGINT. The signals were blocked before any thread began.
int serve(const Config& config, bool dev)
{
    const sigset_t signals = endSignals();
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    const model::SystemClock clock;
    App app(config, clock);
    app.start();
    if (dev)
        std::cout << "bmd --dev: " << app.endpoint() << "\n"
                  << "try: export BM_ENDPOINT=" << app.endpoint() << "; bm node list\n"
                  << std::flush;
    platform::logInfo("bmd", "ready: operators at {}, machines at {}:{}", app.endpoint(),
                      config.provisioning.address, app.provisioningPort());
    int signal = 0;
    while (sigwait(&signals, &signal) == 0 && signal == SIGHUP) {
    }
    platform::logInfo("bmd", "stopping");
    app.stop();
    platform::logInfo("bmd", "stopped");
    return 0;
}

int runDev(std::uint16_t port)
{
    const platform::TemporaryFolder folder("bmd-dev");
    platform::setLogLevel(platform::LogLevel::Warning);
    return serve(devConfig(folder.path().string(), port), true);
}

int addUser(const Config& config, const std::string& name)
{
    std::string password;
    std::getline(std::cin, password);
    setUser(config, name, password);
    std::cout << "user " << name << " is set; bmd takes it at once\n";
    return 0;
}

int run(const Options& options)
{
    if (options.printConfig) {
        std::cout << configText();
        return 0;
    }
    if (options.printStates) {
        std::cout << model::statesAsDot();
        return 0;
    }
    if (options.dev)
        return runDev(options.port);
    const Config config = readConfig(options.configFile, !options.configGiven);
    if (options.check) {
        std::cout << options.configFile << ": good\n";
        return 0;
    }
    if (!options.user.empty())
        return addUser(config, options.user);
    platform::setLogLevel(config.logLevel);
    platform::setLogJson(config.logJson);
    return serve(config, false);
}

/// A list of a thousand nodes is some MiB for some ms: given back to the kernel each time, its page faults
/// were a third of the time. Each heap may keep as much as such an answer takes;
/// few heaps keep less in all (bench/control-plane: 66 MiB instead of 103 with 1,000 nodes).
void keepFreedMemory()
{
    constexpr int kHeaps = 4;
    constexpr int kKept = 32 << 20;
    ::mallopt(M_ARENA_MAX, kHeaps);
    ::mallopt(M_TRIM_THRESHOLD, kKept);
    ::mallopt(M_MMAP_THRESHOLD, kKept / 2);
}

} // namespace

int runBmd(int argc, char** argv)
{
    keepFreedMemory();
    CLI::App app{"bmd: the provisioning server of bm", "bmd"};
    Options options;
    app.footer(kFooter);
    app.set_version_flag("--version", "bmd 0.1.0");
    CLI::Option* file =
        app.add_option("-c,--config", options.configFile, "configuration file")->capture_default_str();
    app.add_flag("--print-config", options.printConfig, "print every key with its default and exit");
    app.add_flag("--check", options.check, "check the configuration and exit");
    app.add_flag("--print-states", options.printStates, "print the node states as a DOT graph and exit");
    app.add_option("--set-user", options.user, "add an operator or change a password, read from stdin")
        ->type_name("NAME");
    app.add_flag("--dev", options.dev,
                 "try bm: loopback, no authentication, temporary database, simulated hardware");
    app.add_option("--port", options.port, "of --dev; else any free one")->needs("--dev");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 2;
    }
    options.configGiven = file->count() > 0;
    try {
        return run(options);
    } catch (const Error& error) {
        std::cerr << "bmd: " << error.what() << "\n";
        if (!error.hint().empty())
            std::cerr << "hint: " << error.hint() << "\n";
        return error.code() == model::ErrorCode::InvalidInput ? 2 : 1;
    } catch (const std::exception& failure) {
        std::cerr << "bmd: " << failure.what() << "\n";
        return 1;
    }
}

} // namespace bm::bmd
