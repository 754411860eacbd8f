#!/usr/bin/env python3
"""bmd db backup of a bmd during writes, restored on another server with nodes and images. Wrong input is refused with a
hint."""
import hashlib
import io
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import threading

from service import Service, inventory, wait_until

NODES = 60


def db(service, *words, code=0):
    """Runs `bmd db ...` with the service's configuration. Returns its output."""
    done = subprocess.run([service.bmd, "--config", service.config, "db", *map(str, words)], capture_output=True, text=True,
                          check=False, timeout=120)
    assert done.returncode == code, f"bmd db {words} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def refused(service, text, *words):
    said = db(service, *words, code=2 if text.startswith("!") else 1)
    assert text.lstrip("!") in said, f"bmd db {words} does not say \"{text}\":\n{said}"
    assert "hint: " in said, f"bmd db {words} gives no hint:\n{said}"


def enrol(service, first, last):
    nodes = {f"n{number:03d}": {"fake_password": f"secret-{number}"} for number in range(first, last)}
    text = inventory(nodes)
    for number in range(last - first):  # unique addresses
        text = text.replace(f"52:54:00:00:{number // 256:02x}:{number % 256:02x}", f"52:54:00:01:{(first + number) // 256:02x}:{(first + number) % 256:02x}")
    service.run("node", "enrol", "-f", service.file(f"nodes-{first}.yaml", text))


class Writes(threading.Thread):
    """Enrols nodes one after the other until it is stopped."""

    def __init__(self, service):
        super().__init__()
        self.service, self.acknowledged, self.ends = service, 0, threading.Event()

    def run(self):
        while not self.ends.is_set() and self.acknowledged < 900:
            first = 100 + self.acknowledged
            enrol(self.service, first, first + 5)
            self.acknowledged += 5


def image_bytes(service, name):
    content = service.json("image", "show", name)["content_id"]
    return hashlib.sha256(service.get(f"/v1/images/{name}/blocks")).hexdigest(), content


def put_key(source, target):
    (target.state / "secrets").mkdir(mode=0o700, parents=True)
    shutil.copy(source.state / "secrets" / "key", target.state / "secrets" / "key")
    os.chmod(target.state / "secrets" / "key", 0o600)


def online_backup(build, folder):
    full, rows = folder / "full.tar", folder / "rows.tar"
    with Service(build) as old:
        enrol(old, 0, NODES)
        old.run("image", "add", old.disk_image(), "--name", "web")
        blocks = image_bytes(old, "web")
        writes = Writes(old)
        writes.start()
        try:
            assert wait_until(lambda: writes.acknowledged >= 10, 30), "nothing is enrolled"
            before = writes.acknowledged
            said = db(old, "backup", full, "--with-images")
            db(old, "backup", rows)
        finally:
            writes.ends.set()
            writes.join()
        assert str(old.state / "secrets" / "key") in said and "keep these apart" in said, said
        assert full.stat().st_mode & 0o777 == 0o600
        assert not list(folder.glob("*.partial*")) and not list(folder.glob("*.database*")), list(folder.iterdir())
        refused(old, "exists already", "backup", full)
        refused(old, "cannot create", "backup", folder / "missing" / "x.tar")
        for options in ([], ["--hash"], [full], [full, "--hash"], [rows]):
            said = db(old, "check", *options)
            assert "BAD" not in said and "opens all" in said, said
        refused_restores(old, full)
        with stopped(build) as new:
            refused(new, "is missing", "restore", full)
            put_key(old, new)
            said = db(new, "restore", full)
            assert "old one does not run" in said, said
            assert "BAD" not in db(new, "check", "--hash")
            refused(new, "there is a database already", "restore", full)
            new.start()
            names = {node["name"] for node in new.json("node", "list")}
            wanted = {f"n{number:03d}" for number in [*range(NODES), *range(100, 100 + before)]}
            assert wanted <= names, f"missing: {sorted(wanted - names)[:5]}"
            assert image_bytes(new, "web") == blocks
            enrol(new, 5000, 5003)  # the restored bmd accepts writes
            print(f"{len(names)} nodes restored, {len(wanted)} were acknowledged before the backup")
        with stopped(build) as other:
            (other.state / "secrets").mkdir(mode=0o700, parents=True)
            (other.state / "secrets" / "key").write_bytes(os.urandom(32))
            os.chmod(other.state / "secrets" / "key", 0o600)
            refused(other, "is another key", "restore", rows)
            said = db(other, "restore", rows, "--without-key")
            assert "does not open" in said and "web" in said, said
            said = db(other, "check", code=1)
            assert "BAD   secrets" in said and "BAD   image web" in said, said


