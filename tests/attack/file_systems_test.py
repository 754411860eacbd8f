#!/usr/bin/env python3
"""150 mutated file systems, 50 each of ext4, xfs and btrfs, under the real RAM disk in a virtual machine, which mounts
them to look for a kernel and to generalise a capture. Each step ends, done or with a code, or the machine's kernel
panics and the machine starts again. Neither disk of the machine is written, whatever happens. Needs QEMU."""
import importlib.util
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time

from attack import TESTS
import fake_server

spec = importlib.util.spec_from_file_location("ramdisk_machine", TESTS / "ramdisk" / "machine.py")
ramdisk_machine = importlib.util.module_from_spec(spec)
spec.loader.exec_module(ramdisk_machine)

MIB = 1 << 20
SEEDS = 50
MAC = "52:54:00:aa:00:01"
LIMIT, BOOT = 120, 300                      # seconds for a step, and for the RAM disk's start
MOST_HANGS = 3
SIZES = {"ext4": 64, "xfs": 320, "btrfs": 128}
MAKERS = {
    "ext4": [["mke2fs", "-q", "-t", "ext4", "-F", "-d", "{tree}", "{file}"], ["mke2fs", "-q", "-t", "ext4", "-O", "^metadata_csum", "-F", "-d", "{tree}", "{file}"]],
    "xfs": [["mkfs.xfs", "-q", "-f", "-p", "{prototype}", "{file}"], ["mkfs.xfs", "-q", "-f", "-m", "crc=0", "-p", "{prototype}", "{file}"]],
    "btrfs": [["mkfs.btrfs", "-q", "-f", "--rootdir", "{tree}", "{file}"]],
}


def system(folder):
    """A small deployed system: what the agent looks for after it mounted it."""
    tree = folder / "tree"
    for name, text in {"etc/os-release": "ID=debian\n", "etc/fstab": "/dev/vda1 / auto defaults 0 1\n", "etc/hostname": "evil\n", "etc/machine-id": "0" * 32 + "\n",
                       "boot/vmlinuz-6.1.0": "MZ" + "k" * 60000, "boot/initrd.img-6.1.0": "i" * 60000, "var/log/syslog": "x" * 20000}.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(text, encoding="ascii")
    prototype = folder / "prototype"
    lines = ["/dev/null", "0 0", "d--755 0 0"]

    def add(here):
        for path in sorted(here.iterdir()):
            lines.append(f"{path.name} d--755 0 0" if path.is_dir() else f"{path.name} ---644 0 0 {path}")
            if path.is_dir():
                add(path)
                lines.append("$")
    add(tree)
    prototype.write_text("\n".join([*lines, "$", ""]), encoding="ascii")
    return {"tree": tree, "prototype": prototype}


def disks_of(folder):
    """For each file system its disks, unmutated: a GPT with one partition."""
    names = system(folder)
    made = {}
    for kind, makers in MAKERS.items():
        for number, words in enumerate(makers):
            part = folder / "part"
            part.unlink(missing_ok=True)
            part.touch()
            os.truncate(part, SIZES[kind] * MIB)
            subprocess.run([word.format(file=part, **names) for word in words], check=True, capture_output=True, timeout=120)
            disk = folder / f"{kind}-{number}.raw"
            disk.touch()
            os.truncate(disk, (SIZES[kind] + 2) * MIB)
            subprocess.run(["sgdisk", "-n", f"1:2048:+{SIZES[kind]}M", "-t", "1:8300", "-c", "1:root", disk], check=True, capture_output=True, timeout=60)
            with open(part, "rb") as source, open(disk, "r+b") as target:
                target.seek(MIB)
                shutil.copyfileobj(source, target, MIB)
            made.setdefault(kind, []).append(disk)
    return made


def mutations(disk, generator):
    """Offsets and new bytes in blocks of the partition that are not empty."""
    used = []
    with open(disk, "rb") as file:
        file.seek(MIB)
        at = MIB
        while block := file.read(4096):
            if any(block) and at < os.path.getsize(disk) - MIB:
                used.append(at)
            at += 4096
    return [(generator.choice(used) + generator.randrange(4096), generator.randrange(256)) for _ in range(generator.randrange(1, 80))]


class Server(fake_server.FakeServer):
    """Takes no capture: what the agent does before it sends one is under attack."""

    def post(self, handler):
        if not handler.path.endswith("/exchange"):
            handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
            return self.refused(handler, 404, "not-found")
        return super().post(handler)


