#!/usr/bin/env python3
"""Captures with the real programs: bm-agent works for bmd on disks that are files. A system is deployed, changed,
captured (bmd is killed half-way) and deployed to a larger disk with the change. Free space, swap and the config drive
are not captured. A disk that is too small, a lying agent and an existing name are refused. Needs root: loop devices are
mounted."""
import hashlib
import json
import os
import pathlib
import re
import struct
import subprocess
import sys
import urllib.error
import urllib.request

from machine import MIB, Machine
from service import Service, inventory, wait_until

os.environ["PATH"] += ":/usr/sbin:/sbin"


def run(*argv, **kw):
    return subprocess.run([str(a) for a in argv], check=True, capture_output=True, text=True, timeout=120, **kw).stdout


class DiskMachine(Machine):
    def partitions(self):
        return json.loads(run("sfdisk", "--json", self.disk))["partitiontable"]["partitions"]


class MountedPartition:
    def __init__(self, machine, number):
        part = machine.partitions()[number]
        self.folder = machine.folder / "mnt"
        self.folder.mkdir(exist_ok=True)
        run("mount", "-o", f"loop,offset={part['start'] * 512},sizelimit={part['size'] * 512}", machine.disk, self.folder)

    def __enter__(self):
        return self.folder

    def __exit__(self, *_):
        run("umount", self.folder)


def system_image(folder):
    """A GPT with swap and an ext4 that looks like a root file system."""
    tree = folder / "tree"
    for path in ("etc/ssh", "var/log", "usr/bin"):
        (tree / path).mkdir(parents=True)
    (tree / "etc/os-release").write_text("ID=test\n")
    (tree / "etc/machine-id").write_text("0123456789abcdef0123456789abcdef\n")
    (tree / "blob").write_bytes(os.urandom(12 * MIB))
    raw = folder / "system.raw"
    with open(raw, "wb") as file:
        file.truncate(72 * MIB)
    run("sgdisk", "-n", "1:2048:+8M", "-t", "1:8200", "-n", "2:0:0", "-c", "2:root", raw)
    swap = folder / "swap"
    with open(swap, "wb") as file:
        file.truncate(8 * MIB)
    run("mkswap", swap)
    ext4 = folder / "ext4"
    size = (72 - 9 - 1) * MIB
    run("mkfs.ext4", "-q", "-d", tree, ext4, f"{size // 1024}k")
    for part, at in ((swap, 1), (ext4, 9)):
        run("dd", f"if={part}", f"of={raw}", "bs=1M", f"seek={at}", "conv=notrunc,sparse")
    return raw


def change(machine):
    with MountedPartition(machine, 1) as root:
        (root / "etc/changed").write_text("by hand\n")
        (root / "secret").write_bytes(b"SECRET-OF-A-REMOVED-FILE" * 40000)
        run("sync", "-f", root / "secret")
        (root / "secret").unlink()
    with open(machine.disk, "r+b") as disk:          # the content of the swap
        disk.seek(3 * MIB)
        disk.write(b"SECRET-OF-A-REMOVED-FILE" * 1000)
    assert b"SECRET-OF-A-REMOVED-FILE" in machine.disk.read_bytes(), "the test's own secret is gone"


def stored_raw(service, name):
    content = service.json("image", "show", name)["content_id"]
    packed = service.state / "images/objects" / f"{content}.zst"
    return subprocess.run(["zstd", "-d", "-c", packed], check=True, capture_output=True).stdout


def capture_through_kill(service, golden):
    service.run("image", "capture", "golden-1", "--name", "golden")
    assert golden.state()["provision_state"] in ("servicing", "service wait"), golden.state()["provision_state"]
    before = hashlib.sha256(golden.disk.read_bytes()).hexdigest()
    golden.boot()
    assert wait_until(lambda: service.json("image", "show", "golden").get("progress_bytes", 0) > 0 or
                      golden.operation()["finished_at"], 60)
    service.kill()
    service.start()
    operation = golden.ended()
    assert operation["state"] == "done", operation
    assert golden.state()["provision_state"] == "active"
    assert hashlib.sha256(golden.disk.read_bytes()).hexdigest() == before, "the captured disk was changed"
    step = next(s for s in operation["steps"] if s["name"] == "capture_disk")
    assert step["result"]["config_drive_left_out"] is True, step
    assert [p["mapped"] for p in step["result"]["partitions"]] == [True, True], step["result"]
    assert not os.listdir(service.state / "images/captures"), "the capture's own files stay"


