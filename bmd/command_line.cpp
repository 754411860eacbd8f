#include "bmd/command_line.h"

#include "api/access/users_file.h"
#include "bmd/accounts.h"
#include "bmd/app.h"
#include "bmd/db_command.h"
#include "bmd/doctor_wiring.h"
#include "bmd/rotate_key.h"
#include "common/model/error.h"
#include "common/model/states.h"
#include "common/platform/files.h"
#include "common/platform/log.h"
#include "common/text/terminal.h"

#include <CLI/CLI.hpp>
#include <csignal>
#include <fmt/chrono.h>
#include <fstream>
#include <iostream>
#include <malloc.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/resource.h>

namespace bm::bmd {

using model::Error;

namespace {

constexpr int kTokenDays = 90;

struct Options {
    std::string configFile{kDefaultConfigFile};
    bool configGiven = false;
    bool printConfig = false;
    bool printStates = false;
    bool check = false;
    bool dev = false;
    std::string user;
    std::string newToken;
    std::string revokedToken;
    bool listTokens = false;
    bool rotateKey = false;
    std::string role;
    std::string project;
    bool projectGiven = false;
    int days = kTokenDays;
    std::uint16_t port = 0;
    DbOptions db;
};

constexpr const char* kFooter = R"(Examples:
  bmd --print-config > /etc/bm/bmd.yaml     the documented defaults
  bmd --check                               check a configuration file
  bmd --dev --port 6385                     try it out: no root, no network, simulated machines
  bmd --set-user alice < password-file      add an operator or change a password
  bmd --set-user bob --role member --project web < password-file
                                            add a member of the project web
  bmd --create-token ci --role manager --project web --days 30 > token-file
  bmd --list-tokens; bmd --revoke-token ci
  bmd db --help                             back up, restore, check the database)";

sigset_t endSignals()
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    return signals;
}

/// Serves until SIGTERM or SIGINT. The caller has blocked both signals before it started a thread.
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

RequestedGrant requestedGrant(const Options& options)
{
    return {options.role, options.projectGiven ? std::optional(options.project) : std::nullopt};
}

int addUser(const Config& config, const Options& options)
{
    std::string password;
    std::getline(std::cin, password);
    setUser(config, options.user, password, requestedGrant(options));
    std::cout << "user " << options.user << " is set; a running bmd accepts it at once\n";
    return 0;
}

std::string expiryOf(const api::Token& token)
{
    return token.expiresAt
               ? fmt::format("{:%Y-%m-%d}",
                             fmt::gmtime(std::chrono::system_clock::to_time_t(
                                 std::chrono::system_clock::time_point(token.expiresAt->time_since_epoch()))))
               : "never";
}

/// Prints the bare token on stdout, for a file or a pipe.
int addToken(const Config& config, const Options& options)
{
    const api::NewToken made = createToken(config, options.newToken, requestedGrant(options), options.days);
    std::cout << made.text << "\n";
    std::cerr << "token " << made.token.id << " of " << made.token.name << ", "
              << api::toText(made.token.grant) << ", expires " << expiryOf(made.token)
              << "; it is shown only now. A running bmd accepts it at once\n"
              << "use: BM_TOKEN_FILE=FILE bm node list; curl -H \"X-Auth-Token: $(cat FILE)\" ...\n";
    return 0;
}

int showTokens(const Config& config)
{
    const std::vector<api::Token> tokens = listTokens(config);
    std::cout << fmt::format("{:<10}{:<24}{:<10}{:<24}{}\n", "ID", "NAME", "ROLE", "PROJECT", "EXPIRES");
    const model::UtcTime now = model::SystemClock{}.now();
    for (const api::Token& token : tokens)
        std::cout << fmt::format("{:<10}{:<24}{:<10}{:<24}{}{}\n", token.id, token.name,
                                 model::toText(token.grant.role),
                                 token.grant.ofSystem() ? "(system)" : token.grant.project, expiryOf(token),
                                 token.expiresAt && *token.expiresAt <= now ? " (expired)" : "");
    return 0;
}

int revokeToken(const Config& config, const std::string& idOrName)
{
    const std::size_t count = revokeTokens(config, idOrName);
    std::cout << fmt::format("{} token{} revoked; a running bmd refuses {} at once\n", count,
                             count == 1 ? "" : "s", count == 1 ? "it" : "them");
    return 0;
}

