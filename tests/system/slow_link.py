"""A rate-limited link to a server of this machine: plain loopback sends an image before agents learn of their peers."""
import socket
import threading
import time

PIECE = 1 << 16


class SlowLink:
    """Forwards connections to 127.0.0.1:port to the server's port; all answers together have one rate."""

    def __init__(self, bytes_per_second):
        self.rate = bytes_per_second
        self.server = None   # the port, when it is known
        self.free_at = 0.0
        self.turn = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return   # the socket is closed
            try:
                server = socket.create_connection(("127.0.0.1", self.server), timeout=10)
                server.settimeout(None)
            except OSError:
                client.close()
                continue
            threading.Thread(target=self.copy, args=(client, server, False), daemon=True).start()
            threading.Thread(target=self.copy, args=(server, client, True), daemon=True).start()

    def copy(self, source, target, slowly):
        try:
            while piece := source.recv(PIECE):
                if slowly:
                    self.wait(len(piece))
                target.sendall(piece)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            for end in (source, target):
                end.close()

    def wait(self, count):
        with self.turn:
            begins = max(self.free_at, time.monotonic())
            self.free_at = begins + count / self.rate
        time.sleep(max(0.0, begins - time.monotonic()))

    def close(self):
        self.listener.close()
