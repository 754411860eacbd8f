#include "bmd/config.h"
#include "bmd/config_keys.h"
#include "bmd/doctor_wiring.h"
#include "common/model/error.h"
#include "common/platform/files.h"
#include "tests/support/places.h"

#include <catch2/catch.hpp>

#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <sstream>

using namespace bm;
using namespace bm::bmd;
using namespace std::chrono_literals;

namespace {

/// All findings, one per line; "" for a valid file.
std::string findingsOf(const std::string& yaml)
{
    std::vector<ConfigFinding> findings;
    parseConfig(yaml, "b.yaml", findings);
    std::string lines;
    for (const ConfigFinding& finding : findings)
        lines += (lines.empty() ? "" : "\n") + finding.text();
    return lines;
}

Config good(const std::string& yaml)
{
    std::vector<ConfigFinding> findings;
    Config config = parseConfig(yaml, "b.yaml", findings);
    INFO((findings.empty() ? std::string() : findings.front().text()));
    REQUIRE(findings.empty());
    return config;
}

std::string fileText(const std::filesystem::path& path)
{
    std::ifstream stream(path);
    return {std::istreambuf_iterator<char>(stream), {}};
}

class TemporaryFile {
public:
    explicit TemporaryFile(const std::string& text)
    {
        std::string name = (std::filesystem::temp_directory_path() / "bmd-config-XXXXXX").string();
        const int fd = ::mkstemp(name.data());
        REQUIRE(fd >= 0);
        ::close(fd);
        path = name;
        std::ofstream(path) << text;
    }
    ~TemporaryFile() { std::filesystem::remove(path); }
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;
    std::filesystem::path path;
};

} // namespace

TEST_CASE("an empty configuration", "[bmd][config]")
{
    const Config config = defaultConfig();
    SECTION("works: the API on loopback, simulated machines, no DHCP, no TFTP")
    {
        CHECK(config.api.address == "127.0.0.1");
        CHECK(config.api.port == 6385);
        CHECK_FALSE(config.apiUsesTls());
        CHECK(config.auth == AuthMode::Basic);
        CHECK_FALSE(config.bootServices());
        CHECK(config.provisioning.address == "127.0.0.1");
        CHECK(config.conductor.baseUrl == "http://127.0.0.1:6386");
        CHECK_FALSE(config.conductor.conductorName.empty());
    }
    SECTION("keeps everything below its folders")
    {
        CHECK(config.database.file == "/var/lib/bm/bm.sqlite");
        CHECK(config.images.folder == "/var/lib/bm/images");
        CHECK(config.paths.secretKeyFile == "/var/lib/bm/secrets/key");
        CHECK(config.boot.ramdiskFolder == "/var/lib/bm/ramdisk");
        CHECK(config.boot.runFolder == "/run/bm");
        CHECK(config.ipmi.runFolder == "/run/bm");
        CHECK(config.database.durable);
    }
    SECTION("agrees with the defaults in the settings' types")
    {
        const conductor::Settings conductor;
        CHECK(config.conductor.stepThreads == conductor.stepThreads);
        CHECK(config.conductor.maxConcurrentDeploys == conductor.maxConcurrentDeploys);
        CHECK(config.conductor.maxConcurrentCleans == conductor.maxConcurrentCleans);
        CHECK(config.conductor.verifyTimeout == conductor.verifyTimeout);
        CHECK(config.conductor.powerTimeout == conductor.powerTimeout);
        CHECK(config.conductor.softOffTimeout == conductor.softOffTimeout);
        CHECK(config.conductor.callbackTimeout == conductor.callbackTimeout);
        CHECK(config.conductor.agentSilence == conductor.agentSilence);
        CHECK(config.conductor.writeTimeout == conductor.writeTimeout);
        CHECK(config.conductor.powerSyncInterval == conductor.powerSyncInterval);
        CHECK(config.conductor.agentPace == conductor.agentPace);
        CHECK(config.conductor.maxDownloadBytes == conductor.maxDownloadBytes);
        CHECK(config.conductor.automatedClean == conductor.automatedClean);
        CHECK(config.conductor.guardSpecialFileSystems == conductor.guardSpecialFileSystems);
        CHECK(config.conductor.smallestDisk == conductor.smallestDisk);
        CHECK(config.conductor.defaultBootMode == conductor.defaultBootMode);
        CHECK(config.images.maxImageBytes == images::StoreSettings{}.maxImageBytes);
        CHECK(config.images.reserveBytes == images::StoreSettings{}.reserveBytes);
        CHECK(config.images.compressionLevel == images::StoreSettings{}.compressionLevel);
        CHECK(config.ipmi.callTimeout == drivers::IpmiSettings{}.callTimeout);
        CHECK(config.ipmi.minInterval == drivers::IpmiSettings{}.minInterval);
        CHECK(config.ipmi.retries == drivers::IpmiSettings{}.retries);
        CHECK(config.api.headerDeadline == http::ListenerConfig{}.headerDeadline);
        CHECK(config.api.maxConnections == http::ListenerConfig{}.maxConnections);
    }
    SECTION("may be an empty file, a comment, or sections without keys")
    {
        for (const char* yaml : {"", "# nothing\n", "api:\ndhcp:\n", "---\n"})
            CHECK(findingsOf(yaml).empty());
    }
}

