#!/usr/bin/env python3
"""Ironic's own clients with bmd: Debian's `baremetal` (python3-ironicclient) and openstacksdk, on simulated
machines."""
import json
import os
import subprocess
import sys

from service import Service

PYTHON = "/usr/bin/python3"  # Debian's Python has the packages


def environment(service):
    password = (service.state / "admin-password").read_text().strip()
    return {**{k: v for k, v in os.environ.items() if not k.startswith("OS_")}, "OS_AUTH_TYPE": "http_basic", "OS_ENDPOINT": f"http://127.0.0.1:{service.port}",
            "OS_USERNAME": "admin", "OS_PASSWORD": password}


class Client:
    def __init__(self, service):
        self.environment = environment(service)

    def run(self, code, *words):
        done = subprocess.run(["/usr/bin/baremetal", *words], env=self.environment, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == code, f"baremetal {' '.join(words)}: {done.returncode}, wanted {code}\n{done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def json(self, *words):
        done = subprocess.run(["/usr/bin/baremetal", *words, "-f", "json"], env=self.environment, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, f"baremetal {' '.join(words)}: {done.returncode}\n{done.stdout}{done.stderr}"
        return json.loads(done.stdout)

    def state(self, node):
        return self.json("node", "show", node, "--fields", "provision_state")["provision_state"]


def life_of_a_node(client):
    made = client.json("node", "create", "--driver", "fake-hardware", "--name", "n1", "--resource-class", "baremetal", "--property", "cpus=8")
    assert made["provision_state"] == "enroll" and made["properties"] == {"cpus": 8} or made["properties"] == {"cpus": "8"}, made
    uuid = made["uuid"]
    client.json("port", "create", "52:54:00:00:00:01", "--node", uuid)
    assert client.json("port", "list")[0]["Address"] == "52:54:00:00:00:01"
    client.run(0, "node", "manage", "n1", "--wait", "30")
    client.run(0, "node", "inspect", "n1", "--wait", "30")
    assert client.json("node", "show", "n1")["properties"]["memory_mb"] == 16384
    client.run(0, "node", "clean", "n1", "--clean-steps", json.dumps([{"interface": "deploy", "step": "erase_devices"}]), "--wait", "30")
    assert client.state("n1") == "manageable"
    refused = client.run(1, "node", "clean", "n1", "--clean-steps", json.dumps([{"interface": "deploy", "step": "nonsense"}]))
    assert "does not support this clean step" in refused, refused
    client.run(0, "node", "provide", "n1", "--wait", "30")
    client.run(0, "node", "add", "trait", "n1", "CUSTOM_GOLD")
    assert client.json("node", "trait", "list", "n1")[0]["Traits"] == "CUSTOM_GOLD"
    client.json("deploy", "template", "create", "CUSTOM_GOLD", "--steps",
                json.dumps([{"interface": "bios", "step": "apply_configuration", "args": {"settings": [{"name": "Turbo", "value": "On"}]}, "priority": 150}]))
    allocation = client.json("allocation", "create", "--resource-class", "baremetal", "--name", "al0", "--trait", "CUSTOM_GOLD", "--wait")
    assert allocation["node_uuid"] == uuid and allocation["state"] == "active", allocation
    client.run(0, "node", "vif", "attach", "n1", "11111111-2222-3333-4444-555555555555")
    assert len(client.json("node", "vif", "list", "n1")) == 1
    client.run(0, "node", "vif", "detach", "n1", "11111111-2222-3333-4444-555555555555")
    client.run(0, "node", "deploy", "n1", "--wait", "60")
    assert client.state("n1") == "active"
    assert client.json("node", "bios", "setting", "list", "n1")[0]["BIOS setting value"] == "On"
    client.run(0, "node", "rescue", "n1", "--rescue-password", "hunter2hunter2", "--wait", "30")
    assert client.state("n1") == "rescue"
    client.run(0, "node", "unrescue", "n1", "--wait", "30")
    client.run(0, "node", "undeploy", "n1", "--wait", "60")
    assert client.json("allocation", "list") == []
    assert client.state("n1") == "available"


def hardware(client):
    client.run(0, "node", "boot", "device", "set", "n1", "pxe", "--persistent")
    assert client.json("node", "boot", "device", "show", "n1") == {"boot_device": "pxe", "persistent": True}
    assert client.json("node", "passthru", "list", "n1")[0]["Name"] == "fourth_method_shared_lock"
    client.run(0, "node", "passthru", "call", "n1", "second_method", "--arg", "bar=kazoo")
    client.run(0, "node", "inject", "nmi", "n1")
    client.run(0, "node", "power", "on", "n1")
    client.run(0, "node", "maintenance", "set", "n1", "--reason", "new memory")
    assert client.json("node", "show", "n1")["maintenance_reason"] == "new memory"
    client.run(0, "node", "maintenance", "unset", "n1")
    client.run(0, "node", "manage", "n1", "--wait", "30")
    client.run(0, "node", "set", "n1", "--driver-info", "fake_step_fault=agent-failed")
    client.run(0, "node", "clean", "n1", "--clean-steps", json.dumps([{"interface": "deploy", "step": "burnin_cpu"}]))
    client.run(1, "node", "provide", "n1")  # the node is busy or has failed
    for _ in range(100):
        if client.state("n1") == "clean failed":
            break
    history = client.json("node", "history", "list", "n1")
    assert any("simulated fault" in entry["Description of the event"] for entry in history), history
    entry = client.json("node", "history", "get", "n1", history[-1]["UUID"])
    assert entry["severity"] == "ERROR" and entry["user"] == "admin", entry
    client.run(0, "node", "manage", "n1", "--wait", "30")


def resources(client):
    chassis = client.json("chassis", "create", "--description", "rack 1")
    client.run(0, "node", "set", "n1", "--chassis-uuid", chassis["uuid"])
    assert "contains nodes" in client.run(1, "chassis", "delete", chassis["uuid"])
    client.run(0, "node", "unset", "n1", "--chassis-uuid")
    client.run(0, "chassis", "delete", chassis["uuid"])
    group = client.json("port", "group", "create", "--node", "n1", "--name", "pg0", "--address", "52:54:00:00:00:09")
    assert client.json("port", "group", "show", "pg0")["uuid"] == group["uuid"]
    client.run(0, "port", "group", "delete", "pg0")
    assert client.json("conductor", "list")[0]["Alive"] is True
    assert {driver["Supported driver(s)"] for driver in client.json("driver", "list")} >= {"fake-hardware", "ipmi"}
    assert "could not be found" in client.run(1, "node", "show", "nobody")
    client.run(0, "node", "delete", "n1")
    assert client.json("node", "list") == []


SDK = """
import openstack
from keystoneauth1 import session
from keystoneauth1.http_basic import HTTPBasicAuth
import os
auth = HTTPBasicAuth(endpoint=os.environ["OS_ENDPOINT"], username=os.environ["OS_USERNAME"], password=os.environ["OS_PASSWORD"])
connection = openstack.connection.Connection(session=session.Session(auth=auth), baremetal_endpoint_override=os.environ["OS_ENDPOINT"])
bm = connection.baremetal
node = bm.create_node(driver="fake-hardware", name="sdk", resource_class="sdk")
port = bm.create_port(node_id=node.id, address="52:54:00:00:00:0a")
bm.set_node_provision_state(node, "manage", wait=True, timeout=30)
bm.set_node_provision_state(node, "provide", wait=True, timeout=30)
allocation = bm.wait_for_allocation(bm.create_allocation(resource_class="sdk", name="sdk-allocation"), timeout=30)
assert allocation.node_id == node.id, allocation
node = bm.set_node_provision_state(node.id, "active", wait=True, timeout=60)
assert node.provision_state == "active", node
node = bm.set_node_provision_state(node.id, "deleted", wait=True, timeout=60)
assert node.provision_state == "available", node
assert [found.name for found in bm.nodes(details=True)] == ["sdk"]
node = bm.update_node(node, extra={"a": 1})
assert node.extra == {"a": 1}
bm.set_node_provision_state(node, "manage", wait=True, timeout=30)
bm.delete_node(node)
print("sdk: done")
"""


def sdk(service):
    done = subprocess.run([PYTHON, "-c", SDK], env=environment(service), capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0 and "sdk: done" in done.stdout, done.stdout + done.stderr


def main():
    with Service(sys.argv[1]) as service:
        client = Client(service)
        life_of_a_node(client)
        hardware(client)
        resources(client)
        sdk(service)


if __name__ == "__main__":
    main()
