#!/usr/bin/env python3
"""Hostile disks under a real agent: LVM, RAID and multipath metadata with the host's own names, partition tables that
run in circles or have 10,000 partitions, and 150 mutated file systems. The agent writes an image to such a disk, or
erases its metadata, or fails with a code; it ends in time, and no byte of another disk changes. Root: loop devices."""
import contextlib
import json
import os
import pathlib
import random
import shutil
import struct
import subprocess
import sys
import time
import unittest
import zlib

from attack import TESTS  # noqa: F401  (sets the path)
import agent_world
from agent_world import MIB, RunningAgent, World, run, wait_for

SEEDS = 50                                  # of each file system
STEP = "11111111-2222-4333-8444-0000000000%02d"
HOST_NAMES = ("vg0", "debian-vg", "system", "root", "swap", "data")
LIMIT = 60                                  # seconds for a step


def crc(data):
    return zlib.crc32(data) & 0xffffffff


def gpt(path, entries, count=None, entry_bytes=128, backup=None, mine=1, first_usable=34):
    """A GPT with these (first, last) partitions; the header says whatever the caller likes."""
    size = os.path.getsize(path) // 512
    table = b"".join(struct.pack("<16s16sQQQ72s", b"\xaf=\xc6\x0f\x83\x84rG\x8ey=i\xd8G}\xe4", random.Random(number).randbytes(16), first, last, 0,
                                 f"p{number}".encode("utf-16-le")) for number, (first, last) in enumerate(entries))
    table = table.ljust(128 * 128, b"\0")
    declared = count if count is not None else max(128, len(entries))
    protective = bytes(446) + struct.pack("<B3sB3sII", 0, b"\0\2\0", 0xee, b"\xff\xff\xff", 1, min(size - 1, 0xffffffff)) + bytes(48) + b"\x55\xaa"

    def header(own, other, table_at):
        text = struct.pack("<8sIIIIQQQQ16sQIII", b"EFI PART", 0x10000, 92, 0, 0, own, other, first_usable, max(first_usable, size - 34), b"d" * 16, table_at, declared,
                           entry_bytes, crc(table[:min(len(table), declared * entry_bytes)]))
        return text[:16] + struct.pack("<I", crc(text)) + text[20:]
    with open(path, "r+b") as disk:
        disk.write(protective)
        disk.write(header(mine, backup if backup is not None else size - 1, 2).ljust(512, b"\0"))
        disk.write(table)
        disk.seek((size - 1) * 512)
        disk.write(header(size - 1, 1, 2))