TEST_CASE("a configuration with a provisioning network", "[bmd][config]")
{
    // The interface is lo: every machine has it, with 127.0.0.1/8.
    const Config config =
        good("provisioning:\n  interface: lo\n  port: 7000\n"
             "dhcp:\n  mode: managed\n  range: 127.0.1.10-127.0.1.20\n  dns: [9.9.9.9, 1.1.1.1]\n"
             "  router: 127.0.0.254\n  lease_time: 10m\n");
    SECTION("takes address and netmask from the interface")
    {
        CHECK(config.boot.address == "127.0.0.1");
        CHECK(config.boot.netmask == "255.0.0.0");
        CHECK(config.boot.interface == "lo");
    }
    SECTION("passes its addresses to every part")
    {
        CHECK(config.boot.httpPort == 7000);
        CHECK(config.provisioning.port == 7000);
        CHECK(config.conductor.baseUrl == "http://127.0.0.1:7000");
        CHECK(config.boot.dhcp == pxe::DhcpMode::Managed);
        CHECK(config.boot.rangeFirst == "127.0.1.10");
        CHECK(config.boot.rangeLast == "127.0.1.20");
        CHECK(config.boot.dns == std::vector<std::string>{"9.9.9.9", "1.1.1.1"});
        CHECK(config.boot.leaseTime == "600");
        CHECK(config.boot.tftp);
        CHECK(config.bootServices());
    }
}