int exchangeKey(const Config& config)
{
    const db::Resealed count = rotateKey(config);
    std::cout << fmt::format("{} has a new key; {} secret{} sealed again\n",
                             config.paths.secretKeyFile.string(), count.values, count.values == 1 ? "" : "s")
              << "earlier backups need the old key, which is deleted here\n";
    if (count.lost > 0)
        std::cerr << fmt::format("{} could not be opened with the old key either, and remain unchanged\n",
                                 count.lost);
    return 0;
}

/// Runs an option that changes accounts. @return its exit code; nullopt when bmd is to serve
std::optional<int> runAccounts(const Config& config, const Options& options)
{
    if (!options.user.empty())
        return addUser(config, options);
    if (!options.newToken.empty())
        return addToken(config, options);
    if (options.listTokens)
        return showTokens(config);
    if (!options.revokedToken.empty())
        return revokeToken(config, options.revokedToken);
    if (options.rotateKey)
        return exchangeKey(config);
    return std::nullopt;
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
        for (const auto& notes : {credentialNotes(config), storedValueNotes(config)})
            for (const std::string& note : notes)
                std::cout << "note: " << note << "\n";
        return 0;
    }
    if (options.db.command->parsed())
        return runDb(config, options.db);
    if (const std::optional<int> done = runAccounts(config, options))
        return *done;
    platform::setLogLevel(config.logLevel);
    platform::setLogJson(config.logJson);
    return serve(config, false);
}

/// A core file would hold keys and passwords. A core_pattern with a pipe ignores the limit, so no mapping is
/// dumped either; children inherit both (core(5)). Not dumpable also means that no other process of bmd's
/// user reads this process's memory or environment.
void forbidCoreFiles()
{
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
    std::ofstream("/proc/self/coredump_filter") << "0"; // before the next call gives this file to root
#if !defined(BM_SANITIZED)                              // their leak check traces this process
    ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

/// For options that take a name: an empty one, as of an unset variable of a script, would start bmd.
const CLI::Validator kNotEmpty([](const std::string& text) { return text.empty() ? "is empty" : ""; },
                               "NAME");

/// A list of a thousand nodes needs some MiB for some ms. When the heap returned them to the kernel each
/// time, the page faults took a third of the time. So each heap keeps the memory of one such answer, and the
/// number of heaps is limited (bench/control-plane: 66 MiB instead of 103 with 1,000 nodes).
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
    forbidCoreFiles();
    keepFreedMemory();
    const text::SafeOutput safeOutput; // names of tokens, images and stored values are other people's text
    CLI::App app{"bmd: the provisioning server of bm", "bmd"};
    Options options;
    app.footer(kFooter);
    app.set_version_flag("--version", std::string("bmd ") + BM_VERSION);
    CLI::Option* file = app.add_option("-c,--config", options.configFile, "configuration file")
                            ->capture_default_str()
                            ->check(kNotEmpty);
    app.add_flag("--print-config", options.printConfig, "print every key with its default and exit");
    app.add_flag("--check", options.check, "check the configuration and exit");
    app.add_flag("--print-states", options.printStates, "print the node states as a DOT graph and exit");
    app.add_option("--set-user", options.user, "add an operator or change a password, read from stdin")
        ->type_name("NAME")
        ->check(kNotEmpty);
    app.add_option("--create-token", options.newToken, "create a bearer token and print it")
        ->type_name("NAME")
        ->check(kNotEmpty);
    app.add_flag("--list-tokens", options.listTokens, "list the bearer tokens");
    app.add_option("--revoke-token", options.revokedToken, "revoke a token, or all tokens with that name")
        ->type_name("ID|NAME")
        ->check(kNotEmpty);
    app.add_flag("--rotate-key", options.rotateKey,
                 "rotate the key that encrypts secrets in the database; bmd must be stopped");
    app.add_option("--role", options.role,
                   "role for --set-user and --create-token: reader, member, manager, admin (new users: "
                   "admin; tokens: "
                   "reader)")
        ->check(CLI::IsMember({"reader", "member", "manager", "admin"}));
    CLI::Option* project = app.add_option("--project", options.project,
                                          "project for --set-user and --create-token: grants access to the "
                                          "nodes that it owns or leases; \"\" is the whole system");
    app.add_option("--days", options.days, "lifetime for --create-token; 0: never expires")
        ->capture_default_str();
    app.add_flag("--dev", options.dev,
                 "try bm: loopback, no authentication, temporary database, simulated hardware");
    app.add_option("--port", options.port, "port for --dev (default: any free one)")->needs("--dev");
    addDbCommand(app, options.db);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 2;
    }
    options.configGiven = file->count() > 0;
    options.projectGiven = project->count() > 0;
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
