#!/usr/bin/env python3
"""A project's user makes bmd request a service of the server itself: by image_source, checksum files, redirects, names
and other forms of the address. No request reaches the service, and no error tells what it would have answered."""
import hashlib
import http.server
import json
import subprocess
import sys
import threading
import urllib.error
import urllib.request

from service import Service, inventory, wait_until

SECRET = b"the internal service's answer\n" * 40
DIGEST = hashlib.sha256(SECRET).hexdigest()


class Web:
    """An HTTP server on an address of loopback. It records the paths it is asked for; /to/URL redirects to URL."""
    def __init__(self, address="127.0.0.1"):
        asked = self.asked = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                asked.append(self.path)
                if self.path.startswith("/to/"):
                    self.send_response(302)
                    self.send_header("Location", self.path[4:])
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                self.send_response(200)
                self.send_header("Content-Length", str(len(SECRET)))
                self.end_headers()
                if self.command == "GET":
                    self.wfile.write(SECRET)

            do_HEAD = do_GET
            do_POST = do_GET

            def log_message(self, *words):
                pass

        self.server = http.server.ThreadingHTTPServer((address, 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def token(service, *words):
    made = subprocess.run([service.bmd, "--config", service.config, "--create-token", *words], capture_output=True, text=True, timeout=60, check=True)
    return made.stdout.strip()


def call(service, secret, method, path, body=None):
    headers = {"Content-Type": "application/json", "X-OpenStack-Ironic-API-Version": "1.82", **({"X-Auth-Token": secret} if secret else service.authorization())}
    request = urllib.request.Request(f"http://127.0.0.1:{service.port}{path}", method=method, headers=headers,
                                     data=None if body is None else json.dumps(body).encode())
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def deploy(service, secret, source, checksum=DIGEST):
    """What the user is told about a deployment of image_source: the refusal, or the failed node."""
    info = {"image_source": source, "image_checksum": checksum}
    code, text = call(service, secret, "PATCH", "/v1/nodes/web-1", [{"op": "add", "path": "/instance_info", "value": info}])
    assert code == 200, text
    code, text = call(service, secret, "PUT", "/v1/nodes/web-1/states/provision", {"target": "active"})
    if code != 202:
        assert code == 400, (source, code, text)
        return text
    failed = wait_until(lambda: json.loads(call(service, secret, "GET", "/v1/nodes/web-1")[1])["provision_state"] == "deploy failed", 30, 0.2)
    assert failed, f"{source} was deployed:\n{service.run('node', 'timeline', 'web-1').stdout}"
    return "".join(call(service, secret, "GET", path)[1] for path in ("/v1/nodes/web-1", "/v1/nodes/web-1/operation", "/v1/images"))


def attack(service, user, internal, open_web):
    """@open_web is allowed by outgoing.allow; @internal is not."""
    port = internal.port
    forms = ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "127.1", "0.0.0.0", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[64:ff9b::7f00:1]",
             "[2002:7f00:1::]", "169.254.169.254", "[fd00:ec2::254]", "[fe80::1]", "100.100.100.200"]
    sources = [f"http://{form}:{port}/disk.img" for form in forms]
    sources += [f"http://127.0.0.1:{open_web.port}/to/http://{form}:{port}/disk.img" for form in ("127.0.0.1", "localhost", "[::ffff:127.0.0.1]")]
    sources.append(f"http://127.0.0.1:{open_web.port}/to/http://127.0.0.1:{service.port}/v1/nodes")
    for source in sources:
        told = deploy(service, user, source)
        assert DIGEST not in told.replace(f'"image_checksum": "{DIGEST}"', "").replace(f'"image_checksum":"{DIGEST}"', ""), (source, told)
        assert "does not request for projects" in told, (source, told)
    for checksum in (f"http://localhost:{port}/SHA256SUMS", f"http://127.0.0.1:{open_web.port}/to/http://localhost:{port}/SHA256SUMS"):
        assert "does not request for projects" in deploy(service, user, f"http://127.0.0.1:{open_web.port}/disk.img", checksum)
    for source, checksum in ((f"http://127.0.0.1:{open_web.port}/disk.img", "s3://bucket/SHA256SUMS"), ("s3://bucket/disk.img", DIGEST),
                             ("bm://site-b:6385/golden", DIGEST), ("https://site-b:6385/v1/images/golden", DIGEST)):
        assert "not for projects" in deploy(service, user, source, checksum), (source, checksum)
    assert not internal.asked, internal.asked


def wrong_digest(service, user, open_web):
    """The true digest of a foreign file is in bmd's log only."""
    told = deploy(service, user, f"http://127.0.0.1:{open_web.port}/disk.img", "0" * 64)
    assert "checksum" in told and DIGEST not in told, told
    assert DIGEST in service.log_text()


def system_requests(service, internal):
    """Webhooks, images and gates of the system follow the same rule, which tells its members why."""
    url = f"http://127.0.0.1:{internal.port}/hook"
    code, text = call(service, None, "POST", "/v1/webhooks", {"name": "self", "url": url})
    assert code == 400 and "a loopback address" in text, text
    code, text = call(service, None, "POST", "/v1/webhooks", {"name": "own", "url": f"http://127.0.0.1:{service.port}/v1"})
    assert code == 400 and "a listener of bmd itself" in text, text
    service.run("webhook", "add", "named", f"http://localhost:{internal.port}/hook")
    tested = service.run("webhook", "test", "named", check=False)
    assert "a loopback address" in tested.stdout + tested.stderr, tested
    refused = service.run("image", "add", f"http://localhost:{internal.port}/disk.img", "--name", "steered", check=False)
    assert refused.returncode != 0 and "a loopback address" in refused.stdout + refused.stderr, refused
    assert not internal.asked, internal.asked


def bmc(service):
    """ipmitool does not start for an address of the server itself."""
    nodes = "nodes:\n" + "".join(f"  - {{name: bmc-{i}, driver: ipmi, driver_info: {{ipmi_address: \"{address}\", ipmi_username: u, ipmi_password: p}}, "
                                 f"ports: [{{address: \"52:54:02:00:00:0{i}\"}}]}}\n" for i, address in enumerate(["127.0.0.1", "localhost", "::1", "169.254.169.254"]))
    service.run("node", "enrol", "-f", service.file("bmcs.yaml", nodes), check=False)
    for i in range(4):
        call(service, None, "PUT", f"/v1/nodes/bmc-{i}/states/provision", {"target": "manage"})
        error = []

        def told(name=f"bmc-{i}", error=error):
            error[:] = [json.loads(call(service, None, "GET", f"/v1/nodes/{name}")[1]).get("last_error") or ""]
            return "leads to a" in error[0]

        assert wait_until(told, 30, 0.2), (i, error)


def main():
    internal, open_web = Web(), Web()
    try:
        with Service(sys.argv[1], outgoing=f"  allow: [\"127.0.0.1:{open_web.port}\"]\n") as service:
            service.run("node", "enrol", "-f", service.file("nodes.yaml", inventory({"web-1": {}})), "--provide", "--wait")
            service.run("node", "set", "web-1", "owner=web")
            user = token(service, "manager", "--role", "manager", "--project", "web")
            attack(service, user, internal, open_web)
            wrong_digest(service, user, open_web)
            system_requests(service, internal)
            bmc(service)
        with Service(sys.argv[1], outgoing=f"  allow: [127.0.0.0/8]\n  projects_only: [\"127.0.0.1:{open_web.port}\"]\n") as service:
            service.run("node", "enrol", "-f", service.file("nodes.yaml", inventory({"web-1": {}})), "--provide", "--wait")
            service.run("node", "set", "web-1", "owner=web")
            user = token(service, "manager", "--role", "manager", "--project", "web")
            assert "does not request for projects" in deploy(service, user, f"http://127.0.0.1:{internal.port}/disk.img")
            assert not internal.asked, internal.asked
            assert "checksum" in deploy(service, user, f"http://127.0.0.1:{open_web.port}/disk.img", "1" * 64)
    finally:
        internal.close()
        open_web.close()
    print("no request of a user reaches a forbidden service")


if __name__ == "__main__":
    main()