TEST_CASE("configuration values are parsed", "[bmd][config]")
{
    SECTION("durations have units and may have several")
    {
        CHECK(good("conductor: {callback_timeout: 1h30m}").conductor.callbackTimeout == 90min);
        CHECK(good("conductor: {callback_timeout: 250ms}").conductor.callbackTimeout == 250ms);
        CHECK(good("conductor: {callback_timeout: 1.5s}").conductor.callbackTimeout == 1500ms);
        CHECK(good("conductor: {power_sync_interval: 0}").conductor.powerSyncInterval == 0ms);
        for (const char* wrong : {"30", "5 m", "-1s", "1x", "s", "9999d", "0", "1s5"})
            CHECK_THAT(findingsOf(std::string("conductor: {callback_timeout: ") + wrong + "}"),
                       Catch::Contains("conductor.callback_timeout: expected a duration"));
    }
    SECTION("sizes are powers of 1024 or of 1000, by their unit")
    {
        CHECK(good("images: {reserve: 1GiB}").images.reserveBytes == 1073741824U);
        CHECK(good("images: {reserve: 1.5 GB}").images.reserveBytes == 1500000000U);
        CHECK(good("images: {reserve: 4096}").images.reserveBytes == 4096U);
        for (const char* wrong : {"1Gi", "1 G", "-1", "many", "1GiB2", "99999999PiB"})
            CHECK_THAT(findingsOf(std::string("images: {reserve: ") + wrong + "}"),
                       Catch::Contains("images.reserve: expected a size"));
    }
    SECTION("switches are booleans only")
    {
        CHECK_FALSE(good("conductor: {fast_track: no}").conductor.fastTrack);
        CHECK(good("conductor: {smallest_disk: on}").conductor.smallestDisk);
        CHECK(findingsOf("conductor: {fast_track: maybe}") ==
              "b.yaml:1:25: conductor.fast_track: expected one of true, false, yes, no, on, off, got "
              "\"maybe\"");
    }
    SECTION("ports, addresses and numbers are within bounds")
    {
        CHECK(findingsOf("api:\n  port: 70000\n") ==
              "b.yaml:2:9: api.port: expected a whole number from 1 to 65535, got \"70000\"");
        CHECK_THAT(findingsOf("api: {address: example.org}"), Catch::Contains("expected an IP address"));
        CHECK_THAT(findingsOf("dhcp: {netmask: 255.0.255.0}"), Catch::Contains("expected a netmask"));
        CHECK_THAT(findingsOf("dhcp: {range: 10.0.0.9-10.0.0.1}"), Catch::Contains("expected a range"));
        CHECK_THAT(findingsOf("dhcp: {dns: [ns1]}"), Catch::Contains("expected a list of IPv4 addresses"));
        CHECK_THAT(findingsOf("images: {compression_level: 22}"), Catch::Contains("from 1 to 19"));
        CHECK_THAT(findingsOf("paths: {state_dir: var}"), Catch::Contains("expected an absolute path"));
        CHECK_THAT(findingsOf("provisioning: {interface: a/b}"),
                   Catch::Contains("expected the name of a network"));
        CHECK_THAT(findingsOf("provisioning: {url: ftp://x}"), Catch::Contains("expected a URL"));
    }
    SECTION("root device hints are kept as JSON, by class")
    {
        const auto hints =
            good("conductor:\n  root_device_by_class:\n    storage: {rotational: false, serial: \"7\"}\n")
                .conductor.rootDeviceByClass;
        CHECK(hints.at("storage") == R"({"rotational":false,"serial":"7"})");
        CHECK_THAT(findingsOf("conductor:\n  root_device_by_class:\n    storage: sda\n"),
                   Catch::Contains("expected root device hints for \"storage\""));
    }
    SECTION("api.tls follows the address by default")
    {
        CHECK(good("api: {address: 0.0.0.0}").apiUsesTls());
        CHECK_FALSE(good("api: {address: 127.0.0.9}").apiUsesTls());
        CHECK_FALSE(good("api: {address: 0.0.0.0, tls: off}").apiUsesTls());
        CHECK(good("api: {tls: on}").apiUsesTls());
    }
}

TEST_CASE("a list names the further schemes of projects", "[bmd][config]")
{
    CHECK(good("").images.sources.projectSchemes.empty());
    CHECK(good("images: {project_schemes: [s3]}").images.sources.projectSchemes ==
          std::set<std::string>{"s3"});
    CHECK(good("images: {project_schemes: [s3, bm]}").images.sources.projectSchemes.size() == 2);
    for (const char* yaml : {"images: {project_schemes: [file]}", "images: {project_schemes: [https]}"}) {
        INFO(yaml);
        CHECK_FALSE(findingsOf(yaml).empty());
    }
}

