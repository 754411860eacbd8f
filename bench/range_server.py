"""A simple fast HTTP server of one folder for benches: ranges, sendfile(2). range_server.py ADDRESS PORT FOLDER"""
import http.server
import os
import pathlib
import sys


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        path = pathlib.Path(sys.argv[3]) / pathlib.PurePosixPath(self.path).name
        if not path.is_file():
            self.send_error(404)
            return
        size = path.stat().st_size
        first, last = 0, size - 1
        if self.headers.get("Range"):
            first, last = (int(x) for x in self.headers["Range"].removeprefix("bytes=").split("-"))
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {first}-{last}/{size}")
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(last - first + 1))
        self.end_headers()
        self.wfile.flush()
        with path.open("rb") as file:
            while first <= last:
                sent = os.sendfile(self.connection.fileno(), file.fileno(), first, last - first + 1)
                if sent == 0:
                    return
                first += sent


http.server.ThreadingHTTPServer((sys.argv[1], int(sys.argv[2])), Handler).serve_forever()