def golden_image_is_clean(service):
    image = service.json("image", "show", "golden")
    assert image["state"] == "ready" and image["source_format"] == "capture", image
    raw = stored_raw(service, "golden")
    assert len(raw) == image["size_bytes"]
    assert b"SECRET-OF-A-REMOVED-FILE" not in raw, "free blocks or swap are in the image"
    assert b"config-2" not in raw and b"c\0o\0n\0f\0i\0g\0-\0002" not in raw, "the config drive is in the image"


def another_machine_has_the_change(service, other):
    other.deploy("golden")
    with MountedPartition(other, 1) as root:
        assert (root / "etc/changed").read_text() == "by hand\n"
        assert len((root / "blob").read_bytes()) == 12 * MIB
    assert "No problems found" in run("sgdisk", "--verify", other.disk)
    part = other.partitions()[1]
    assert part["size"] * 512 > 90 * MIB, f"not grown: {part}"
    with open(other.disk, "rb") as disk:
        disk.seek(part["start"] * 512)
        (other.folder / "part").write_bytes(disk.read(part["size"] * 512))
    assert " clean" in run("tune2fs", "-l", other.folder / "part") and run("e2fsck", "-fn", other.folder / "part")


def only_what_differs(other):
    """An existing image on the disk is compared first, except with --full."""
    for options, why in (((), "16 sampled blocks"), (("--full",), "the request says: every block")):
        other.deploy("golden", *options, "--yes")
        result = next(s for s in other.operation()["steps"] if s["name"] == "write_image")["result"]
        assert why in result["decision"]["why"] and not (options and result["decision"]["only_differing"]), result


def too_small(service, small):
    service.run("provision", "golden", small.name)
    small.boot()
    operation = small.ended()
    assert operation["state"] == "failed" and operation["error"]["code"] == "disk-too-small", operation


def bad_input(service, golden):
    def refused(code, *words, said):
        done = service.run(*words, check=False)
        assert done.returncode == code and said in done.stderr, f"{words}: {done.returncode}\n{done.stderr}"
    refused(4, "image", "capture", "golden-1", "--name", "golden", said="already exists")
    refused(2, "image", "capture", "golden-1", "--name", "../x", said="not a valid image name")
    refused(2, "image", "capture", "golden-1", "--name", "x", "--disk", "colour", said="HINT=VALUE")
    refused(3, "image", "capture", "nobody", "--name", "x", said="nobody")


