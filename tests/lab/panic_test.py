#!/usr/bin/env python3
"""In a virtual machine: the RAM disk's kernel panics at each try to write the image, as it may on a hostile file system. bm starts the
machine again, gives up after the third restart with a code, and the other disk keeps its bytes; afterwards the machine is deployed."""
import hashlib
import subprocess

import lab_support
from lab_support import api, bm, kinds, login, operation, report, service, wait_for
from bmlab import machine as virtual

FLEET = """
default: [lab-panic]
machines:
  - name: lab-panic
    firmware: bios
    first: network
    disks: [{serial: SYSTEM1, size_gib: 4}, {serial: DATA1}]
"""
ARGUMENTS = " unknown_nmi_panic panic=5"   # an NMI is a panic, and the kernel restarts the machine after 5 s


def let_panics_be():
    """The lab's bmd, with kernel arguments that make a panic from an NMI."""
    plain = service.configuration

    def configuration():
        wanted = plain()
        wanted["conductor"] |= {"kernel_arguments": wanted["conductor"]["kernel_arguments"] + ARGUMENTS, "agent_silence": "60s"}
        return wanted
    service.configuration = configuration


def digest(machine, index):
    with open(virtual.disk_path(machine, index), "rb") as disk:
        return hashlib.file_digest(disk, "sha256").hexdigest()


def inject_nmi(machine):
    socket = machine.folder / "qmp.sock"
    subprocess.run(["socat", "-t", "1", "-", f"UNIX-CONNECT:{socket}"], check=True, timeout=20, capture_output=True,
                   input=b'{"execute":"qmp_capabilities"}\n{"execute":"inject-nmi"}\n')


def panics(machine):
    return (machine.folder / "console.log").read_text(errors="replace").count("Kernel panic")


def is_writing():
    now = operation("lab-panic")
    return now.get("step") == "write_image" and now.get("bytes_done", 0) > 0


def main():
    let_panics_be()
    (machine,) = lab_support.raise_lab(FLEET)
    for verb in ("manage", "provide"):       # cleaning wipes the metadata of every disk
        bm("node", verb, machine.name, "--wait")
    with open(virtual.disk_path(machine, 1), "r+b") as disk:
        for mib in range(0, 256, 2):
            disk.seek(mib * 2**20)
            disk.write(f"a tenant's data at {mib} MiB".encode())
    before = digest(machine, 1)
    key = f"{login.KEY}.pub"
    bm("provision", "debian-12", "lab-panic", "--root-device", "serial=SYSTEM1", "--ssh-key", key)
    for number in range(1, 5):
        wait_for(f"the image is being written, try {number}", is_writing)
        inject_nmi(machine)
        wait_for(f"kernel panic {number}", lambda seen=number: panics(machine) >= seen, 60)
        if number < 4:
            wait_for(f"bm starts the machine again, {number}",
                     lambda seen=number: kinds("lab-panic").count("boot.restarted") >= seen, 200)
    wait_for("the operation ended", lambda: api("/v1/nodes/lab-panic")["provision_state"] == "deploy failed", 300)
    assert operation("lab-panic")["error"]["code"] == "rebooted-too-often", operation("lab-panic")
    assert digest(machine, 1) == before, "the other disk was written"
    report("after three restarts: deploy failed, rebooted-too-often; the other disk has its bytes")
    bm("provision", "debian-12", "lab-panic", "--root-device", "serial=SYSTEM1", "--ssh-key", key, "--wait")
    report(login.check(machine))
    assert digest(machine, 1) == before, "the other disk was written"


lab_support.run(main)
