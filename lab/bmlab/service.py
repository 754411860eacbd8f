"""bmd in the lab: its configuration (the only use of its keys in lab/), its start, and the access to its API."""
import json
import os
import pathlib
import pwd
import socket

import yaml

from . import place, process

BUILD = place.SOURCE / "build" / "release"
if os.environ.get("BM_LAB_BUILD"):
    BUILD = pathlib.Path(os.environ["BM_LAB_BUILD"]).resolve()
BMD = BUILD / "bmd" / "bmd"
BM = BUILD / "cli" / "bm"
RAMDISK = BUILD / "ramdisk"
CONFIG = place.STATE / "bmd.yaml"
INVENTORY = place.STATE / "inventory.yaml"
CLIENT = place.STATE / "client.yaml"
BMD_STATE = place.STATE / "bmd"
BMD_RUN = place.RUN / "bmd"
MADE_LINKS = place.STATE / "links"
PASSWORD = BMD_STATE / "admin-password"     # bmd creates it at its first start
CLIENT_FOLDER = pathlib.Path("/etc/bm")
LINKS = {CLIENT_FOLDER / "client.yaml": CLIENT, pathlib.Path("/usr/local/bin/bm"): BM}


def configuration():
    return {
        "provisioning": {"interface": place.BRIDGE, "address": place.ADDRESS},
        "dhcp": {"mode": "managed", "range": "10.77.0.100-10.77.0.199", "router_advertisements": True},
        "paths": {"state_dir": str(BMD_STATE), "run_dir": str(BMD_RUN), "ramdisk_dir": str(RAMDISK)},
        # Saves seconds on an emulated machine. On a busy host, the emulated timer also ticks too late for the kernel's
        # check, and an emulated NVMe drive misses the kernel's 30 s.
        "conductor": {"kernel_arguments": "mitigations=off nokaslr no_timer_check nvme_core.io_timeout=240 quiet", "agent_pace": "1s"},
        "ipmi": {"min_interval": "50ms"},
        "log": {"level": "debug"},
    }


def inventory(machines):
    """The fleet in the file format of Ironic's `baremetal create`."""
    password = place.BMC_PASSWORD_FILE.read_text(encoding="ascii").strip()
    return {"nodes": [{
        "name": machine.name,
        "driver": "ipmi",
        "driver_info": {"ipmi_address": machine.bmc_address, "ipmi_port": 623,
                        "ipmi_username": place.BMC_USER, "ipmi_password": password},
        "resource_class": "lab",
        "properties": {"capabilities": "boot_mode:" + ("bios" if machine.firmware == "bios" else "uefi")},
        "ports": [{"address": machine.mac}],
    } for machine in machines]}


def write_files(machines):
    """Writes bmd.yaml and inventory.yaml. Returns True when bmd's settings changed since its start."""
    text = yaml.safe_dump(configuration(), sort_keys=False)
    changed = not CONFIG.exists() or CONFIG.read_text(encoding="utf-8") != text
    CONFIG.write_text(text, encoding="utf-8")
    place.write_secret(INVENTORY, yaml.safe_dump(inventory(machines), sort_keys=False))
    return changed


def last_words(name="bmd", lines=15):
    try:
        text = (place.LOGS / f"{name}.log").read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return ""
    return "\n".join("    " + line for line in text[-lines:])


def answers():
    status = process.run("curl", "-s", "-o", "/dev/null", "-m", "2", "-w", "%{http_code}", "http://127.0.0.1:6385/",
                         netns=True, check=False)
    return status.strip() not in ("", "000")


def start(machines):
    """Starts bmd in the lab's namespace. Keeps a running one unless its program or settings changed."""
    changed = write_files(machines)
    for folder in (BMD_STATE, BMD_RUN):
        folder.mkdir(parents=True, exist_ok=True)
    pidfile = place.RUN / "bmd.pid"
    if pidfile.exists() and (changed or BMD.stat().st_mtime > pidfile.stat().st_mtime):
        process.end("bmd", grace=20)
    process.start("bmd", [BMD, "--config", CONFIG])
    if not process.wait_until(lambda: answers() or not process.pid_of("bmd"), 30, step=0.2) or not process.pid_of("bmd"):
        raise place.Failure(f"bmd does not answer; its last words ({place.LOGS}/bmd.log):\n{last_words()}")


