#!/usr/bin/env python3
"""An object store that lies: other bytes, wrong lengths, endless bodies, redirects that ask for the keys, manifests of
other images, listings of nonsense. bmd keeps nothing wrong, and its keys go nowhere else."""
import hashlib
import http.server
import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error

from attack import Service, wait_until
from image_intake_test import disk, show, state

MIB = 1 << 20
KEY, SECRET = "bm-lying-key", "bm-lying-secret-51f0"
LIMIT = 64 * MIB


class Liar:
    """An S3 server that keeps what it gets and answers by @lie, a function of the request; None: honestly."""

    def __init__(self):
        self.objects, self.lie, self.asked = {}, None, []
        liar = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                liar.asked.append((self.command, self.path, dict(self.headers)))
                path = self.path.split("?")[0]
                if liar.lie is not None and liar.lie(self, path):
                    return
                if self.command == "PUT":
                    liar.objects[path] = body
                if self.command == "DELETE":
                    liar.objects.pop(path, None)
                if "?list-type" in self.path:
                    prefix = self.path.split("prefix=")[1].replace("%2F", "/")
                    keys = [name for name in liar.objects if name.split("/", 2)[-1].startswith(prefix)]
                    self.send(200, "".join(f"<Key>{key}</Key>" for key in keys).encode())
                elif self.command in ("GET", "HEAD") and path not in liar.objects:
                    self.send(404, b"")
                else:
                    self.send(200, liar.objects.get(path, b"") if self.command in ("GET", "HEAD") else b"")

            do_GET = do_HEAD = do_PUT = do_DELETE = answer

            def send(self, status, body, length=None, **headers):
                self.send_response(status)
                self.send_header("Content-Length", str(len(body) if length is None else length))
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            def handle(self):
                try:
                    super().handle()
                except OSError:
                    pass                     # bmd hung up

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def settings(liar, folder, more="", limit=LIMIT):
    keys = folder / "s3-keys"
    keys.write_text(f"[default]\naws_access_key_id = {KEY}\naws_secret_access_key = {SECRET}\n", encoding="utf-8")
    keys.chmod(0o600)
    return f"s3:\n  endpoint: http://127.0.0.1:{liar.port}\n  credentials_file: {keys}\n{more}images:\n  max_download: {limit >> 20}MiB\n"


def endless(handler, _path):
    """A body without an end, in chunks."""
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    piece = b"%x\r\n" % MIB + bytes(MIB) + b"\r\n"
    while handler.command == "GET":
        handler.wfile.write(piece)
    return True


def sources(service, liar, other):
    """An image of a lying bucket, with its true checksum."""
    content = disk(1, 2)
    digest = "sha256:" + hashlib.sha256(content).hexdigest()
    elsewhere = f"http://127.0.0.1:{other.port}/stolen/disk.raw"
    other.objects["/stolen/disk.raw"] = content

    def twisted(handler, _path):
        handler.send(200, content[:-1] + bytes([content[-1] ^ 1]))
        return True

    def shorter(handler, _path):
        handler.send(200, content[:MIB], len(content))
        handler.close_connection = True
        return True

    def longer(handler, _path):
        handler.send(200, content + content)
        return True

    def moved(handler, _path):
        handler.send(307, b"", Location=elsewhere)
        return True

    def enormous(handler, _path):
        handler.send(200, b"x", 1 << 62)
        handler.close_connection = True
        return True

    def bad_range(handler, _path):
        handler.send(206, content[:MIB], **{"Content-Range": f"bytes 99999999-{99999999 + MIB - 1}/18446744073709551615"})
        handler.close_connection = True
        return True

    def error_page(handler, _path):
        handler.send(403, f"<Error><Message>\x1b]0;owned\x07 {SECRET}</Message></Error>".encode())
        return True

    for lie in (twisted, longer, moved, enormous, error_page, endless, bad_range, shorter):
        liar.lie = lie
        service.run("image", "add", "s3://bucket/disk.raw", "--name", lie.__name__, "--checksum", digest, "--no-wait")
        if lie is not shorter:              # bmd tries that one again for minutes
            assert wait_until(lambda lie=lie: state(service, lie.__name__) == "failed", 60, 0.1), (lie.__name__, show(service, lie.__name__))
        else:
            time.sleep(1)
            assert state(service, lie.__name__) == "importing", show(service, lie.__name__)
            service.run("image", "delete", lie.__name__, check=False)
        incoming = sum(file.stat().st_size for file in (service.state / "images" / "incoming").rglob("*") if file.is_file())
        assert incoming <= LIMIT + 4 * MIB, f"{lie.__name__}: {incoming} bytes are kept"
    assert not other.asked, f"bmd followed the redirect: {other.asked}"
    liar.lie = None
    liar.objects["/bucket/disk.raw"] = content
    service.run("image", "add", "s3://bucket/disk.raw", "--name", "honest", "--checksum", digest)
    text = service.run("image", "list", "--wide", check=False).stdout + service.log_text()
    assert SECRET not in text and "\x1b" not in text


def fetched(service, name):
    """The image's blocks by the API; None while bmd fetches them, the error's text when it refuses."""
    try:
        return service.get(f"/v1/images/{name}/blocks")
    except urllib.error.HTTPError as error:
        text = error.read().decode()
        return None if error.code == 503 and "fetch" in text and "corrupt" not in text else text


def drop(service):
    for file in (service.state / "images" / "objects").iterdir():
        file.unlink()


