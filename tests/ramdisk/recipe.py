"""Runs the RAM disk's recipe and reads its output."""
import os
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
RECIPE = HERE.parents[1] / "agent/ramdisk"
AGENT = HERE / "speaking_agent"


def build(out, *options, recipe=RECIPE, agent=AGENT, env=None, umask=0o022):
    return subprocess.run([recipe / "build", "--agent", agent, "--out", out, *options], env=env, text=True,
                          capture_output=True, timeout=240, check=False, umask=umask)


def load(name):
    """A module of the recipe."""
    if str(RECIPE) not in sys.path:
        sys.path.insert(0, str(RECIPE))
    return __import__(name)


def devices():
    """(modalias, driver, name) of each row of tests/data/server-devices.txt."""
    found = []
    for line in (HERE.parent / "data/server-devices.txt").read_text().splitlines():
        if not line.startswith("#"):
            device, kind, driver, name = line.split(" ", 3)
            found.append((pci_alias(device, kind) if kind != "-" else device, driver, name))
    return found


def pci_alias(device, kind):
    """The modalias of "8086:1533" or, with its subsystem, "9005:0285:1028:0287"."""
    vendor, number, *subsystem = device.upper().split(":")
    sub_vendor, sub_number = subsystem or ("0000", "0000")
    return (f"pci:v0000{vendor}d0000{number}sv0000{sub_vendor}sd0000{sub_number}"
            f"bc{kind[:2]}sc{kind[2:4]}i{kind[4:]}".replace("bc0c", "bc0C"))


@dataclass
class Entry:
    """One file of a cpio archive (newc)."""
    name: str
    mode: int
    owner: tuple
    mtime: int
    data: bytes


def entries(image):
    """Every entry of an initrd.img, of all archives in it."""
    packed = Path(image).read_bytes()
    plain = subprocess.run(["zstd", "-dc"], input=packed, capture_output=True, check=True).stdout
    found, at = [], 0
    while at < len(plain):
        if plain[at:at + 1] == b"\0":
            at += 1
            continue
        assert plain[at:at + 6] == b"070701", f"no cpio header at {at}"
        fields = [int(plain[at + 6 + 8 * i:at + 14 + 8 * i], 16) for i in range(13)]
        size, name_size = fields[6], fields[11]
        name = plain[at + 110:at + 110 + name_size - 1].decode()
        start = (at + 110 + name_size + 3) & ~3
        if name != "TRAILER!!!":
            found.append(Entry(name, fields[1], (fields[2], fields[3]), fields[5], plain[start:start + size]))
        at = (start + size + 3) & ~3
    return found


def unpack(image, root):
    """The tree that the kernel would make."""
    for entry in entries(image):
        path = root / entry.name
        if stat.S_ISDIR(entry.mode):
            path.mkdir(parents=True, exist_ok=True)
        elif stat.S_ISLNK(entry.mode):
            path.symlink_to(entry.data.decode())
        else:
            path.write_bytes(entry.data)
            os.chmod(path, stat.S_IMODE(entry.mode))
