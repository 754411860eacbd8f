#!/usr/bin/env python3
"""Callers on the provisioning network ask for an agent's token without the boot secret, with another node's, with an
invented nonce, by MAC address, name or UUID, through both listeners; and use tokens for other nodes. A caller without
the script's secret learns nothing and changes nothing, while the node's own agent completes the deployment."""
import json
import pathlib
import re
import sys
import urllib.error
import urllib.parse
import urllib.request

from attack import Service, call, inventory, provision, wait_until
from image_intake_test import disk
from machine import MIB, Machine

USER_DATA = "user-data-of-web-1-9c1e"


def ask(port, method, path, body=None, **headers):
    """(status, text) of a request without a login."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", method=method, data=None if body is None else json.dumps(body).encode(),
                                     headers={"X-OpenStack-Ironic-API-Version": "1.84", "Content-Type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.read().decode(errors="replace")
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(errors="replace")


def ports(service):
    return service.port, service.provisioning_port


def told_nothing(answer, *secrets):
    code, text = answer
    assert code in (400, 401, 403, 404, 405, 409, 413), answer
    for secret in (*secrets, "agent_token", USER_DATA):
        assert secret not in text, (secret, answer)


def lookups(service, machine, other, secrets):
    """No lookup without the secret of this boot gets a token or a property."""
    mine, theirs = secrets
    ways = [f"node_uuid={machine.uuid}", f"addresses={machine.mac}", f"addresses={machine.mac},{other.mac}", f"node_uuid={machine.name}",
            f"node_uuid={machine.uuid}&addresses={other.mac}", "node_uuid=%27%20or%201=1--", "addresses=" + ",".join(["52:54:00:00:00:01"] * 500)]
    for port in ports(service):
        for way in ways:
            for headers in ({}, {"X_Bm_Nonce": "1" * 32}, {"X_Bm_Boot_Secret": ""}, {"X_Bm_Boot_Secret": "0" * len(mine), "X_Bm_Nonce": "1" * 32},
                            {"X_Bm_Boot_Secret": mine[:-1], "X_Bm_Nonce": "1" * 32}, {"X_Bm_Boot_Secret": mine.upper() + " ", "X_Bm_Nonce": "1" * 32}):
                told_nothing(ask(port, "GET", f"/v1/lookup?{way}", **headers), machine.mac, mine)
        told_nothing(ask(port, "GET", f"/v1/lookup?node_uuid={machine.uuid}", X_Bm_Boot_Secret=theirs, X_Bm_Nonce="1" * 32), mine)


def other_tokens(service, machine, other, token):
    """A token opens the exchange, the image and the config drive of its own node."""
    for port in ports(service):
        for auth in ({}, {"Authorization": "Bearer "}, {"Authorization": "Bearer " + "0" * 64}, {"Authorization": f"Bearer {token}"}, {"X_Auth_Token": token}):
            told_nothing(ask(port, "GET", f"/v1/agent/{machine.uuid}/configdrive", **auth))
            told_nothing(ask(port, "POST", f"/v1/agent/{machine.uuid}/exchange", {"boot_id": "x", "agent_version": "1"}, **auth))
        for stolen in ("", "0" * 64, token):
            told_nothing(ask(port, "POST", f"/v1/heartbeat/{machine.uuid}", {"agent_token": stolen, "callback_url": "http://192.0.2.1", "agent_version": "1"}))
        told_nothing(ask(port, "POST", f"/v1/continue_inspection?node_uuid={machine.uuid}", {"inventory": {"interfaces": [{"mac_address": machine.mac}]}}))
    for way in ("/v1/nodes", f"/v1/nodes/{machine.uuid}", "/v1/images", "/v1/events", "/v1/audit"):
        told_nothing(ask(service.port, "GET", way, Authorization=f"Bearer {token}"))
        told_nothing(ask(service.port, "GET", way, X_Auth_Token=token))


def files(service):
    """The provisioning listener serves boot files by name, and nothing of the server's."""
    victim = str(pathlib.Path(service.folder.name) / "state" / "admin-password")
    for path in ("/boot/../../../../../../etc/passwd", "/boot/%2e%2e/%2e%2e/%2e%2e/etc/passwd", "/boot/..%2f..%2f..%2fetc%2fpasswd", "/boot//etc/passwd",
                 "/boot/nodes/../../../../etc/passwd", f"/boot/{victim}", "/boot/%00", "/boot/nodes/x/" + "0" * 64 + "/../../vmlinuz", "/v1/images/../../admin-password/blocks",
                 "/boot/" + urllib.parse.quote(victim, safe="")):
        for port in ports(service):
            code, text = ask(port, "GET", path)
            assert code in (400, 401, 403, 404), (path, code)
            assert "root:" not in text and pathlib.Path(victim).read_text(encoding="ascii").strip() not in text, path


