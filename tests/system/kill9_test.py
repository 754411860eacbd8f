#!/usr/bin/env python3
"""kill -9 of bmd at random moments of deployments: every node becomes active, no step runs twice, no operation
hangs."""
import random
import sys
import time

from service import Service, inventory, wait_until

KILLS = 15
NODES = 6


def states(service):
    return {node["name"]: node["provision_state"] for node in service.json("node", "list")}


def main():
    seed = int(time.time())
    chance = random.Random(seed)
    print(f"seed {seed}")
    with Service(sys.argv[1]) as service:
        names = {f"node-{i}": {"fake_agent_delay": "0.4", "fake_write_delay": "6", "fake_power_delay": "0.2"} for i in range(NODES)}
        service.run("node", "enrol", "-f", service.file("inventory.yaml", inventory(names)))
        service.run("image", "add", service.disk_image(), "--name", "tiny")
        service.run("provision", "tiny", *names)
        kills = 0
        for _ in range(KILLS):
            time.sleep(chance.uniform(0.05, 0.6))
            service.kill()
            kills += 1
            service.start()
            if all(state == "active" for state in states(service).values()):
                break
        assert kills >= 5, f"the deployments ended after {kills} kills: too quick to prove anything"
        assert wait_until(lambda: all(s == "active" for s in states(service).values()), 60, 0.3), states(service)
        for name in names:
            events = service.json("node", "timeline", name)
            kinds = [event["kind"] for event in events]
            assert kinds.count("image.written") == 1, f"{name}: written {kinds.count('image.written')} times"
            assert "operation.failed" not in kinds, f"{name}: failed"
            assert not service.json("node", "show", name).get("reservation"), f"{name}: still reserved"
        print(f"{NODES} nodes are active after {kills} kills")


main()
