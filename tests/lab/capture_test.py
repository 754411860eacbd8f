#!/usr/bin/env python3
"""In virtual machines: bm provisions a system, the test changes a file over ssh, and bm captures the disk
(generalised; the system runs again afterwards). bm deploys the image to another machine with another firmware and a
larger disk, which has the changed file. Reports are signed, `bm node verify` finds the changed blocks, and a re-image
copies only differing blocks."""
import json

import lab_support
from lab_support import api, bm, login, report

FLEET = """
default: [lab-golden, lab-copy]
machines:
  - {name: lab-golden, firmware: bios}
  - {name: lab-copy, firmware: uefi, disks: [{serial: LARGER1, size_gib: 8}]}
"""
IDENTITY = "cat /etc/machine-id; ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub | cut -d' ' -f2; cat /srv/changed; df --output=size -m / | tail -n 1"


def identity(machine):
    machine_id, host_key, changed, size = login.ask(machine, IDENTITY)[1].split("\n")[:4]
    return {"machine_id": machine_id, "host_key": host_key, "changed": changed, "root_mib": int(size)}


def provision_and_change(golden, key):
    bm("provision", "debian-12", golden.name, "--ssh-key", key, "--wait")
    report(login.check(golden))
    login.ask(golden, "echo by-hand > /srv/changed; dd if=/dev/urandom of=/srv/blob bs=1M count=8 status=none; "
                      "logger MARK-OF-GOLDEN; sync")
    return identity(golden)


def capture(golden, before):
    said = bm("image", "capture", golden.name, "--name", "golden", "--generalise", "--wait")
    report(said.strip().splitlines()[-1])
    image = api("/v1/images/golden")
    assert image["state"] == "ready" and image["source_format"] == "capture", image
    step = next(step for step in lab_support.operation(golden.name)["steps"] if step["name"] == "capture_disk")
    result = step["result"]
    assert result["config_drive_left_out"] is True and all(part["mapped"] for part in result["partitions"] if part["file_system"]), result
    assert result["bytes_used"] < result["image_bytes"], result
    assert any("ssh_host" in line for line in result["generalised"]), result
    report(f"captured: {result['bytes_used'] >> 20} of {result['image_bytes'] >> 20} MiB in use, {result['bytes_sent'] >> 20} MiB sent, {result['seconds']} s")
    assert api(f"/v1/nodes/{golden.name}")["provision_state"] == "active"
    assert identity(golden) == before, "the captured machine is another one now"
    report("the captured machine runs on as it was")


def another(copy, before, key):
    bm("provision", "golden", copy.name, "--ssh-key", key, "--wait")
    report(login.check(copy))
    step = next(step for step in lab_support.operation(copy.name)["steps"] if step["name"] == "write_image")
    report(f"its file system: {step['result']['file_system']}")
    assert not step["result"]["file_system"]["trouble"], step["result"]
    found = identity(copy)
    assert found["changed"] == "by-hand", found
    assert found["machine_id"] != before["machine_id"] and len(found["machine_id"]) == 32, (before, found)
    assert found["host_key"] != before["host_key"], "two machines with one host key"
    assert found["root_mib"] > before["root_mib"] + 512, f"not grown: {before} {found}"
    report(f"the other machine has the file, an id and host keys of its own, and {found['root_mib']} MiB of root file system")


def reports(copy):
    assert "signature    valid" in bm("node", "report", copy.name, "--verify")
    said = bm("node", "verify", copy.name, "--wait")
    found = next(r for r in json.loads(bm("node", "report", copy.name, "-o", "json"))["reports"] if r["kind"] == "verify")
    assert found["body"]["blocks_changed"] > 0 and found["body"]["blocks_unreadable"] == 0, found
    report("verified: " + next(line for line in said.splitlines() if "blocks differ" in line).strip())
    login.check(copy)


def only_what_differs(copy, key):
    bm("provision", "golden", copy.name, "--ssh-key", key, "--wait")
    step = next(step for step in lab_support.operation(copy.name)["steps"] if step["name"] == "write_image")
    result, stored = step["result"], api("/v1/images/golden")["stored_bytes"]
    report(f"re-imaged: {result['decision']}, {result['bytes_fetched'] >> 20} of {stored >> 20} MiB fetched")
    if result["decision"]["only_differing"]:
        assert result["bytes_fetched"] < stored / 2, result
    login.check(copy)


def main():
    golden, copy = lab_support.raise_lab(FLEET)
    key = f"{login.KEY}.pub"
    before = provision_and_change(golden, key)
    capture(golden, before)
    another(copy, before, key)
    reports(copy)
    only_what_differs(copy, key)


lab_support.run(main)