TEST_CASE("outgoing requests are bounded by lists", "[bmd][config]")
{
    const Config config = good("outgoing:\n  allow: [127.0.0.1:9000, \"[fd00::1]:443\", Images.example]\n"
                               "  projects_only: 10.9.0.0/16\n  proxy: http://10.0.0.9:3128/\n"
                               "bmc:\n  networks: [10.4.0.0/16, \"fd00:4::/64\"]\n");
    REQUIRE(config.outgoing.allow.size() == 3);
    CHECK(config.outgoing.allow[0].port == 9000);
    CHECK(config.outgoing.allow[1].network);
    CHECK(config.outgoing.allow[2].host == "images.example");
    CHECK(config.outgoing.projectsOnly.size() == 1);
    CHECK(config.outgoing.proxy == "http://10.0.0.9:3128");
    CHECK(config.outgoing.bmcNetworks.size() == 2);
    CHECK_FALSE(config.outgoing.bmcOnLoopback);
    for (const char* yaml : {"outgoing: {allow: [10.0.0.0/33]}", "outgoing: {allow: [\"host:0\"]}",
                             "outgoing: {projects_only: [\"http://host\"]}", "outgoing: {proxy: host}",
                             "bmc: {networks: [bmc.example]}"}) {
        INFO(yaml);
        CHECK_FALSE(findingsOf(yaml).empty());
    }
}

TEST_CASE("proxies and names of the API", "[bmd][config]")
{
    CHECK(defaultConfig().api.proxies.networks.empty());
    const Config config =
        good("api:\n  trusted_proxies: [10.0.0.5, \"fd00:5::/64\"]\n  proxy_protocol: true\n"
             "  names: [BM.example, bm]\n");
    CHECK(config.api.proxies.contain("10.0.0.5"));
    CHECK(config.api.proxies.contain("fd00:5::7"));
    CHECK_FALSE(config.api.proxies.contain("10.0.0.6"));
    CHECK(config.api.proxies.proxyProtocol);
    CHECK(config.provisioning.proxies.networks.empty());
    CHECK(good("conductor: {max_project_data: 1GiB}").conductor.maxProjectBytes == std::uint64_t{1} << 30U);
    CHECK(config.names == std::vector<std::string>{"bm.example", "bm"});
    for (const char* yaml : {"api: {trusted_proxies: [proxy.example]}",
                             "api: {trusted_proxies: [10.0.0.0/33]}", "api: {names: [\"bm.example:6385\"]}",
                             "api: {names: [10.0.0.1]}", "api: {names: [\"https://bm.example\"]}"}) {
        INFO(yaml);
        CHECK_FALSE(findingsOf(yaml).empty());
    }
}

TEST_CASE("an error in a configuration has a position", "[bmd][config]")
{
    SECTION("an unknown key, with a suggestion")
    {
        CHECK(findingsOf("api:\n  prot: 1\n") == "b.yaml:2:3: api.prot: no such key; did you mean api.port?");
        CHECK_THAT(findingsOf("dhcp:\n  interface: eth1\n"),
                   Catch::Contains("did you mean provisioning.interface?"));
        CHECK(findingsOf("api:\n  completely_else: 1\n") == "b.yaml:2:3: api.completely_else: no such key");
    }
    SECTION("an unknown section, with a suggestion")
    {
        CHECK(findingsOf("conducter:\n  name: a\n") ==
              "b.yaml:1:1: conducter: no such section; did you mean conductor?");
    }
    SECTION("a key at the top level")
    {
        CHECK_THAT(findingsOf("state_dir: /x\n"), Catch::Contains("did you mean paths.state_dir?"));
    }
    SECTION("all errors together, in the order of the file")
    {
        CHECK(findingsOf("api:\n  port: x\n  adress: 1\nlog:\n  level: loud\n") ==
              "b.yaml:2:9: api.port: expected a whole number from 1 to 65535, got \"x\"\n"
              "b.yaml:3:3: api.adress: no such key; did you mean api.address?\n"
              "b.yaml:5:10: log.level: expected one of debug, info, warning, error, got \"loud\"");
    }
    SECTION("a file that is not YAML")
    {
        CHECK_THAT(findingsOf("api:\n  port: [1\n"),
                   Catch::StartsWith("b.yaml:") && Catch::Contains("not YAML"));
        CHECK_THAT(findingsOf("api:\n\tport: 1\n"), Catch::StartsWith("b.yaml:2:"));
        CHECK_THAT(findingsOf("api: {port: 1}\n---\nlog: {level: loud}\n"),
                   Catch::StartsWith("b.yaml:3:1: ") && Catch::Contains("a second YAML document"));
    }
    SECTION("the wrong shape")
    {
        CHECK_THAT(findingsOf("- api\n"), Catch::Contains("expected sections"));
        CHECK_THAT(findingsOf("api: 6385\n"), Catch::Contains("b.yaml:1:6: api: expected keys below it"));
        CHECK_THAT(findingsOf("api: {port: [1, 2]}\n"),
                   Catch::Contains("api.port: expected one value (port)"));
        CHECK_THAT(findingsOf("dhcp: {dns: {a: b}}\n"), Catch::Contains("dhcp.dns: expected a list"));
        CHECK_THAT(findingsOf("conductor: {root_device_by_class: x}\n"),
                   Catch::Contains("expected keys with values"));
    }
    SECTION("a duplicate key")
    {
        CHECK(findingsOf("api:\n  port: 1\n  port: 2\n") ==
              "b.yaml:3:3: api.port: appears twice, first in line 2");
    }
}