def start_relay():
    """Forwards the host's 127.0.0.1:6385 to bmd in the namespace, through a socket file."""
    if not place.API_PORT:
        return
    path = place.RUN / "api.sock"
    process.start("relay-inside", ["socat", "-b65536", f"UNIX-LISTEN:{path},mode=600,unlink-early,fork", "TCP:127.0.0.1:6385"])
    if not process.pid_of("relay"):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", place.API_PORT))
            except OSError as error:
                raise place.Failure(f"127.0.0.1:{place.API_PORT} is taken; choose another: BM_LAB_API_PORT") from error
    process.start("relay", ["socat", "-b65536", f"TCP-LISTEN:{place.API_PORT},bind=127.0.0.1,reuseaddr,backlog=128,fork", f"UNIX-CONNECT:{path}"],
                  netns=False)
    if not process.wait_until(_relay_listens, 5):
        raise place.Failure(f"the relay to bmd's API does not start: {place.LOGS}/relay.log")


def _relay_listens():
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", place.API_PORT)) == 0


def operator():
    """The user of the shell: the caller of sudo, else root."""
    return pwd.getpwuid(int(os.environ.get("SUDO_UID", os.getuid())))


def give_to_operator(path):
    who = operator()
    os.chown(path, who.pw_uid, who.pw_gid)


def write_client():
    """Writes the client configuration for the operator and root, and links it to bm's default path unless a file exists
    there."""
    password = place.STATE / "secrets" / "client-password"
    process.wait_until(PASSWORD.exists, 5)
    if PASSWORD.exists():
        place.write_secret(password, PASSWORD.read_text(encoding="ascii"))
        give_to_operator(password)
        give_to_operator(password.parent)
    CLIENT.write_text(yaml.safe_dump({"endpoint": f"http://127.0.0.1:{place.API_PORT or 6385}", "username": "admin",
                                      "password_file": str(password)}, sort_keys=False), encoding="utf-8")
    if not place.API_PORT or place.NAME:
        return
    for link, target in LINKS.items():
        if not link.exists():                # no file, or a dangling link
            link.parent.mkdir(parents=True, exist_ok=True)
            link.unlink(missing_ok=True)
            link.symlink_to(target)
    MADE_LINKS.write_text("".join(f"{link} {target}\n" for link, target in LINKS.items() if _ours(link)), encoding="utf-8")


def remove_links():
    """Removes the links of write_client() that are unchanged."""
    if not MADE_LINKS.exists():
        return
    for line in MADE_LINKS.read_text(encoding="utf-8").splitlines():
        link, target = map(pathlib.Path, line.split())
        if link.is_symlink() and os.readlink(link) == str(target):
            link.unlink()
    if CLIENT_FOLDER.is_dir() and not any(CLIENT_FOLDER.iterdir()):
        CLIENT_FOLDER.rmdir()


def _ours(link):
    return link.is_symlink() and os.readlink(link) == str(LINKS[link])


def bm_in_shell():
    """The command with which the operator calls bm."""
    config, program = LINKS
    words = ["" if _ours(config) else f"BM_CLIENT_CONFIG={CLIENT}", "bm" if _ours(program) else str(BM)]
    return " ".join(word for word in words if word)


def bm_argv(*words):
    prefix = [] if place.API_PORT else ["ip", "netns", "exec", place.NETNS]
    return [*prefix, str(BM), *words]


def bm_environment():
    return {**os.environ, "BM_CLIENT_CONFIG": str(CLIENT)}


def bm_json(*words):
    return json.loads(process.run(*bm_argv(*words, "-o", "json"), env=bm_environment()))


def address_of(mac):
    """The machine's address in bmd's DHCP leases: the newest lease."""
    try:
        leases = [line.split() for line in (BMD_RUN / "dnsmasq.leases").read_text(encoding="utf-8").splitlines()]
    except FileNotFoundError:
        return None
    mine = [lease for lease in leases if len(lease) > 2 and lease[1].lower() == mac.lower()]
    return max(mine)[2] if mine else None
