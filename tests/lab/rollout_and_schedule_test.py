#!/usr/bin/env python3
"""In virtual machines: a rollout whose canary fails pauses, is retried and completes, with a health gate that checks
each node's ssh server; then a schedule fires and re-images both with the current image of a moving tag."""
import datetime
import json

import lab_support
from lab_support import api, bm, login, report, wait_for

FLEET = """
default: [lab-bios, lab-uefi]
machines:
  - {name: lab-bios, firmware: bios}
  - {name: lab-uefi, firmware: uefi}
"""


def rollout(name):
    return api(f"/v1/rollouts/{name}")


def states(name):
    return {node["node"]: node["state"] for node in api(f"/v1/rollouts/{name}/nodes")["nodes"]}


def deployments(name):
    return sum(1 for event in api(f"/v1/nodes/{name}/events?limit=5000")["events"]
               if event["kind"] == "operation.done" and event["message"] == "deploy")


def canary_fails_then_all_complete(key):
    bm("node", "set", "lab-bios", "properties/root_device={\"size\": \"> 9999\"}")  # waits 30 s; a serial number 2 minutes
    bm("image", "tag", "debian-12", "debian:stable")
    plan = bm("provision", "debian:stable", "--all", "--allow-unseen", "--name", "lab", "--canary", "1", "--attempts", "1",
              "--order", "name", "--health-ssh", "22", "--health-deadline", "8m", "--ssh-key", key, "--plan")
    assert "lab-bios" in plan and "write 2" in plan, plan
    said = bm("rollout", "start", "lab", "--yes", "--wait", code=1)
    assert "a canary failed" in said, said
    assert rollout("lab")["state"] == "paused"
    assert states("lab") == {"lab-bios": "failed", "lab-uefi": "pending"}, states("lab")
    report("the canary found no disk that its hint matches: paused, the other machine untouched")
    bm("node", "set", "lab-bios", "properties/root_device={}")
    bm("rollout", "retry", "lab", "--wait")
    assert rollout("lab")["state"] == "done"
    gates = {node["node"]: node["gate"] for node in api("/v1/rollouts/lab/nodes")["nodes"]}
    assert all(gate.endswith(" speaks SSH") for gate in gates.values()), gates
    report(f"retried and done; the gates heard {gates}")


def schedule_re_images(key):
    bm("image", "tag", "debian-12", "debian:nightly")
    before = {name: deployments(name) for name in ("lab-bios", "lab-uefi")}
    at = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=75)).strftime("%Y-%m-%d %H:%M")
    bm("schedule", "create", "lab-nightly", "--at", at, "--tz", "UTC", "--image", "debian:nightly", "--all", "--force",
       "--ssh-key", key)
    report("next: " + bm("schedule", "next", "lab-nightly").strip())
    wait_for("both machines were imaged once more by the schedule",
             lambda: all(deployments(name) == before[name] + 1 for name in before), 900)
    wait_for("the schedule's history has its run",
             lambda: [run["state"] for run in api("/v1/schedules/lab-nightly/runs")["runs"]] == ["done"], 60)
    run = api("/v1/schedules/lab-nightly/runs")["runs"][0]
    report("history: " + json.dumps(run))
    report(bm("schedule", "history", "lab-nightly"))


def main():
    machines = lab_support.raise_lab(FLEET)
    key = f"{login.KEY}.pub"
    canary_fails_then_all_complete(key)
    for machine in machines:
        report(login.check(machine))
    schedule_re_images(key)
    for machine in machines:
        report(login.check(machine))


lab_support.run(main)
