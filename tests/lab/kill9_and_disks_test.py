#!/usr/bin/env python3
"""In virtual machines: the right disk or none; a disk that fails half-way; kill -9 of bmd while firmware boots, while the RAM disk starts and twice
while the image is written; a deployed machine that boots by PXE first is directed to its own disk (UEFI by its boot entry, BIOS to
the second drive); a kernel started from the RAM disk, with the image on two disks."""
import os
import signal
import time

import lab_support
from lab_support import api, bm, kinds, login, operation, process, report, service, wait_for

FLEET = """
default: [lab-two-disks, lab-uefi]
machines:
  - name: lab-two-disks
    firmware: bios
    first: network
    disks: [{serial: DATA1}, {serial: SYSTEM1, size_gib: 4}, {serial: BAD1, bad_from_mib: 200}]
  - {name: lab-uefi, firmware: uefi-http, first: network}
"""

def kill_bmd(machines, why):
    pid = process.pid_of("bmd")
    assert pid, "bmd does not run"
    os.kill(pid, signal.SIGKILL)
    assert process.wait_until(lambda: not process.pid_of("bmd"), 10)
    time.sleep(3)                            # the machines' server is down
    service.start(machines)
    report(f"bmd was killed {why} and started again")


def refuse_ambiguous_disk():
    said = bm("provision", "debian-12", "lab-two-disks", "--wait", code=1)
    for word in ("disk-ambiguous", "SYSTEM1", "DATA1", "hint"):
        assert word in said, f"\"{word}\" is not in\n{said}"
    report("two disks and no hint: refused, with the disks and the hint to write")


def bad_sectors():
    said = bm("provision", "debian-12", "lab-two-disks", "--root-device", "serial=BAD1", "--wait", code=1)
    for word in ("disk-failed", "/dev/vdc", "hint"):
        assert word in said, f"\"{word}\" is not in\n{said}"
    assert api("/v1/nodes/lab-two-disks")["provision_state"] == "deploy failed"
    report("a disk with bad sectors: failed, with the disk and what to do")


def written(name):
    current = operation(name)
    return current["bytes_done"] / max(1, current["bytes_total"]) if current.get("step") == "write_image" else -1


def deploy_through_kills(machines):
    key = f"{login.KEY}.pub"
    bm("provision", "debian-12", "lab-two-disks", "--root-device", "serial=SYSTEM1", "--ssh-key", key)
    wait_for("lab-two-disks is being written", lambda: written("lab-two-disks") > 0.15)
    kill_bmd(machines, "while the first machine's image was being written")
    bm("provision", "debian-12", "lab-uefi", "--ssh-key", key)
    wait_for("lab-two-disks is half written", lambda: written("lab-two-disks") > 0.55 or written("lab-two-disks") < 0)
    kill_bmd(machines, "again, with the second machine's firmware starting")
    wait_for("lab-uefi has its boot script", lambda: "http.script" in kinds("lab-uefi"))
    kill_bmd(machines, "while the second machine's RAM disk was starting")
    for name in ("lab-two-disks", "lab-uefi"):
        wait_for(f"{name} is active", lambda name=name: api(f"/v1/nodes/{name}")["provision_state"] == "active", 900)


def nothing_twice(name):
    image = api("/v1/images/debian-12")
    steps = {step["name"]: step for step in operation(name)["steps"]}
    result = steps["write_image"]["result"]
    assert result["bytes_fetched"] <= image["stored_bytes"] * 1.02 + (1 << 20), \
        f"{name}: {result['bytes_fetched']} bytes fetched of an image that is stored in {image['stored_bytes']}"
    assert kinds(name).count("image.written") == 1
    report(f"{name}: {result['bytes_fetched']} bytes fetched, {image['stored_bytes']} stored: no block twice")


def reboots_to_its_own_disk(machine):
    scripts = kinds(machine.name).count("http.script")
    login.ask(machine, "(sleep 1; systemctl reboot) >/dev/null 2>&1 & echo going")
    wait_for(f"{machine.name} asked by PXE again", lambda: kinds(machine.name).count("http.script") > scripts, 300)
    process.wait_until(lambda: False, 5)
    uptime = float(login.ask(machine, "cut -d' ' -f1 /proc/uptime")[1])
    assert uptime < 200, f"{machine.name} did not reboot: up {uptime} s"
    last = [event for event in api(f"/v1/nodes/{machine.name}/events?limit=1000")["events"] if event["kind"] == "http.script"][-1]
    assert "local disk" in last["message"], last
    report(f"{machine.name}: PXE first, sent to its own disk, up {uptime:.0f} s")


def told_of_the_firmware(bios, uefi):
    """The agent's report on the disks that the firmware starts."""
    boots = {m.name: {s["name"]: s for s in operation(m.name)["steps"]}["write_image"]["result"]["boot"] for m in (bios, uefi)}
    assert boots[bios.name]["drive"] == 0x81 and not boots[bios.name]["starts_first"], boots
    assert "boot.trouble" in kinds(bios.name), kinds(bios.name)
    entry = boots[uefi.name]
    assert entry["trouble"] == "" and entry["entries"][0].endswith("bm: debian-12"), entry
    assert entry["entries"][0][4:8] in entry["order"][:2], entry
    assert "boot.entry" in kinds(uefi.name), kinds(uefi.name)
    report(f"{bios.name}: drive {boots[bios.name]['drive']:#x}; {uefi.name}: {entry['entries'][0]}, {entry['loaders'][0]}, order {entry['order']}")


def kernel_from_the_ram_disk(bios, uefi):
    key = f"{login.KEY}.pub"
    bm("provision", "debian-12", uefi.name, "--ssh-key", key, "--kexec")
    bm("provision", "debian-12", bios.name, "--ssh-key", key, "--kexec", "--root-device", "serial=SYSTEM1",
       "--also-disk", "serial=DATA1", "--wait")
    wait_for(f"{uefi.name} is active", lambda: api(f"/v1/nodes/{uefi.name}")["provision_state"] == "active", 900)
    for machine in (bios, uefi):
        _, said = login.ask(machine, "cat /proc/cmdline; ls /dev/disk/by-id 2>/dev/null | wc -l; lsblk -n -o NAME,TYPE")
        steps = {step["name"]: step for step in operation(machine.name)["steps"]}
        started = steps["start_kernel"]["result"]
        assert started["started"], started
        assert said.splitlines()[0].strip() == started["arguments"], (said, started)
        report(f"{machine.name}: {started['kernel']} was started from the RAM disk: {started['arguments']}")
        result = steps["write_image"]["result"]
        if machine is bios:
            assert [disk["serial"] for disk in result["disks"]] == ["SYSTEM1", "DATA1"], result
        else:
            assert len(result["boot"]["removed"]) == 0, result["boot"]   # the first deployment's entry is right


def main():
    machines = lab_support.raise_lab(FLEET)
    report("two machines are enrolled, powered off")
    refuse_ambiguous_disk()
    bad_sectors()
    deploy_through_kills(machines)
    for machine in machines:
        nothing_twice(machine.name)
        report(login.check(machine))
    told_of_the_firmware(*machines)
    for machine in machines:
        reboots_to_its_own_disk(machine)
    kernel_from_the_ram_disk(*machines)


lab_support.run(main)
