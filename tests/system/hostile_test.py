#!/usr/bin/env python3
"""Hostile and broken clients: incomplete requests, floods of headers, bodies with wrong lengths, requests without a
login. Each gets an answer or is disconnected, and bmd serves other clients during and after that."""
import contextlib
import http.client
import json
import socket
import sys
import time

from service import Service, inventory

HELD = 1500
FLOOD = 2000
SHARE = 30                                  # rows of one client and kind: twenty, and six a minute
PATIENCE = 25                               # seconds: the limit for a complete head is ten


def connect(service):
    return socket.create_connection(("127.0.0.1", service.port), timeout=PATIENCE)


def said(service, data):
    """The answer's status line and body; empty when bmd closed the connection without an answer."""
    with connect(service) as client:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            client.sendall(data)
        answer = bytearray()
        with contextlib.suppress(ConnectionResetError):
            while piece := client.recv(65536):
                answer += piece
        head, _, body = bytes(answer).partition(b"\r\n\r\n")
        return head.split(b"\r\n")[0].decode(), body.decode()


def refused(answer, status, *words):
    line, body = answer
    assert line.startswith(f"HTTP/1.1 {status} "), answer
    for word in words:
        assert word in body, answer


def served(service, within=5):
    begin = time.monotonic()
    assert "n1" in service.run("node", "list", "-o", "name").stdout
    took = time.monotonic() - begin
    assert took < within, f"another client waited {took:.1f} s"


def post(service, headers, body=b""):
    login = service.authorization()["Authorization"]
    return (f"POST /v1/nodes HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: {login}\r\nX-OpenStack-Ironic-API-Version: 1.82\r\n"
            f"{headers}\r\n").encode() + body


def heads(service):
    refused(said(service, b"GET /v1/nodes HTTP/1.1\r\nHost: x\r\n" + b"X-Flood: a\r\n" * 100_000 + b"\r\n"), 400, "32 KiB")
    refused(said(service, b"GET /v1/nodes HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * 1_000_000 + b"\r\n\r\n"), 400, "32 KiB")
    refused(said(service, b"GET /" + b"a" * 40_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n"), 400)
    refused(said(service, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"), 400)
    refused(said(service, b"GET /v1/nodes HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"), 400)
    refused(said(service, b"GET /v1/nodes HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"), 400)
    print("floods of headers, long lines, TLS on the plain port, two lengths: refused")


def bodies(service):
    json_type = "Content-Type: application/json\r\n"
    refused(said(service, post(service, json_type + "Content-Length: 5\r\n", b"{nope")), 400, "line 1")
    refused(said(service, post(service, json_type + "Content-Length: 60\r\n", b"[" * 30 + b"]" * 30)), 400)
    refused(said(service, post(service, json_type + "Content-Length: 2000000\r\n", b" " * 2_000_000)), 413)
    refused(said(service, post(service, json_type + "Content-Length: 18446744073709551616\r\n")), 400)
    refused(said(service, post(service, json_type + "Transfer-Encoding: chunked\r\n", b"zz\r\n")), 400)
    for body, word in (({"driver": 5}, "driver"), ({"driver": "ipmi", "colour": 1}, "colour"),
                       ({"driver": "ipmi", "name": "00000000-0000-4000-8000-000000000001"}, "name"), ({"driver": "ipmi", "extra": []}, "extra")):
        data = json.dumps(body).encode()
        refused(said(service, post(service, f"{json_type}Content-Length: {len(data)}\r\n", data)), 400, word)
    print("bodies that are no JSON, too deep, too long, of wrong types: refused with the field's name")


def held(service):
    """Incomplete requests on more connections than bmd has threads: bmd serves others, and finally closes these."""
    clients = []
    try:
        for i in range(HELD):
            client = connect(service)
            client.sendall([b"GET /v1/nodes HTTP/1.1\r\nHost: x\r\nX-Slow: ", post(service, "Content-Length: 500\r\n", b"{")][i % 2])
            clients.append(client)
        for _ in range(3):
            served(service)
        begin = time.monotonic()
        for client in clients:
            client.settimeout(max(0.1, PATIENCE - (time.monotonic() - begin)))
            with contextlib.suppress(ConnectionResetError):
                while client.recv(65536):
                    pass
        print(f"{HELD} half requests held open: others were served; all were cut off within {time.monotonic() - begin:.0f} s")
    finally:
        for client in clients:
            client.close()


def flood(port, method, path, status):
    """FLOOD requests without a login, one after the other; the path of the i-th is path(i)."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    for i in range(FLOOD):
        client.request(method, path(i), headers={"X-OpenStack-Ironic-API-Version": "1.82"})
        with client.getresponse() as answer:
            answer.read()
            assert answer.status == status, answer.status
    client.close()


def mac(i):
    return f"52:54:02:00:{i >> 8:02x}:{i & 255:02x}"


def strangers(service):
    """The rows that clients without a login cause are bounded (docs/security.md)."""
    flood(service.provisioning_port, "GET", lambda i: f"/boot/script?mac={mac(i)}&platform={'p' * 2000}", 200)
    flood(service.port, "POST", lambda i: "/v1/nodes", 401)
    events = json.loads(service.get("/v1/events?after=0&limit=1000&kind=boot.unknown"))["events"]
    assert 0 < len(events) <= SHARE and max(len(event["message"]) for event in events) <= 400, len(events)
    rows = [row for row in json.loads(service.get("/v1/audit?after=0&limit=1000"))["audit"] if row["actor"] == "(unknown)"]
    assert 0 < len(rows) <= SHARE, len(rows)
    unknown = service.json("node", "unknown")
    assert len(unknown) == 1000 and mac(FLOOD - 1) in {row["mac"] for row in unknown[:20]}, (len(unknown), unknown[:1])
    print(f"twice {FLOOD} requests without a login: {len(events)} events, {len(rows)} audit records, {len(unknown)} unknown machines")


def main():
    with Service(sys.argv[1]) as service:
        service.run("node", "enrol", "-f", service.file("fleet.yaml", inventory({"n1": {}})))
        heads(service)
        bodies(service)
        held(service)
        strangers(service)
        served(service)
        assert service.process.poll() is None


main()
