"""A small server for the agent's protocol, which injects faults of servers and networks."""
import hashlib
import http.server
import json
import os
import socket
import threading
import time
from urllib.parse import parse_qs, urlparse

NODE = "11111111-2222-4333-8444-555555555555"
SECRET = "00112233445566778899aabbccddeeff"


class FakeServer:
    """Serves one image and one node. Attributes are its settings; lists record the requests. It can restart on its port."""

    def __init__(self, manifest=b"", blocks=b"", config_drive=b""):
        self.files = {"/manifest": manifest, "/blocks": blocks, f"/v1/agent/{NODE}/configdrive": config_drive}
        self.lock = threading.Lock()
        self.drop_after = []        # break the n-th answer with blocks after this many bytes
        self.corrupt = {}           # byte offset in blocks -> remaining number of corruptions
        self.failing = 0            # answer 503 this many times
        self.bytes_per_second = 0   # of blocks; 0: as fast as it goes
        self.bytes_sent = 0
        self.tokens = []
        self.nonce = None
        self.step = None
        self.abort = False
        self.exchanges = []
        self.lookups = []
        self.authorizations = []
        self.port = 0
        self.httpd = None
        self.start()

    # -- life
    def start(self):
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                server.get(self)

            def do_POST(self):
                server.post(self)

        http.server.ThreadingHTTPServer.allow_reuse_address = True
        self.httpd = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.httpd.daemon_threads = True
        self.httpd.handle_error = lambda *_: None  # tests kill clients
        self.connections = []
        original = self.httpd.process_request

        def remember(request, address):
            self.connections.append(request)
            original(request, address)

        self.httpd.process_request = remember
        self.port = self.httpd.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self.httpd.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def stop(self):
        """As a kill -9: the port is closed and every connection broken."""
        self.httpd.shutdown()
        self.httpd.server_close()
        for connection in self.connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    # -- protocol
    def token(self):
        return self.tokens[-1] if self.tokens else None

    def reply(self, handler, code, value):
        body = json.dumps(value).encode()
        handler.send_response(code)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    def refused(self, handler, code, text):
        self.reply(handler, code, {"error_message": text, "code": text, "hint": ""})

    def busy(self, handler):
        with self.lock:
            if self.failing <= 0:
                return False
            self.failing -= 1
        self.refused(handler, 503, "unavailable")
        return True

    def get(self, handler):
        if self.busy(handler):
            return
        path = urlparse(handler.path).path
        if path == "/v1/lookup":
            return self.lookup(handler)
        self.authorizations.append(handler.headers.get("Authorization"))
        if self.token() and handler.headers.get("Authorization") != f"Bearer {self.token()}":
            return self.refused(handler, 401, "unauthorized")
        body = self.files.get(path)
        if body is None:
            return self.refused(handler, 404, "not-found")
        self.send_file(handler, body, path == "/blocks")

    def lookup(self, handler):
        query = parse_qs(urlparse(handler.path).query)
        self.lookups.append({"query": query, "nonce": handler.headers.get("X-Bm-Nonce")})
        if handler.headers.get("X-Bm-Boot-Secret") != SECRET or query.get("node_uuid") != [NODE]:
            return self.refused(handler, 403, "forbidden")
        if self.nonce not in (None, handler.headers.get("X-Bm-Nonce")):
            return self.refused(handler, 409, "conflict")
        self.nonce = handler.headers.get("X-Bm-Nonce")
        if not self.tokens:
            self.tokens.append(os.urandom(8).hex())
        self.reply(handler, 200, {"node": {"uuid": NODE}, "config": {"agent_token": self.token(), "heartbeat_timeout": 300}})

    def post(self, handler):
        body = json.loads(handler.rfile.read(int(handler.headers["Content-Length"])))
        if self.busy(handler):
            return
        if handler.headers.get("Authorization") != f"Bearer {self.token()}":
            return self.refused(handler, 401, "unauthorized")
        with self.lock:
            self.exchanges.append(body)
            report = body.get("step")
            if report and self.step and report["id"] == self.step["id"] and report["state"] != "running":
                self.step = None
            answer = {"call_again_ms": 50, "abort": self.abort, "step": self.step}
        self.reply(handler, 200, answer)

    def send_file(self, handler, body, blocks):
        first, last = 0, len(body) - 1
        if handler.headers.get("Range"):
            first, last = (int(x) for x in handler.headers["Range"].removeprefix("bytes=").split("-"))
        handler.send_response(206 if handler.headers.get("Range") else 200)
        handler.send_header("Content-Length", str(last - first + 1))
        handler.send_header("Content-Range", f"bytes {first}-{last}/{len(body)}")
        handler.end_headers()
        limit = self.drop_after.pop(0) if blocks and self.drop_after else None
        try:
            self.send_bytes(handler, body, first, last, limit, blocks)
        except OSError:
            handler.close_connection = True

    def send_bytes(self, handler, body, first, last, limit, blocks):
        sent = 0
        while first + sent <= last:
            if limit is not None and sent >= limit:
                handler.close_connection = True
                handler.connection.shutdown(socket.SHUT_RDWR)
                return
            piece = bytearray(body[first + sent:min(first + sent + 65536, last + 1)])
            if blocks:
                self.spoil(piece, first + sent)
                if self.bytes_per_second:
                    time.sleep(len(piece) / self.bytes_per_second)
                self.bytes_sent += len(piece)
            handler.wfile.write(piece)
            sent += len(piece)

    def spoil(self, piece, offset):
        with self.lock:
            for at, times in list(self.corrupt.items()):
                if times > 0 and offset <= at < offset + len(piece):
                    piece[at - offset] ^= 0xFF
                    self.corrupt[at] = times - 1

    # -- for tests
    def write_step(self, step_id, **more):
        manifest = self.files["/manifest"]
        arguments = {
            "image": {"id": "x", "size_bytes": int.from_bytes(manifest[16:24], "little"), "manifest_url": self.url + "/manifest",
                      "blocks_url": "/blocks", "manifest_sha256": hashlib.sha256(manifest).hexdigest()},
            "root_device": {}, "root_device_policy": "single", "remembered": None, "grow_last_partition": True,
            "configdrive_url": f"/v1/agent/{NODE}/configdrive" if self.files[f"/v1/agent/{NODE}/configdrive"] else None,
            **more}
        return {"id": step_id, "name": "write_image", "arguments": arguments}

    def verify_step(self, step_id, **more):
        arguments = {**self.write_step(step_id)["arguments"], **more}
        del arguments["image"]["blocks_url"]
        kept = ("image", "root_device", "root_device_policy", "remembered")
        return {"id": step_id, "name": "verify_disk", "arguments": {key: arguments[key] for key in kept}}

    def reports(self, step_id):
        with self.lock:
            return [e["step"] for e in self.exchanges if e.get("step") and e["step"]["id"] == step_id]

    def ended(self, step_id):
        return next((r for r in self.reports(step_id) if r["state"] != "running"), None)
