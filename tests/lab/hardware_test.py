#!/usr/bin/env python3
"""In a virtual machine with an NVMe and two SATA disks, all hardware steps of the RAM disk: inspection with its
rules, burn-in, creation and removal of a software RAID, erasure of all disks; then an image, rescue by password and
the return to the machine's own system."""
import json
import os
import subprocess

import lab_support
from lab_support import api, bm, login, place, report, service, wait_for

MIRRORED = ("5000c500a1b2c3d4", "5000c500a1b2c3d5")
FLEET = f"""
default: [lab-hardware]
machines:
  - name: lab-hardware
    firmware: bios
    disks: [{{bus: nvme}}, {{bus: sata, size_gib: 1, wwn: {MIRRORED[0]}}}, {{bus: sata, size_gib: 1, wwn: {MIRRORED[1]}}}]
"""
MARK = b"somebody else's data"
RULE = {"description": "three disks", "priority": 50,
        "conditions": [{"op": "gt", "args": {"values": ["{inventory[cpu][count]}", 0]}},
                       {"op": "eq", "args": {"values": ["{inventory[system_vendor][manufacturer]}", "bm"]}}],
        "actions": [{"op": "add-trait", "args": {"name": "CUSTOM_SEEN"}},
                    {"op": "set-attribute", "args": {"path": "/resource_class", "value": "lab"}}]}
TARGET = {"logical_disks": [{"size_gb": "MAX", "raid_level": "1", "controller": "software", "volume_name": "data",
                             "physical_disks": [{"wwn": f"0x{wwn}"} for wwn in MIRRORED]}]}
PASSWORD = "correct horse battery staple"


def mark(machine):
    """Writes old data to every disk: one mark per MiB."""
    for index in range(len(machine.disks)):
        with open(machine.folder / f"disk{index}.raw", "r+b") as disk:
            for at in range(0, int(machine.disks[index].size_gib * 2**30), 2**20):
                disk.seek(at + 4096)
                disk.write(MARK)


def marks(machine, index):
    """The number of marks that remain on a disk."""
    count = 0
    with open(machine.folder / f"disk{index}.raw", "rb") as disk:
        for at in range(0, int(machine.disks[index].size_gib * 2**30), 2**20):
            disk.seek(at + 4096)
            count += disk.read(len(MARK)) == MARK
    return count


def node(machine):
    return api(f"/v1/nodes/{machine.name}")


def events(machine):
    return [event["message"] for event in api(f"/v1/nodes/{machine.name}/events?limit=1000")["events"]]


def inspect(machine):
    api("/v1/inspection_rules", "POST", RULE)
    bm("node", "inspect", machine.name, "--wait")
    inventory = api(f"/v1/nodes/{machine.name}/inventory")["inventory"]
    disks = {disk["serial"]: disk for disk in inventory["disks"]}
    assert set(disks) == {disk.serial for disk in machine.disks}, disks
    for index, wwn in enumerate(MIRRORED, 1):
        assert wwn in disks[machine.disks[index].serial]["wwn"], disks
    assert [nic["mac_address"] for nic in inventory["interfaces"]] == [machine.mac], inventory["interfaces"]
    assert inventory["system_vendor"]["serial_number"] == machine.name, inventory["system_vendor"]
    seen = node(machine)
    assert (seen["resource_class"], seen["traits"]) == ("lab", ["CUSTOM_SEEN"]), seen
    facts = {key: seen["properties"][key] for key in ("cpus", "cpu_arch", "memory_mb", "capabilities")}
    assert facts == {"cpus": 1, "cpu_arch": "x86_64", "memory_mb": 1024, "capabilities": "boot_mode:bios"}, facts
    report("inspected: three disks with their serials and WWNs, a NIC, the board; the rule set class and trait")


def burn_in(machine):
    bm("node", "clean", machine.name, "--yes", "--wait", "--step", "deploy.burnin_cpu,seconds=2",
       "--step", "deploy.burnin_memory,seconds=2,percent=20", "--step", "deploy.burnin_disk,seconds=2,mode=read")
    assert node(machine)["provision_state"] == "manageable"
    report("CPU, memory and disks burnt in")


