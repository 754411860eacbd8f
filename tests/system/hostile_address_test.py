#!/usr/bin/env python3
"""A project's member writes an address that is an option of ssh, or a URL's port and path. bmd refuses it. Where an
earlier version stored it, neither a drain command nor a health gate gets it, and --check and the doctor list it."""
import http.server
import json
import os
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import threading
import urllib.error
import urllib.request

from service import Service, inventory, wait_until

GATES = pathlib.Path("gates.d")             # in the service's folder
ENDED = ("done", "failed", "aborted", "paused")


class Recorder:
    """An HTTP server on loopback, such as an administration port, that keeps the paths that clients ask for."""

    def __enter__(self):
        self.paths = paths = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                paths.append(self.path)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_POST = do_GET

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


def call(service, method, path, body=None, login=None):
    request = urllib.request.Request(f"http://127.0.0.1:{service.port}{path}", method=method, data=None if body is None else json.dumps(body).encode(),
                                     headers={"Content-Type": "application/json", "X-OpenStack-Ironic-API-Version": "1.82", **(login or service.authorization())})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def folder_of(service):
    return pathlib.Path(service.folder.name)


def gate(service, name, text):
    file = folder_of(service) / GATES / name
    file.parent.mkdir(exist_ok=True)
    file.write_text("#!/bin/sh\n" + text, encoding="utf-8")
    file.chmod(0o700)
    return file


def attacks(service, recorder):
    """The two addresses, and the file that the first one makes where it is taken for an option."""
    marker = folder_of(service) / "ran"
    return marker, {"option": f"-oProxyCommand=touch {marker}", "url": f"127.0.0.1:{recorder.port}/admin/delete?x="}


def ssh_gate(service):
    """An ordinary drain script. Without an ssh here, a program that obeys the option as ssh does."""
    ssh = shutil.which("ssh")
    if ssh is None:
        ssh = gate(service, "ssh", 'for a in "$@"; do case "$a" in -oProxyCommand=*) sh -c "${a#*=}";; esac; done\n')
    return gate(service, "drain", f'{ssh} -o BatchMode=yes -o ConnectTimeout=2 "$4" true\nexit 0\n')


def rollout(service, name, node, image, **gates):
    """Runs a rollout of one node; returns the node's row."""
    status, made = call(service, "POST", "/v1/rollouts", {"name": name, "image": image, "nodes": [node], "allow_unseen": True, **gates})
    assert status == 201, made
    assert wait_until(lambda: call(service, "GET", f"/v1/rollouts/{name}")[1]["state"] in ENDED, 60), call(service, "GET", f"/v1/rollouts/{name}/nodes")
    return call(service, "GET", f"/v1/rollouts/{name}/nodes")[1]["nodes"][0]


def write(service, recorder):
    """A member of the project cannot store either address."""
    made = subprocess.run([service.bmd, "--config", service.config, "--create-token", "tenant", "--role", "member", "--project", "web"],
                          capture_output=True, text=True, check=True)
    tenant = {"X-Auth-Token": made.stdout.strip()}
    _, hostile = attacks(service, recorder)
    for address in (*hostile.values(), "a b", "user@192.0.2.1", "2130706433", "[::1", 5):
        status, answer = call(service, "PATCH", "/v1/nodes/web-1", [{"op": "add", "path": "/properties/health_address", "value": address}], tenant)
        assert status == 400 and "properties/health_address" in json.dumps(answer), (address, status, answer)
        assert answer.get("hint") or "hint" in json.dumps(answer), answer
    status, answer = call(service, "PATCH", "/v1/nodes/web-1", [{"op": "add", "path": "/properties/health_address", "value": "127.0.0.1"}], tenant)
    assert status == 200 and answer["properties"]["health_address"] == "127.0.0.1", answer
    for name in ("-oProxyCommand=id", "--help"):
        assert call(service, "PATCH", "/v1/nodes/web-1", [{"op": "replace", "path": "/name", "value": name}])[0] == 400
        status, answer = call(service, "POST", "/v1/rollouts", {"name": name, "image": "new", "nodes": ["web-1"], "plan": True})
        assert status == 400, answer
    status, answer = call(service, "POST", "/v1/rollouts", {"image": "new", "nodes": ["web-1"], "plan": True,
                                                           "health": {"http": "http://user:secret@{address}/"}})
    assert status == 400 and "secret" not in json.dumps(answer), answer


