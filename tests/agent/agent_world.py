"""Helpers of the agent's tests: images, disks as files, programs, waits for conditions."""
import argparse
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

import fake_server

MIB = 1 << 20
AGENT = None
MAKE_BLOCKS = None


def main():
    global AGENT, MAKE_BLOCKS
    parser = argparse.ArgumentParser()
    parser.add_argument("--agent", required=True)
    parser.add_argument("--make-blocks", required=True)
    known, rest = parser.parse_known_args()
    AGENT, MAKE_BLOCKS = known.agent, known.make_blocks
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    unittest.main(module="__main__", argv=[sys.argv[0], *rest], verbosity=2)


def run(*argv, **kw):
    return subprocess.run([str(a) for a in argv], check=True, capture_output=True, text=True, timeout=120, **kw).stdout


def size_of(path):
    """Bytes of a file or a block device."""
    with open(path, "rb") as file:
        return file.seek(0, os.SEEK_END)


def end(process):
    """Ends a program with SIGTERM, so that it writes its coverage counters. Kills it after 5 s."""
    if process and process.poll() is None:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for(condition, what, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"not within {seconds} s: {what}")


def entries_of(manifest):
    """(offset, length, hole) of each block."""
    count = struct.unpack_from("<Q", manifest, 32)[0]
    return [(*struct.unpack_from("<QI", manifest, 40 + 48 * i + 32), manifest[40 + 48 * i + 44] & 1) for i in range(count)]


class World(unittest.TestCase):
    """A temporary folder with an image: GPT, two partitions, random bytes and holes."""

    image_mib = 40
    data_mib = 12

    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="bm-agent-test-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.raw = self.folder / "image.raw"
        self.make_raw()
        self.store()

    def make_raw(self):
        self.raw.touch()
        os.truncate(self.raw, self.image_mib * MIB)
        run("sgdisk", "-n", "1:2048:+8M", "-t", "1:ef00", "-c", "1:esp", "-n", "2:0:0", "-c", "2:root", self.raw)
        with open(self.raw, "r+b") as file:
            file.seek(10 * MIB)
            file.write(os.urandom(self.data_mib * MIB))

    def make_mbr(self):
        """Replaces the image's GPT by an MBR."""
        run("sfdisk", "-q", self.raw, input="label: dos\n,20M\n")
        self.store()

    def store(self):
        self.sha256 = run(MAKE_BLOCKS, self.raw, self.folder / "image").strip()
        self.manifest = self.folder / "image.manifest"
        self.blocks = self.folder / "image.zst"

    def loop(self, path, *more):
        device = run("losetup", "--find", "--show", *more, path).strip()
        self.addCleanup(run, "losetup", "--detach", device)
        return device

    def disk(self, mib=64, name="disk.raw", filled=True):
        """A disk with old content: no byte of it is zero."""
        path = self.folder / name
        with open(path, "wb") as file:
            if filled:
                for _ in range(mib):
                    file.write(b"\xa5" * MIB)
            else:
                file.truncate(mib * MIB)
        return path

    def config_drive(self, text="instance-id: one\n"):
        tree = self.folder / "drive/openstack/latest"
        tree.mkdir(parents=True, exist_ok=True)
        (tree / "meta_data.json").write_text(text)
        path = self.folder / "drive.img"
        path.unlink(missing_ok=True)
        run("mkfs.fat", "-C", "-n", "config-2", path, "2000")
        return path

    def write(self, *more, to, manifest=None, blocks=None):
        return subprocess.run([AGENT, "write", "--manifest", manifest or self.manifest, "--blocks", blocks or self.blocks,
                               "--to", to, *more], capture_output=True, text=True, timeout=240)

    def written(self, *more, **kw):
        done = self.write(*more, **kw)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def refused(self, code, *more, **kw):
        done = self.write(*more, **kw)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn(f"({code})", done.stderr)
        return done.stderr

    def server(self, config_drive=b""):
        server = fake_server.FakeServer(self.manifest.read_bytes(), self.blocks.read_bytes(), config_drive)
        self.addCleanup(server.stop)
        return server

    def check_content(self, disk):
        """The image's bytes, but for the sectors of the partition table that must differ."""
        with open(self.raw, "rb") as raw, open(disk, "rb") as file:
            raw.seek(34 * 512)
            file.seek(34 * 512)
            length = self.image_mib * MIB - 2 * 34 * 512
            while length > 0:
                piece = min(length, MIB)
                self.assertEqual(raw.read(piece) == file.read(piece), True, f"{length} bytes before the end")
                length -= piece
        self.assertIn("No problems found", run("sgdisk", "--verify", disk))

    def check_untouched(self, disk):
        with open(disk, "rb") as file:
            while piece := file.read(MIB):
                self.assertTrue(piece == b"\xa5" * MIB, "something was written")

    def partitions(self, disk):
        return json.loads(run("sfdisk", "--json", disk))["partitiontable"]["partitions"]


class RunningAgent:
    """bm-agent that runs for a fake server; its disks are files named in a JSON inventory."""

    def __init__(self, test, server, disks, state="state"):
        folder = test.folder
        self.cmdline = folder / "cmdline"
        self.cmdline.write_text(f"quiet bm.api={server.url}/ bm.node={fake_server.NODE} bm.secret={fake_server.SECRET} "
                                "BOOTIF=01-52-54-00-12-34-56\n")
        self.inventory = folder / "inventory.json"
        self.lists(disks)
        self.state = folder / state
        self.log = folder / "agent.log"
        self.process = None
        test.addCleanup(lambda: end(self.process))
        self.start()

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([AGENT, "--cmdline", self.cmdline, "--state", self.state, "--inventory",
                                             self.inventory, "--no-power"], stderr=log, stdout=subprocess.DEVNULL)

    def lists(self, disks):
        """The machine has these disks from now on."""
        new = self.inventory.with_suffix(".new")
        new.write_text(json.dumps({"cpus": 2, "disks": [
            {"name": str(d), "size_bytes": size_of(d), "serial": f"S{i}"} for i, d in enumerate(disks)]}))
        new.replace(self.inventory)

    def kill(self):
        """Ends the agent as a power cut does."""
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def text(self):
        return self.log.read_text()
