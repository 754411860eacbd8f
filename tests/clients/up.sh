#!/bin/bash
# Raises a standalone Ironic 21.4 from Debian's packages on loopback, with the driver fake-hardware and without
# authentication. Prints its endpoint, then waits for the end of standard input and removes everything it made.
# The packages' own services do not run: lab/install-packages keeps them from starting.
set -eu
PATH=/usr/sbin:/usr/bin:/sbin:/bin   # Debian's Python
unset "${!OS_@}" "${!PYTHON@}"
ports=$(python3 -c 'import socket; a, b = socket.socket(), socket.socket(); a.bind(("127.0.0.1", 0)); b.bind(("127.0.0.1", 0)); print(a.getsockname()[1], b.getsockname()[1])')
port=${ports% *} rpc_port=${ports#* }
url=http://127.0.0.1:$port
work=$(mktemp -d "${TMPDIR:-/tmp}/bm-ironic.XXXXXX")
pids=()

finish() {
    for pid in "${pids[@]}"; do kill -TERM -- "-$pid" 2>/dev/null || true; done
    for _ in $(seq 40); do
        left=0
        for pid in "${pids[@]}"; do ! kill -0 -- "-$pid" 2>/dev/null || left=1; done
        [[ $left == 1 ]] || break
        sleep 0.25
    done
    for pid in "${pids[@]}"; do kill -KILL -- "-$pid" 2>/dev/null || true; done
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 1' INT TERM HUP

mkdir "$work"/{tftpboot,httpboot,images,master,lock}
cat >"$work/ironic.conf" <<CONF
[DEFAULT]
auth_strategy = noauth
host = localhost
my_ip = 127.0.0.1
log_dir = $work
state_path = $work
rpc_transport = json-rpc
enabled_hardware_types = fake-hardware,ipmi,redfish
enabled_bios_interfaces = fake,no-bios,redfish
enabled_boot_interfaces = fake,ipxe,pxe,redfish-virtual-media
enabled_console_interfaces = fake,no-console
enabled_deploy_interfaces = fake,direct
enabled_inspect_interfaces = fake,no-inspect,redfish
enabled_management_interfaces = fake,noop,ipmitool,redfish
enabled_network_interfaces = noop
enabled_power_interfaces = fake,ipmitool,redfish
enabled_raid_interfaces = fake,no-raid,agent
enabled_rescue_interfaces = fake,no-rescue
enabled_storage_interfaces = fake,noop
enabled_vendor_interfaces = fake,no-vendor,ipmitool,redfish
default_network_interface = noop
[api]
host_ip = 127.0.0.1
port = $port
api_workers = 1
max_limit = 1000
public_endpoint = $url
[conductor]
automated_clean = false
api_url = $url
[json_rpc]
auth_strategy = noauth
host_ip = 127.0.0.1
port = $rpc_port
[database]
connection = sqlite:///$work/ironic.sqlite
[deploy]
http_root = $work/httpboot
http_url = http://127.0.0.1:1
[pxe]
tftp_root = $work/tftpboot
tftp_master_path = $work/master
images_path = $work/images
instance_master_path = $work/master
tftp_server = 127.0.0.1
[oslo_concurrency]
lock_path = $work/lock
[service_catalog]
auth_type = none
endpoint_override = $url
[glance]
auth_type = none
[neutron]
auth_type = none
[inspector]
auth_type = none
endpoint_override = http://127.0.0.1:1
[swift]
auth_type = none
[cinder]
auth_type = none
CONF

# `upgrade` cannot run on SQLite, so a new database gets the whole schema at once.
ironic-dbsync --config-file "$work/ironic.conf" create_schema >"$work/dbsync.out" 2>&1 ||
    { tail -n 5 "$work/dbsync.out" >&2; exit 1; }

cd "$work"
for program in ironic-conductor ironic-api; do
    setsid "$program" --config-file "$work/ironic.conf" >"$work/$program.out" 2>&1 </dev/null &
    pids+=($!)
done
# Ironic is up when its API answers and a living conductor offers the driver.
for _ in $(seq 240); do
    if curl -sf -m 5 "$url/v1/drivers" 2>/dev/null | grep -q '"name": "fake-hardware"'; then
        echo "$url"
        cat >/dev/null
        exit 0
    fi
    for pid in "${pids[@]}"; do
        kill -0 "$pid" 2>/dev/null || { echo "up.sh: a program of Ironic ended:" >&2; tail -n 15 "$work"/*.out >&2; exit 1; }
    done
    sleep 0.5
done
echo "up.sh: Ironic is not up after 120 s:" >&2
tail -n 15 "$work"/*.out >&2
exit 1
