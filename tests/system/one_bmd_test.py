#!/usr/bin/env python3
"""One bmd for each state: a second one, a rotation of the key and a restore are refused and change nothing. A bmd that
does not get its ports has not touched the work of the one before it."""
import pathlib
import socket
import subprocess
import sys
import time

from service import Service, free_port, inventory, wait_until

NODES = 6


def ends(service, config, *arguments, seconds=40):
    done = subprocess.run([service.bmd, "--config", config, *arguments], capture_output=True, text=True, timeout=seconds)
    assert done.returncode == 1, (done.returncode, done.stderr)
    return done.stderr


def other_ports(service):
    """The text of the configuration of @service with two free ports."""
    text = service.config.read_text(encoding="utf-8")
    for port in (service.port, service.provisioning_port):
        text = text.replace(f"port: {port}\n", f"port: {free_port()}\n")
    return text


def all_active(service, names):
    states = {node["name"]: node["provision_state"] for node in service.json("node", "list")}
    return all(states[name] == "active" for name in names)


def failures(service, names):
    return [event for name in names for event in service.json("node", "timeline", name) if event["kind"] == "operation.failed"]


def refused_while_it_runs(service, names):
    """The whole state, its database or its images are in use."""
    pid, folder = service.process.pid, pathlib.Path(service.folder.name)
    own = other_ports(service).replace(f"state_dir: {service.state}", f"state_dir: {folder}/own")
    texts = {"same": other_ports(service), "database": own + f"database:\n  file: {service.state}/bm.sqlite\n",
             "images": own + f"images:\n  dir: {service.state}/images\n"}
    for name, text in texts.items():
        config = folder / f"{name}.yaml"
        config.write_text(text, encoding="utf-8")
        began = time.monotonic()
        said = ends(service, config)
        assert f"another bmd (process {pid}) uses {service.state}" in said and "stop bmd first" in said, said
        assert time.monotonic() - began < 30
    assert f"another bmd (process {pid})" in ends(service, service.config, "--rotate-key")
    assert service.answers()
    assert wait_until(lambda: all_active(service, names), 60, 0.3), service.run("node", "list")
    assert not failures(service, names)


def ports_before_work(service, names):
    """More starts without ports than crashes that quarantine a node."""
    service.run("provision", "tiny", *names)
    time.sleep(1)
    assert not all_active(service, names)
    service.kill()
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("0.0.0.0", service.port))
        taken.listen()
        for _ in range(4):
            said = ends(service, service.config)
            assert str(service.port) in said, said
    service.start()
    assert wait_until(lambda: all_active(service, names), 60, 0.3), service.run("node", "list")
    assert not failures(service, names)
    for name in names:
        resumed = [event for event in service.json("node", "timeline", name) if event["kind"] == "operation.resumed"]
        assert len(resumed) <= 1, resumed


def an_orphan_does_not_hold_it(service):
    """No program that bmd starts inherits the lock."""
    for locked in (service.state / "bmd.lock", service.state / "images" / "bmd.lock"):
        assert locked.read_text(encoding="utf-8").strip() == str(service.process.pid), locked
    for entry in pathlib.Path(f"/proc/{service.process.pid}/fd").iterdir():
        if entry.exists() and entry.resolve().name == "bmd.lock":
            flags = pathlib.Path(f"/proc/{service.process.pid}/fdinfo/{entry.name}").read_text(encoding="utf-8")
            opened = int(next(line for line in flags.splitlines() if line.startswith("flags:")).split()[1], 8)
            assert opened & 0o2000000, flags  # O_CLOEXEC


def main():
    with Service(sys.argv[1]) as service:
        delays = {"fake_agent_delay": "0.3", "fake_write_delay": "3", "fake_power_delay": "0.2"}
        first, second = ({f"{name}-{i}": delays for i in range(NODES)} for name in ("a", "b"))
        service.run("node", "enrol", "-f", service.file("inventory.yaml", inventory({**first, **second})))
        service.run("image", "add", service.disk_image(), "--name", "tiny")
        service.run("provision", "tiny", *first)
        refused_while_it_runs(service, first)
        an_orphan_does_not_hold_it(service)
        ports_before_work(service, second)
    print("one bmd for each state: a second one, the key's rotation and a bmd without ports changed nothing")


main()