TEST_CASE("settings that contradict each other are reported", "[bmd][config]")
{
    SECTION("DHCP without a network")
    {
        CHECK(findingsOf("dhcp:\n  mode: proxy\n") == "b.yaml:2:3: dhcp.mode: needs provisioning.interface, "
                                                      "the network interface of the provisioning network");
    }
    SECTION("a missing interface")
    {
        CHECK_THAT(findingsOf("provisioning: {interface: eth999}"),
                   Catch::Contains("there is no network interface \"eth999\"; this machine has") &&
                       Catch::Contains("lo"));
    }
    SECTION("managed DHCP without a range, or with a range outside the network or with bmd's own address")
    {
        const std::string network = "provisioning: {interface: lo, address: 10.77.0.1}\n";
        const std::string dhcp = "dhcp: {mode: managed, netmask: 255.255.255.0";
        CHECK_THAT(findingsOf(network + dhcp + "}"),
                   Catch::Contains("dhcp.range: managed mode needs the addresses"));
        CHECK_THAT(findingsOf(network + dhcp + ", range: 10.78.0.5-10.78.0.9}"),
                   Catch::Contains("is not in the provisioning network"));
        CHECK_THAT(findingsOf(network + dhcp + ", range: 10.77.0.1-10.77.0.9}"),
                   Catch::Contains("contains this server's own address"));
        CHECK_THAT(findingsOf(network + dhcp + ", range: 10.77.0.5-10.77.0.9, router: 10.1.1.1}"),
                   Catch::Contains("dhcp.router: is not in"));
        CHECK(findingsOf(network + dhcp + ", range: 10.77.0.5-10.77.0.9, router: 10.77.0.1}").empty());
    }
    SECTION("no authentication on a reachable address")
    {
        CHECK_THAT(findingsOf("api: {auth: none, address: 0.0.0.0}"),
                   Catch::Contains("api.auth: none is allowed on loopback only"));
        CHECK(findingsOf("api: {auth: none}").empty());
    }
    SECTION("a certificate without its key, or without TLS")
    {
        CHECK_THAT(findingsOf("api: {certificate_file: /c.pem}"), Catch::Contains("set both"));
        CHECK_THAT(findingsOf("api: {certificate_file: /c.pem, key_file: /k.pem, tls: off}"),
                   Catch::Contains("is off"));
    }
    SECTION("the PROXY protocol without proxies")
    {
        CHECK_THAT(findingsOf("api: {proxy_protocol: true}"), Catch::Contains("needs api.trusted_proxies"));
        CHECK(findingsOf("api: {proxy_protocol: true, trusted_proxies: 10.0.0.5}").empty());
    }
    SECTION("both listeners on one port")
    {
        CHECK_THAT(findingsOf("provisioning: {port: 6385}"), Catch::Contains("is the API's port"));
    }
}