def make_raid(machine):
    api(f"/v1/nodes/{machine.name}/states/raid", "PUT", TARGET)
    bm("node", "clean", machine.name, "--yes", "--wait", "--step", "deploy.erase_devices_metadata", "--step", "raid.create_configuration")
    (made,) = node(machine)["raid_config"]["logical_disks"]
    assert (made["raid_level"], made["volume_name"], len(made["members"])) == ("1", "data", 2), made
    for index in (1, 2):
        found = subprocess.run(["mdadm", "--examine", "--brief", "--scan", "--config=none", *partitions(machine, index)],
                               capture_output=True, text=True, check=False, timeout=30).stdout
        assert made["uuid"].replace(":", "") in found.replace(":", ""), (made, found)
    report(f"a mirror of two disks, {made['uuid']}, is on both")


def partitions(machine, index):
    """The first partition of a disk, cut out of its file, for mdadm --examine."""
    table = subprocess.run(["sfdisk", "--json", machine.folder / f"disk{index}.raw"], capture_output=True, text=True, check=True, timeout=30).stdout
    first = json.loads(table)["partitiontable"]["partitions"][0]
    piece = place.STATE / f"part{index}.raw"
    subprocess.run(["dd", f"if={machine.folder}/disk{index}.raw", f"of={piece}", "bs=512", f"skip={first['start']}", f"count={first['size']}",
                    "conv=sparse", "status=none"], check=True, timeout=60)
    return [piece]


def remove_raid(machine):
    bm("node", "clean", machine.name, "--yes", "--wait", "--step", "raid.delete_configuration")
    assert node(machine)["raid_config"] == {}, node(machine)["raid_config"]
    report("the mirror is gone again")


def erase(machine):
    left = [marks(machine, index) for index in range(3)]
    assert all(count > 900 for count in left), f"there was nothing to erase: {left}"
    bm("node", "clean", machine.name, "--yes", "--wait", "--step", "deploy.erase_devices")
    left = [marks(machine, index) for index in range(3)]
    assert left == [0, 0, 0], left
    report("every byte erased")


def by_password(machine, command):
    """The answer of the machine to a root login with the rescue password."""
    ask = place.STATE / "askpass"
    ask.write_text(f"#!/bin/sh\necho '{PASSWORD}'\n", encoding="ascii")
    ask.chmod(0o700)
    address = service.address_of(machine.mac)
    argv = ["ip", "netns", "exec", place.NETNS, "ssh", "-o", "PubkeyAuthentication=no", "-o", "StrictHostKeyChecking=no", "-o",
            "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", "-o", "ConnectTimeout=5", f"root@{address}", command]
    done = subprocess.run(argv, env={**os.environ, "SSH_ASKPASS": str(ask), "SSH_ASKPASS_REQUIRE": "force"}, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, check=False, timeout=60)
    return done.stdout if done.returncode == 0 else ""


def rescue(machine):
    file = place.STATE / "rescue.password"
    place.write_secret(file, PASSWORD + "\n")
    bm("node", "rescue", machine.name, "--password-file", str(file), "--yes", "--wait")
    assert node(machine)["provision_state"] == "rescue"
    said = []

    def answers():
        said.append(by_password(machine, "cat /proc/1/comm /proc/mounts; ls /dev/nvme0n1p1"))
        return said[-1]
    wait_for("root logs in by password", answers, 60)
    assert "/dev/nvme0n1p1" in said[-1] and "/dev/nvme0n1p1 " not in said[-1].replace("/dev/nvme0n1p1\n", ""), said[-1]
    assert PASSWORD not in str(node(machine)) + str(events(machine)) + service.last_words(lines=2000)
    bm("node", "unrescue", machine.name, "--wait")
    report(login.check(machine))


def main():
    (machine,) = lab_support.raise_lab(FLEET)
    mark(machine)
    bm("node", "manage", machine.name, "--wait")
    inspect(machine)
    burn_in(machine)
    make_raid(machine)
    remove_raid(machine)
    mark(machine)
    erase(machine)
    bm("node", "set", machine.name, 'properties/root_device={"serial": "' + machine.disks[0].serial + '"}')
    bm("provision", "debian-12", machine.name, "--ssh-key", f"{login.KEY}.pub", "--wait")
    report(login.check(machine))
    rescue(machine)


lab_support.run(main)
