#!/usr/bin/env python3
"""Pages of other sites and proxies, against the programs: forms that a browser posts with its remembered password, DNS
rebinding, forged X-Forwarded-For, and clients of one proxy that count for themselves in failed logins and the audit
log."""
import json
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile

from service import Service, free_port, inventory, wait_until

PROXY = "127.0.0.2"
GUESSES = 12  # one more than bmd allows from a client


def call(port, method, path, headers, body=b"", source="127.0.0.1", before=b""):
    """The status and the JSON of an answer to exact bytes."""
    with socket.socket() as client:
        client.settimeout(30)
        client.bind((source, 0))
        client.connect(("127.0.0.1", port))
        lines = {"Host": f"127.0.0.1:{port}", "Connection": "close", **headers, **({"Content-Length": len(body)} if body else {})}
        head = f"{method} {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items()) + "\r\n"
        client.sendall(before + head.encode() + body)
        answer = b""
        try:
            while piece := client.recv(65536):
                answer += piece
        except ConnectionResetError:
            pass
    if not answer:
        return 0, None
    head, _, content = answer.partition(b"\r\n\r\n")
    try:
        return int(head.split()[1]), json.loads(content)
    except ValueError:
        return int(head.split()[1]), None


def provision_state(service, name):
    return service.json("node", "show", name)["provision_state"]


def forms(service):
    """Requests that a page makes a browser send with the password that the browser remembers."""
    login = {**service.authorization(), "X-OpenStack-Ironic-API-Version": "1.82"}
    body = json.dumps({"target": "manage"}).encode()
    path = "/v1/nodes/n1/states/provision"
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        status, error = call(service.port, "PUT", path, {**login, "Content-Type": kind}, body)
        assert (status, error["code"]) == (415, "unsupported-media-type"), (kind, status, error)
    json_type = {**login, "Content-Type": "application/json"}
    for page in ({"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"}, {"Origin": "null"}):
        status, error = call(service.port, "PUT", path, {**json_type, **page}, body)
        assert (status, error["code"]) == (403, "forbidden"), (page, status, error)
        status, _ = call(service.port, "PUT", "/v1/nodes/n1/traits/CUSTOM_A", {**login, **page})
        assert status == 403, (page, status)
    assert provision_state(service, "n1") == "enroll"
    assert call(service.port, "PUT", "/v1/nodes/n1/traits/CUSTOM_A", login)[0] == 204  # as Ironic's clients send it
    assert call(service.port, "PUT", path, {**json_type, "Sec-Fetch-Site": "same-origin"}, body)[0] == 202
    assert wait_until(lambda: provision_state(service, "n1") == "manageable", 30), provision_state(service, "n1")
    print("forms and requests of other sites: refused, the node unchanged; Ironic's request without a body: done")


def addresses(service):
    """The client's address in the audit log, from a trusted proxy and from anybody."""
    login = {**service.authorization(), "X-OpenStack-Ironic-API-Version": "1.82"}
    for source, forwarded, expected in ((PROXY, "198.51.100.1, 192.0.2.7", "192.0.2.7"), (PROXY, "192.0.2.8:4711", "192.0.2.8"),
                                        ("127.0.0.3", "192.0.2.7", "127.0.0.3")):
        request = f"req-{source}-{expected}"
        status, _ = call(service.port, "PUT", "/v1/nodes/n1/traits/CUSTOM_B", {**login, "X-Forwarded-For": forwarded, "X-Request-Id": request},
                         source=source)
        assert status == 204, status

        def recorded(request=request):
            return [row for row in json.loads(service.get("/v1/audit"))["audit"] if row["request_id"] == request]
        assert wait_until(recorded, 10), f"{request} is not in the audit log"
        assert recorded()[0]["remote_address"] == expected, recorded()
    print("the audit log has the clients of the proxy; others cannot forge an address")


def guesses(service):
    """One client of the proxy guesses passwords: bmd refuses it, and no other client of the proxy."""
    wrong = {"Authorization": "Basic YWRtaW46d3Jvbmc="}
    for _ in range(GUESSES):
        status, _ = call(service.port, "GET", "/v1/nodes", {**wrong, "X-Forwarded-For": "192.0.2.66"}, source=PROXY)
    assert status == 503, status
    assert call(service.port, "GET", "/v1/nodes", {**wrong, "X-Forwarded-For": "192.0.2.7"}, source=PROXY)[0] == 401
    assert call(service.port, "GET", "/v1/nodes", {**wrong, "X-Forwarded-For": "198.51.100.9, 192.0.2.66"}, source=PROXY)[0] == 503
    print("a client that guesses passwords behind a proxy locks out itself only")


def proxy_protocol(build):
    settings = f"  trusted_proxies: [{PROXY}]\n  proxy_protocol: true\n"
    with Service(build, api=settings) as service:
        header = b"PROXY TCP4 192.0.2.9 192.0.2.1 4711 6385\r\n"
        assert call(service.port, "GET", "/v1", {}, source=PROXY, before=header)[0] == 200
        assert call(service.port, "GET", "/v1", {}, source=PROXY) == (0, None), "bmd serves a proxy without the header"
        assert call(service.port, "GET", "/v1", {}, before=header)[0] == 400, "bmd takes the header of a stranger"
        assert call(service.port, "GET", "/v1", {})[0] == 200
    print("the PROXY protocol: demanded of the proxy, refused from others")


def rebinding(build):
    """bmd --dev has no login: a page whose own name resolves to 127.0.0.1 gets nothing."""
    port = free_port()
    with tempfile.TemporaryFile() as log:
        bmd = subprocess.Popen([pathlib.Path(build) / "bmd" / "bmd", "--dev", "--port", str(port)], stdout=log, stderr=log)
        try:
            def answers():
                try:
                    return call(port, "GET", "/v1", {})[0] == 200
                except OSError:
                    return False
            assert wait_until(answers, 30), "bmd --dev does not answer"
            for host in ("evil.example", f"evil.example:{port}", "127.0.0.1.evil.example"):
                status, error = call(port, "GET", "/v1/nodes", {"Host": host})
                assert (status, error["code"]) == (403, "forbidden"), (host, status, error)
            for host in ("localhost", f"localhost:{port}", "[::1]", "192.0.2.1"):
                assert call(port, "GET", "/v1/nodes", {"Host": host})[0] == 200, host
        finally:
            bmd.send_signal(signal.SIGTERM)
            bmd.wait(20)
    print("DNS rebinding: refused by Host")


def main():
    build = sys.argv[1]
    with Service(build, api=f"  trusted_proxies: [{PROXY}]\n") as service:
        service.run("node", "enrol", "-f", service.file("fleet.yaml", inventory({"n1": {}})))
        forms(service)
        addresses(service)
        guesses(service)
    proxy_protocol(build)
    rebinding(build)


main()
