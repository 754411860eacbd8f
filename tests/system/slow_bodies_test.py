#!/usr/bin/env python3
"""Clients without a login that send heads and hold back the bodies, on both listeners: chunked without a chunk, a length
without its bytes, a byte now and then, and long answers that nobody reads. Every GET beside them is answered within a
second."""
import contextlib
import socket
import subprocess
import sys
import threading
import time

from service import Service

HELD = 200
WITHIN = 1.0                                # seconds
SECONDS = 8                                 # of each attack
ATTACKS = {
    "chunked, no chunk": b"Transfer-Encoding: chunked\r\n\r\n",
    "a chunk's beginning": b"Transfer-Encoding: chunked\r\n\r\n5\r\nab",
    "a length, no body": b"Content-Length: 500\r\n\r\n",
    "a large length": b"Content-Length: 900000\r\n\r\n{",
    "100-continue": b"Expect: 100-continue\r\nContent-Length: 500\r\n\r\n",
}


class Holders(threading.Thread):
    """Keeps HELD connections with held-back bodies open, from 16 addresses; each gets a byte a second, and is opened
    again when bmd closes it."""

    def __init__(self, port, path, rest):
        super().__init__(daemon=True)
        self.port = port
        self.head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n".encode() + rest
        self.over = threading.Event()
        self.opened = 0

    def open(self, number):
        client = socket.socket()
        client.bind((f"127.0.0.{2 + number % 16}", 0))
        client.connect(("127.0.0.1", self.port))
        client.sendall(self.head)
        client.setblocking(False)
        self.opened += 1
        return client

    def run(self):
        clients = [self.open(number) for number in range(HELD)]
        while not self.over.wait(0.2):
            for number, client in enumerate(clients):
                try:
                    if number % 5 == int(time.monotonic() * 5) % 5:
                        client.send(b"0")
                    if client.recv(4096):
                        continue
                except BlockingIOError:
                    continue
                except OSError:
                    pass
                client.close()
                clients[number] = self.open(number)
        for client in clients:
            client.close()


def answer(port, path, headers):
    """Seconds until the whole answer, and its status."""
    begin = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{lines}\r\n".encode())
        got = b""
        with contextlib.suppress(ConnectionResetError):
            while piece := client.recv(65536):
                got += piece
    return time.monotonic() - begin, got.split(b"\r\n")[0].decode()


def served(port, path, headers, status, until):
    slowest, count = 0.0, 0
    while time.monotonic() < until:
        took, line = answer(port, path, headers)
        assert line.startswith(f"HTTP/1.1 {status} "), f"{path}: {line!r} after {took:.1f} s"
        assert took < WITHIN, f"{path} took {took:.1f} s"
        slowest, count = max(slowest, took), count + 1
        time.sleep(0.05)
    return slowest, count


def login(service):
    """A token's header: bmd checks it without a slow hash."""
    made = subprocess.run([service.bmd, "--config", service.config, "--create-token", "test"], capture_output=True, text=True, check=True, timeout=60)
    return {"Authorization": f"Bearer {made.stdout.strip()}"}


def attacked(service, headers, name, rest):
    api = Holders(service.port, "/v1/heartbeat/x", rest)
    machines = Holders(service.provisioning_port, "/v1/agent/x/exchange", rest)
    api.start()
    machines.start()
    try:
        until = time.monotonic() + SECONDS
        time.sleep(0.5)
        for port, path, status in ((service.port, "/v1/nodes", 200), (service.provisioning_port, "/v1/agent/x/configdrive", 401)):
            slowest, count = served(port, path, headers if status == 200 else {}, status, until)
            print(f"{name}: {count} x GET {path}, slowest {slowest * 1000:.0f} ms")
            until = time.monotonic() + SECONDS / 2
    finally:
        for holders in (api, machines):
            holders.over.set()
            holders.join()
    assert api.opened >= HELD and machines.opened >= HELD


def unread(service, headers):
    """Pipelined requests whose answers nobody reads."""
    with contextlib.ExitStack() as stack:
        for _ in range(40):
            client = stack.enter_context(socket.socket())
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            client.connect(("127.0.0.1", service.port))
            client.setblocking(False)
            with contextlib.suppress(BlockingIOError, ConnectionError):
                for _ in range(400):
                    client.send(b"GET /v1 HTTP/1.1\r\nHost: x\r\n\r\n" * 20)
        slowest, _ = served(service.port, "/v1/nodes", headers, 200, time.monotonic() + 4)
        print(f"unread answers: slowest GET {slowest * 1000:.0f} ms")


def limits(service):
    """413 comes before the body where its length tells; 408 to a body that does not come."""
    def status(port, path, rest, wait):
        with socket.create_connection(("127.0.0.1", port), timeout=wait) as client:
            client.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\n".encode() + rest)
            return client.recv(4096).split(b"\r\n")[0].decode()
    assert " 413 " in status(service.port, "/v1/heartbeat/x", b"Content-Length: 65537\r\n\r\n", 5)
    assert " 401 " in status(service.port, "/v1/nodes", b"Content-Length: 65537\r\n\r\n", 5)
    assert " 401 " in status(service.provisioning_port, "/v1/agent/x/exchange", b"Content-Length: 65537\r\n\r\n", 5)
    assert " 408 " in status(service.port, "/v1/heartbeat/x", b"Transfer-Encoding: chunked\r\n\r\n", 15)


def main():
    api = "  max_connections: 1024\n"
    with Service(sys.argv[1], api=api) as service:
        headers = login(service)
        for name, rest in ATTACKS.items():
            attacked(service, headers, name, rest)
        unread(service, headers)
        limits(service)
        assert service.process.poll() is None


main()