def refused_restores(service, full):
    """A server in use refuses a restore, even when its database was moved away."""
    refused(service, "there is a database already", "restore", full)
    held = service.state / "bm.sqlite"
    moved = [(held.with_name(held.name + end), held.with_name("moved" + end)) for end in ("", "-wal", "-shm")]
    for place, away in moved:
        place.rename(away)
    (service.state / "images" / "objects").rename(service.state / "images" / "kept")
    try:
        refused(service, f"another bmd (process {service.process.pid}) uses", "restore", full)
    finally:
        shutil.rmtree(service.state / "images" / "objects", ignore_errors=True)
        (service.state / "images" / "kept").rename(service.state / "images" / "objects")
        for place, away in moved:
            away.rename(place)


def stopped(build):
    """A server on which bmd has never run."""
    class Stopped(Service):
        def __enter__(self):
            return self
    return Stopped(build)


def hostile(build, folder):
    full = folder / "full.tar"
    content = full.read_bytes()
    with stopped(build) as new:
        def bad(name, data, text):
            path = folder / name
            path.write_bytes(data)
            refused(new, text, "restore", path, "--without-key")
            assert not (new.state / "bm.sqlite").exists(), name
            objects = new.state / "images" / "objects"
            assert not objects.exists() or not list(objects.iterdir()), f"{name}: {list(objects.iterdir())}"
        bad("empty.tar", b"", "!is not a backup of bm")
        bad("text.tar", b"no archive at all\n" * 100, "!is not a backup of bm")
        bad("cut.tar", content[:len(content) // 2], "!")
        middle = bytearray(content)
        at = content.index(b"SQLite format 3") + 8192
        middle[at:at + 16384] = bytes(16384)
        bad("damaged.tar", bytes(middle), "!damaged")
        refused(new, "cannot read", "restore", folder / "no-such.tar", "--without-key")
        refused(new, "there is no database", "check")
        refused(new, "there is no database", "backup", folder / "none.tar")
        assert not (folder / "none.tar").exists() and not list(folder.glob("none*"))

        def repacked(name, change):
            path = folder / name
            with tarfile.open(full) as source, tarfile.open(path, "w") as target:
                for member in source:
                    data = source.extractfile(member).read()
                    member.name, data = change(member.name, data)
                    member.size = len(data)
                    target.addfile(member, io.BytesIO(data))
            return path.read_bytes()

        def manifest(**values):
            return lambda name, data: (name, json.dumps({**json.loads(data), **values}).encode() if name == "backup.json" else data)
        bad("newer.tar", repacked("newer.tar", manifest(format=99)), "format 99")
        bad("schema.tar", repacked("schema.tar", manifest(schema=9999)), "schema version 9999")
        bad("climb.tar", repacked("climb.tar", lambda name, data: (name.replace("images/", "images/../../"), data)), "!unexpected entry")
        assert "Example" in db(new, "backup", "--help") and "FILE" in db(new, "restore", "--help")


def main():
    folder = pathlib.Path(os.environ.get("TMPDIR", "/tmp")) / f"bm-backup-{os.getpid()}"
    folder.mkdir(mode=0o700)
    try:
        online_backup(sys.argv[1], folder)
        hostile(sys.argv[1], folder)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
