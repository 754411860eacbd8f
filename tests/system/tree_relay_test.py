#!/usr/bin/env python3
"""A rollout of a tree by the programs, onto real bm-agents with files as disks, behind a link of 30 MiB/s: the nodes
copy the archive's blocks from each other, the server sends it about once, and every node gets the same files."""
import contextlib
import hashlib
import os
import pathlib
import re
import sys
import tarfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "agent"))
sys.dont_write_bytecode = True
from machine import MIB, Machine  # noqa: E402
from service import Service, inventory, wait_until  # noqa: E402
from slow_link import SlowLink  # noqa: E402
from tree_world import archive_of, mounted  # noqa: E402

NODES = ("n1", "n2", "n3")
LAYOUT = "partitions: [{name: root, fs: ext4, mount: /}]\nloader: none\n"


def tree():
    """Files by name, and an archive of them."""
    files = {f"etc/file{number}": os.urandom(256 * 1024) for number in range(400)}
    folders = ((name, tarfile.DIRTYPE, "") for name in (".", "etc"))
    return files, archive_of(*folders, *((name, tarfile.REGTYPE, data) for name, data in files.items()))


def rolled_out(service, machines):
    layout = pathlib.Path(service.file("layout.yaml", LAYOUT))
    service.run("provision", "web", "--select", "name=n*", "--all", "--yes", "--allow-unseen", "--force", "--no-config-drive", "--layout", layout,
                "--name", "trees")
    for machine in machines:
        machine.boot()
    for machine in machines:
        operation = machine.ended()
        assert operation["state"] == "done", f"{operation}\n{(machine.folder / 'agent.log').read_text()[-3000:]}"
    assert wait_until(lambda: service.json("rollout", "show", "trees")["state"] == "done", 30), service.json("rollout", "show", "trees")
    return service.json("rollout", "show", "trees", "--relay")


def main():
    files, archive = tree()
    wanted = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    link = SlowLink(30 * MIB)
    with contextlib.closing(link), Service(sys.argv[1], settings="conductor:\n  agent_pace: 100ms\n",
                                           provisioning=f"  url: http://127.0.0.1:{link.port}\n") as service:
        folder = pathlib.Path(service.folder.name)
        link.server = int(re.search(r"provisioning:\n  port: (\d+)", service.config.read_text()).group(1))
        service.run("node", "enrol", "-f", service.file("fleet.yaml", inventory({name: {"fake_agent_delay": "never"} for name in NODES})))
        for name in NODES:
            service.run("node", "set", name, "automated_clean=false")
        machines = [Machine(service, name, number, 500) for number, name in enumerate(NODES)]
        (folder / "web.tar").write_bytes(archive)
        service.run("image", "add", folder / "web.tar", "--name", "web")
        stored = service.json("image", "show", "web")["stored_bytes"]
        (folder / "mnt").mkdir()
        try:
            relay = rolled_out(service, machines)
            for machine in machines:
                with mounted(machine.disk, folder / "mnt", root="/") as root:
                    found = {str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in root.glob("etc/file*")}
                assert found == wanted, f"{machine.name} has other files"
            chain = [node for part in relay["chains"] for node in part["nodes"]]
            assert sorted(node["node"] for node in chain) == list(NODES) and all(node["state"] == "done" for node in chain), relay
            # all of them are 127.0.0.1 here, so that their ports tell them apart only when they have called: less than the three need
            assert relay["server_bytes"] < 3 * stored, f"the server sent {relay['server_bytes']} of {stored}: {relay}"
            from_nodes = sum(count for node in chain for source, count in node["bytes_from"].items() if source in NODES)
            assert from_nodes + relay["server_bytes"] >= 3 * stored and from_nodes > stored / 2, f"the nodes did not take it from one another: {relay}"
            print(service.run("rollout", "show", "trees", "--relay").stdout)
        finally:
            for machine in machines:
                machine.end_agent()


if os.geteuid() != 0:
    print("needs root: it mounts what was written")
    sys.exit(77)
main()