def ebr(path, links):
    """An MBR with an extended partition and a chain: sector -> (logical partition's start, length, next), relative as DOS has it."""
    def sector(*rows):
        text = bytes(446) + b"".join(struct.pack("<B3sB3sII", 0, b"\0\0\0", kind, b"\0\0\0", start, length) for kind, start, length in rows)
        return text.ljust(510, b"\0") + b"\x55\xaa"
    base = 2048
    with open(path, "r+b") as disk:
        disk.write(sector((5, base, os.path.getsize(path) // 512 - base)))
        for at, (start, length, following) in links.items():
            disk.seek((base + at) * 512)
            disk.write(sector((0x83, start, length), *(((5, following, 10),) if following is not None else ())))


def raid_superblock(path, name, **fields):
    """mdadm's metadata 1.2 at 4 KiB, for an array of that name; its checksum is right."""
    values = {"level": 1, "disks": 2, "data_offset": 2048, "data_size": 8192, "super_offset": 8, "chunk": 0, "events": 5, **fields}
    roles = struct.pack("<HH", 0, 1)
    text = struct.pack("<IIII", 0xa92b4efc, 1, 0, 0) + b"U" * 16 + name.encode()[:32].ljust(32, b"\0")
    text += struct.pack("<QiIQII", 1_700_000_000, values["level"], 0, values["data_size"], values["chunk"], values["disks"]) + struct.pack("<I", 0) + bytes(4 * 6 + 4)
    text = text.ljust(128, b"\0") + struct.pack("<QQQQI", values["data_offset"], values["data_size"], values["super_offset"], 0, 0)
    text += struct.pack("<I", 0) + b"D" * 16 + bytes(8)
    text = text.ljust(192, b"\0") + struct.pack("<QQQ", 1_700_000_000, values["events"], 0) + struct.pack("<II", 0, 128)
    text = (text.ljust(256, b"\0") + roles)[:256] + roles + b"\xff\xff" * 126
    words = struct.unpack(f"<{len(text) // 4}I", text)
    total = sum(words)
    checksum = (total & 0xffffffff) + (total >> 32)
    text = text[:216] + struct.pack("<I", checksum & 0xffffffff) + text[220:]
    with open(path, "r+b") as disk:
        disk.seek(4096)
        disk.write(text)


class Hostile(World):
    image_mib = 8
    data_mib = 2

    def make_raw(self):
        """A small image: GPT, one partition, random bytes."""
        self.raw.touch()
        os.truncate(self.raw, self.image_mib * MIB)
        run("sgdisk", "-n", "1:2048:0", "-c", "1:root", self.raw)
        with open(self.raw, "r+b") as file:
            file.seek(2 * MIB)
            file.write(os.urandom(self.data_mib * MIB))

    @contextlib.contextmanager
    def looped(self, path):
        """A loop device during the block only: there are hundreds of disks."""
        device = run("losetup", "--find", "--show", path).strip()
        try:
            yield device
        finally:
            run("losetup", "--detach", device)

    def tools(self):
        """Reads such as udev and an administrator's tools make: none may hang."""
        return [["blkid", "-p"], ["sfdisk", "--json"], ["sgdisk", "-p"], ["mdadm", "--examine"]]

    def attacked(self, disk, *steps):
        """Runs the steps on a loop device of @disk; returns the reports. The canary stays as it is."""
        canary = self.disk(16, "canary.raw")
        with self.looped(canary) as other, self.looped(disk) as device:
            return self.attacked_devices(disk, device, canary, other, steps)

    def attacked_devices(self, disk, device, canary, other, steps):
        named = self.folder / pathlib.Path(device).name.replace("loop", "disk-")  # the agent takes no loopN for a disk
        named.unlink(missing_ok=True)
        named.symlink_to(device)
        server = self.server()
        self.agents = getattr(self, "agents", 0) + 1  # each is a machine of its own, and remembers its own steps
        agent = RunningAgent(self, server, [named], state=f"state-{self.agents}")
        reports = []
        for number, (name, arguments) in enumerate(steps):
            step = STEP % number
            server.step = {"id": step, "name": name, "arguments": arguments} if name != "write_image" else server.write_step(step, **arguments)
            reports.append(wait_for(lambda step=step: server.ended(step), f"the end of {name} on {disk.name}: {agent.text()[-800:]}", LIMIT))
        self.assertIsNone(agent.process.poll(), agent.text()[-800:])
        agent_world.end(agent.process)
        run("sync", disk)
        with open(other, "rb") as file:
            while piece := file.read(MIB):
                self.assertTrue(piece == b"\xa5" * MIB, "another disk was written")
        self.check_untouched(canary)
        return reports

    def written_or_refused(self, disk, *allowed):
        """Erasing the metadata and writing the image work on @disk; a refusal has one of the codes."""
        began = time.monotonic()
        for report in self.attacked(disk, ("erase_devices_metadata", {}), ("write_image", {"grow_last_partition": True})):
            if report["state"] == "failed":
                self.assertIn(report["error"]["code"], allowed, report)
        self.assertLess(time.monotonic() - began, LIMIT)
        if not allowed:
            self.check_content(disk)


class Volumes(Hostile):
    def pv(self, name, *groups):
        path = self.disk(48, name, filled=False)
        with self.looped(path) as device:
            self.make_groups(device, groups)
        return path

    def make_groups(self, device, groups):
        config = 'devices { filter=["a|^%s$|","r|.*|"] use_devicesfile=0 } activation { udev_sync=0 udev_rules=0 } global { locking_type=1 }' % device
        done = subprocess.run(["pvcreate", "-qq", "-ff", "-y", "--config", config, device], capture_output=True, text=True, check=False, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        for group in groups:
            subprocess.run(["vgcreate", "-qq", "-y", "--config", config, group, device], capture_output=True, check=True, timeout=60)

    def test_groups_with_names_of_the_host_are_overwritten(self):
        for name in HOST_NAMES:
            with self.subTest(name):
                disk = self.pv(f"{name}.raw", name)
                self.assertIn(b"LABELONE", disk.read_bytes()[:4096])
                self.written_or_refused(disk)

    def test_metadata_of_lvm_with_wrong_sizes_and_circles(self):
        generator = random.Random(15)
        good = self.pv("good.raw", "vg0").read_bytes()
        for seed in range(20):
            with self.subTest(seed):
                disk = self.disk(48, f"lvm-{seed}.raw", filled=False)
                data = bytearray(good[:2 * MIB])
                for _ in range(generator.randrange(1, 40)):
                    data[generator.randrange(512, 16384)] = generator.randrange(256)
                with open(disk, "r+b") as file:
                    file.write(data)
                self.written_or_refused(disk)

    def test_arrays_with_names_of_the_host(self):
        for number, (name, fields) in enumerate((("localhost:0", {}), (os.uname().nodename + ":root", {}), ("any:127", {"disks": 0x7fffffff}), ("-v", {"data_offset": 1 << 62}),
                                                 ("../../etc", {"super_offset": 1 << 63}), ("x" * 32, {"level": -999, "data_size": (1 << 64) - 1}), ("\x1b]0;x\x07", {"chunk": 0xffffffff}))):
            with self.subTest(name):
                disk = self.disk(32, f"md-{number}.raw", filled=False)
                raid_superblock(disk, name, **fields)
                self.written_or_refused(disk)

    def test_disks_that_are_one_by_multipath_are_not_chosen(self):
        """Two paths to one disk have one serial and one WWN: a hint for them is ambiguous, and nothing is written."""
        server = self.server()
        paths = [self.disk(32, "path-a.raw"), self.disk(32, "path-b.raw")]
        agent = RunningAgent(self, server, paths)
        inventory = json.loads(agent.inventory.read_text())
        for disk in inventory["disks"]:
            disk.update(serial="SAME", wwn="0x5000c500a1b2c3d4")
        agent.inventory.write_text(json.dumps(inventory))
        agent.kill()
        agent.start()
        for number, hint in enumerate(({"serial": "SAME"}, {"wwn": "0x5000c500a1b2c3d4"}, {})):
            step = STEP % number
            server.step = server.write_step(step, root_device=hint)
            report = wait_for(lambda step=step: server.ended(step), "the step's end", LIMIT)
            self.assertEqual(report["state"], "failed", report)
            self.assertEqual(report["error"]["code"], "disk-ambiguous", report)
        for path in paths:
            self.check_untouched(path)


class Tables(Hostile):
    def read_by_tools(self, disk):
        for words in self.tools():
            subprocess.run([*words, str(disk)], capture_output=True, check=False, timeout=60)

    def test_chains_of_logical_partitions_in_a_circle(self):
        circles = {"itself": {0: (1, 10, 0)}, "back": {0: (1, 10, 100), 100: (1, 10, 0)}, "far": {i * 16: (1, 8, (i + 1) % 500 * 16) for i in range(500)},
                   "beyond": {0: (1, 10, 0x7fffffff)}, "negative": {0: (0xffffffff, 0xffffffff, 0xffffffff)}, "nested": {0: (0, 0xffffffff, 16), 16: (0, 16, 16)}}
        for name, links in circles.items():
            with self.subTest(name):
                disk = self.disk(32, f"ebr-{name}.raw", filled=False)
                ebr(disk, links)
                self.read_by_tools(disk)
                self.written_or_refused(disk)

    def test_10000_logical_partitions(self):
        disk = self.disk(128, "ebr.raw", filled=False)
        ebr(disk, {i * 16: (1, 8, (i + 1) * 16 if i < 9999 else None) for i in range(10_000)})
        self.written_or_refused(disk)

    def test_10000_partitions(self):
        disk = self.disk(128, "gpt.raw", filled=False)
        gpt(disk, [(10_000 + i * 16, 10_000 + i * 16 + 15) for i in range(10_000)], first_usable=4096)
        self.read_by_tools(disk)
        self.written_or_refused(disk)

    def test_10000_partitions_at_one_place(self):
        """The agent zeroes both ends of each old partition: each byte once, not 80 GB."""
        disk = self.disk(128, "gpt.raw", filled=False)
        gpt(disk, [(4096, 200_000)] * 10_000, first_usable=4096)
        began = time.monotonic()
        self.written_or_refused(disk)
        self.assertLess(time.monotonic() - began, 20)

    def test_headers_that_lie(self):
        whole = (2048, 4095)
        lies = {"count": {"entries": [whole], "count": 0xffffffff}, "no-count": {"entries": [whole], "count": 0}, "entry": {"entries": [whole], "entry_bytes": 0},
                "large-entry": {"entries": [whole], "entry_bytes": 0x80000000}, "backup": {"entries": [whole], "backup": 1}, "mine": {"entries": [whole], "mine": 1 << 63},
                "beyond": {"entries": [(1 << 40, 1 << 41), ((1 << 64) - 1, 0)]}, "overlap": {"entries": [(2048, 8191)] * 100}, "backwards": {"entries": [(9000, 3000)]}}
        for name, lie in lies.items():
            with self.subTest(name):
                disk = self.disk(32, f"gpt-{name}.raw", filled=False)
                gpt(disk, **lie)
                self.read_by_tools(disk)
                self.written_or_refused(disk)


class FileSystems(Hostile):
    """The agent reads superblocks only; what the RAM disk's kernel does with such a file system: file_systems_test.py."""

    def mutated(self, kind):
        good = self.folder / f"{kind}.raw"
        good.touch()
        os.truncate(good, (128 if kind == "btrfs" else 320 if kind == "xfs" else 32) * MIB)
        run(f"mkfs.{kind}", *(["-q", "-F"] if kind == "ext4" else ["-q", "-f"]), good)
        for seed in range(SEEDS):
            generator = random.Random(f"{kind}-{seed}")
            disk = self.folder / f"{kind}-{seed}.raw"
            shutil.copyfile(good, disk)
            with open(disk, "r+b") as file:
                for _ in range(generator.randrange(1, 60)):
                    file.seek({"ext4": 1024, "xfs": 0, "btrfs": 65536}[kind] + generator.randrange(4096))
                    file.write(bytes([generator.randrange(256)]))
            with self.subTest(f"{kind}, seed {seed}"):
                self.written_or_refused(disk)
            disk.unlink()

    def test_ext4(self):
        self.mutated("ext4")

    def test_xfs(self):
        self.mutated("xfs")

    def test_btrfs(self):
        self.mutated("btrfs")


def nothing_left():
    """No loop device, mount, group or array of this test remains."""
    for words in (["losetup", "--list", "--noheadings", "-O", "BACK-FILE"], ["cat", "/proc/mounts"]):
        text = subprocess.run(words, capture_output=True, text=True, check=False).stdout
        assert "bm-agent-test-" not in text, text
    arrays = pathlib.Path("/proc/mdstat")
    assert not arrays.exists() or "loop" not in arrays.read_text(encoding="ascii"), arrays.read_text(encoding="ascii")


if __name__ == "__main__":
    if os.geteuid() != 0:
        sys.exit("this test needs root: it makes loop devices")
    build = pathlib.Path(sys.argv.pop(1))
    agent_world.AGENT, agent_world.MAKE_BLOCKS = build / "agent/bm-agent", build / "tests/agent/make_blocks"
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    ran = unittest.main(argv=sys.argv, verbosity=2, exit=False).result
    nothing_left()
    sys.exit(0 if ran.wasSuccessful() else 1)
