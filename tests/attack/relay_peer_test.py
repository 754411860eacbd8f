#!/usr/bin/env python3
"""A rollout in which one node is hostile: it has a token of its own, joins the chain, names a relay port that sends wrong
bytes, blames an honest node, and reports addresses and numbers of its choice. The honest nodes get the image, all of it
right, and the rollout says which node failed. (tests/agent/relay_test.py has the lying peers one by one.)"""
import contextlib
import importlib.util
import json
import re
import struct
import sys
import threading
import time
import urllib.error
import urllib.request

from attack import TESTS, Service, inventory, wait_until
from image_intake_test import disk
from machine import MIB, Machine
from slow_link import SlowLink

spec = importlib.util.spec_from_file_location("agent_relay_test", TESTS / "agent" / "relay_test.py")
agent_relay_test = importlib.util.module_from_spec(spec)
spec.loader.exec_module(agent_relay_test)

HONEST = ("n2", "n3")
EVIL_TEXT = "\x1b]0;owned\x07 DHCPACK(prov0) 10.0.0.66"


class Hostile(threading.Thread):
    """The agent of node n1. It never finishes its step, and calls until it is ended."""

    def __init__(self, service, machine, peer):
        super().__init__(daemon=True)
        self.base, self.machine, self.peer = f"http://127.0.0.1:{service.provisioning_port}", machine, peer
        self.over, self.token, self.codes, self.plans = threading.Event(), "", [], []

    def send(self, method, path, body=None, **headers):
        request = urllib.request.Request(self.base + path, method=method, data=None if body is None else json.dumps(body).encode(),
                                         headers={"Content-Type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}})
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(errors="replace")

    def lookup(self):
        script = []

        def expected():
            script[:] = [self.machine.fetch(f"/boot/script?mac={self.machine.mac}")]
            return "bm.secret=" in script[0]
        assert wait_until(expected, 60, 0.3), script
        secret = re.search(r"bm\.secret=(\w+)", script[0]).group(1)
        code, granted = self.send("GET", f"/v1/lookup?node_uuid={self.machine.uuid}&addresses={self.machine.mac}", X_Bm_Boot_Secret=secret, X_Bm_Nonce="4" * 32)
        assert code == 200, granted
        self.token = granted["config"]["agent_token"]

    def exchange(self, **more):
        return self.send("POST", f"/v1/agent/{self.machine.uuid}/exchange", {"boot_id": "evil", "agent_version": "9", "log": EVIL_TEXT, **more},
                         Authorization=f"Bearer {self.token}")

    def run(self):
        inventory_ = {"cpus": 1, "nics": [{"name": "eth0", "mac": self.machine.mac}], "disks": [{"name": "/dev/vda", "size_bytes": 1 << 40, "serial": EVIL_TEXT}]}
        code, answer = self.exchange(inventory=inventory_)
        port = int(self.peer.address.split(":")[1])
        others = [f"127.0.0.1:{other}" for other in range(20000, 20040)] + ["server", "169.254.169.254:80", "[::1]:22", EVIL_TEXT]
        reports = [
            {"port": port, "source": "server", "slow": False, "bytes_per_second": 1 << 62, "bytes_from": {"server": 1 << 62}, "bytes_served": 1 << 62, "children": 1 << 31,
             "left": [{"source": other, "reason": "lying"} for other in others]},
            {"port": port, "source": EVIL_TEXT, "bytes_from": {EVIL_TEXT * 40: 1}, "left": [{"source": "server", "reason": EVIL_TEXT}]},
            {"port": 22, "source": "", "bytes_from": {}, "left": []}, {"port": 70000, "source": "", "bytes_from": {}, "left": []}, {"port": -1}, {"port": port, "bytes_from": []},
            {"port": port, "source": "server", "bytes_per_second": -5, "bytes_served": -1},
        ]
        honest = {"port": port, "source": "server", "slow": False, "bytes_per_second": 1 << 24, "bytes_from": {"server": 1 << 20}, "bytes_served": 0, "children": 0, "left": []}
        number = 0
        while not self.over.wait(0.1):
            if isinstance(answer, dict) and answer.get("step"):
                self.step = answer["step"]["id"]
            step = {"id": self.step, "state": "running", "bytes_done": 1 << 62, "bytes_total": 1, "message": EVIL_TEXT} if getattr(self, "step", None) else None
            # It looks honest until another node has taken bytes from it.
            report = honest if not self.peer.sent else reports[number % len(reports)]
            code, answer = self.exchange(relay=report, **({"step": step} if step else {}))
            self.codes.append(code)
            if isinstance(answer, dict) and answer.get("relay"):
                self.plans.append(answer["relay"])
            number += 1


def main():
    content = disk(8, 96)
    link = SlowLink(24 * MIB)
    with contextlib.closing(link), Service(sys.argv[1], settings="conductor:\n  agent_pace: 100ms\n", provisioning=f"  url: http://127.0.0.1:{link.port}\n") as service:
        link.server = service.provisioning_port
        never = {"fake_agent_delay": "never"}
        service.run("node", "enrol", "-f", service.file("fleet.yaml", inventory({name: never for name in ("n1", *HONEST)})))
        for name in ("n1", *HONEST):
            service.run("node", "set", name, "automated_clean=false")
        evil = Machine(service, "n1", 0, 128)
        machines = [Machine(service, name, number + 1, 128) for number, name in enumerate(HONEST)]
        source = service.folder.name + "/system.raw"
        with open(source, "wb") as file:
            file.write(content)
        service.run("image", "add", source, "--name", "system")
        manifest, blocks = (service.get(f"/v1/images/system/{part}") for part in ("manifest", "blocks"))
        assert struct.unpack_from("<Q", manifest, 32)[0] == 96
        peer = agent_relay_test.FakePeer(manifest, blocks, "lying")
        hostile = Hostile(service, evil, peer)
        try:
            service.run("provision", "system", "--select", "name=n*", "--all", "--yes", "--allow-unseen", "--force", "--no-config-drive", "--name", "attack")
            hostile.lookup()
            hostile.start()
            assert wait_until(lambda: hostile.plans, 30), (hostile.codes, service.log_text()[-2000:])
            time.sleep(3.5)                  # a chain sorts its nodes for 3 s; later ones follow the hostile one
            for machine in machines:
                machine.boot()
            for machine in machines:
                operation = machine.ended()
                assert operation["state"] == "done", f"{operation}\n{(machine.folder / 'agent.log').read_text()[-3000:]}"
                with open(machine.disk, "rb") as written:
                    assert written.read(len(content)) == content, f"{machine.name} has other bytes"
            assert peer.sent, "no honest node asked the hostile one: " + "".join((machine.folder / "agent.log").read_text(errors="replace")[-3000:] for machine in machines)
            assert set(hostile.codes) <= {200, 400}, set(hostile.codes)
            time.sleep(0.3)
            relay = service.json("rollout", "show", "attack", "--relay")
            states = {node["node"]: node["state"] for chain in relay["chains"] for node in chain["nodes"]}
            assert all(states[name] == "done" for name in HONEST), relay
            text = service.run("rollout", "show", "attack", "--relay").stdout + service.run("node", "timeline", "n1").stdout + service.run("node", "list").stdout
            assert "\x1b]0;" not in text and "\x07" not in text
            # The state of other nodes is not the hostile one's to write: its token opens no other exchange.
            code, told = hostile.send("POST", f"/v1/agent/{machines[0].uuid}/exchange", {"boot_id": "x", "agent_version": "1"}, Authorization=f"Bearer {hostile.token}")
            assert code == 401, told
            left = sum((machine.folder / "agent.log").read_text(errors="replace").count("(lying)") for machine in machines)
            assert left, "nobody left the liar"
            print(f"{peer.sent} lying bytes were sent, left {left} times, {len(hostile.codes)} hostile reports: the others have the image")
        finally:
            hostile.over.set()
            hostile.join(25) if hostile.is_alive() else None
            peer.stop()
            for machine in machines:
                machine.end_agent()


if __name__ == "__main__":
    main()