def lying_agent(service, golden):
    """Wrong bytes, a wrong order and a partial record are refused; the node is active again, and no image remains."""
    service.run("image", "capture", "golden-1", "--name", "lie")
    golden.boot()
    golden.kill_agent()                      # another agent takes over
    assert wait_until(lambda: golden.operation()["step"] == "await_agent", 30)
    api = re.search(r"bm\.api=(\S+)", golden.cmdline).group(1).rstrip("/")
    secret = re.search(r"bm\.secret=(\S+)", golden.cmdline).group(1)

    def call(method, path, body=None, token=None, **headers):
        request = urllib.request.Request(api + path, method=method, data=body, headers={
            **({"Authorization": f"Bearer {token}"} if token else {}), **headers})
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())
    nonce = next((golden.folder / f"state{golden.boots}").glob("*nonce*"), None)
    status, grant = call("GET", f"/v1/lookup?node_uuid={golden.uuid}", **{
        "X-Bm-Boot-Secret": secret, "X-Bm-Nonce": nonce.read_text().strip() if nonce else "aa11"})
    assert status == 200, grant
    token, capture = grant["config"]["agent_token"], f"/v1/agent/{golden.uuid}/capture"
    call("POST", f"/v1/agent/{golden.uuid}/exchange", json.dumps({"boot_id": "x", "agent_version": "1", "inventory": json.loads(
        (golden.folder / "inventory.json").read_text())}).encode(), token)
    assert wait_until(lambda: golden.operation()["step"] == "capture_disk", 30), golden.operation()
    assert call("POST", capture, b'{"size_bytes": 2097152}', "wrong")[0] == 401
    assert call("POST", capture, b'{"size_bytes": 99999999999999999}', token)[1]["code"] == "image-too-large"
    assert call("POST", capture, b'{"size_bytes": 2097152}', token)[1]["blocks"] == 0
    frame = subprocess.run(["zstd", "-c"], input=b"x" * MIB, capture_output=True, check=True).stdout
    right, wrong = hashlib.sha256(b"x" * MIB).digest(), hashlib.sha256(b"y" * MIB).digest()
    bomb = subprocess.run(["zstd", "-c"], input=b"x" * (64 * MIB), capture_output=True, check=True).stdout

    def put(first, *records):
        body = b"".join(h + struct.pack("<II", len(f), flags) + f for h, f, flags in records)
        return call("PUT", f"{capture}/blocks?first={first}", body, token)
    assert put(0, (wrong, frame, 0))[1]["code"] == "checksum-mismatch"
    assert put(0, (right, bomb, 0))[1]["code"] == "image-corrupt"
    assert put(0, (right, b"", 1))[1]["code"] == "checksum-mismatch", "a hole that is none"
    assert put(1, (right, frame, 0))[1]["code"] == "conflict"
    assert put(0, (right, frame, 8))[1]["code"] == "invalid-input"
    assert call("PUT", f"{capture}/blocks?first=0", right + struct.pack("<II", len(frame), 0) + frame[:10], token)[1]["code"] == "invalid-input"
    assert put(0, (right, frame, 0))[1]["blocks"] == 1
    assert call("POST", capture + "/finish", b"{}", token)[1]["code"] == "conflict", "half an image was taken"
    assert put(1, (right, frame, 0), (right, frame, 0))[1]["code"] == "invalid-input", "a block beyond the last"
    service.run("abort", "golden-1")
    operation = golden.ended()
    assert operation["state"] == "failed" and operation["error"]["code"] == "aborted", operation
    assert golden.state()["provision_state"] == "active", "the machine was not brought back"
    assert service.json("image", "show", "lie")["state"] == "failed"
    assert not os.listdir(service.state / "images/captures")


def reports(service, golden):
    shown = service.run("node", "report", "golden-1", "--verify").stdout
    for word in ("deploy at", "system", "signature    valid", "blocks' root"):
        assert word in shown, shown
    service.run("node", "verify", "golden-1")
    before = hashlib.sha256(golden.disk.read_bytes()).hexdigest()
    golden.boot()
    assert golden.ended()["state"] == "done", golden.operation()
    assert hashlib.sha256(golden.disk.read_bytes()).hexdigest() == before, "verifying wrote to the disk"
    found = next(r for r in service.json("node", "report", "golden-1")["reports"] if r["kind"] == "verify")
    assert found["verdict"] == "valid" and found["body"]["blocks_changed"] > 0, found
    assert any(p["file_system"] == "ext4" and p["blocks_changed"] > 0 for p in found["body"]["partitions"]), found
    assert "of 72 blocks differ" in service.run("node", "report", "golden-1").stdout
    service.stop()
    database = next(p for p in service.state.rglob("*.sqlite*") if not p.name.endswith(("-wal", "-shm")))
    import sqlite3
    with sqlite3.connect(database) as connection:
        connection.execute("update node_reports set body = replace(body, 'D-golden-1', 'D-golden-2')")
    connection.close()
    service.start()
    done = service.run("node", "report", "golden-1", "--verify", check=False)
    assert done.returncode == 1 and "NOT VALID" in done.stdout, done.stdout


def main():
    with Service(sys.argv[1]) as service:
        nodes = {name: {"fake_agent_delay": "never"} for name in ("golden-1", "other-2", "small-3")}
        service.run("node", "enrol", "-f", service.file("fleet.yaml", inventory(nodes)))
        for name in nodes:
            service.run("node", "set", name, "automated_clean=false")
        machines = [DiskMachine(service, name, i, mib) for i, (name, mib) in enumerate(zip(nodes, (80, 128, 64)))]
        golden, other, small = machines
        try:
            raw = system_image(pathlib.Path(service.folder.name))
            service.run("image", "add", raw, "--name", "system")
            golden.deploy("system")
            change(golden)
            capture_through_kill(service, golden)
            golden_image_is_clean(service)
            another_machine_has_the_change(service, other)
            only_what_differs(other)
            too_small(service, small)
            bad_input(service, golden)
            lying_agent(service, golden)
            reports(service, golden)
        finally:
            for machine in machines:
                machine.end_agent()


main()