TEST_CASE("a configuration file", "[bmd][config]")
{
    SECTION("that is missing means all defaults, or an error when the operator named it")
    {
        CHECK(readConfig("/nonexistent/bmd.yaml", true).api.port == 6385);
        CHECK_THROWS_WITH(readConfig("/nonexistent/bmd.yaml", false),
                          "there is no configuration file /nonexistent/bmd.yaml");
    }
    SECTION("sets values")
    {
        const TemporaryFile file("api: {port: 1234}\n");
        CHECK(readConfig(file.path, true).api.port == 1234);
    }
    SECTION("with errors is refused with every finding")
    {
        const TemporaryFile file("api: {prot: 1}\nlog: {level: x}\n");
        try {
            readConfig(file.path, true);
            FAIL("accepted");
        } catch (const model::Error& error) {
            CHECK(error.code() == model::ErrorCode::InvalidInput);
            CHECK_THAT(error.message(), Catch::Contains(file.path.string() + ":1:7: api.prot") &&
                                            Catch::Contains(file.path.string() + ":2:14: log.level"));
        }
    }
    SECTION("cannot be a folder")
    {
        CHECK_THROWS_WITH(readConfig("/etc", true), Catch::Contains("/etc"));
    }
}

TEST_CASE("the documented configuration", "[bmd][config]")
{
    const std::string text = configText();
    SECTION("is valid and sets nothing")
    {
        CHECK(findingsOf(text).empty());
    }
    SECTION("with every key set is valid and equals the defaults")
    {
        const std::string all = std::regex_replace(text, std::regex("\n  #([a-z_]+:)"), "\n  $1");
        const Config config = good(all);
        CHECK(config.images.maxImageBytes == defaultConfig().images.maxImageBytes);
        CHECK(config.boot.leaseTime == defaultConfig().boot.leaseTime);
        std::set<std::string> lines;
        std::istringstream stream(all);
        for (std::string line; std::getline(stream, line);)
            if (line.starts_with("  ") && !line.starts_with("  #"))
                lines.insert(line);
        CHECK(lines.size() > 50);
    }
    SECTION("names every key, each with a section, a type and a line of documentation")
    {
        std::set<std::string_view> seen;
        for (const ConfigKey& key : configKeys()) {
            INFO(key.path);
            CHECK(seen.insert(key.path).second);
            CHECK_FALSE(key.type.empty());
            CHECK_FALSE(key.doc.empty());
            const auto section = key.path.substr(0, key.path.find('.'));
            CHECK(std::any_of(configSections().begin(), configSections().end(),
                              [&](const ConfigSection& s) { return s.name == section; }));
            CHECK_THAT(text,
                       Catch::Contains("#" + std::string(key.path.substr(key.path.find('.') + 1)) + ":"));
        }
    }
    SECTION("has the same content as the manual page")
    {
        CHECK(fileText(bm::tests::sourceFolder() + "/docs/man/bmd.yaml.5") == configManPage());
    }
}

TEST_CASE("the converter needs Landlock unless the file permits otherwise", "[bmd][config]")
{
    CHECK_FALSE(good("{}").images.convertWithoutLandlock);
    CHECK(good("security: {converter_without_landlock: true}").images.convertWithoutLandlock);
    CHECK(findingsOf("security: {converter_without_landlock: perhaps}") != "");
}

TEST_CASE("bmd --check lists exposed files with credentials", "[bmd][config]")
{
    const platform::TemporaryFolder folder;
    const std::string keys = (folder.path() / "keys").string();
    const std::string password = (folder.path() / "peer.password").string();
    platform::writeFileAtomically(keys, "aws_access_key_id = a\n", 0644);
    platform::writeFileAtomically(password, "secret\n", 0640);
    const Config config =
        good("s3: {endpoint: 'https://s3.example', credentials_file: " + keys +
             "}\nimages: {peers: {'b:6385': {username: u, password_file: " + password + "}}}");
    const std::vector<std::string> notes = credentialNotes(config);
    REQUIRE(notes.size() == 1);
    CHECK_THAT(notes.front(), Catch::Matchers::Contains(keys) &&
                                  Catch::Matchers::Contains("can be read by every user (mode 0644)") &&
                                  Catch::Matchers::Contains("chmod 0640"));
    platform::writeFileAtomically(password, "secret\n", 0666);
    CHECK(credentialNotes(config).size() == 2);
}
