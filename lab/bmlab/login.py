"""Logs in to deployed systems with the operator's key and queries them. bmd's DHCP leases have the addresses."""
import subprocess
import time

from . import place, process, service

KEY = place.STATE / "ssh" / "id_ed25519"
# One round trip: host name, disk under the root file system, its serial, kernel arguments, size of the file system.
QUESTION = """hostname
root=$(findmnt -n -o SOURCE /); echo "$root"
disk=$(lsblk -n -s -l -o NAME,TYPE "$root" | awk '$2 == "disk" { print $1; exit }')   # below a volume group and a mirror, too
cat "/sys/block/$disk/serial" "/sys/block/$disk/device/serial" 2>/dev/null | head -n 1
echo
cut -d' ' -f1 /proc/uptime; uname -r; df -h --output=size / | tail -n 1"""
SECONDS = 420                               # an emulated machine on a busy host needs minutes to start


def make_key():
    KEY.parent.mkdir(parents=True, exist_ok=True)
    if not KEY.exists():
        process.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "operator of the lab", "-f", KEY)


def ssh_argv(address):
    return ["ip", "netns", "exec", place.NETNS, "ssh", "-i", str(KEY), "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes",
            "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR",
            "-o", "ConnectTimeout=5", f"root@{address}"]


def ask(machine, question, seconds=SECONDS):
    """Queries the deployed system until ssh succeeds. Returns the answer."""
    limit, last = time.monotonic() + seconds, "no DHCP lease"
    while time.monotonic() < limit:
        address = service.address_of(machine.mac)
        if address:
            try:
                done = subprocess.run([*ssh_argv(address), question], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                      timeout=60, check=False)
                if done.returncode == 0:
                    return address, done.stdout
                last = f"{address}: {done.stderr.strip() or 'ssh ended with ' + str(done.returncode)}"
            except subprocess.TimeoutExpired:
                last = f"{address}: ssh hangs"
        time.sleep(1)
    raise place.Failure(f"{machine.name} cannot be logged in to within {seconds} s ({last}); "
                        f"its console: {machine.folder}/console.log")


def check(machine):
    """Describes the deployed system in a sentence. @raises Failure when it differs from the request"""
    address, said = ask(machine, QUESTION)
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    name, root, *rest = lines
    serials = [disk.serial for disk in machine.disks]
    serial = rest[0] if rest and rest[0] in serials else None
    if name != machine.name:
        raise place.Failure(f"{address} says that it is {name!r}, not {machine.name}")
    if not serial:
        raise place.Failure(f"{machine.name} runs from {root}, which is none of its disks {', '.join(serials)}: {said!r}")
    uptime, kernel, size = rest[1:4]
    return (f"{name} at {address} accepts the operator's key; runs from {root} of its own disk {serial} ({size} root file "
            f"system), kernel {kernel}, up {float(uptime):.0f} s")
