#!/usr/bin/env python3
"""Boot windows on the built programs: a stranger gets no boot script once the agent has called; a machine that restarts
is switched by bmd and boots again, by `bm node reboot-ok` where its BMC refuses; the fourth restart of an operation
fails it."""
import json
import pathlib
import sqlite3
import sys
import time

from machine import Machine
from service import Service, inventory, wait_until

GONE = 4  # seconds: half of conductor.agent_silence


def events(service, kind):
    found = json.loads(service.get("/v1/nodes/n1/events?limit=1000"))["events"]
    return [event for event in found if event["kind"] == kind]


def script(machine):
    return machine.fetch(f"/boot/script?mac={machine.mac}&platform=pcbios")


def set_power_fault(service, fault):
    """Operators cannot change a node during its operation; a BMC can."""
    info = {"fake_agent_delay": "never", **({"fake_power_fault": fault} if fault else {})}
    database = sqlite3.connect(service.state / "bm.sqlite", timeout=20)
    with database:
        database.execute("update nodes set driver_info = ? where name = 'n1'", (json.dumps(info),))
    database.close()


def held(machine):
    log = machine.folder / "agent.log"
    assert wait_until(lambda: machine.state()["provision_state"] == "clean hold", 60), \
        f"{machine.operation()}\n{log.read_text()[-3000:]}"


def attacked(service, machine):
    """The agent works: whoever asks gets a script without a secret, and bmd switches nothing."""
    end = time.monotonic() + 2 * GONE
    while time.monotonic() < end:
        text = script(machine)
        assert "bm.secret" not in text and "kernel " not in text and "sleep 10" in text, text
        time.sleep(0.2)
    assert events(service, "boot.closed"), "the requests left no event"
    assert not events(service, "boot.restarted"), events(service, "boot.restarted")
    assert machine.state()["provision_state"] == "clean hold"


def restarted(service, machine, number):
    """The machine loses its agent and asks: bmd switches it off and on, then there is a script."""
    offs = len(events(service, "power.off"))
    machine.kill_agent()
    machine.boot()
    held(machine)
    assert len(events(service, "boot.restarted")) == number, events(service, "boot.restarted")
    assert len(events(service, "power.off")) > offs, "bmd did not switch the machine off"


def by_hand(service, machine, number):
    """Its BMC refuses: no script until an operator allows it."""
    set_power_fault(service, "bmc-auth-failed")
    machine.kill_agent()

    def waits():
        assert "bm.secret" not in script(machine)
        return events(service, "boot.reboot-wanted")
    assert wait_until(waits, 60, 0.5), machine.operation()
    assert len(events(service, "boot.restarted")) == number
    assert "bm node reboot-ok n1" in machine.operation()["step_message"], machine.operation()
    time.sleep(2)
    assert "bm.secret" not in script(machine)
    service.run("node", "reboot-ok", "n1")
    machine.boot()
    held(machine)
    set_power_fault(service, "")
    done = service.run("node", "reboot-ok", "n1", check=False)
    assert done.returncode == 4 and "does not wait" in done.stderr, done


def too_often(machine):
    machine.kill_agent()

    def ended():
        assert "bm.secret" not in script(machine)
        return machine.operation()["finished_at"] is not None
    assert wait_until(ended, 60, 0.5), machine.operation()
    operation = machine.operation()
    assert operation["error"]["code"] == "rebooted-too-often" and operation["error"]["hint"], operation


def main():
    with Service(sys.argv[1], settings="conductor:\n  agent_pace: 100ms\n  agent_silence: 8s\n") as service:
        service.run("node", "enrol", "-f", service.file("fleet.yaml", inventory({"n1": {"fake_agent_delay": "never"}})))
        service.run("node", "manage", "n1", "--wait")
        machine = Machine(service, "n1", 0, 16)
        try:
            service.run("node", "clean", "n1", "--step", "hold")
            machine.boot()
            held(machine)
            attacked(service, machine)
            restarted(service, machine, 1)
            by_hand(service, machine, 2)
            restarted(service, machine, 3)
            too_often(machine)
        except BaseException:
            print(pathlib.Path(machine.folder, "agent.log").read_text(encoding="utf-8")[-3000:])
            raise
        finally:
            machine.end_agent()
    print("a closed window gives no script; bmd switches a machine that restarts, three times at most")


main()
