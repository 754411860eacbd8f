#!/usr/bin/env python3
"""bmd under the user, the capabilities and the /dev/log of its unit, on a network of its own. usage: unprivileged_test.py BMD"""
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

BMD = Path(sys.argv[1]).resolve()
UNIT = Path(__file__).resolve().parents[2] / "bmd/bmd.service.in"
USER = 65533  # not accessible to other users
SERVER, MACHINE = f"bmunit-s{os.getpid()}", f"bmunit-m{os.getpid()}"
SANITIZED = b"__asan_init" in BMD.read_bytes() or b"__tsan_init" in BMD.read_bytes()  # they trace themselves
# By linux/capability.h: SETGID 6, SETUID 7, NET_BIND_SERVICE 10, NET_ADMIN 12, NET_RAW 13, SYS_CHROOT 18.
KEPT = {"dnsmasq": {10, 12, 13}, "in.tftpd": {6, 7, 10, 18}}
CONFIG = """
provisioning: {interface: prov0}
dhcp: {mode: managed, range: 10.99.0.100-10.99.0.199}
log: {level: debug}
paths: {state_dir: %(folder)s/state, run_dir: %(folder)s/run}
"""
# What systemd does with BindPaths and PrivateDevices: a /dev whose log leads into a folder that is bound from bmd's.
ENTER = """set -e
mount -t tmpfs none /run
mkdir -p /run/systemd/journal
mount --bind "$1/run/tftp-dev" /run/systemd/journal
mount -t tmpfs none "$1/dev"
for pair in null:3 zero:5 random:8 urandom:9; do mknod -m 666 "$1/dev/${pair%:*}" c 1 "${pair#*:}"; done
mkdir -m 1777 "$1/dev/shm"
ln -s /run/systemd/journal/dev-log "$1/dev/log"
ln -s /proc/self/fd "$1/dev/fd"
mount --move "$1/dev" /dev
shift
exec "$@"
"""


def sh(*command):
    """The program's output on stdout and stderr."""
    done = subprocess.run([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
    if done.returncode != 0:
        raise AssertionError(f"{command} gave {done.returncode}:\n{done.stdout}")
    return done.stdout


def capabilities():
    line = re.search(r"^AmbientCapabilities=(.*)$", UNIT.read_text(), re.M).group(1)
    return ",".join(["-all"] + ["+" + name.removeprefix("CAP_").lower() for name in line.split()])


def process_is(pid):
    """(user, program) of a process, None when it is gone."""
    try:
        return Path(f"/proc/{pid}").stat().st_uid, Path(f"/proc/{pid}/comm").read_text().strip()
    except (FileNotFoundError, ProcessLookupError):
        return None


class Unprivileged(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="bm-unit-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.folder.chmod(0o755)
        for name in ("state", "run", "run/tftp-dev", "dev"):
            (self.folder / name).mkdir()
            os.chown(self.folder / name, USER, USER)
        (self.folder / "bmd.yaml").write_text(CONFIG % {"folder": self.folder})
        for space in (SERVER, MACHINE):
            sh("ip", "netns", "add", space)
            self.addCleanup(sh, "ip", "netns", "delete", space)
            sh("ip", "-n", space, "link", "set", "lo", "up")
        sh("ip", "-n", SERVER, "link", "add", "prov0", "type", "veth", "peer", "name", "nic0", "netns", MACHINE)
        sh("ip", "-n", SERVER, "address", "add", "10.99.0.1/24", "dev", "prov0")
        sh("ip", "-n", SERVER, "link", "set", "prov0", "up")
        sh("ip", "-n", MACHINE, "address", "add", "10.99.0.9/24", "dev", "nic0")
        sh("ip", "-n", MACHINE, "link", "set", "nic0", "up")
        self.log = self.folder / "log"
        self.start()

    def start(self):
        allowed = capabilities()
        with self.log.open("w") as log:
            self.bmd = subprocess.Popen(
                ["ip", "netns", "exec", SERVER, "unshare", "-m", "--propagation", "private", "sh", "-c", ENTER, "sh",
                 str(self.folder), "setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", "--no-new-privs",
                 f"--inh-caps={allowed}", f"--ambient-caps={allowed}", f"--bounding-set={allowed}",
                 str(BMD), "--config", str(self.folder / "bmd.yaml")],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.addCleanup(self.end)
        self.wait_for(r" ready: ")

    def end(self):
        if self.bmd.poll() is None:
            self.bmd.kill()
        self.bmd.wait(timeout=30)

    def wait_for(self, pattern):
        until = time.monotonic() + 60
        while not re.search(pattern, self.log.read_text()):
            if self.bmd.poll() is not None or time.monotonic() > until:
                self.fail(f"bmd never said {pattern!r}:\n{self.log.read_text()}")
            time.sleep(0.05)

    def children(self):
        return [int(pid) for pid in sh("ip", "netns", "pids", SERVER).split() if int(pid) != self.bmd.pid]

    def in_machine(self, *command):
        return sh("ip", "netns", "exec", MACHINE, *command)

    def test_serves_a_machine_and_ends_whole(self):
        self.wait_for("sockets bound exclusively to interface prov0")
        self.assertEqual({process_is(pid) for pid in self.children()}, {(USER, "dnsmasq"), (USER, "in.tftpd")})
        self.assertEqual(process_is(self.bmd.pid), (USER, "bmd"))
        for pid in [self.bmd.pid, *self.children()]:  # a core file would hold keys
            self.assertRegex(Path(f"/proc/{pid}/limits").read_text(), r"Max core file size +0 +0 ")
            self.assertEqual(int(Path(f"/proc/{pid}/coredump_filter").read_text(), 16), 0)
        if not SANITIZED:  # no process of bmd's user reads its memory, and no handler of core files gets it
            self.assertEqual(Path(f"/proc/{self.bmd.pid}/environ").stat().st_uid, 0)
        for pid in self.children():
            program = process_is(pid)[1]
            status = Path(f"/proc/{pid}/status").read_text()
            self.assertIn("NoNewPrivs:\t1\n", status)
            for name in ("CapPrm", "CapEff", "CapAmb"):
                with self.subTest(program=program, name=name):
                    kept = int(re.search(rf"^{name}:\t([0-9a-f]+)$", status, re.M).group(1), 16)
                    self.assertEqual({bit for bit in range(64) if kept >> bit & 1}, KEPT[program])

        leased = self.in_machine("busybox", "udhcpc", "-f", "-n", "-q", "-i", "nic0", "-s", "/bin/true")
        self.assertRegex(leased, r"lease of 10\.99\.0\.1\d\d obtained from 10\.99\.0\.1")

        self.in_machine("tftp", "-m", "binary", "10.99.0.1", "-c", "get", "undionly.kpxe", self.folder / "loader")
        self.assertGreater((self.folder / "loader").stat().st_size, 10_000)
        self.wait_for("RRQ from 10.99.0.9 filename undionly.kpxe")  # its lines arrived by /dev/log

        script = self.in_machine("curl", "-sSf", "-m", "20", "http://10.99.0.1:6386/boot/script?mac=52:54:00:00:00:01")
        self.assertTrue(script.startswith("#!ipxe"), script)

        left = self.children()
        self.bmd.send_signal(signal.SIGTERM)
        self.assertEqual(self.bmd.wait(timeout=30), 0, self.log.read_text())
        self.assertEqual([process_is(pid) for pid in left], [None] * len(left))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
