#!/usr/bin/env python3
"""bmd's interfaces to monitoring: metrics with a password, JSON logs, the audit log, signed webhooks, event streams."""
import base64
import hashlib
import hmac
import http.server
import json
import pathlib
import sys
import threading
import urllib.error
import urllib.request

from service import Service, inventory, wait_until

SECRET = "a secret of some length"


class Receiver(http.server.BaseHTTPRequestHandler):
    posts = []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        time, given = (part.split("=", 1)[1] for part in self.headers["X-Bm-Signature"].split(","))
        good = hmac.new(SECRET.encode(), f"{time}.".encode() + body, hashlib.sha256).hexdigest()
        Receiver.posts.append((hmac.compare_digest(given, good), json.loads(body)))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


def request(service, path, login=True, headers=None):
    asked = urllib.request.Request(f"http://127.0.0.1:{service.port}{path}", headers=headers or {})
    if login:
        password = (service.state / "admin-password").read_text(encoding="utf-8").strip()
        asked.add_header("Authorization", "Basic " + base64.b64encode(f"admin:{password}".encode()).decode())
    return urllib.request.urlopen(asked, timeout=20)


def metrics(service):
    try:
        request(service, "/metrics", login=False)
        raise AssertionError("/metrics answers without a password")
    except urllib.error.HTTPError as error:
        assert error.code == 401, error.code
    with request(service, "/metrics") as answer:
        assert b"\nbm_nodes" in answer.read()


def webhooks(service):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_address[1]}/hook"
    service.run("webhook", "add", "chat", url, "--kinds", "state.changed", "--secret-file", "-", stdin=SECRET + "\n")
    assert "accepted" in service.run("webhook", "test", "chat").stdout
    service.run("provision", "tiny", "n1", "--wait")
    assert wait_until(lambda: any(body["event"]["message"].endswith("-> active") for _, body in Receiver.posts), 20)
    assert all(good for good, _ in Receiver.posts), "a post is not signed well"
    hooks = service.json("webhook", "list")
    assert hooks[0]["state"] == "active" and SECRET not in json.dumps(hooks), hooks
    assert service.run("webhook", "add", "chat", url, check=False).returncode == 4
    assert service.run("webhook", "add", "bad", "file:///etc/passwd", check=False).returncode == 2
    assert "deleted" in service.run("webhook", "delete", "chat").stdout
    assert service.run("webhook", "show", "chat", check=False).returncode == 3
    server.shutdown()
    server.server_close()


def audit(service):
    rows = []

    def complete():
        rows[:] = service.json("audit", "--node", "n1", "--since", "1h")
        return {"POST /v1/nodes/{ident}/provision", "operation.deploy"} <= {row["action"] for row in rows}

    assert wait_until(complete, 20), rows
    assert all(row["actor"] == "admin" for row in rows), rows
    assert SECRET not in json.dumps(service.json("audit"))
    assert "accepted 202" in service.run("audit", "--node", "n1").stdout
    assert service.run("audit", "--since", "soon", check=False).returncode == 2


def logs(service):
    with request(service, "/v1/nodes/ghost/states", headers={"X-Request-Id": "my-request-42"}) as _:
        raise AssertionError("there is no node ghost")


def log_lines(service):
    try:
        logs(service)
    except urllib.error.HTTPError as error:
        assert error.headers["X-Openstack-Request-Id"] == "my-request-42"
    lines = [json.loads(line) for line in service.log_text().splitlines() if line.startswith("{")]
    assert lines and all({"ts", "level", "area", "message"} <= set(line) for line in lines)
    assert len(lines) == len(service.log_text().splitlines()), "a line is not JSON"
    with request(service, "/v1/logs?level=info&limit=5") as answer:
        assert json.load(answer)["logs"]


def stream(service):
    with request(service, "/v1/events?after=0&node=n1", headers={"Accept": "text/event-stream"}) as answer:
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        text = b""
        while b"-> active" not in text:
            text += answer.readline()
    ids = [int(line[4:]) for line in text.decode().splitlines() if line.startswith("id: ")]
    assert ids == sorted(set(ids)), ids


def main():
    with Service(sys.argv[1], "log:\n  format: json\n") as service:
        service.run("node", "enrol", "-f", service.file("inventory.yaml", inventory({"n1": {}})))
        service.run("image", "add", service.disk_image(), "--name", "tiny")
        for look in (metrics, webhooks, audit, log_lines, stream):
            look(service)
            print(f"{look.__name__}: as it should be")
    with Service(sys.argv[1], "") as service:
        config = pathlib.Path(service.config)
        service.stop()
        config.write_text(config.read_text(encoding="utf-8").replace("api:\n", "api:\n  open_metrics: true\n"), encoding="utf-8")
        service.start()
        with request(service, "/metrics", login=False) as answer:
            assert answer.status == 200


main()
