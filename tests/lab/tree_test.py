#!/usr/bin/env python3
"""In virtual machines: bm deploys a tree of Debian's files to a BIOS machine with two mirrored disks, with root and
/srv in a volume group, and to a UEFI machine with a separate /home on xfs. Both start from it and accept the
operator's login. bm captures the UEFI machine's files and deploys them to the BIOS machine, which keeps its /srv and
gets its own identity."""
import json
import pathlib
import subprocess
import tempfile

import lab_support
from lab_support import api, bm, login, place, report

FLEET = """
default: [lab-bios, lab-uefi]
machines:
  - {name: lab-bios, firmware: bios, disks: [{size_gib: 4}, {size_gib: 4}]}
  - {name: lab-uefi, firmware: uefi, disks: [{size_gib: 4}]}
"""
ARGUMENTS = "console=tty0 console=ttyS0,115200n8 mitigations=off nokaslr no_timer_check random.trust_cpu=on"
MIRROR = {"mirror": True, "kernel_arguments": ARGUMENTS,
          "partitions": [{"name": "bios", "kind": "bios"}, {"name": "swap", "fs": "swap", "size": "64MiB"},
                         {"name": "pv", "kind": "lvm", "group": "vg-lab", "volumes": [
                             {"name": "srv", "fs": "xfs", "size": "320MiB", "mount": "/srv"}, {"name": "root", "fs": "ext4", "mount": "/"}]}]}
PLAIN = {"kernel_arguments": ARGUMENTS,
         "partitions": [{"name": "esp", "kind": "esp", "size": "64MiB"}, {"name": "home", "fs": "xfs", "size": "320MiB", "mount": "/home"},
                        {"name": "root", "fs": "ext4", "mount": "/"}]}


def run(*argv):
    return subprocess.run([str(word) for word in argv], check=True, capture_output=True, text=True, timeout=300).stdout


def tree_of_the_image():
    """The files of the lab's disk image, as an operator would pack them."""
    archive = place.STATE / "debian-tree.tar.zst"
    with tempfile.TemporaryDirectory(dir=place.STATE) as folder:
        raw, root = pathlib.Path(folder) / "disk.raw", pathlib.Path(folder) / "root"
        root.mkdir()
        run("qemu-img", "convert", "-O", "raw", place.STATE / "debian-12.qcow2", raw)
        part = json.loads(run("sfdisk", "--json", raw))["partitiontable"]["partitions"][-1]
        run("mount", "-o", f"ro,noload,loop,offset={part['start'] * 512},sizelimit={part['size'] * 512}", raw, root)
        try:
            run("tar", "--acls", "--xattrs", "--xattrs-include=*", "--numeric-owner", "-S", "--format=posix", "-C", root, "-I", "zstd -q -1",
                "-cf", archive, ".")
        finally:
            run("umount", root)
    return archive


def layout(name, value):
    file = place.STATE / name
    file.write_text(json.dumps(value), encoding="utf-8")
    return str(file)


def capture(uefi):
    _, identity = login.ask(uefi, "echo by hand > /home/note; cat /etc/machine-id; fallocate -l 8M /swap; mkswap -q /swap; "
                                  "echo '/swap none swap sw 0 0' >> /etc/fstab; sync")
    bm("image", "capture", "lab-uefi", "--name", "golden-files", "--kind", "tree", "--generalise", "--wait")
    steps = {step["name"]: step for step in lab_support.operation("lab-uefi")["steps"]}
    result = steps["capture_disk"]["result"]
    assert [volume["mount"] for volume in result["file_systems"]] == ["/", "/home"], result
    image = api("/v1/images/golden-files")
    assert image["kind"] == "tree" and image["state"] == "ready", image
    report(f"captured {result['entries']} entries, {result['image_bytes'] >> 20} MiB, {result['bytes_sent'] >> 20} MiB sent in {result['seconds']:.0f} s")
    return identity.split()[0]


def main():
    bios, uefi = lab_support.raise_lab(FLEET)
    key = f"{login.KEY}.pub"
    bm("image", "add", str(tree_of_the_image()), "--name", "debian-tree")
    assert api("/v1/images/debian-tree")["kind"] == "tree"
    mirror = layout("mirror.json", MIRROR)
    bm("provision", "debian-tree", "lab-bios", "--ssh-key", key, "--layout", mirror)
    bm("provision", "debian-tree", "lab-uefi", "--ssh-key", key, "--layout", layout("plain.json", PLAIN), "--wait")
    for machine in (bios, uefi):
        report(login.check(machine))
    _, said = login.ask(bios, "findmnt -n -o SOURCE,FSTYPE /; findmnt -n -o SOURCE,FSTYPE /srv; swapon --noheadings --show=NAME; "
                              "grep -c '^md.*raid1' /proc/mdstat; grep -c UU /proc/mdstat; echo years of work > /srv/data.db; sync")
    words = said.split()
    assert words[:4] == ["/dev/mapper/vg--lab-root", "ext4", "/dev/mapper/vg--lab-srv", "xfs"] and "/dev/md" in words[4], said
    assert words[5:] == ["2", "2"], said
    identity = capture(uefi)
    bm("provision", "golden-files", "lab-bios", "--ssh-key", key, "--layout", mirror, "--preserve", "/srv", "--wait", "--yes")
    _, said = login.ask(bios, "cat /srv/data.db /home/note; ls /swap; cat /etc/machine-id; findmnt -n -o FSTYPE /srv")
    lines = said.splitlines()
    assert lines[:2] == ["years of work", "by hand"] and lines[-1] == "xfs" and "/swap" not in lines, said
    assert len(lines[-2]) == 32 and lines[-2] != identity, (said, identity)
    steps = {step["name"]: step for step in lab_support.operation("lab-bios")["steps"]}
    assert steps["write_tree"]["result"]["preserved"], steps["write_tree"]
    report("the captured files are on another machine, /srv there is as it was")


lab_support.run(main)