def store(service, recorder):
    """Stores what an earlier version let in: bmd is stopped meanwhile."""
    _, hostile = attacks(service, recorder)
    service.stop()
    with sqlite3.connect(service.state / "bm.sqlite") as database:
        for name, address in (("web-1", hostile["option"]), ("web-2", hostile["url"])):
            database.execute("update nodes set properties = ? where name = ?", (json.dumps({"health_address": address}), name))
        database.execute("update nodes set name = '-web-3' where name = 'web-3'")
    database.close()
    checked = subprocess.run([service.bmd, "--config", service.config, "--check"], capture_output=True, text=True, check=True).stdout
    for word in (": good\n", "note: node web-1: properties/health_address", "note: node web-2: properties/health_address", "note: node -web-3: name"):
        assert word in checked, checked
    service.start()


def listed(service):
    done = subprocess.run([service.bm, "doctor", "-o", "json", "--check", "values"], env=service.environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done
    text = done.stdout
    for word in ("node web-1", "node web-2", "node -web-3", "warning"):
        assert word in text, text
    names = [node["name"] for node in call(service, "GET", "/v1/nodes")[1]["nodes"]]
    assert sorted(names) == ["-web-3", "web-1", "web-2"], names
    status, answer = call(service, "PATCH", "/v1/nodes/web-1", [{"op": "add", "path": "/properties/rack", "value": "r1"}])
    assert status == 200, answer


def refused(row, word):
    assert row["state"] == "failed" and row["code"] == "invalid-input", row
    assert word in row["reason"] and row["hint"], row


def use(service, recorder):
    marker, hostile = attacks(service, recorder)
    drain = ssh_gate(service)
    # The script alone obeys the option: the attack is real.
    subprocess.run([drain, "r", "web-1", "uuid", hostile["option"]], env={}, capture_output=True, check=False, timeout=30)
    assert marker.exists(), "ssh did not obey the option"
    marker.unlink()
    row = rollout(service, "by-option", "web-1", "new", drain={"command": "drain"})
    refused(row, "properties/health_address")
    assert not marker.exists(), "the address ran a program"
    row = rollout(service, "by-name", "-web-3", "new", drain={"command": "drain"})
    refused(row, "begins with -")
    row = rollout(service, "by-url", "web-2", "new", health={"http": "http://{address}/ready", "on_failure": "continue"})
    refused(row, "properties/health_address")
    assert recorder.paths == [], recorder.paths


def good(service, recorder):
    """With a right address the same gates work."""
    shown = folder_of(service) / "shown"
    gate(service, "show", f'echo "$BM_NODE_NAME $BM_NODE_ADDRESS $BM_ROLLOUT $2 $4" > {shown}\n')
    for node in ("web-1", "web-2"):
        service.run("node", "set", node, "properties/health_address=127.0.0.1")
    row = rollout(service, "right", "web-1", "new", drain={"command": "show"},
                  health={"http": f"http://{{address}}:{recorder.port}/ready?n={{name}}", "deadline": "30s"})
    assert row["state"] == "done", row
    assert shown.read_text(encoding="utf-8") == "web-1 127.0.0.1 right web-1 127.0.0.1\n"
    assert recorder.paths == ["/ready?n=web-1"], recorder.paths


def main():
    with Recorder() as recorder:
        service = Service(sys.argv[1])
        os.makedirs(folder_of(service) / GATES, exist_ok=True)
        with service.config.open("a", encoding="utf-8") as config:
            config.write(f"rollouts:\n  gates_folder: {folder_of(service) / GATES}\n")
        with service:
            service.run("node", "enrol", "-f", service.file("nodes.yaml", inventory({"web-1": {}, "web-2": {}, "web-3": {}})), "--provide", "--wait")
            for name in ("web-1", "web-2", "web-3"):
                service.run("node", "set", name, "owner=web")
            for image in ("old", "new"):
                service.run("image", "add", service.disk_image(f"{image}.img"), "--name", image)
            service.run("provision", "old", "web-1", "web-2", "web-3", "--yes", "--wait")
            for part in (write, store, listed, use, good):
                part(service, *((recorder,) if part is not listed else ()))
                print(part.__name__, flush=True)


main()
