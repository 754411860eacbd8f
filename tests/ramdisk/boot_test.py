#!/usr/bin/env python3
"""The RAM disk boots in a virtual machine with two NICs and brings up the right one. Needs root, QEMU and dnsmasq."""
import argparse
import shutil
import sys
import tempfile
import unittest
from pathlib import Path

import machine
import recipe

OPTIONS = argparse.Namespace(out=None)
BOOTIF = "BOOTIF=01-52-54-00-aa-00-02"   # NIC b
SERVER = "10.78.2.1"
# QEMU 7.2 has no eMMC: an SD card, which the same drivers serve.
CARD = ["-drive", "file=null-co://,if=none,id=card,format=raw,file.size=64M",
        "-device", "sdhci-pci", "-device", "sd-card,drive=card"]
API = f"bm.api=http://{SERVER}:6386"


class Boot(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        machine.make_taps()
        done = recipe.build(OPTIONS.out)
        assert done.returncode == 0, done.stderr

    @classmethod
    def tearDownClass(cls):
        for name in machine.NICS:
            machine.subprocess.run(["ip", "link", "del", f"tap{name}"], check=True)

    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="bm-ramdisk-boot-"))
        self.addCleanup(shutil.rmtree, self.folder)

    def keep(self, thing):
        self.addCleanup(thing.stop)
        return thing

    def boot(self, *arguments, **more):
        return self.keep(machine.Machine(OPTIONS.out, arguments, **more))

    def nics(self, vm):
        """{mac: (up, address)} in the agent's second run"""
        said = vm.text().split("AGENT run=2")[1]
        rows = machine.re.findall(r"^AGENT nic=\S+ mac=(\S+) up=(\d) address=(\S+)$", said, machine.re.MULTILINE)
        return {mac: (up, address) for mac, up, address in rows}


class TheBootingNic(Boot):
    def test_is_brought_up_alone_and_the_agent_is_kept_running(self):
        dhcp = self.keep(machine.dnsmasq(self.folder, "tapa", "tapb"))
        self.keep(machine.Greeting(SERVER, 6386))
        vm = self.boot(API, "bm.node=e8f1", "bm.secret=00ff", BOOTIF, devices=CARD)
        vm.wait_for(r"bm: eth\d 52:54:00:aa:00:02 up, 10\.78\.2\.\d+, router 10\.78\.2\.1, asking http://10\.78\.2\.1:6386")
        print(vm.wait_for(r"^.*bm: starting bm-agent").group(0), file=sys.stderr)
        cmdline = vm.wait_for(r"^AGENT cmdline=(.*)").group(1)
        for word in (API, "bm.node=e8f1", "bm.secret=00ff", BOOTIF):
            self.assertIn(word, cmdline.split())
        vm.wait_for(r"AGENT hello=hello 10\.78\.2\.\d+")
        self.assertGreater(int(vm.wait_for(r"AGENT available_mib=(\d+)").group(1)), 320)
        vm.wait_for(r"bm: disks: mmcblk0 64 MiB, vda 1024 MiB")
        vm.wait_for(r"bm: bm-agent ended with status 7, again in 1 s")
        vm.wait_for(r"AGENT run=2")
        machine.wait_for("poweroff -f to end the machine", vm.ended, 30)
        nics = self.nics(vm)
        self.assertEqual(nics["52:54:00:aa:00:01"], ("0", "none"))
        self.assertRegex(nics["52:54:00:aa:00:02"][1], r"^10\.78\.2\.\d+/24$")
        self.assertIn("DHCPACK(tapb)", dhcp.text())
        self.assertNotIn("52:54:00:aa:00:01", dhcp.text())

    def test_waits_for_a_dhcp_server_that_answers_late(self):
        vm = self.boot(API, BOOTIF)
        vm.wait_for(r"bm: eth\d 52:54:00:aa:00:02: link up, no DHCP answer yet, 80 s left")
        vm.wait_for(r"bm: eth\d 52:54:00:aa:00:02: link up, no DHCP answer yet, 70 s left")
        self.assertFalse(vm.says("AGENT"))
        self.keep(machine.dnsmasq(self.folder, "tapb"))
        vm.wait_for(r"bm: eth\d 52:54:00:aa:00:02 up, 10\.78\.2\.", 60)
        vm.wait_for(r"AGENT run=1")

    def test_speaks_in_the_vlan_of_the_command_line(self):
        trunk = machine.TrunkPort("tapb", vlan=7)
        self.keep(trunk)
        self.keep(machine.dnsmasq(self.folder, "tapb"))
        vm = self.boot(API, BOOTIF, "bm.vlan=7", netdevs={"b": trunk.netdev})
        vm.wait_for(r"bm: eth\d\.7 52:54:00:aa:00:02 up, 10\.78\.2\.\d+, router 10\.78\.2\.1, asking")
        vm.wait_for(r"AGENT run=1")

    def test_may_be_any_with_a_link_when_none_has_the_address_of_bootif(self):
        self.keep(machine.dnsmasq(self.folder, "tapa"))
        vm = self.boot(API, "BOOTIF=01-52-54-00-ff-ff-ff", models={"a": "i82559er"})
        vm.wait_for(r"bm: no NIC has BOOTIF's address 52:54:00:ff:ff:ff; trying every NIC with a link: eth")
        vm.wait_for(r"bm: eth\d 52:54:00:aa:00:01 up, 10\.78\.1\.\d+")
        vm.wait_for(r"bm: e100 0000:00:\S+: this RAM disk lacks its firmware e100/d101s_ucode\.bin"
                    r" \(Debian's package: firmware-misc-nonfree\)")
        vm.wait_for(r"AGENT run=1")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", required=True, type=Path, help="where the image is made and kept")
    OPTIONS, rest = parser.parse_known_args()
    machine.enter_namespace([sys.executable, *sys.argv])
    unittest.main(argv=[sys.argv[0], *rest], verbosity=2)