def main():
    with Service(sys.argv[1], settings="conductor:\n  agent_pace: 100ms\n") as service:
        never = {"fake_agent_delay": "never"}
        service.run("node", "enrol", "-f", service.file("nodes.yaml", inventory({"web-1": never, "web-2": never})))
        for name in ("web-1", "web-2"):
            service.run("node", "set", name, "automated_clean=false")
            for target, state in (("manage", "manageable"), ("provide", "available")):
                provision(service, None, name, target)
                assert wait_until(lambda name=name, state=state: service.json("node", "show", name)["provision_state"] == state, 30), name
        machines = [Machine(service, name, number, 32) for number, name in enumerate(("web-1", "web-2"))]
        content = disk(6, 4)
        source = pathlib.Path(service.disk_image("system.img", 16))
        with source.open("r+b") as file:
            file.seek(4 * MIB)
            file.write(content)
        service.run("image", "add", source, "--name", "system")
        drive = {"meta_data": {"hostname": "web-1"}, "user_data": USER_DATA}
        try:
            for machine in machines:
                call(service, None, "PATCH", f"/v1/nodes/{machine.name}", [{"op": "add", "path": "/instance_info", "value": {"image_source": "system"}}])
                code, text = call(service, None, "PUT", f"/v1/nodes/{machine.name}/states/provision", {"target": "active", "configdrive": drive})
                assert code == 202, text
            first, second = machines
            scripts = [""] * 2

            def expected():
                scripts[:] = [machine.fetch(f"/boot/script?mac={machine.mac}") for machine in machines]
                return all("bm.secret=" in script for script in scripts)
            assert wait_until(expected, 60, 0.3), scripts
            secrets = [re.search(r"bm\.secret=(\w+)", script).group(1) for script in scripts]
            lookups(service, first, second, secrets)
            print("lookups", flush=True)
            files(service)
            print("files", flush=True)
            # The second node's own caller gets its token; it opens nothing of the first one's.
            code, text = ask(service.provisioning_port, "GET", f"/v1/lookup?node_uuid={second.uuid}&addresses={second.mac}", X_Bm_Boot_Secret=secrets[1], X_Bm_Nonce="2" * 32)
            assert code == 200 and "driver_info" not in text and "instance_info" not in text, text
            token = json.loads(text)["config"]["agent_token"]
            told_nothing(ask(service.provisioning_port, "GET", f"/v1/lookup?node_uuid={second.uuid}", X_Bm_Boot_Secret=secrets[1], X_Bm_Nonce="3" * 32), token)
            other_tokens(service, first, second, token)
            print("other_tokens", flush=True)
            first.boot()
            operation = first.ended()
            assert operation["state"] == "done", operation
            with open(first.disk, "rb") as written:
                written.seek(4 * MIB)
                assert written.read(len(content)) == content
            state = json.loads(call(service, None, "GET", "/v1/nodes/web-2")[1])["provision_state"]
            assert state == "wait call-back", state
            assert second.disk.stat().st_blocks * 512 < MIB, "the second node's disk was written"
        finally:
            for machine in machines:
                machine.end_agent()


if __name__ == "__main__":
    main()
