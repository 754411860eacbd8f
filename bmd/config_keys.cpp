#include "bmd/config_keys.h"

#include <array>

namespace bm::bmd {
namespace {

/// The member config.*First.*Rest ...
template <auto First, auto... Rest, class T> auto& memberOf(T& object)
{
    if constexpr (sizeof...(Rest) == 0)
        return object.*First;
    else
        return memberOf<Rest...>(object.*First);
}

/// Parses the raw value with Take and stores the result in the member at the end of Path.
template <auto Take, auto... Path> void assign(Config& config, const RawValue& raw)
{
    auto& member = memberOf<Path...>(config);
    member = static_cast<std::remove_reference_t<decltype(member)>>(Take(raw));
}

void assignRange(Config& config, const RawValue& raw)
{
    auto [first, last] = parseRange(raw);
    config.boot.rangeFirst = std::move(first);
    config.boot.rangeLast = std::move(last);
}

constexpr auto kScalar = Shape::Scalar;
using C = Config;
using Listener = http::ListenerConfig;
using Proxies = http::TrustedProxies;
using Boot = pxe::BootSettings;
using Store = images::StoreSettings;
using Sources = images::SourceSettings;
using S3 = images::S3Settings;
using Conductor = conductor::Settings;
using Records = conductor::RecordSettings;
using Relay = conductor::RelaySettings;
using Ipmi = drivers::IpmiSettings;
using Outgoing = platform::OutgoingSettings;

constexpr auto kSections = std::to_array<ConfigSection>({
    {"api", "The operators' REST API, which bm and every client of Ironic's API talk to."},
    {"provisioning", "The provisioning network, and its listener for machines (boot files, agent, images)."},
    {"dhcp", "DHCP on the provisioning network, by a dnsmasq that bmd starts."},
    {"tftp", "TFTP for firmware without HTTP boot, by an in.tftpd that bmd starts."},
    {"paths", "Folders and files."},
    {"database", "The state of the fleet, in SQLite."},
    {"images", "The store of disk images."},
    {"s3",
     "An S3-compatible object store: source of s3://bucket/key images, and optionally home of the store of "
     "images."},
    {"security", "Proofs that bmd asks of machines, and the confinement of its children."},
    {"conductor", "Operations on machines: limits, timeouts, policy."},
    {"rollouts", "Deployments of images to many nodes."},
    {"relay", "Copies from node to node: machines that copy the same image form chains."},
    {"ipmi", "Calls to BMCs by ipmitool."},
    {"bmc", "Requests to BMCs of every kind."},
    {"outgoing",
     "Requests that users can steer: images, checksum files, gates, webhooks, object stores, other bmd "
     "servers. Refused are loopback, link-local and cloud metadata addresses, bmc.networks, and always "
     "bmd's own listeners."},
    {"log", "Log lines on stderr; systemd stores them in the journal."},
});

// clang-format off
constexpr auto kKeys = std::to_array<ConfigKey>({
    {"api.address", kScalar, "address", "127.0.0.1", assign<parseAddress, &C::api, &Listener::address>,
     "Address to listen on; 0.0.0.0 or :: for all."},
    {"api.port", kScalar, "port", "6385", assign<parsePort, &C::api, &Listener::port>, "TCP port."},
    {"api.tls", kScalar, "auto | on | off", "auto", assign<parseTls, &C::tls>,
     "TLS; auto: plain on loopback, TLS elsewhere."},
    {"api.certificate_file", kScalar, "path", "", assign<parsePath, &C::api, &Listener::certificateFile>,
     "Certificate chain (PEM); empty: bmd creates a CA and a certificate in state_dir at its first start."},
    {"api.key_file", kScalar, "path", "", assign<parsePath, &C::api, &Listener::keyFile>,
     "Key of certificate_file (PEM)."},
    {"api.auth", kScalar, "basic | none", "basic", assign<parseAuth, &C::auth>,
     "HTTP basic authentication; none is allowed on loopback only."},
    {"api.threads", kScalar, "number", "16", assign<parseBetween<2, 1024>, &C::api, &Listener::maxThreads>,
     "Requests served at the same time; some threads stay free of any one client."},
    {"api.max_connections", kScalar, "number", "256", assign<parseBetween<1, 1'000'000>, &C::api, &Listener::maxConnections>,
     "Open connections; further ones get 503 with Retry-After."},
    {"api.max_connections_per_client", kScalar, "number", "64",
     assign<parseBetween<1, 1'000'000>, &C::api, &Listener::maxConnectionsPerClient>, "Open connections from one address."},
    {"api.header_timeout", kScalar, "duration", "10s", assign<parseWait, &C::api, &Listener::headerDeadline>,
     "Time from the connection to the end of the request, up to 64 KiB of its body included."},
    {"api.idle_timeout", kScalar, "duration", "60s", assign<parseWait, &C::api, &Listener::idleTimeout>,
     "Time between two requests of one connection."},
    {"api.max_streams", kScalar, "number", "200", assign<parseBetween<1, 100'000>, &C::api, &Listener::maxStreams>,
     "Event streams among the open connections; further ones get 503."},
    {"api.names", Shape::List, "list of host names", "[]", assign<parseNames, &C::names>,
     "Names under which browsers reach this server. With auth: none bmd refuses a Host that is neither an IP address, nor localhost, nor listed; behind a proxy that changes Host, list the name that browsers use."},
    {"api.trusted_proxies", Shape::List, "list of networks", "[]",
     assign<parseNetworks, &C::api, &Listener::proxies, &Proxies::networks>,
     "Proxies whose X-Forwarded-For and X-Forwarded-Proto count, such as [10.0.0.5, \"fd00:5::/64\"]: their clients count for themselves in limits, failed logins and the audit log. From other addresses bmd ignores these headers."},
    {"api.proxy_protocol", kScalar, "boolean", "false",
     assign<parseBool, &C::api, &Listener::proxies, &Proxies::proxyProtocol>,
     "Connections from trusted_proxies begin with a PROXY protocol header, version 1 or 2; bmd closes others of theirs."},
    {"api.open_metrics", kScalar, "boolean", "false", assign<parseBool, &C::openMetrics>,
     "Answer /metrics without a password."},
    {"api.max_upload", kScalar, "size", "1TiB", assign<parseSize, &C::maxUploadBytes>,
     "Largest image file that the API accepts."},

    {"provisioning.interface", kScalar, "interface", "", assign<parseInterface, &C::boot, &Boot::interface>,
     "Network interface of the provisioning network; empty: none, bmd deploys simulated machines only."},
    {"provisioning.address", kScalar, "IPv4 address", "", assign<parseIpv4, &C::boot, &Boot::address>,
     "Address of bmd for the machines; empty: the first one of the interface, or 127.0.0.1 without an interface."},
    {"provisioning.port", kScalar, "port", "6386", assign<parsePort, &C::provisioning, &Listener::port>, "TCP port."},
    {"provisioning.url", kScalar, "URL", "", assign<parseUrl, &C::conductor, &Conductor::baseUrl>,
     "URL that machines call; empty: http://<address>:<port>. Set it when a proxy is in between."},
    {"provisioning.threads", kScalar, "number", "32",
     assign<parseBetween<2, 1024>, &C::provisioning, &Listener::maxThreads>, "Requests served at the same time; some threads stay free of any one client."},
    {"provisioning.max_connections", kScalar, "number", "4096",
     assign<parseBetween<1, 1'000'000>, &C::provisioning, &Listener::maxConnections>,
     "Open connections; further ones get 503 with Retry-After, and the machine repeats the request."},
    {"provisioning.max_connections_per_client", kScalar, "number", "64",
     assign<parseBetween<1, 1'000'000>, &C::provisioning, &Listener::maxConnectionsPerClient>,
     "Open connections from one address; raise it when machines are behind one NAT."},
    {"provisioning.header_timeout", kScalar, "duration", "10s",
     assign<parseWait, &C::provisioning, &Listener::headerDeadline>,
     "Time from the connection to the end of the request, up to 64 KiB of its body included."},
    {"provisioning.idle_timeout", kScalar, "duration", "60s",
     assign<parseWait, &C::provisioning, &Listener::idleTimeout>, "Time between two requests of one connection."},
    {"provisioning.min_send_rate", kScalar, "size per second", "10kB",
     assign<parseSize, &C::provisioning, &Listener::minSendBytesPerSecond>, "Least rate of a file download; bmd closes slower connections."},

    {"dhcp.mode", kScalar, "managed | proxy | off", "off", assign<parseDhcpMode, &C::boot, &Boot::dhcp>,
     "managed: bmd assigns addresses; proxy: another server assigns them and bmd adds the boot file; off: another server does both."},
    {"dhcp.range", kScalar, "range of addresses", "", assignRange,
     "Managed mode: addresses to assign, such as 10.77.0.100-10.77.0.199."},
    {"dhcp.netmask", kScalar, "netmask", "", assign<parseNetmask, &C::boot, &Boot::netmask>,
     "Netmask of the provisioning network; empty: the interface's."},
    {"dhcp.router", kScalar, "IPv4 address", "", assign<parseIpv4, &C::boot, &Boot::router>, "Managed mode: default route; empty: none."},
    {"dhcp.dns", Shape::List, "list of IPv4 addresses", "[]", assign<parseIpv4List, &C::boot, &Boot::dns>,
     "Managed mode: name servers."},
    {"dhcp.lease_time", kScalar, "duration", "1h", assign<parseLeaseTime, &C::boot, &Boot::leaseTime>,
     "Managed mode: lifetime of a lease."},
    {"dhcp.router_advertisements", kScalar, "boolean", "false",
     assign<parseBool, &C::boot, &Boot::routerAdvertisements>,
     "Send IPv6 router advertisements, so that iPXE does not wait for a router. Do not use it beside another router."},
    {"dhcp.program", kScalar, "path", "/usr/sbin/dnsmasq", assign<parseText, &C::boot, &Boot::dnsmasq>, "dnsmasq."},

    {"tftp.enabled", kScalar, "boolean", "true", assign<parseBool, &C::boot, &Boot::tftp>,
     "Serve boot loaders by TFTP when provisioning.interface or address is set; false: by HTTP only, or by another server."},
    {"tftp.port", kScalar, "port", "69", assign<parsePort, &C::boot, &Boot::tftpPort>, "UDP port."},
    {"tftp.program", kScalar, "path", "/usr/sbin/in.tftpd", assign<parseText, &C::boot, &Boot::tftpd>, "in.tftpd (tftpd-hpa)."},

    {"paths.state_dir", kScalar, "path", "/var/lib/bm", assign<parsePath, &C::paths, &Paths::stateFolder>,
     "Database, images, secrets, certificates. Back it up."},
    {"paths.run_dir", kScalar, "path", "/run/bm", assign<parsePath, &C::paths, &Paths::runFolder>,
     "Files that a reboot may delete: configuration of child processes, sockets."},
    {"paths.ramdisk_dir", kScalar, "path", "", assign<parsePath, &C::paths, &Paths::ramdiskFolder>,
     "The RAM disk (vmlinuz, initrd.img), built by /usr/share/bm/ramdisk/build; empty: ramdisk in state_dir."},
    {"paths.loader_dir", kScalar, "path", "/usr/lib/ipxe", assign<parsePath, &C::paths, &Paths::loaderFolder>,
     "iPXE's loaders (undionly.kpxe, snponly.efi)."},
    {"paths.secret_key_file", kScalar, "path", "", assign<parsePath, &C::paths, &Paths::secretKeyFile>,
     "Key that seals BMC passwords in the database, created at the first start; empty: secrets/key in state_dir. Back it up."},

    {"database.file", kScalar, "path", "", assign<parsePath, &C::database, &db::DatabaseSettings::file>,
     "SQLite file; empty: bm.sqlite in state_dir."},
    {"database.readers", kScalar, "number", "4", assign<parseBetween<1, 64>, &C::database, &db::DatabaseSettings::readers>,
     "Read connections to the database."},
    {"database.events_age", kScalar, "duration", "90d",
     assign<parseDuration, &C::conductor, &Conductor::records, &Records::eventsAge>,
     "Age at which bmd removes events; 0: none."},
    {"database.events_rows", kScalar, "number", "2000000",
     assign<parseBetween<0, 1'000'000'000>, &C::conductor, &Conductor::records, &Records::eventsRows>,
     "Events that bmd keeps, about 300 bytes each; it removes the oldest beyond. 0: no limit."},
    {"database.audit_age", kScalar, "duration", "730d",
     assign<parseDuration, &C::conductor, &Conductor::records, &Records::auditAge>,
     "Age at which bmd removes records of the audit log; 0: none."},
    {"database.audit_rows", kScalar, "number", "2000000",
     assign<parseBetween<0, 1'000'000'000>, &C::conductor, &Conductor::records, &Records::auditRows>,
     "Records of the audit log that bmd keeps, about 250 bytes each; it removes the oldest beyond. 0: no limit."},
    {"database.reserve", kScalar, "size", "1GiB",
     assign<parseSize, &C::conductor, &Conductor::records, &Records::reserveBytes>,
     "With less free disk space bmd stores no events and audit records of clients without a login."},

    {"images.dir", kScalar, "path", "", assign<parsePath, &C::images, &Store::folder>,
     "Folder of the store; empty: images in state_dir."},
    {"images.max_size", kScalar, "size", "2TiB", assign<parseSize, &C::images, &Store::maxImageBytes>,
     "Largest raw size of an image, declared or real."},
    {"images.max_download", kScalar, "size", "2TiB", assign<parseSize, &C::conductor, &Conductor::maxDownloadBytes>,
     "Largest file that bmd downloads for an image URL."},
    {"images.reserve", kScalar, "size", "1GiB", assign<parseSize, &C::images, &Store::reserveBytes>,
     "Disk space that an import must leave free."},
    {"images.compression_level", kScalar, "number", "3",
     assign<parseBetween<1, 19>, &C::images, &Store::compressionLevel>, "zstd's level, 1 (fast) to 19 (small)."},
    {"images.compression_threads", kScalar, "number", "0",
     assign<parseBetween<0, 256>, &C::images, &Store::compressionThreads>, "Compression threads; 0: one per core."},
    {"images.qemu_img", kScalar, "path", "/usr/bin/qemu-img", assign<parseText, &C::images, &Store::qemuImg>, "qemu-img."},
    {"images.peers", Shape::Map, "mapping", "{}",
     assign<parsePeers, &C::images, &Store::sources, &Sources::peers>,
     "Other bm servers to copy images from (bm://HOST:PORT/NAME), such as {\"site-b:6385\": {username: copier, password_file: /etc/bm/site-b.password, ca_file: /etc/bm/site-b.pem}}; tls: off uses plain HTTP."},
    {"images.project_schemes", Shape::List, "list of s3, bm", "[]",
     assign<parseProjectSchemes, &C::images, &Store::sources, &Sources::projectSchemes>,
     "Addresses besides http:// and https:// that a project's user may give as image_source: s3 (bmd's S3 credentials read it), bm (images.peers). Empty: only users of the system import from there."},

    {"s3.endpoint", kScalar, "URL", "", assign<parseUrl, &C::images, &Store::sources, &Sources::s3, &S3::endpoint>,
     "URL of the object store, such as https://s3.eu-central-1.amazonaws.com; the bucket is the first part of the path."},
    {"s3.region", kScalar, "text", "us-east-1", assign<parseText, &C::images, &Store::sources, &Sources::s3, &S3::region>,
     "Region in the signatures of requests."},
    {"s3.credentials_file", kScalar, "path", "",
     assign<parsePath, &C::images, &Store::sources, &Sources::s3, &S3::credentialsFile>,
     "File with the lines aws_access_key_id = ... and aws_secret_access_key = ..., read again for each request."},
    {"s3.ca_file", kScalar, "path", "", assign<parsePath, &C::images, &Store::sources, &Sources::s3, &S3::caFile>,
     "CA of the object store's certificate (PEM); empty: the system's."},
    {"s3.bucket", kScalar, "text", "", assign<parseText, &C::images, &Store::sources, &Sources::s3, &S3::bucket>,
     "Bucket for the store's objects, which several bmd may share; empty: objects are in images.dir only."},
    {"s3.prefix", kScalar, "text", "", assign<parseText, &C::images, &Store::sources, &Sources::s3, &S3::prefix>,
     "Prefix of the objects' names, such as fleet-a/."},
    {"s3.cache_size", kScalar, "size", "64GiB",
     assign<parseSize, &C::images, &Store::sources, &Sources::s3, &S3::cacheBytes>,
     "Size of the cache of the bucket's objects in images.dir; the most recently used ones remain."},

    {"security.config_drive", kScalar, "auto | window | lease | proved", "auto", assign<parseConfigDriveLevel, &C::configDrive>,
     "Who gets a configuration drive: any agent of the node's boot window; the holder of a live lease of its MAC address; nobody over PXE. auto: lease in managed DHCP, else window."},
    {"security.converter_without_landlock", kScalar, "boolean", "false",
     assign<parseBool, &C::images, &Store::convertWithoutLandlock>,
     "Convert images even where the kernel lacks Landlock (CONFIG_SECURITY_LANDLOCK, lsm=landlock), which keeps the converter from all other files."},

    {"conductor.name", kScalar, "text", "", assign<parseText, &C::conductor, &Conductor::conductorName>,
     "Name of this conductor, which holds the leases on nodes. Keep it when you replace the machine. Empty: the host name."},
    {"conductor.step_threads", kScalar, "number", "16",
     assign<parseBetween<1, 1024>, &C::conductor, &Conductor::stepThreads>, "Steps executed at the same time."},
    {"conductor.import_threads", kScalar, "number", "2",
     assign<parseBetween<1, 64>, &C::conductor, &Conductor::importThreads>, "Images imported or verified at the same time."},
    {"conductor.max_concurrent_deploys", kScalar, "number", "250",
     assign<parseBetween<1, 1'000'000>, &C::conductor, &Conductor::maxConcurrentDeploys>, "Deployments at the same time; more are queued."},
    {"conductor.max_concurrent_cleans", kScalar, "number", "50",
     assign<parseBetween<1, 1'000'000>, &C::conductor, &Conductor::maxConcurrentCleans>, "Cleanings at the same time; more are queued."},
    {"conductor.max_project_data", kScalar, "size", "64MiB", assign<parseSize, &C::conductor, &Conductor::maxProjectBytes>,
     "Largest sum of JSON and texts of a project's nodes, ports, volumes, allocations and runbooks; a request that would exceed it gets 413."},
    {"conductor.verify_timeout", kScalar, "duration", "60s",
     assign<parseWait, &C::conductor, &Conductor::verifyTimeout>, "Time limit for a BMC's answer when bmd verifies a node."},
    {"conductor.power_timeout", kScalar, "duration", "60s",
     assign<parseWait, &C::conductor, &Conductor::powerTimeout>, "Time limit until the BMC reports a requested power state."},
    {"conductor.soft_off_timeout", kScalar, "duration", "3m",
     assign<parseWait, &C::conductor, &Conductor::softOffTimeout>, "Time limit of a soft power-off; then bmd powers the machine off."},
    {"conductor.callback_timeout", kScalar, "duration", "30m",
     assign<parseWait, &C::conductor, &Conductor::callbackTimeout>, "Time limit from power-on to the agent's first call."},
    {"conductor.agent_silence", kScalar, "duration", "2m",
     assign<parseWait, &C::conductor, &Conductor::agentSilence>, "A step fails when its agent does not call for this long."},
    {"conductor.write_timeout", kScalar, "duration", "4h",
     assign<parseWait, &C::conductor, &Conductor::writeTimeout>, "Time limit of writing an image."},
    {"conductor.agent_pace", kScalar, "duration", "2s",
     assign<parseWait, &C::conductor, &Conductor::agentPace>, "Time between two calls of an agent during a step."},
    {"conductor.power_sync_interval", kScalar, "duration", "60s",
     assign<parseDuration, &C::conductor, &Conductor::powerSyncInterval>, "Time between two power state readings of every BMC; 0: never."},
    {"conductor.automated_clean", kScalar, "boolean", "true",
     assign<parseBool, &C::conductor, &Conductor::automatedClean>,
     "Wipe partition tables and signatures before a node becomes available."},
    {"conductor.guard_special_filesystems", kScalar, "boolean", "true",
     assign<parseBool, &C::conductor, &Conductor::guardSpecialFileSystems>,
     "Cleaning stops at a disk with a cluster file system (VMFS, GFS2, OCFS2, GPFS), which other machines may use."},
    {"conductor.fast_track", kScalar, "boolean", "true", assign<parseBool, &C::conductor, &Conductor::fastTrack>,
     "Start an operation in a running agent, without another boot."},
    {"conductor.smallest_disk", kScalar, "boolean", "false", assign<parseBool, &C::conductor, &Conductor::smallestDisk>,
     "Without root device hints use the smallest disk of at least 4 GiB, as Ironic does; false: refuse a machine with several disks."},
    {"conductor.default_boot_mode", kScalar, "uefi | bios", "uefi",
     assign<parseBootMode, &C::conductor, &Conductor::defaultBootMode>,
     "Boot mode of a machine that bmd has not seen and that has no boot_mode capability."},
    {"conductor.kernel_arguments", kScalar, "text", "",
     assign<parseText, &C::conductor, &Conductor::kernelArguments>, "Further arguments for the kernel of the RAM disk."},
    {"conductor.root_device_by_class", Shape::Map, "mapping", "{}",
     assign<parseHints, &C::conductor, &Conductor::rootDeviceByClass>,
     "Root device hints by resource class, such as {storage: {rotational: false, size: \">= 100\"}}."},

    {"rollouts.gates_folder", kScalar, "path", "/etc/bm/gates.d",
     assign<parsePath, &C::rollouts, &conductor::fleet::RolloutSettings::gatesFolder>,
     "Programs that a rollout may use as its drain gate; only root should have write access."},
    {"rollouts.gate_threads", kScalar, "number", "8",
     assign<parseBetween<1, 256>, &C::rollouts, &conductor::fleet::RolloutSettings::gateThreads>,
     "Drain and health gates called at the same time."},

    {"relay.enabled", kScalar, "boolean", "true", assign<parseBool, &C::conductor, &Conductor::relay, &Relay::enabled>,
     "Form chains of machines that copy the same image; false: each copies all of it from bmd."},
    {"relay.port", kScalar, "port", "6387", assign<parseBetween<1, 65535>, &C::conductor, &Conductor::relay, &Relay::port>,
     "TCP port on which an agent serves other agents during a copy; if it is in use, the agent chooses another one."},
    {"relay.chains", kScalar, "number", "0", assign<parseBetween<0, 1000>, &C::conductor, &Conductor::relay, &Relay::chains>,
     "Chains per copy: bmd sends each block about once per chain. 0: one for each 64 machines."},
    {"relay.cache", kScalar, "size", "0", assign<parseSize, &C::conductor, &Conductor::relay, &Relay::cacheBytes>,
     "Memory of a machine for blocks that it serves to others. 0: an eighth of its free memory, 16 to 256 MiB."},
    {"relay.order", kScalar, "rack | address | join", "rack", assign<parseRelayOrder, &C::conductor, &Conductor::relay, &Relay::order>,
     "Order of the machines in a new chain: by the property rack, then address; by address; or as they join. Late machines join at the end."},

    {"ipmi.ipmitool", kScalar, "path", "/usr/bin/ipmitool", assign<parseText, &C::ipmi, &Ipmi::ipmitool>, "ipmitool."},
    {"ipmi.min_interval", kScalar, "duration", "200ms", assign<parseDuration, &C::ipmi, &Ipmi::minInterval>,
     "Time between two calls to one BMC."},
    {"ipmi.call_timeout", kScalar, "duration", "20s", assign<parseWait, &C::ipmi, &Ipmi::callTimeout>, "Time limit of one call."},
    {"ipmi.retries", kScalar, "number", "3", assign<parseBetween<0, 100>, &C::ipmi, &Ipmi::retries>,
     "Retries after a temporary failure; bmd never repeats wrong credentials."},

    {"bmc.networks", Shape::List, "list of networks", "[]",
     assign<parseNetworks, &C::outgoing, &Outgoing::bmcNetworks>,
     "Networks of the BMCs, such as [10.4.0.0/16]: bmd asks BMCs there only, and users' requests never go there. Loopback needs an entry within 127.0.0.0/8. Empty: everywhere but loopback, link-local and metadata addresses."},

    {"outgoing.allow", Shape::List, "list of networks, addresses, host names", "[]",
     assign<parseTargets, &C::outgoing, &Outgoing::allow>,
     "Exceptions to the refusals, each with a port or without, such as [127.0.0.1:9000, \"[fd00::1]:443\", images.example]. bmd's own listeners stay refused."},
    {"outgoing.projects_only", Shape::List, "list of networks, addresses, host names", "[]",
     assign<parseTargets, &C::outgoing, &Outgoing::projectsOnly>,
     "All that requests for projects may reach; the refusals hold there, too. Empty: what is not refused."},
    {"outgoing.proxy", kScalar, "URL", "", assign<parseUrl, &C::outgoing, &Outgoing::proxy>,
     "HTTP proxy for the host names in outgoing.allow, such as http://proxy.example:3128; other requests go without it. bmd ignores the environment's proxy variables."},

    {"log.level", kScalar, "debug | info | warning | error", "info", assign<parseLogLevel, &C::logLevel>, "Minimum level."},
    {"log.format", kScalar, "text | json", "text", assign<parseLogFormat, &C::logJson>, "Format of a line; json: an object with ts, level, area, message, and request_id, node and operation when known."},
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
