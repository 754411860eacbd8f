#!/usr/bin/env python3
"""Clients that open event streams and read slowly or not at all, while events flow: bmd answers others within a second,
its memory stays bounded, it drops the deaf ones, and readers that read miss no event."""
import json
import socket
import sys
import threading
import time

from attack import Service, call, in_a_network_of_its_own, inventory, wait_until

DEAF, SLOW = 150, 20
EVENTS = 600
WITHIN = 1.0                                # seconds
GROWTH = 256 << 10                          # KiB of memory


def memory(service):
    with open(f"/proc/{service.process.pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def stream(service, number, window=None):
    """An open event stream whose head has been read. @window: bytes of the receive buffer."""
    client = socket.socket()
    if window:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
    client.bind((f"127.0.0.{2 + number % 60}", 0))
    client.settimeout(20)
    client.connect(("127.0.0.1", service.port))
    login = service.authorization()["Authorization"]
    client.sendall(f"GET /v1/events?stream=1 HTTP/1.1\r\nHost: x\r\nAuthorization: {login}\r\nX-OpenStack-Ironic-API-Version: 1.82\r\n\r\n".encode())
    head = b""
    while b"\r\n\r\n" not in head:
        piece = client.recv(1)
        assert piece, head
        head += piece
    assert head.startswith(b"HTTP/1.1 200"), head
    return client


class Reader(threading.Thread):
    """Reads a stream to its end and keeps the events' ids."""

    def __init__(self, client):
        super().__init__(daemon=True)
        self.client, self.text = client, b""
        self.start()

    def run(self):
        try:
            while piece := self.client.recv(65536):
                self.text += piece
        except OSError:
            pass

    def names(self):
        return {f"n{i}" for i in range(EVENTS) if f"marker-{i}-end".encode() in self.text}


def closed(client):
    """True if bmd has ended the connection; reads nothing."""
    client.setblocking(False)
    try:
        return client.send(b"\r\n") == 0
    except BlockingIOError:
        return False
    except OSError:
        return True


def with_small_buffers():
    """From here on sockets keep 64 KiB at most, so that megabytes of events fill them."""
    in_a_network_of_its_own()
    with open("/proc/sys/net/ipv4/tcp_wmem", "w", encoding="ascii") as limits:
        limits.write("4096 16384 65536")


def main():
    with_small_buffers()
    with Service(sys.argv[1], api="  max_connections_per_client: 2000\n") as service:
        service.run("node", "enrol", "-f", service.file("nodes.yaml", inventory({"n1": {}})))
        uuid = json.loads(call(service, None, "GET", "/v1/nodes/n1")[1])["uuid"]
        before = memory(service)
        reader = Reader(stream(service, 0))
        deaf = [stream(service, number, window=2048) for number in range(DEAF)]
        slow = [stream(service, number, window=2048) for number in range(SLOW)]
        over, slowest = threading.Event(), [0.0]

        def drip():
            """A byte a second from each slow one."""
            while not over.wait(1):
                for client in slow:
                    try:
                        client.recv(1)
                    except OSError:
                        pass

        def others():
            while not over.wait(0.1):
                begin = time.monotonic()
                code, _ = call(service, None, "GET", f"/v1/nodes/{uuid}")
                assert code == 200
                slowest[0] = max(slowest[0], time.monotonic() - begin)
        threads = [threading.Thread(target=work, daemon=True) for work in (drip, others)]
        for thread in threads:
            thread.start()
        peak = 0
        for number in range(EVENTS):          # each is an event of up to a few KiB
            text = f"marker-{number}-end" + "x" * 3000
            code, told = call(service, None, "PUT", "/v1/nodes/n1/maintenance", {"reason": text})
            assert code == 202, told
            if number % 50 == 0:
                peak = max(peak, memory(service))
        assert wait_until(lambda: f"marker-{EVENTS - 1}-end".encode() in reader.text, 30), "the reader does not get the events"
        missed = EVENTS - len(reader.names())
        assert missed == 0, f"the reader missed {missed} events"
        assert wait_until(lambda: sum(closed(client) for client in deaf) == DEAF, 60, 0.5), \
            f"{sum(closed(client) for client in deaf)} of {DEAF} deaf streams were ended"
        peak = max(peak, memory(service))
        over.set()
        for thread in threads:
            thread.join(10)
        assert peak - before < GROWTH, f"bmd grew by {(peak - before) >> 10} MiB"
        assert slowest[0] < WITHIN, f"another client waited {slowest[0]:.2f} s"
        # Their seats are free again.
        again = [stream(service, number) for number in range(DEAF)]
        for client in (*again, *deaf, *slow, reader.client):
            client.close()
        print(f"{DEAF} deaf and {SLOW} slow streams: others waited {slowest[0]:.2f} s at most, memory grew by {(peak - before) >> 10} MiB")


if __name__ == "__main__":
    main()
