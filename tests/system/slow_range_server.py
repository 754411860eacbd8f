"""An HTTP server for one file: ranges, ETag, a configurable rate. It records what it sent."""
import http.server
import threading
import time

PIECE = 64 * 1024


class SlowRangeServer:
    def __init__(self, content, bytes_per_second=0):
        self.content = content
        self.bytes_per_second = bytes_per_second
        self.sent = 0
        self.ranges = []
        self.others = {}
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_HEAD(self):
                self.answer(False)

            def do_GET(self):
                self.answer(True)

            def answer(self, with_body):
                body = outer.others.get(self.path, outer.content)
                start = 0
                asked = self.headers.get("Range")
                if asked:
                    start = int(asked.removeprefix("bytes=").split("-")[0])
                self.send_response(206 if asked else 200)
                self.send_header("Accept-Ranges", "bytes")
                self.send_header("ETag", f'"{hash(body) & 0xffffffff:x}"')
                if asked:
                    self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
                self.send_header("Content-Length", str(len(body) - start))
                self.end_headers()
                if with_body:
                    outer.ranges.append(start)
                    outer.send(self.wfile, body[start:])

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)

    def send(self, out, rest):
        try:
            for at in range(0, len(rest), PIECE):
                piece = rest[at:at + PIECE]
                out.write(piece)
                out.flush()
                self.sent += len(piece)
                if self.bytes_per_second:
                    time.sleep(len(piece) / self.bytes_per_second)
        except OSError:
            pass

    def url(self, path="/disk.raw"):
        return f"http://127.0.0.1:{self.server.server_address[1]}{path}"

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
