"""Names and folders of a lab. BM_LAB=NAME creates a second lab that shares only the cache with the default one."""
import os
import pathlib
import re
import sys

SOURCE = pathlib.Path(__file__).resolve().parents[2]
LAB = SOURCE / "lab"


class Failure(Exception):
    """An error for the operator: printed as one line, without a traceback."""


NAME = os.environ.get("BM_LAB", "")
if not re.fullmatch(r"[a-z0-9]{0,10}", NAME):
    sys.exit(f"lab: BM_LAB is to be at most 10 of a-z and 0-9, not {NAME!r}")

STATE = pathlib.Path("/var/tmp") / (f"bm-{NAME}" if NAME else "bm-lab")
RUN = STATE / "run"                         # pid files and sockets
LOGS = STATE / "log"
MEMORY = pathlib.Path("/dev/shm") / STATE.name   # the machines' disks, where the host has the memory
CACHE = pathlib.Path(os.environ.get("BM_LAB_CACHE", "/var/cache/bm-lab"))
NETNS = f"bmlab-{NAME}" if NAME else "bmlab"
BRIDGE = "bmlab0"
ADDRESS = "10.77.0.1"                       # bmd's on the machines' network, 10.77.0.0/24
BMC_NETWORK = "10.77.1"                     # the BMCs' network, .11 and on
BMC_USER = "admin"
BMC_PASSWORD_FILE = STATE / "secrets" / "bmc-password"
API_PORT = int(os.environ.get("BM_LAB_API_PORT", "0" if NAME else "6385"))   # on the host's loopback; 0: none


def need_root():
    if os.geteuid() != 0:
        raise Failure(f"needs root (network namespace, QEMU's taps): sudo {' '.join(sys.argv)}")


def has_memory():
    """True when the host's memory can hold the disks of a few machines: each takes up to 2 GiB."""
    try:
        words = pathlib.Path("/proc/meminfo").read_text(encoding="ascii").split()
        file_system = os.statvfs(MEMORY.parent)
    except OSError:
        return False
    available = int(words[words.index("MemAvailable:") + 1]) * 1024
    return min(available, file_system.f_bavail * file_system.f_frsize) >= 14 * 2**30


def make_folders():
    for folder in (STATE, RUN, LOGS):
        folder.mkdir(parents=True, exist_ok=True)
    BMC_PASSWORD_FILE.parent.mkdir(mode=0o700, exist_ok=True)
    if not BMC_PASSWORD_FILE.exists():
        write_secret(BMC_PASSWORD_FILE, os.urandom(6).hex() + "\n")


def write_secret(path, text):
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
        out.write(text)


def main(function):
    """Runs a script's main function. A Failure prints a line on stderr and exits with 1."""
    try:
        sys.exit(function())
    except Failure as failure:
        sys.exit(f"{pathlib.Path(sys.argv[0]).name}: {failure}")
    except KeyboardInterrupt:
        sys.exit(130)
