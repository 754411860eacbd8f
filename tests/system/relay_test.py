#!/usr/bin/env python3
"""A rollout to real bm-agents with files as disks, behind a link of 50 MiB/s: they form a chain, the server sends the
image about once, and `bm rollout show --relay` shows sources and bytes of each node. With --no-relay each node copies
everything from the server."""
import contextlib
import re
import sys

from image_intake_test import disk
from machine import MIB, Machine
from service import Service, inventory, wait_until
from slow_link import SlowLink

NODES = ("n1", "n2", "n3")


def rollout(service, machines, name, *more):
    service.run("provision", "system", "--select", "name=n*", "--all", "--yes", "--allow-unseen", "--force", "--no-config-drive", "--name", name, *more)
    for machine in machines:
        machine.boot()
    for machine in machines:
        operation = machine.ended()
        assert operation["state"] == "done", f"{operation}\n{(machine.folder / 'agent.log').read_text()[-3000:]}"
    assert wait_until(lambda: service.json("rollout", "show", name)["state"] == "done", 30), service.json("rollout", "show", name)
    return service.json("rollout", "show", name, "--relay")


def main():
    content = disk(7, 160)
    link = SlowLink(50 * MIB)
    with contextlib.closing(link), Service(sys.argv[1], settings="conductor:\n  agent_pace: 100ms\n",
                                           provisioning=f"  url: http://127.0.0.1:{link.port}\n") as service:
        link.server = int(re.search(r"provisioning:\n  port: (\d+)", service.config.read_text()).group(1))
        service.run("node", "enrol", "-f", service.file("fleet.yaml", inventory({name: {"fake_agent_delay": "never"} for name in NODES})))
        for name in NODES:
            service.run("node", "set", name, "automated_clean=false")
        machines = [Machine(service, name, number, 192) for number, name in enumerate(NODES)]
        source = service.folder.name + "/system.raw"
        with open(source, "wb") as file:
            file.write(content)
        service.run("image", "add", source, "--name", "system")
        stored = service.json("image", "show", "system")["stored_bytes"]
        try:
            relay = rollout(service, machines, "chained")
            for machine in machines:
                with open(machine.disk, "rb") as written:
                    assert written.read(len(content)) == content, f"{machine.name} has other bytes"
            chain = [node for part in relay["chains"] for node in part["nodes"]]
            assert sorted(node["node"] for node in chain) == list(NODES), relay
            assert all(node["state"] == "done" for node in chain), relay
            assert len(relay["chains"]) == 1, relay
            # All agents have the address 127.0.0.1 here, and only their ports differ, which bmd knows after their first calls.
            assert stored <= relay["server_bytes"] < 3 * stored, f"the server sent {relay['server_bytes']} of {stored}: {relay}"
            from_nodes = sum(count for node in chain for source, count in node["bytes_from"].items() if source in NODES)
            assert from_nodes + relay["server_bytes"] >= 3 * stored and from_nodes > 8 * MIB, f"the nodes did not take it from one another: {relay}"
            shown = service.run("rollout", "show", "chained", "--relay").stdout
            for word in ("The server sent", "CHAIN", "n1", "n2", "n3", "server"):
                assert word in shown, shown
            print(shown)

            alone = rollout(service, machines, "alone", "--no-relay")
            assert not alone["chains"], alone
            assert service.json("rollout", "show", "chained", "--relay")["server_bytes"] == relay["server_bytes"], "somebody joined"
            bad = service.run("provision", "system", "--select", "name=n*", "--all", "--yes", "--relay-order", "colour", check=False)
            assert bad.returncode != 0 and "relay.order" in bad.stderr, bad.stderr
        finally:
            for machine in machines:
                machine.end_agent()


main()
