#!/usr/bin/env python3
"""In virtual machines: a BIOS machine boots a kernel and initrd and stays there, a UEFI machine does so with those of an ISO; both report so on
their serial ports, with the host name of their config drive, and neither disk has a byte written. After a restart the
first one boots the RAM disk again; after undeploying it does not."""
import shutil
import subprocess

import iso_image
import lab_support
from lab_support import api, bm, place, report, service, wait_for

FLEET = """
default: [lab-bios, lab-uefi]
machines:
  - {name: lab-bios, firmware: bios, first: network, disks: [{size_gib: 1}]}
  - {name: lab-uefi, firmware: uefi, first: network, disks: [{size_gib: 1}]}
"""
ARGUMENTS = "console=ttyS0,115200n8 mitigations=off nokaslr no_timer_check quiet"
INIT = r"""#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sysfs /sys
host=$(/bin/busybox sed -n 's/.*"hostname": *"\([^"]*\)".*/\1/p' /config-2/openstack/latest/meta_data.json)
firmware=bios; [ -d /sys/firmware/efi ] && firmware=uefi
word=$(/bin/busybox sed -n 's/.*word=\([a-z]*\).*/\1/p' /proc/cmdline)
echo "hello from $host by $firmware, $word"
while true; do /bin/busybox sleep 3600; done
"""


def make_initrd():
    root = place.STATE / "tiny"
    for folder in ("bin", "proc", "sys", "dev"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    shutil.copy("/bin/busybox", root / "bin/busybox")
    (root / "init").write_text(INIT, encoding="utf-8")
    (root / "init").chmod(0o755)
    names = "\n".join(str(path.relative_to(root)) for path in sorted(root.rglob("*")))
    archive = subprocess.run(["cpio", "-o", "-H", "newc", "--quiet"], cwd=root, input=names.encode(), capture_output=True, check=True).stdout
    file = place.STATE / "tiny.img"
    file.write_bytes(subprocess.run(["gzip", "-1"], input=archive, capture_output=True, check=True).stdout)
    return file


def console(machine):
    return (machine.folder / "console.log").read_text(errors="replace")


def untouched(machine):
    disk = machine.folder / "disk0.raw"
    return not disk.exists() or disk.stat().st_blocks == 0


def main():
    bios, uefi = lab_support.raise_lab(FLEET, image=False)
    kernel, initrd = service.RAMDISK / "vmlinuz", make_initrd()
    bm("image", "add", "--kernel", str(kernel), "--initrd", str(initrd), "--name", "tiny", "--kernel-arguments", f"{ARGUMENTS} word=pair")
    iso = place.STATE / "tiny.iso"
    iso_image.write(iso, {"isolinux/isolinux.cfg": f"default live\nlabel live\n kernel /boot/vmlinuz\n append initrd=/boot/initrd.img {ARGUMENTS}\n".encode(),
                          "boot/vmlinuz": kernel.read_bytes(), "boot/initrd.img": initrd.read_bytes()})
    bm("image", "add", str(iso), "--name", "tiny-iso")
    assert api("/v1/images/tiny-iso")["kind"] == "ramdisk"
    for machine in (bios, uefi):
        bm("node", "set", machine.name, "automated_clean=false")
    bm("provision", "tiny", bios.name)
    bm("provision", "tiny-iso", uefi.name, "--kernel-arguments", "%default% word=iso", "--wait")
    wait_for("the BIOS machine stays in its RAM disk", lambda: f"hello from {bios.name} by bios, pair" in console(bios), 120)
    wait_for("the UEFI machine in the ISO's", lambda: f"hello from {uefi.name} by uefi, iso" in console(uefi), 120)
    for machine in (bios, uefi):
        node = api(f"/v1/nodes/{machine.name}")
        assert (node["provision_state"], node["instance_info"]["image_type"]) == ("active", "ramdisk"), node
        assert untouched(machine), f"{machine.name}: its disk was written"
    kinds = bm("node", "timeline", uefi.name)
    for kind in ("http.script", "http.kernel", "http.initrd", "http.config"):
        assert kind in kinds, kinds
    bm("power", "reboot", bios.name)
    wait_for("started again, the BIOS machine is there again", lambda: console(bios).count("hello from") == 2, 120)
    bm("undeploy", bios.name, "--yes", "--wait")
    script = lab_support.process.run("curl", "-s", f"http://{place.ADDRESS}:6386/boot/script?mac={bios.mac}&platform=pcbios", netns=True)
    assert "own disk" in script, script
    report("undeployed, it is sent to its own disk")


lab_support.run(main)
