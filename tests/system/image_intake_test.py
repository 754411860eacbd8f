#!/usr/bin/env python3
"""Imports of images from every source, with kill -9 of bmd; labels, verification, pruning; and copies between two
bmd."""
import hashlib
import os
import pathlib
import random
import subprocess
import sys
import time

from service import Service, inventory, wait_until
from slow_range_server import SlowRangeServer

MIB = 1 << 20


def disk(seed, mebibytes=8):
    """A raw disk with a partition and incompressible content."""
    content = bytearray(random.Random(seed).randbytes(mebibytes * MIB))
    content[:512] = bytes(512)
    content[446 + 4] = 0x83
    content[446 + 8:446 + 16] = (1).to_bytes(4, "little") + (len(content) // 512 - 1).to_bytes(4, "little")
    content[510:512] = b"\x55\xaa"
    return bytes(content)


def show(service, name):
    return service.json("image", "show", name)


def state(service, name):
    return show(service, name)["state"]


def refused(service, *words):
    done = service.run(*words, check=False)
    assert done.returncode != 0, f"bm {' '.join(words)} went well:\n{done.stdout}"
    return done.stdout + done.stderr


def killed_download(build):
    content = disk(1)
    with SlowRangeServer(content, 2 * MIB) as server, Service(build) as service:
        service.run("image", "add", server.url(), "--name", "slow", "--no-wait",
                    "--checksum", "sha256:" + hashlib.sha256(content).hexdigest())
        for kill in range(2):
            before = server.sent
            assert wait_until(lambda: server.sent > before + MIB, 30), "nothing is fetched"
            service.kill()
            time.sleep(0.2)  # let bytes in flight arrive before the next run counts
            service.start()
            assert state(service, "slow") == "importing", "a half image was shown, or given up"
        assert wait_until(lambda: state(service, "slow") == "ready", 60, 0.2), show(service, "slow")
        assert any(start > 0 for start in server.ranges), f"never resumed: {server.ranges}"
        extra = server.sent - len(content)
        assert extra <= 3 * MIB, f"{extra} bytes were fetched twice"
        print(f"killed twice, resumed at {server.ranges}, {extra} bytes of {len(content)} sent twice")
        assert not list((service.state / "images" / "incoming").iterdir()), "files are left behind"


def killed_conversion(build):
    """A complete upload is imported at the next start, also after a clean stop."""
    content = disk(2, 96)
    with Service(build, settings="images:\n  compression_level: 19\n") as service:
        file = pathlib.Path(service.folder.name) / "big.raw"
        file.write_bytes(content)
        service.run("image", "add", file, "--name", "up", "--no-wait")
        service.kill()
        service.start()
        service.stop()
        service.start()
        assert wait_until(lambda: state(service, "up") == "ready", 120, 0.3), show(service, "up")


def swept_before_it_answers(build):
    """An upload right after bmd's start must not be deleted as the remains of an earlier process."""
    with Service(build) as service:
        incoming = service.state / "images" / "incoming"
        service.stop()
        left = incoming / "left-behind"
        left.mkdir()
        for number in range(20000):
            (left / str(number)).touch()
        service.launch()
        assert wait_until(service.answers, 60, 0.001), service.log_text()
        assert not left.exists(), "bmd answers while it still tidies up"


def cut_upload(build):
    """A client that disconnects half-way leaves no file."""
    with Service(build) as service:
        read, write = os.pipe()
        client = subprocess.Popen([service.bm, "image", "add", "-", "--name", "half"], env=service.environment(), stdin=read,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(read)
        os.write(write, b"x" * 60000)
        incoming = service.state / "images" / "incoming"
        assert wait_until(lambda: list(incoming.iterdir()), 10), "the upload did not begin"
        client.kill()
        client.wait()
        os.close(write)
        assert wait_until(lambda: not list(incoming.iterdir()), 20), "the half upload is still there"
        assert "half" not in [image["name"] for image in service.json("image", "list")]
        content = disk(3, 2)
        done = subprocess.run([service.bm, "image", "add", "-", "--name", "whole", "--label", "os=test"], env=service.environment(),
                              input=content, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
        assert show(service, "whole")["size_bytes"] == len(content)


def checksums(build):
    content = disk(4, 2)
    good, bad = hashlib.sha512(content).hexdigest(), hashlib.sha512(b"other").hexdigest()
    with SlowRangeServer(content) as server, Service(build) as service:
        server.others = {"/SHA512SUMS": f"{bad}  other.raw\n{good}  disk.raw\n".encode(),
                         "/BSD": f"SHA512 (disk.raw) = {good}\n".encode(),
                         "/WRONG": f"{bad} *disk.raw\n".encode(), "/NONE": f"{bad}  other.raw\n".encode()}
        for name in ("SHA512SUMS", "BSD"):
            service.run("image", "add", server.url(), "--name", name.lower(), "--checksum", server.url("/" + name))
        assert "checksum" in refused(service, "image", "add", server.url(), "--name", "w", "--checksum", server.url("/WRONG"))
        assert "no line for disk.raw" in refused(service, "image", "add", server.url(), "--name", "n", "--checksum", server.url("/NONE"))
        for url, why in (("file:///etc/passwd", "file://"), ("http://169.254.169.254/latest/meta-data/", "link-local"),
                         ("http://[fe80::1]/x", "link-local"), ("http://2852039166/x", "link-local"), ("ftp://x/y", "does not fetch"),
                         ("s3://bucket", "bucket and key")):
            text = refused(service, "image", "add", url, "--name", "x")
            assert why in text, text
        assert "endpoint" in refused(service, "image", "add", "s3://bucket/key", "--name", "x")


def upkeep(build):
    with Service(build) as service:
        folder = pathlib.Path(service.folder.name)
        for i in range(5):
            (folder / f"{i}.raw").write_bytes(disk(10 + i, 2))
            service.run("image", "add", folder / f"{i}.raw", "--name", f"web-{i}", "--label", "role=web", "--label", f"odd={i % 2}")
        service.run("image", "set", "web-0", "--label", "keep=yes", "--unlabel", "odd")
        assert show(service, "web-0")["labels"] == {"keep": "yes", "role": "web"}
        assert [i["name"] for i in service.json("image", "list", "--label", "odd=1")] == ["web-1", "web-3"]

        # Used: 0 by a tag, 1 by a node.
        service.run("image", "tag", "web-0", "web:old")
        service.run("node", "enrol", "-f", service.file("inventory.yaml", inventory({"n1": {}})))
        service.run("provision", "web-1", "n1")
        assert wait_until(lambda: service.json("node", "show", "n1")["provision_state"] == "active", 60, 0.3)
        orphan = service.state / "images" / "objects" / ("a" * 64 + ".manifest")
        orphan.write_bytes(b"x")
        orphan.with_suffix(".zst").write_bytes(b"x")

        told = service.run("image", "prune", "--prefix", "web-", "--keep-last", "2", "--dry-run").stdout
        assert "the tag web:old" in told and "the node n1" in told, told
        assert len(service.json("image", "list")) == 5 and orphan.exists(), "a dry run removed something"
        result = service.json("image", "prune", "--label", "role=web", "--keep-last", "2")
        assert [i["name"] for i in result["images"] if i["removed"]] == ["web-2"], result
        assert result["objects_removed"] == 1 and not orphan.exists(), result
        assert [i["name"] for i in service.json("image", "list")] == ["web-0", "web-1", "web-3", "web-4"]
        assert "keep_last" in refused(service, "image", "prune", "--prefix", "web-")
        assert not [i for i in service.json("image", "prune", "--older-than", "1h")["images"] if i["removed"]]

        service.run("image", "verify", "--all")
        content = show(service, "web-4")["content_id"]
        blocks = service.state / "images" / "objects" / f"{content}.zst"
        whole = blocks.read_bytes()
        blocks.write_bytes(whole[:MIB] + bytes([whole[MIB] ^ 1]) + whole[MIB + 1:])
        text = refused(service, "image", "verify", "--all")
        assert "web-4: BROKEN" in text and "web-3: intact" in text, text
        assert state(service, "web-4") == "broken"
        assert "not ready" in refused(service, "provision", "web-4", "n1", "--yes")
        service.run("image", "add", folder / "4.raw", "--name", "again")  # an import of the same bytes repairs it
        assert state(service, "web-4") == "ready"
        service.run("image", "verify", "web-4", "again")


def between_two(build):
    with Service(build) as first:
        file = pathlib.Path(first.folder.name) / "d.raw"
        file.write_bytes(disk(20, 4))
        first.run("image", "add", file, "--name", "golden")
        password = first.state / "admin-password"
        peers = f"images:\n  peers:\n    \"127.0.0.1:{first.port}\": {{username: admin, password_file: {password}}}\n"
        with Service(build, settings=peers) as second:
            second.run("image", "add", f"bm://127.0.0.1:{first.port}/golden", "--name", "copy")
            assert show(second, "copy")["content_id"] == show(first, "golden")["content_id"]
            second.run("image", "verify", "copy")
            second.run("image", "add", f"http://127.0.0.1:{first.port}/v1/images/golden", "--name", "copy2")
            assert "404" in refused(second, "image", "add", f"bm://127.0.0.1:{first.port}/none", "--name", "x")
        with Service(build) as third:
            assert "401" in refused(third, "image", "add", f"bm://127.0.0.1:{first.port}/golden", "--name", "x")


def main():
    parts = [killed_download, killed_conversion, swept_before_it_answers, cut_upload, checksums, upkeep, between_two]
    for part in parts:
        if len(sys.argv) < 3 or part.__name__ in sys.argv[2:]:
            print(part.__name__, flush=True)
            part(sys.argv[1])


if __name__ == "__main__":
    main()
