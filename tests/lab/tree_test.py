#!/usr/bin/env python3
"""In virtual machines: a tree of Debian's files is laid onto a BIOS machine with swap and a /srv of its own on xfs, and onto a UEFI machine by
bm's own layout; both start from it and let the operator in. The first is imaged again, and what was put into /srv is still there."""
import json
import pathlib
import subprocess
import tempfile

import lab_support
from lab_support import api, bm, login, place, say

FLEET = """
default: [lab-bios, lab-uefi]
machines:
  - {name: lab-bios, firmware: bios, disks: [{size_gib: 4}]}
  - {name: lab-uefi, firmware: uefi, disks: [{size_gib: 4}]}
"""
ARGUMENTS = "console=tty0 console=ttyS0,115200n8 mitigations=off nokaslr no_timer_check random.trust_cpu=on"
LAYOUT = {"partitions": [{"name": "bios", "kind": "bios"}, {"name": "swap", "fs": "swap", "size": "64MiB"},
                         {"name": "srv", "fs": "xfs", "size": "320MiB", "mount": "/srv"}, {"name": "root", "fs": "ext4", "mount": "/"}],
          "kernel_arguments": ARGUMENTS}
PLAIN = {"partitions": [{"name": "esp", "kind": "esp", "size": "64MiB"}, {"name": "root", "fs": "ext4", "mount": "/"}], "kernel_arguments": ARGUMENTS}


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


def main():
    bios, uefi = lab_support.raise_lab(FLEET)
    key = f"{login.KEY}.pub"
    bm("image", "add", str(tree_of_the_image()), "--name", "debian-tree")
    assert api("/v1/images/debian-tree")["kind"] == "tree"
    own = layout("own.json", LAYOUT)
    bm("provision", "debian-tree", "lab-bios", "--ssh-key", key, "--layout", own)
    bm("provision", "debian-tree", "lab-uefi", "--ssh-key", key, "--layout", layout("plain.json", PLAIN), "--wait")
    for machine in (bios, uefi):
        say(login.check(machine))
    _, said = login.ask(bios, "findmnt -n -o FSTYPE /; findmnt -n -o FSTYPE /srv; swapon --noheadings --show=TYPE; getcap /usr/bin/* | head -3; "
                              "echo years of work > /srv/data.db; sync")
    assert said.split()[:3] == ["ext4", "xfs", "partition"], said
    bm("provision", "debian-tree", "lab-bios", "--ssh-key", key, "--layout", own, "--preserve", "/srv", "--wait", "--yes")
    _, said = login.ask(bios, "cat /srv/data.db; findmnt -n -o FSTYPE /srv")
    assert said.splitlines() == ["years of work", "xfs"], said
    steps = {step["name"]: step for step in api("/v1/nodes/lab-bios/operation")["steps"]}
    assert steps["write_tree"]["result"]["preserved"], steps["write_tree"]
    say("imaged again, /srv as it was")


lab_support.run(main)