class Machine:
    """The real RAM disk with two disks, for a fake server on this host."""

    def __init__(self, images, folder, server):
        self.images, self.folder, self.server = images, folder, server
        self.hostile, self.canary = folder / "hostile.raw", folder / "canary.raw"
        with open(self.canary, "wb") as file:
            for _ in range(16):
                file.write(b"\xa5" * MIB)
        self.hostile.touch()
        os.truncate(self.hostile, (max(SIZES.values()) + 2) * MIB)
        self.process, self.boots = None, 0

    def start(self):
        self.stop()
        self.server.tokens, self.server.nonce = [], None   # another boot is another agent
        seen = len(self.server.exchanges)
        command = ["console=ttyS0,115200n8", "mitigations=off", "nokaslr", "no_timer_check", "panic=1", "oops=panic", f"bm.api=http://10.0.2.2:{self.server.port}",
                   f"bm.node={fake_server.NODE}", f"bm.secret={fake_server.SECRET}", f"BOOTIF=01-{MAC.replace(':', '-')}"]
        argv = ["qemu-system-x86_64", "-accel", "tcg,tb-size=64", "-m", "768", "-nodefaults", "-nographic", "-serial", "stdio", "-monitor", "none", "-no-reboot",
                "-kernel", self.images / "vmlinuz", "-initrd", self.images / "initrd.img", "-append", " ".join(command),
                "-netdev", "user,id=n0,restrict=off", "-device", f"virtio-net-pci,netdev=n0,mac={MAC},romfile="]
        for name, path in (("HOSTILE", self.hostile), ("CANARY", self.canary)):
            argv += ["-drive", f"file={path},if=none,id={name},format=raw,cache=writeback", "-device", f"virtio-blk-pci,drive={name},serial={name}"]
        self.process = ramdisk_machine.Process([str(word) for word in argv])
        self.boots += 1
        ramdisk_machine.wait_for("the RAM disk's agent", lambda: len(self.server.exchanges) > seen or self.process.ended(), BOOT)
        assert not self.process.ended(), self.process.text()[-3000:]

    def stop(self):
        if self.process:
            self.process.stop()

    def step(self, number, name, **arguments):
        """The report of a step, "panic", or "hang". After the last two the machine is started again."""
        step = f"11111111-2222-4333-8444-{number:012d}"
        self.server.step = {"id": step, "name": name, "arguments": {"root_device": {"serial": "HOSTILE"}, "root_device_policy": "single", "remembered": None, **arguments}}
        end = time.monotonic() + LIMIT
        while time.monotonic() < end:
            report = self.server.ended(step)
            if report:
                return report
            if self.process.ended():
                break
            time.sleep(0.05)
        outcome = "panic" if self.process.ended() else "hang"
        self.server.step = None
        self.start()
        return outcome


def attack(machine, kind, disks, counts):
    for seed in range(SEEDS):
        generator = random.Random(f"{kind}-{seed}")
        base = disks[seed % len(disks)]
        changes = mutations(base, generator)
        shutil.copyfile(base, machine.hostile)
        with open(machine.hostile, "r+b") as file:
            os.truncate(machine.hostile, (max(SIZES.values()) + 2) * MIB)
            for at, value in changes:
                file.seek(at)
                file.write(bytes([value]))
        before = machine.hostile.read_bytes()
        number = {"ext4": 1, "xfs": 2, "btrfs": 3}[kind] * 100_000 + seed * 10
        outcomes = [machine.step(number, "start_kernel"),
                    machine.step(number + 1, "capture_disk", kind=("disk", "tree")[seed // len(disks) % 2], generalise=True, capture_url="/nowhere")]
        for outcome in outcomes:
            name = outcome if isinstance(outcome, str) else outcome["state"]
            counts[name] = counts.get(name, 0) + 1
            assert isinstance(outcome, str) or outcome["state"] == "done" or outcome["error"]["code"], (kind, seed, outcome)
        print(kind, seed, [outcome if isinstance(outcome, str) else (outcome.get("error") or {}).get("code", "done") for outcome in outcomes], flush=True)
        assert counts.get("hang", 0) <= MOST_HANGS, f"{kind}, seed {seed}: the machine hangs\n{machine.process.text()[-3000:]}"
        assert machine.canary.read_bytes() == b"\xa5" * (16 * MIB), f"{kind}, seed {seed}: the other disk was written"
        assert machine.hostile.read_bytes() == before, f"{kind}, seed {seed}: a step that only reads wrote the disk"
    print(f"{kind}: {counts}", flush=True)


def main():
    build = pathlib.Path(sys.argv[1])
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    wanted = sys.argv[2:] or list(MAKERS)
    with tempfile.TemporaryDirectory(prefix="bm-attack-") as name:
        folder = pathlib.Path(name)
        disks = disks_of(folder)
        server = Server()
        machine = Machine(build / "ramdisk", folder, server)
        try:
            machine.start()
            counts = {}
            for kind in wanted:
                attack(machine, kind, disks[kind], counts)
            print(f"{machine.boots} starts of the machine")
        finally:
            machine.stop()
            server.stop()


if __name__ == "__main__":
    main()