def store(service, liar, folder):
    """The store in a bucket: manifest and blocks come back wrong. bmd serves no byte as the image that is not."""
    source = folder / "golden.raw"
    source.write_bytes(disk(2, 4))
    service.run("image", "add", source, "--name", "golden")
    content = show(service, "golden")["content_id"]
    manifest, blocks = liar.objects[f"/fleet/{content}.manifest"], liar.objects[f"/fleet/{content}.zst"]
    count = struct.unpack_from("<Q", manifest, 32)[0]
    (folder / "other.raw").write_bytes(disk(3, 4))
    service.run("image", "add", folder / "other.raw", "--name", "other")
    foreign = liar.objects[f"/fleet/{show(service, 'other')['content_id']}.manifest"]

    def with_entry(number, **fields):
        changed, at = bytearray(manifest), 40 + 48 * number
        if "offset" in fields:
            changed[at + 32:at + 40] = struct.pack("<Q", fields["offset"])
        if "length" in fields:
            changed[at + 40:at + 44] = struct.pack("<I", fields["length"])
        return signed(changed)

    def signed(changed):
        """With the checksum at its end: a liar can compute it, too."""
        return bytes(changed[:-32]) + hashlib.sha256(changed[:-32]).digest()

    lies = {"foreign": foreign, "cut": manifest[:-7], "empty": b"", "count": signed(manifest[:32] + struct.pack("<Q", 1 << 60) + manifest[40:]),
            "stored": signed(manifest[:24] + struct.pack("<Q", 1 << 60) + manifest[32:]),
            "offset": with_entry(count - 1, offset=1 << 61), "length": with_entry(count - 1, length=0xffffffff), "page": b"<html>" * 1000}
    for name, lie in lies.items():
        liar.objects[f"/fleet/{content}.manifest"] = lie
        drop(service)
        answers = []

        def told(answers=answers):
            answers[:] = [fetched(service, "golden")]
            return answers[0] is not None
        assert wait_until(told, 40, 0.1), name
        assert isinstance(answers[0], str), f"{name}: the blocks were served"
    liar.objects[f"/fleet/{content}.manifest"] = manifest
    twisted = bytearray(blocks)
    twisted[len(twisted) // 2] ^= 1
    for wrong in (bytes(twisted), blocks[:-1], blocks + b"more"):
        liar.objects[f"/fleet/{content}.zst"] = wrong
        drop(service)
        served = []

        def answered(served=served):
            served[:] = [fetched(service, "golden")]
            return served[0] is not None
        assert wait_until(answered, 20, 0.1)
        verified = service.run("image", "verify", "golden", check=False)
        assert verified.returncode != 0, verified
        assert isinstance(served[0], str) or "BROKEN" in verified.stdout, "wrong blocks count as the image"
        liar.objects[f"/fleet/{content}.zst"] = blocks
        service.run("image", "add", source, "--name", "again")
        service.run("image", "delete", "again")
    liar.objects[f"/fleet/{content}.zst"] = blocks


def listings(service, liar):
    """A listing decides one thing only: which objects bmd leaves alone."""
    content = show(service, "other")["content_id"]
    bomb = b"<!DOCTYPE l [<!ENTITY a \"" + b"x" * 1000 + b"\">" + b"<!ENTITY b \"&a;&a;\">" * 1000 + b"]><Contents><Key>../../etc/passwd</Key>" * 20

    def lie(handler, _path):
        if "?list-type" not in handler.path:
            return False
        handler.send(200, bomb)
        return True
    liar.lie = lie
    service.run("image", "delete", "other")
    assert wait_until(lambda: any(f"prefix=refs%2F{content}" in path.replace("/", "%2F") for _, path, _ in liar.asked), 20), liar.asked[-3:]
    liar.lie = None
    outside = [(method, path) for method, path, _ in liar.asked if method in ("PUT", "DELETE") and not path.startswith("/fleet/")]
    assert not outside, outside
    assert not any(".." in path for _, path, _ in liar.asked)


def reserve(build, liar):
    """A body without an end does not fill the disk that has the database, too: images.reserve stays free."""
    if os.geteuid() != 0:
        sys.exit("this test needs root: it mounts a small file system")
    small = Service(build)
    small.state.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512m,mode=0700", "tmpfs", small.state], check=True)
    try:
        with small.config.open("a", encoding="utf-8") as config:
            config.write(settings(liar, pathlib.Path(small.folder.name), limit=1 << 40) + "  reserve: 200MiB\n")
        small.start()
        liar.lie = endless
        small.run("image", "add", "s3://bucket/disk.raw", "--name", "endless", "--no-wait")
        least = 512 * MIB

        def over():
            nonlocal least
            least = min(least, shutil.disk_usage(small.state).free)
            return state(small, "endless") == "failed"
        assert wait_until(over, 60, 0.02), show(small, "endless")
        assert "store-full" in json.dumps(show(small, "endless")), show(small, "endless")
        assert least >= 60 * MIB, f"only {least >> 20} MiB stayed free"
        small.run("node", "list")
    finally:
        liar.lie = None
        small.stop()
        subprocess.run(["umount", small.state], check=True)
        small.log.close()
        small.folder.cleanup()


def main():
    build = sys.argv[1]
    liar, other = Liar(), Liar()
    try:
        with tempfile.TemporaryDirectory(prefix="bm-attack-") as name:
            folder = pathlib.Path(name)
            with Service(build, settings=settings(liar, folder)) as service:
                sources(service, liar, other)
                print("sources", flush=True)
            with Service(build, settings=settings(liar, folder, "  bucket: fleet\n")) as service:
                store(service, liar, folder)
                print("store", flush=True)
                listings(service, liar)
                print("listings", flush=True)
        reserve(build, liar)
        print("reserve", flush=True)
        for _, path, headers in liar.asked:
            assert SECRET not in str(headers) and SECRET not in path
    finally:
        liar.close()
        other.close()


if __name__ == "__main__":
    main()
