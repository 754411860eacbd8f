#include "bmd/config_keys.h"

#include <array>

namespace bm::bmd {
namespace {

/// config.*first.*rest ...
template <auto First, auto... Rest, class T> auto& memberOf(T& object)
{
    if constexpr (sizeof...(Rest) == 0)
        return object.*First;
    else
        return memberOf<Rest...>(object.*First);
}

/// Stores what Take makes of the given into the member at the end of Path.
template <auto Take, auto... Path> void put(Config& config, const Given& given)
{
    auto& member = memberOf<Path...>(config);
    member = static_cast<std::remove_reference_t<decltype(member)>>(Take(given));
}

void putRange(Config& config, const Given& given)
{
    auto [first, last] = takeRange(given);
    config.boot.rangeFirst = std::move(first);
    config.boot.rangeLast = std::move(last);
}

constexpr auto kScalar = Shape::Scalar;
using C = Config;
using Listener = http::ListenerConfig;
using Boot = pxe::BootSettings;
using Store = images::StoreSettings;
using Sources = images::SourceSettings;
using S3 = images::S3Settings;
using Conductor = conductor::Settings;
using Relay = conductor::RelaySettings;
using Ipmi = drivers::IpmiSettings;

constexpr auto kSections = std::to_array<ConfigSection>({
    {"api", "The operators' REST API, which bm and every client of Ironic's API talk to."},
    {"provisioning",
     "The network that machines are installed over, and the listener for them (boot files, agent, images)."},
    {"dhcp", "DHCP on the provisioning network, by a dnsmasq of bmd's own."},
    {"tftp", "TFTP for firmware that can load nothing else, by an in.tftpd of bmd's own."},
    {"paths", "Where things are."},
    {"database", "The state of the fleet, in SQLite."},
    {"images", "The store of disk images."},
    {"s3", "An S3-compatible object store: where s3://bucket/key images come from, and where the store of "
           "images may be."},
    {"conductor", "How machines are worked on: limits, waits, policy."},
    {"rollouts", "Images put on many nodes at once."},
    {"relay", "Copies from node to node: machines that want the same image take it from one another."},
    {"ipmi", "Calls to BMCs by ipmitool."},
    {"log", "Lines to stderr; systemd keeps them in the journal."},
});

// clang-format off
constexpr auto kKeys = std::to_array<ConfigKey>({
    {"api.address", kScalar, "address", "127.0.0.1", put<takeAddress, &C::api, &Listener::address>,
     "Address to listen on; 0.0.0.0 or :: for all."},
    {"api.port", kScalar, "port", "6385", put<takePort, &C::api, &Listener::port>, "TCP port."},
    {"api.tls", kScalar, "auto | on | off", "auto", put<takeTls, &C::tls>,
     "TLS; auto: plain on loopback, TLS elsewhere."},
    {"api.certificate_file", kScalar, "path", "", put<takePath, &C::api, &Listener::certificateFile>,
     "Certificate chain (PEM); empty: one by a CA of bmd's own, made at first start in state_dir, which bm pins."},
    {"api.key_file", kScalar, "path", "", put<takePath, &C::api, &Listener::keyFile>,
     "Key of certificate_file (PEM)."},
    {"api.auth", kScalar, "basic | none", "basic", put<takeAuth, &C::auth>,
     "HTTP basic authentication; none is refused but on loopback."},
    {"api.threads", kScalar, "number", "16", put<takeBetween<2, 1024>, &C::api, &Listener::maxThreads>,
     "Requests worked on at the same time."},
    {"api.max_connections", kScalar, "number", "256", put<takeBetween<1, 1'000'000>, &C::api, &Listener::maxConnections>,
     "Open connections; beyond: 503 with Retry-After."},
    {"api.max_connections_per_client", kScalar, "number", "64",
     put<takeBetween<1, 1'000'000>, &C::api, &Listener::maxConnectionsPerClient>, "Of these, from one address."},
    {"api.header_timeout", kScalar, "duration", "10s", put<takeWait, &C::api, &Listener::headerDeadline>,
     "From the connection to the last header byte, in total."},
    {"api.idle_timeout", kScalar, "duration", "60s", put<takeWait, &C::api, &Listener::idleTimeout>,
     "Between two requests of one connection."},
    {"api.max_streams", kScalar, "number", "200", put<takeBetween<1, 100'000>, &C::api, &Listener::maxStreams>,
     "Event streams among the open connections; beyond: 503."},
    {"api.open_metrics", kScalar, "boolean", "false", put<takeBool, &C::openMetrics>,
     "Answer /metrics without a password."},
    {"api.max_upload", kScalar, "size", "1TiB", put<takeSize, &C::maxUploadBytes>,
     "Largest image file that may be sent to the API."},

    {"provisioning.interface", kScalar, "interface", "", put<takeInterface, &C::boot, &Boot::interface>,
     "Network interface towards the machines; empty: none, only simulated machines can be deployed."},
    {"provisioning.address", kScalar, "IPv4 address", "", put<takeIpv4, &C::boot, &Boot::address>,
     "Address that machines reach bmd at; empty: the first of the interface, 127.0.0.1 without one."},
    {"provisioning.port", kScalar, "port", "6386", put<takePort, &C::provisioning, &Listener::port>, "TCP port."},
    {"provisioning.url", kScalar, "URL", "", put<takeUrl, &C::conductor, &Conductor::baseUrl>,
     "What machines are told to call; empty: http://<address>:<port>. Set it when a proxy stands between."},
    {"provisioning.threads", kScalar, "number", "32",
     put<takeBetween<2, 1024>, &C::provisioning, &Listener::maxThreads>, "Requests worked on at the same time."},
    {"provisioning.max_connections", kScalar, "number", "4096",
     put<takeBetween<1, 1'000'000>, &C::provisioning, &Listener::maxConnections>,
     "Open connections; beyond: 503 with Retry-After, and the machine asks again."},
    {"provisioning.max_connections_per_client", kScalar, "number", "64",
     put<takeBetween<1, 1'000'000>, &C::provisioning, &Listener::maxConnectionsPerClient>,
     "Of these, from one address; raise it when machines are behind one NAT."},
    {"provisioning.header_timeout", kScalar, "duration", "10s",
     put<takeWait, &C::provisioning, &Listener::headerDeadline>,
     "From the connection to the last header byte, in total."},
    {"provisioning.idle_timeout", kScalar, "duration", "60s",
     put<takeWait, &C::provisioning, &Listener::idleTimeout>, "Between two requests of one connection."},
    {"provisioning.min_send_rate", kScalar, "size per second", "10kB",
     put<takeSize, &C::provisioning, &Listener::minSendBytesPerSecond>, "Slower readers of files are dropped."},

    {"dhcp.mode", kScalar, "managed | proxy | off", "off", put<takeDhcpMode, &C::boot, &Boot::dhcp>,
     "managed: bmd hands out addresses; proxy: another server does, bmd adds the boot file; off: another does both."},
    {"dhcp.range", kScalar, "range of addresses", "", putRange,
     "Managed mode: addresses to hand out, such as 10.77.0.100-10.77.0.199."},
    {"dhcp.netmask", kScalar, "netmask", "", put<takeNetmask, &C::boot, &Boot::netmask>,
     "Netmask of the provisioning network; empty: the interface's."},
    {"dhcp.router", kScalar, "IPv4 address", "", put<takeIpv4, &C::boot, &Boot::router>, "Managed mode: default route; empty: none."},
    {"dhcp.dns", Shape::List, "list of IPv4 addresses", "[]", put<takeIpv4List, &C::boot, &Boot::dns>,
     "Managed mode: name servers."},
    {"dhcp.lease_time", kScalar, "duration", "1h", put<takeLeaseTime, &C::boot, &Boot::leaseTime>,
     "Managed mode: how long an address is a machine's."},
    {"dhcp.router_advertisements", kScalar, "boolean", "false",
     put<takeBool, &C::boot, &Boot::routerAdvertisements>,
     "Send IPv6 router advertisements, only to spare iPXE its wait for a router. Never beside a site's own."},
    {"dhcp.program", kScalar, "path", "/usr/sbin/dnsmasq", put<takeText, &C::boot, &Boot::dnsmasq>, "dnsmasq."},

    {"tftp.enabled", kScalar, "boolean", "true", put<takeBool, &C::boot, &Boot::tftp>,
     "Serve loaders by TFTP, once provisioning.interface or address is set; false: by HTTP only, or by another server."},
    {"tftp.port", kScalar, "port", "69", put<takePort, &C::boot, &Boot::tftpPort>, "UDP port."},
    {"tftp.program", kScalar, "path", "/usr/sbin/in.tftpd", put<takeText, &C::boot, &Boot::tftpd>, "in.tftpd (tftpd-hpa)."},

    {"paths.state_dir", kScalar, "path", "/var/lib/bm", put<takePath, &C::paths, &Paths::stateFolder>,
     "Database, images, secrets, certificates: what a backup must hold."},
    {"paths.run_dir", kScalar, "path", "/run/bm", put<takePath, &C::paths, &Paths::runFolder>,
     "What need not outlive a boot: configuration of children, sockets."},
    {"paths.ramdisk_dir", kScalar, "path", "", put<takePath, &C::paths, &Paths::ramdiskFolder>,
     "The RAM disk (vmlinuz, initrd.img), built by /usr/share/bm/ramdisk/build; empty: ramdisk in state_dir."},
    {"paths.loader_dir", kScalar, "path", "/usr/lib/ipxe", put<takePath, &C::paths, &Paths::loaderFolder>,
     "iPXE's loaders (undionly.kpxe, snponly.efi)."},
    {"paths.secret_key_file", kScalar, "path", "", put<takePath, &C::paths, &Paths::secretKeyFile>,
     "Key that seals BMC passwords in the database, made at first start; empty: secrets/key in state_dir. Back it up."},

    {"database.file", kScalar, "path", "", put<takePath, &C::database, &db::DatabaseSettings::file>,
     "SQLite file; empty: bm.sqlite in state_dir."},
    {"database.readers", kScalar, "number", "4", put<takeBetween<1, 64>, &C::database, &db::DatabaseSettings::readers>,
     "Connections for reading."},

    {"images.dir", kScalar, "path", "", put<takePath, &C::images, &Store::folder>,
     "Where the store is; empty: images in state_dir."},
    {"images.max_size", kScalar, "size", "2TiB", put<takeSize, &C::images, &Store::maxImageBytes>,
     "Largest raw size of an image, declared or real."},
    {"images.max_download", kScalar, "size", "2TiB", put<takeSize, &C::conductor, &Conductor::maxDownloadBytes>,
     "Largest file that is fetched when an image is given by URL."},
    {"images.reserve", kScalar, "size", "1GiB", put<takeSize, &C::images, &Store::reserveBytes>,
     "Free space that an import must leave."},
    {"images.compression_level", kScalar, "number", "3",
     put<takeBetween<1, 19>, &C::images, &Store::compressionLevel>, "zstd's, 1 (fast) to 19 (small)."},
    {"images.compression_threads", kScalar, "number", "0",
     put<takeBetween<0, 256>, &C::images, &Store::compressionThreads>, "0: as many as there are cores."},
    {"images.qemu_img", kScalar, "path", "/usr/bin/qemu-img", put<takeText, &C::images, &Store::qemuImg>, "qemu-img."},
    {"images.peers", Shape::Map, "mapping", "{}",
     put<takePeers, &C::images, &Store::sources, &Sources::peers>,
     "Other bm servers that images are taken over from (bm://HOST:PORT/NAME), such as {\"site-b:6385\": {username: copier, password_file: /etc/bm/site-b.password, ca_file: /etc/bm/site-b.pem}}; tls: off asks without TLS."},

    {"s3.endpoint", kScalar, "URL", "", put<takeUrl, &C::images, &Store::sources, &Sources::s3, &S3::endpoint>,
     "Its address, such as https://s3.eu-central-1.amazonaws.com; buckets are the path's first part."},
    {"s3.region", kScalar, "text", "us-east-1", put<takeText, &C::images, &Store::sources, &Sources::s3, &S3::region>,
     "Region that requests are signed for."},
    {"s3.credentials_file", kScalar, "path", "",
     put<takePath, &C::images, &Store::sources, &Sources::s3, &S3::credentialsFile>,
     "File with the lines aws_access_key_id = ... and aws_secret_access_key = ..., read anew for each request."},
    {"s3.ca_file", kScalar, "path", "", put<takePath, &C::images, &Store::sources, &Sources::s3, &S3::caFile>,
     "CA that its certificate is checked by (PEM); empty: the system's."},
    {"s3.bucket", kScalar, "text", "", put<takeText, &C::images, &Store::sources, &Sources::s3, &S3::bucket>,
     "Keep the store's objects in this bucket, which several bmd may share; empty: in images.dir alone."},
    {"s3.prefix", kScalar, "text", "", put<takeText, &C::images, &Store::sources, &Sources::s3, &S3::prefix>,
     "Before the names of the store's objects, such as fleet-a/."},
    {"s3.cache_size", kScalar, "size", "64GiB",
     put<takeSize, &C::images, &Store::sources, &Sources::s3, &S3::cacheBytes>,
     "Of the bucket's objects, how much is kept in images.dir; what was used last stays."},

    {"conductor.name", kScalar, "text", "", put<takeText, &C::conductor, &Conductor::conductorName>,
     "Holder of the leases on nodes; keep it when the machine is replaced. Empty: the host's name."},
    {"conductor.step_threads", kScalar, "number", "16",
     put<takeBetween<1, 1024>, &C::conductor, &Conductor::stepThreads>, "Steps worked on at the same time."},
    {"conductor.import_threads", kScalar, "number", "2",
     put<takeBetween<1, 64>, &C::conductor, &Conductor::importThreads>, "Images imported or verified at the same time."},
    {"conductor.max_concurrent_deploys", kScalar, "number", "250",
     put<takeBetween<1, 1'000'000>, &C::conductor, &Conductor::maxConcurrentDeploys>, "More are queued."},
    {"conductor.max_concurrent_cleans", kScalar, "number", "50",
     put<takeBetween<1, 1'000'000>, &C::conductor, &Conductor::maxConcurrentCleans>, "More are queued."},
    {"conductor.verify_timeout", kScalar, "duration", "60s",
     put<takeWait, &C::conductor, &Conductor::verifyTimeout>, "For a BMC to answer when a node is taken in."},
    {"conductor.power_timeout", kScalar, "duration", "60s",
     put<takeWait, &C::conductor, &Conductor::powerTimeout>, "Until an ordered power state is seen."},
    {"conductor.soft_off_timeout", kScalar, "duration", "3m",
     put<takeWait, &C::conductor, &Conductor::softOffTimeout>, "For a system to shut down; then it is powered off."},
    {"conductor.callback_timeout", kScalar, "duration", "30m",
     put<takeWait, &C::conductor, &Conductor::callbackTimeout>, "From power-on to the agent's first call."},
    {"conductor.agent_silence", kScalar, "duration", "2m",
     put<takeWait, &C::conductor, &Conductor::agentSilence>, "An agent silent for so long during a step has failed it."},
    {"conductor.write_timeout", kScalar, "duration", "4h",
     put<takeWait, &C::conductor, &Conductor::writeTimeout>, "For an image to be written."},
    {"conductor.agent_pace", kScalar, "duration", "2s",
     put<takeWait, &C::conductor, &Conductor::agentPace>, "Between two calls of an agent at work."},
    {"conductor.power_sync_interval", kScalar, "duration", "60s",
     put<takeDuration, &C::conductor, &Conductor::powerSyncInterval>, "Between two looks at every BMC; 0: never."},
    {"conductor.automated_clean", kScalar, "boolean", "true",
     put<takeBool, &C::conductor, &Conductor::automatedClean>,
     "Wipe partition tables and signatures before a node becomes available."},
    {"conductor.fast_track", kScalar, "boolean", "true", put<takeBool, &C::conductor, &Conductor::fastTrack>,
     "An agent that is up takes the next operation without another boot."},
    {"conductor.smallest_disk", kScalar, "boolean", "false", put<takeBool, &C::conductor, &Conductor::smallestDisk>,
     "Without root device hints take the smallest disk of at least 4 GiB, as Ironic does, instead of refusing to guess."},
    {"conductor.default_boot_mode", kScalar, "uefi | bios", "uefi",
     put<takeBootMode, &C::conductor, &Conductor::defaultBootMode>,
     "Of a machine that was never seen and has no boot_mode capability."},
    {"conductor.kernel_arguments", kScalar, "text", "",
     put<takeText, &C::conductor, &Conductor::kernelArguments>, "Added to the RAM disk's kernel command line."},
    {"conductor.root_device_by_class", Shape::Map, "mapping", "{}",
     put<takeHints, &C::conductor, &Conductor::rootDeviceByClass>,
     "Root device hints by resource class, such as {storage: {rotational: false, size: \">= 100\"}}."},

    {"rollouts.gates_folder", kScalar, "path", "/etc/bm/gates.d",
     put<takePath, &C::rollouts, &conductor::fleet::RolloutSettings::gatesFolder>,
     "Programs that a rollout may name as its drain gate; only root should be able to write here."},
    {"rollouts.gate_threads", kScalar, "number", "8",
     put<takeBetween<1, 256>, &C::rollouts, &conductor::fleet::RolloutSettings::gateThreads>,
     "Drain and health gates asked at the same time."},

    {"relay.enabled", kScalar, "boolean", "true", put<takeBool, &C::conductor, &Conductor::relay, &Relay::enabled>,
     "Let machines that copy the same image form chains; false: each takes all of it from bmd."},
    {"relay.port", kScalar, "port", "6387", put<takeBetween<1, 65535>, &C::conductor, &Conductor::relay, &Relay::port>,
     "TCP port that an agent serves others at during a copy; where it is taken, another one."},
    {"relay.chains", kScalar, "number", "0", put<takeBetween<0, 1000>, &C::conductor, &Conductor::relay, &Relay::chains>,
     "Chains per copy: bmd sends each block about once per chain. 0: one for each 64 machines."},
    {"relay.cache", kScalar, "size", "0", put<takeSize, &C::conductor, &Conductor::relay, &Relay::cacheBytes>,
     "Memory of a machine for blocks that it keeps for others. 0: an eighth of what it has free, 16 to 256 MiB."},
    {"relay.order", kScalar, "rack | address | join", "rack", put<takeRelayOrder, &C::conductor, &Conductor::relay, &Relay::order>,
     "Order of a chain that begins: by the property rack, then address; by address; as they come. Late ones join at the end."},

    {"ipmi.ipmitool", kScalar, "path", "/usr/bin/ipmitool", put<takeText, &C::ipmi, &Ipmi::ipmitool>, "ipmitool."},
    {"ipmi.min_interval", kScalar, "duration", "200ms", put<takeDuration, &C::ipmi, &Ipmi::minInterval>,
     "Between two calls to one BMC."},
    {"ipmi.call_timeout", kScalar, "duration", "20s", put<takeWait, &C::ipmi, &Ipmi::callTimeout>, "For one call."},
    {"ipmi.retries", kScalar, "number", "3", put<takeBetween<0, 100>, &C::ipmi, &Ipmi::retries>,
     "Of calls that failed for a passing reason; wrong credentials are never tried again."},

    {"log.level", kScalar, "debug | info | warning | error", "info", put<takeLogLevel, &C::logLevel>, "Least level shown."},
    {"log.format", kScalar, "text | json", "text", put<takeLogFormat, &C::logJson>, "Form of a line; json: an object with ts, level, area, message, and request_id, node, operation where known."},
});
// clang-format on

} // namespace

std::span<const ConfigKey> configKeys()
{
    return kKeys;
}
std::span<const ConfigSection> configSections()
{
    return kSections;
}

} // namespace bm::bmd
