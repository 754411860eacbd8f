#!/usr/bin/env python3
"""Every command of bm with every option, on a bmd with simulated machines: as a table, as JSON, YAML and names; and wrong input with its
exit code and a hint. `bm --help` names the commands and options: the test fails when none of its calls gives one of them."""
import base64
import concurrent.futures
import functools
import gzip
import http.server
import io
import json
import pathlib
import select
import signal
import sqlite3
import subprocess
import sys
import tarfile
import threading
import time
import urllib.error
import urllib.request

import yaml
from boot_files import INITRD, kernel
from help_pages import KnownOptions
from service import Service, inventory, wait_until

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJmHcXQ1kFjHnWdDD2Nl4LDvwoxj2rBzR1j0aEu2BfQl ops@example"
LAYOUT = """partitions:
  - {name: bios, kind: bios}
  - {name: esp, kind: esp, size: 64MiB}
  - {name: srv, fs: ext4, size: 64MiB, mount: /srv}
  - {name: root, fs: ext4, mount: /}
"""
FLEET = {"web-1": {}, "web-2": {}, "web-3": {}, "web-4": {}, "slow-1": {}, "verb-1": {}, "verb-2": {}, "run-1": {},
         "roll-1": {}, "roll-2": {"fake_write_fault": "disk-failed"}, "roll-3": {"fake_write_delay": "60"}, "plan-1": {}}


class Operator:
    """Calls bm and records the commands and options."""

    def __init__(self, service):
        self.service = service
        self.options = KnownOptions(service.bm)
        self.without_hint = []

    def call(self, words, code, says, stdin, environment):
        done = subprocess.run([self.service.bm, *words], env={**self.service.environment(), **(environment or {})}, input=stdin,
                              stdin=None if stdin is not None else subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=120)
        self.options.add(words, done.returncode)
        said, call = done.stdout + done.stderr, f"bm {' '.join(map(str, words))}"
        assert done.returncode == code, f"{call}: exit code {done.returncode}, wanted {code}\n{said}"
        for text in [says] if isinstance(says, str) else says:
            assert text in said, f"{call}: \"{text}\" is not in\n{said}"
        return done

    def bm(self, *words, code=0, says=(), stdin=None, environment=None):
        return self.call(words, code, says, stdin, environment).stdout

    def refused(self, code, *words, says=(), stdin=None, environment=None):
        """Checks exit code and text, and that a hint, --help or the name of the wrong file follows."""
        done = self.call(words, code, says, stdin, environment)
        assert "{" not in done.stdout, f"bm {words} prints an answer though it fails: {done.stdout}"
        file = [word for word in words if "/" in str(word) and str(word) in done.stderr]
        if not file and "hint: " not in done.stderr and "--help" not in done.stderr:
            self.without_hint.append(f"bm {' '.join(words)} fails without a hint: {done.stderr.strip()}")

    def json(self, *words):
        return json.loads(self.bm(*words, "-o", "json"))

    def shown(self, *words, says=()):
        """Checks the command's output: equal as JSON and YAML, names, and tables, with @p says in the wide one."""
        found = self.json(*words)
        assert yaml.safe_load(self.bm(*words, "-o", "yaml")) == found, f"bm {words}: JSON and YAML differ"
        names = self.bm(*words, "-o", "name").splitlines()
        assert len(names) == (len(found) if isinstance(found, list) else 1), f"bm {words}: {names}"
        table, wide = self.bm(*words), self.bm(*words, "-o", "wide", says=says)
        bare = self.bm(*words, "--no-header")
        assert len(bare) < len(table) <= len(wide), f"bm {words}: {table}\n{wide}\n{bare}"
        return found


def enrol(operator):
    file = operator.service.file("fleet.yaml", inventory(FLEET))
    operator.bm("node", "enrol", "-f", file, "--provide", "--wait", "--timeout", "5", says=f"{len(FLEET)} created")
    more = inventory({"spare-1": {}, "spare-2": {}}).replace("00:00:00:0", "00:00:01:0")
    operator.bm("node", "enrol", "--file", "-", stdin=more, says="2 created")
    operator.refused(2, "node", "enrol", says="--file")
    operator.refused(2, "node", "enrol", "-f", file, "--timeout", "0", says="--timeout")
    operator.refused(3, "node", "enrol", "-f", "/nowhere.yaml", says="not-found")
    operator.refused(2, "node", "enrol", "-f", operator.service.file("list.yaml", "- a\n"), says="list.yaml")


def program(operator):
    operator.bm("--version", says="bm ")
    operator.refused(2, says="subcommand")
    operator.refused(2, "nodes", "list", says="did you mean: bm node")
    operator.refused(2, "node", "list", "-o", "xml", says="xml")
    operator.refused(6, "--endpoint", "http://127.0.0.1:1", "node", "list", says=["unavailable", "--endpoint"])
    operator.refused(2, "--endpoint", "ftp://x", "node", "list", says="ftp://x")
    operator.refused(5, "node", "list", environment={"BM_CLIENT_CONFIG": "/dev/null"}, says=["unauthorized", "BM_USERNAME"])
    operator.bm("completion", "bash", says="complete ")
    operator.refused(2, "completion", "fish", says="fish")
    operator.refused(2, "completion", "bash", "--fish", says="--fish")


def nodes(operator):
    operator.shown("node", "list", "web-*", says=["web-1", "available"])
    assert len(operator.json("node", "list", "--state", "available")) >= 4
    assert operator.bm("node", "list", "web-*", "--columns", "name,state", "--sort=-name", "--no-header").split()[0] == "web-4"
    operator.refused(2, "node", "list", "--columns", "nmae", says="nmae")
    operator.refused(3, "node", "list", "ghost-*", says="ghost-*")
    operator.bm("node", "set", "web-*", "resource_class=web", "properties/rack=r1", says="web-1: changed")
    operator.bm("node", "set", "roll-*", "resource_class=roll")
    assert len(operator.json("node", "list", "--class", "web")) == 4
    operator.bm("node", "set", "spare-1", "--mac", "52:54:00:aa:00:01", "--maintenance", "--reason", "fan", "extra/note=x")
    shown = operator.shown("node", "show", "spare-1", says="fan")
    assert shown["maintenance_reason"] == "fan" and "52:54:00:aa:00:01" in shown["macs"] and shown["extra"] == {"note": "x"}, shown
    assert [node["name"] for node in operator.json("node", "list", "--maintenance")] == ["spare-1"]
    operator.refused(2, "node", "set", "web-*", "--mac", "52:54:00:aa:00:02", says="--mac")
    operator.refused(4, "node", "set", "web-1", "--mac", "52:54:00:aa:00:01", says="52:54:00:aa:00:01")
    operator.refused(2, "node", "set", "web-1", "no_such_field=1", says="no_such_field")
    operator.refused(3, "node", "set", "ghost", "extra/a=b", says="not-found")
    operator.bm("node", "set", "spare-1", "--no-maintenance", "extra/note=")
    assert operator.json("node", "show", "spare-1")["extra"] == {}
    operator.refused(3, "node", "show", "ghost", says="not-found")
    operator.refused(2, "node", "delete", "spare-*", says="--yes")
    operator.bm("node", "delete", "spare-*", "--yes", says="spare-2: deleted")
    operator.refused(3, "node", "delete", "spare-1", says="not-found")


def checks(operator):
    assert all(finding["severity"] == "ok" for finding in operator.json("node", "check", "plan-1"))
    operator.bm("node", "check", "plan-1", "--image", "disk", says="fits")
    operator.bm("node", "check", "plan-1", "--image", "cut", code=1, says="not ready")
    operator.refused(3, "node", "check", "ghost", says="not-found")
    operator.bm("doctor", "--check", "bmc,clock", "--node", "plan-1", "--seconds", "20", says="BMCs answer")
    findings = operator.json("doctor", "--check", "clock")
    assert {finding["id"] for finding in findings} >= {"clock"}, findings
    operator.refused(3, "doctor", "--check", "moon", says=["moon", "clock"])
    operator.refused(2, "doctor", "--seconds", "0", says="--seconds")
    operator.refused(3, "doctor", "--node", "ghost", says="ghost")


def power(operator):
    operator.bm("power", "on", "verb-*", "--wait", says="verb-1: done")
    operator.bm("power", "soft-off", "verb-1", "--timeout", "5", "--wait", says="verb-1: done")
    operator.refused(2, "power", "off", "verb-*", says="--yes")
    operator.bm("power", "reboot", "verb-*", "--yes", "--wait", says="verb-2: done")
    operator.shown("power", "status", "verb-*", says="verb-2")
    operator.refused(2, "power", "explode", "verb-1", says="explode")
    operator.refused(2, "power", "on", "verb-1", "--timeout", "0", says="--timeout")
    operator.refused(3, "power", "on", "ghost", says="not-found")
    operator.refused(2, "node", "console", "verb-1", says="driver_info/ipmi_address")
    console(operator)


def console(operator):
    """The command line of ipmitool; the password stays in its file."""
    operator.bm("node", "set", "verb-2", "driver_info/ipmi_address=127.0.0.1", "driver_info/ipmi_port=6230", "driver_info/ipmi_username=admin",
                "driver_info/ipmi_cipher_suite=17")
    folder = pathlib.Path(operator.service.folder.name) / "bin"
    folder.mkdir()
    (folder / "ipmitool").write_text("#!/bin/sh\necho \"$@\"\n", encoding="utf-8")
    (folder / "ipmitool").chmod(0o755)
    path = {"PATH": f"{folder}:/usr/bin:/bin"}
    operator.bm("node", "console", "verb-2", "--password-file", "bmc.password", environment=path,
                says="-I lanplus -H 127.0.0.1 -U admin -p 6230 -C 17 -f bmc.password sol activate")
    operator.bm("node", "console", "verb-2", environment=path, says="-C 17 -a sol activate")
    operator.refused(3, "node", "console", "verb-2", environment={"PATH": "/nowhere"}, says="ipmitool")
    operator.bm("node", "set", "verb-2", *[f"driver_info/ipmi_{key}=" for key in ("address", "port", "username", "cipher_suite")])


def tree_archive(path):
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as archive:
        for name, content in (("etc/os-release", b"ID=debian\n"), ("boot/vmlinuz-6.1.0-9", kernel()), ("boot/initrd.img-6.1.0-9", INITRD)):
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(content), 0o644
            archive.addfile(info, io.BytesIO(content))
    return path


def served(folder):
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def images(operator):
    folder = pathlib.Path(operator.service.folder.name)
    disk = operator.service.disk_image()
    operator.bm("image", "add", disk, "--name", "disk", "--tag", "web:stable", "--tag", "web:1", "--label", "os=debian", "--label", "role=web",
                "--visibility", "public", "--owner", "web", says="disk: ready")
    operator.bm("image", "add", "-", "--name", "stream", "--kind", "disk", "--no-wait", stdin="\0" * 65536, says="importing")
    other = operator.service.disk_image("other.img", 9)
    server = served(folder)
    address = f"http://127.0.0.1:{server.server_address[1]}"
    operator.bm("image", "add", f"{address}/other.img", "--name", "fetched", "--checksum", "sha256:" + subprocess.run(
        ["sha256sum", other], capture_output=True, text=True, check=True).stdout.split()[0], "--label", "os=debian", says="fetched: ready")
    (folder / "vmlinuz").write_bytes(kernel())
    (folder / "initrd.img").write_bytes(INITRD)
    pair = ("--kernel", str(folder / "vmlinuz"), "--initrd", str(folder / "initrd.img"))
    operator.bm("image", "add", *pair, "--name", "live", "--kernel-arguments", "quiet", says="live: ready")
    operator.bm("image", "add", str(tree_archive(folder / "tree.tar")), "--name", "tree", "--kind", "tree", says="tree: ready")
    (folder / "cut.gz").write_bytes(gzip.compress(b"x" * 100000)[:-20])
    operator.bm("image", "add", str(folder / "cut.gz"), "--name", "cut", code=1)
    added = json.loads(operator.bm("image", "add", f"{address}/other.img", "--name", "as-json", "--owner", "web", "-o", "json"))
    assert added["state"] == "ready" and added["name"] == "as-json", added
    assert (added["owner"], added["visibility"]) == ("web", "project"), added
    server.shutdown()
    server.server_close()
    operator.refused(2, "image", "add", "--name", "x", says="invalid-input")
    operator.refused(2, "image", "add", *pair[:2], "--name", "x", says="--initrd")
    operator.refused(3, "image", "add", "/nowhere.img", "--name", "x", says="/nowhere.img")
    operator.refused(4, "image", "add", disk, "--name", "disk", says="conflict")
    operator.refused(2, "image", "add", disk, "--name", "x", "--label", "novalue", says="novalue")
    operator.refused(2, "image", "add", disk, "--name", "x", "--kind", "floppy", says="floppy")


def image_words(operator):
    operator.shown("image", "list", says=["disk", "web"])
    assert {image["name"] for image in operator.json("image", "list", "--label", "os=debian")} == {"disk", "fetched"}
    operator.refused(2, "image", "list", "--label", "=", says="invalid-input")
    assert operator.shown("image", "show", "web:stable", says="debian")["name"] == "disk"
    operator.refused(3, "image", "show", "ghost", says="not-found")
    operator.bm("image", "tag", "fetched", "web:next", "web:stable", says="web:next is fetched")
    operator.refused(3, "image", "tag", "ghost", "web:next", says="not-found")
    operator.refused(2, "image", "tag", "fetched", "not a tag", says="not a tag")
    assert operator.bm("image", "tags", says="web:next")
    assert {tag["tag"] for tag in operator.json("image", "tags")} == {"web:stable", "web:1", "web:next"}
    assert [change["image_name"] for change in operator.json("image", "tags", "web:stable")] == ["fetched", "disk"]
    operator.refused(3, "image", "tags", "web:never", says="not-found")
    operator.bm("image", "tag", "disk", "web:stable")
    operator.bm("image", "untag", "web:next", says="web:next")
    operator.refused(3, "image", "untag", "web:next", says="not-found")
    operator.bm("image", "set", "disk", "--arch", "x86_64", "--boot-mode", "any", "--label", "tier=1", "--unlabel", "role")
    shown = operator.json("image", "set", "live", "--kernel-arguments", "%default% single")
    assert shown["description"]["kernel_arguments"].endswith("single"), shown
    shown = operator.json("image", "show", "disk")
    assert shown["architecture"] == "x86_64" and shown["labels"] == {"os": "debian", "tier": "1"}, shown
    assert (shown["owner"], shown["visibility"]) == ("web", "public"), shown
    shown = operator.json("image", "set", "disk", "--visibility", "project", "--owner", "")
    assert (shown["owner"], shown["visibility"]) == (None, "project"), shown
    operator.bm("image", "set", "disk", "--visibility", "public")
    operator.refused(2, "image", "set", "disk", "--visibility", "everybody", says="everybody")
    operator.refused(2, "image", "set", "disk", says="--label")
    operator.refused(2, "image", "set", "disk", "--boot-mode", "cassette", says="boot_mode")
    operator.refused(3, "image", "set", "ghost", "--arch", "x86_64", says="not-found")


def image_upkeep(operator):
    assert wait_until(lambda: operator.json("image", "show", "stream")["state"] == "ready", 30)
    operator.bm("image", "verify", "disk", says="disk: intact")
    operator.bm("image", "verify", "--all", says="0 broken")
    operator.refused(2, "image", "verify", says="--all")
    operator.refused(3, "image", "verify", "ghost", says="not-found")
    rule = ("image", "prune", "--label", "os=debian", "--prefix", "f", "--by", "os", "--keep-last", "0", "--older-than", "0s")
    operator.bm(*rule, "--dry-run", says=["fetched", "would be removed"])
    pruned = operator.json(*rule, "--dry-run")["images"]
    assert [(image["name"], image["removed"]) for image in pruned] == [("fetched", True)], pruned
    operator.bm(*rule, says="removed")
    operator.refused(3, "image", "show", "fetched", says="not-found")
    operator.refused(2, "image", "prune", "--older-than", "soon", says="--older-than")
    operator.bm("image", "delete", "stream", "as-json", says="as-json: deleted")
    operator.refused(3, "image", "delete", "stream", says="not-found")


def api(operator, method, path, body):
    request = urllib.request.Request(f"http://127.0.0.1:{operator.service.port}{path}", method=method, data=json.dumps(body).encode() if body else b"", headers={
        **operator.service.authorization(), "Content-Type": "application/json", "X-OpenStack-Ironic-API-Version": "1.112"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.read()


def verbs(operator):
    def order(verb, *more, node="verb-1", says="done"):
        operator.bm("node", verb, node, *more, "--wait", "--timeout", "5", says=says)
    for verb in ("manage", "provide", "inspect", "adopt", "unrescue", "unhold"):
        operator.refused(3, "node", verb, "ghost", says="not-found")
        operator.refused(2, "node", verb, "verb-1", "--timeout", "x", says="--timeout")
    order("manage")
    operator.bm("node", "manage", "verb-2", says="started")
    order("inspect")
    steps = operator.service.file("steps.json", '[{"interface": "deploy", "step": "erase_devices_metadata"}]')
    api(operator, "POST", "/v1/runbooks", {"name": "CUSTOM_WIPE", "steps": [
        {"interface": "deploy", "step": "erase_devices_metadata", "args": {}, "order": 1}]})
    api(operator, "PUT", "/v1/nodes/verb-1/traits/CUSTOM_WIPE", None)
    order("clean", "--step", "wait,seconds=0", "--no-ramdisk")
    order("clean", "--steps", steps)
    order("clean", "--runbook", "CUSTOM_WIPE", "--yes")
    for verb in ("clean", "service"):
        operator.refused(2, "node", verb, "verb-1", says="--step")
        operator.refused(2, "node", verb, "verb-1", "--runbook", "A", "--step", "wait", says="--runbook")
        operator.refused(3, "node", verb, "verb-1", "--steps", "/nowhere.json", says="/nowhere.json")
        operator.refused(2, "node", verb, "verb-*", "--step", "wait,seconds=0", says="--yes")
    operator.bm("node", "clean", "verb-1", "--step", "hold", says="clean started")
    assert wait_until(lambda: operator.json("node", "show", "verb-1")["provision_state"] == "clean hold", 20)
    order("unhold")
    order("provide")
    assert wait_until(lambda: operator.json("node", "show", "verb-2")["provision_state"] == "manageable", 20)
    order("adopt", node="verb-2")
    assert operator.json("node", "show", "verb-2")["provision_state"] == "active"


def running(operator):
    node = "run-1"
    operator.bm("provision", "web:1", node, "--ssh-key", KEY, "--wait", "--timeout", "5", says="done")
    secret = operator.service.file("secret", "s3cret\n")
    for words in (("clean", "--step", "wait"), ("rescue", "--password-file", secret)):
        operator.refused(2, "node", words[0], node, *words[1:], "--timeout", "0", says="--timeout")
    api(operator, "PUT", f"/v1/nodes/{node}/traits/CUSTOM_WIPE", None)
    steps = operator.service.file("service.json", '[{"interface": "bios", "step": "factory_reset"}]')
    operator.bm("node", "service", node, "--steps", steps, "--wait", "--timeout", "5", says="service: done")
    operator.bm("node", "service", node, "--step", "wait,seconds=0", "--no-ramdisk", "--yes", "--wait")
    operator.refused(3, "node", "service", node, "--runbook", "CUSTOM_GHOST", says="not-found")
    operator.bm("node", "rescue", node, "--password-file", secret, "--yes", "--wait", "--timeout", "5", says="rescue: done")
    operator.refused(2, "node", "rescue", node, "--password-file", "-", stdin="\n", says="password")
    operator.refused(3, "node", "rescue", "ghost", "--password-file", secret, says="not-found")
    operator.bm("node", "unrescue", node, "--wait", "--timeout", "5", says="unrescue: done")
    operator.bm("node", "verify", node, "--wait", "--timeout", "5", says=["image", "signature"])
    operator.refused(3, "node", "verify", "ghost", says="not-found")
    operator.bm("node", "report", node, "--verify", says=["disk, content", "valid"])
    assert {report["kind"] for report in operator.json("node", "report", node)["reports"]}, "no report"
    operator.refused(3, "node", "report", "ghost", says="not-found")
    timelines(operator, node)
    capture(operator, node)


def timelines(operator, node):
    operator.bm("node", "timeline", node, says="image.written")
    rows = operator.json("node", "timeline", node, "--durations")
    assert rows and all("seconds" in row or row for row in rows), rows
    operator.bm("node", "timeline", node, "--compare", "--last", "5", says="MEDIAN")
    operator.refused(2, "node", "timeline", node, "--last", "0", says="--last")
    operator.refused(3, "node", "timeline", "ghost", says="not-found")


def capture(operator, node):
    operator.bm("image", "capture", node, "--name", "golden", "--kind", "disk", "--generalise", "--wait", "--timeout", "5")
    operator.refused(3, "image", "capture", "ghost", "--name", "x", says="not-found")
    operator.refused(2, "image", "capture", node, "--name", "x", "--disk", "colour=red", says="colour")
    operator.refused(2, "image", "capture", node, "--name", "x", "--kind", "ramdisk", says="--kind")


def reboot_ok(operator, node):
    """system_boot_window has the machine that restarts; here its step is as that leaves it."""
    operator.refused(4, "node", "reboot-ok", node, says="does not wait for a restart by hand")
    operator.refused(3, "node", "reboot-ok", "ghost", says="not-found")
    assert wait_until(lambda: json.loads(operator.service.get(f"/v1/nodes/{node}/operation"))["step"] == "await_agent", 30)
    database = sqlite3.connect(operator.service.state / "bm.sqlite", timeout=20)
    with database:
        database.execute("update steps set state = 'waiting' where name = 'expect_boot' and operation_uuid = (select o.uuid from operations o "
                         "join nodes n on n.uuid = o.node_uuid where n.name = ? and o.state = 'running')", (node,))
    database.close()
    operator.bm("node", "reboot-ok", node, says="restart it by hand")


def provisioning(operator):
    service = operator.service
    data = {"--user-data": "", "--meta-data": json.dumps({"local-hostname": "h2", "public_keys": [KEY]}), "--network-data": '{"links": []}'}
    files = [word for option, text in data.items() for word in (option, service.file(option.strip("-"), text))]
    pathlib.Path(files[1]).write_bytes(gzip.compress(b"#cloud-config\n"))
    operator.bm("provision", "disk", "web-1", "--ssh-key", service.file("key.pub", f"# mine\n\n{KEY}\n{KEY}2\n"), "--root-device", "size=>= 1", "--host-name", "h1",
                *files, "--no-grow", "--full", "--no-kexec", "--wait", "--timeout", "5", says="deploy: done")
    drive = service.file("drive", base64.b64encode(gzip.compress(b"\0" * 0x8001 + b"CD001" + b"\0" * 8192)).decode())
    operator.bm("provision", "disk", "web-2", "web-3", "--config-drive", drive, "--kexec", "--yes", says="web-3: disk started")
    operator.bm("provision", "tree", "web-4", "--layout", service.file("layout.yaml", LAYOUT), "--preserve", "/srv", "--no-config-drive",
                says="tree started")
    operator.refused(2, "provision", "disk", "plan-1", "--kernel-arguments", "x", says="kernel_arguments")
    operator.refused(3, "provision", "tree", "plan-1", "--layout", "zfs", says="xfs")
    operator.refused(2, "provision", "disk", "plan-1", "--meta-data", service.file("broken.json", "{"), says="broken.json")
    operator.refused(3, "provision", "disk", "plan-1", "--ssh-key", "./nonsense.pub", says="nonsense.pub")
    operator.refused(2, "provision", "disk", "plan-1", "--also-disk", "serial", says="--also-disk")
    operator.refused(2, "provision", "disk", "--name", "x", "--host-name", "h", says="--host-name")
    operator.refused(2, "provision", "disk", says="--select")
    operator.refused(3, "provision", "ghost", "plan-1", says="bm image list")
    for name in ("web-2", "web-3", "web-4"):
        assert wait_until(lambda: operator.json("node", "show", name)["provision_state"] in ("active", "deploy failed"), 60), name
    operator.refused(2, "provision", "disk", "web-1", "web-2", says="--yes")
    operator.bm("node", "set", "slow-1", "driver_info/fake_agent_delay=never")
    operator.bm("provision", "disk", "slow-1", says="slow-1")
    operator.refused(4, "provision", "disk", "slow-1", says="node-locked")
    reboot_ok(operator, "slow-1")
    operator.bm("abort", "slow-1", says="slow-1")
    operator.refused(3, "abort", "ghost", says="not-found")
    operator.refused(2, "undeploy", "web-2", "web-3", says="--yes")
    operator.bm("undeploy", "web-2", "web-3", "--yes", "--wait", says="clean: done")
    operator.refused(3, "undeploy", "ghost", says="not-found")


#: each option of a rollout; provision and the schedules have the same
FLEET_OPTIONS = ["--select", "name=plan-*", "--count", "1", "--force", "--if-older-than", "6d", "--allow-unseen", "--max-parallel", "2",
                 "--max-per-rack", "1", "--canary", "1", "--wave-growth", "3", "--max-fail", "5%", "--order", "rack", "--attempts", "1",
                 "--retry-delay", "30s", "--relay-chains", "1", "--relay-cache", "64", "--relay-order", "join", "--drain-url",
                 "http://127.0.0.1:1/drain", "--drain-deadline", "1m", "--health-tcp", "22", "--health-deadline", "1m", "--on-unhealthy", "stop"]
OTHER_OPTIONS = ["--all", "--no-relay", "--drain-command", "drain", "--health-ssh", "22", "--phone-home"]


def rollouts(operator):
    operator.bm("provision", "disk", *FLEET_OPTIONS, "--name", "whole", "--plan", says=["plan-1", "write 1"])
    operator.bm("provision", "disk", *OTHER_OPTIONS, "--name", "other", "--plan", code=2, says="health")
    operator.bm("provision", "disk", "--select", "name=plan-*", "--health-http", "http://{address}/", "--no-relay", "--name", "third", "--plan",
                says="write 1")
    body = operator.json("rollout", "show", "whole")
    assert body["state"] == "planned" and body["request"]["canary"] == 1 and len(body["rollout_nodes"]) == 1, body
    operator.bm("rollout", "delete", "third", says="third: deleted")
    operator.refused(3, "rollout", "delete", "third", says="not-found")
    operator.bm("provision", "disk", "roll-1", "roll-2", "--name", "first", "--attempts", "1", "--canary", "1", "--plan")
    operator.refused(2, "rollout", "start", "first", says="--yes")
    operator.bm("rollout", "start", "first", "--yes", "--wait", code=1, says="first is failed")
    assert operator.shown("rollout", "list", says="failed")
    assert [rollout["name"] for rollout in operator.json("rollout", "list", "--state", "failed")] == ["first"]
    operator.refused(2, "rollout", "list", "--state", "asleep", says="asleep")
    operator.bm("rollout", "show", "first", "--node-state", "failed", says="roll-2")
    operator.bm("rollout", "show", "first", "--relay", says="The server sent")
    assert "chains" in operator.json("rollout", "show", "first", "--relay")
    operator.refused(3, "rollout", "show", "ghost", says="bm rollout list")
    operator.bm("rollout", "watch", "first", code=1, says="first is failed")
    operator.refused(3, "rollout", "watch", "ghost", says="not-found")
    operator.bm("node", "set", "roll-2", "driver_info/fake_write_fault=")
    operator.bm("rollout", "retry", "first", "roll-2", "--wait", says="first: done")
    operator.bm("rollout", "watch", "first", says="first: done")
    rollout_verbs(operator)


def rollout_verbs(operator):
    operator.bm("provision", "disk", "roll-3", "--name", "second", "--no-relay", "--plan")
    operator.bm("rollout", "start", "second", "--yes", says="second")
    assert wait_until(lambda: operator.json("rollout", "show", "second")["nodes"]["working"] == 1, 30)
    operator.bm("rollout", "pause", "second", "--reason", "lunch", says="second")
    operator.bm("rollout", "resume", "second", says="second")
    operator.bm("rollout", "abort", "second", "--reason", "enough", "--yes", says="second: ")
    operator.bm("rollout", "watch", "second", code=1, says="enough")
    operator.refused(4, "rollout", "abort", "second", "--wait", says="conflict")
    operator.refused(4, "rollout", "pause", "second", says="conflict")
    operator.refused(4, "rollout", "resume", "second", "--wait", says="conflict")
    for verb in ("start", "pause", "resume", "abort", "retry"):
        operator.refused(3, "rollout", verb, "ghost", says="not-found")


def schedules(operator):
    when = ["--tz", "Europe/Berlin", "--image", "disk", "--window", "4h", "--maintenance", "mon-fri 22:00-06:00", "--blackout", "2036-12-24",
            "--missed", "once", "--overlap", "queue", "--ssh-key", KEY, "--rollout-file", operator.service.file("more.json", '{"canary": 2}')]
    operator.bm("schedule", "create", "night", "--cron", "30 2 * * 1-5", *when, *FLEET_OPTIONS, "--paused", says="night: paused")
    operator.bm("schedule", "create", "named", "--at", "2036-12-24 02:30", "--image", "disk", "--node", "plan-1", "--no-relay", "--health-ssh", "22",
                says="named: next")
    operator.bm("schedule", "create", "whole", "--cron", "@yearly", "--image", "disk", "--all", "--drain-command", "drain", "--health-http",
                "http://{address}/", code=0, says="whole")
    operator.bm("schedule", "create", "home", "--cron", "@yearly", "--image", "disk", "--node", "plan-1", "--phone-home", says="home")
    shown = operator.shown("schedule", "show", "night", says="Europe/Berlin")
    assert shown["rollout"]["canary"] == 1 and shown["rollout"]["relay"]["cache_mib"] == 64 and shown["window"], shown
    operator.bm("schedule", "set", "night", "--cron", "0 3 * * *", *when, *FLEET_OPTIONS, "--rename", "nightly", "--paused", says="nightly: paused")
    operator.bm("schedule", "set", "named", "--at", "2036-12-25 02:30", "--node", "plan-1", "--health-ssh", "23", "--no-relay", says="named")
    operator.bm("schedule", "set", "whole", "--all", "--drain-command", "other", "--health-http", "http://{name}/", says="whole")
    operator.bm("schedule", "set", "home", "--phone-home", "--window", "none")
    operator.refused(2, "schedule", "create", "x", "--cron", "99 * * * *", "--image", "disk", "--node", "plan-1", says="minute")
    operator.refused(2, "schedule", "set", "nightly", says="--help")
    operator.refused(2, "schedule", "set", "nightly", "--window", "4", says="--window")
    operator.refused(2, "schedule", "set", "nightly", "--rollout-file", operator.service.file("bad.json", "[]"), says="bad.json")
    schedule_words(operator)


def schedule_words(operator):
    assert {schedule["name"] for schedule in operator.shown("schedule", "list", says="nightly")} == {"nightly", "named", "whole", "home"}
    operator.refused(2, "schedule", "list", "--columns", "nmae", says="nmae")
    operator.bm("schedule", "next", "nightly", says="is paused")
    operator.bm("schedule", "resume", "nightly", says="nightly: next")
    assert len(operator.shown("schedule", "next", "nightly", "--count", "3", says="CE")) == 3
    operator.bm("schedule", "pause", "nightly", "home", says="home: paused")
    assert json.loads(operator.bm("schedule", "run", "home", "--yes", "-o", "json"))
    assert wait_until(lambda: operator.json("schedule", "history", "home"), 20)
    operator.bm("schedule", "history", "home", "--count", "1", says="DUE")
    operator.bm("schedule", "delete", "named", "whole", "--yes", says="whole: deleted")
    for verb in ("show", "next", "history", "pause", "resume"):
        operator.refused(3, "schedule", verb, "ghost", says="not-found")
    for verb in ("run", "delete"):
        operator.refused(2, "schedule", verb, "nightly", says="--yes")
    for verb in ("next", "history"):
        operator.refused(2, "schedule", verb, "nightly", "--count", "0", says="--count")


def webhooks(operator):
    secret = operator.service.file("hook.secret", "a secret of some length\n")
    operator.bm("webhook", "add", "chat", "http://127.0.0.1:1/hook", "--kinds", "state.changed,operation.*", "--secret-file", secret, says="chat")
    made = json.loads(operator.bm("webhook", "add", "all", "http://127.0.0.1:1/all", "-o", "json"))
    assert made["secret"], made
    assert {hook["name"] for hook in operator.shown("webhook", "list", says="operation.*")} == {"chat", "all"}
    assert "secret" not in json.dumps(operator.shown("webhook", "show", "chat", says="operation.*")), "the secret is shown"
    operator.bm("webhook", "test", "chat", code=1)
    operator.refused(2, "webhook", "add", "bad", "file:///etc/passwd", says="url")
    operator.refused(3, "webhook", "add", "bad", "http://127.0.0.1:1/", "--secret-file", "/nowhere", says="/nowhere")
    operator.refused(2, "webhook", "list", "--columns", "nmae", says="nmae")
    for verb in ("show", "test", "delete"):
        operator.refused(3, "webhook", verb, "ghost", says="not-found")
    operator.bm("webhook", "delete", "all", "chat", says="chat: deleted")


def hook_that_answers(operator):
    class Answer(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            pass
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    operator.bm("webhook", "add", "good", f"http://127.0.0.1:{server.server_address[1]}/")
    operator.bm("webhook", "test", "good", says="good")
    operator.bm("webhook", "delete", "good")
    server.shutdown()
    server.server_close()


def history(operator):
    rows = operator.json("audit", "--since", "1h", "--node", "web-1", "--actor", "admin", "--action", "POST", "--limit", "5")
    assert 0 < len(rows) <= 5 and all(row["target_name"] == "web-1" for row in rows), rows
    operator.bm("audit", "--limit", "3", "-o", "wide", says="REQUEST")
    assert operator.json("node", "unknown", "--limit", "5") == []
    operator.refused(2, "node", "unknown", "--limit", "0", says="--limit")
    operator.refused(2, "audit", "--since", "yesterday", says="--since")
    operator.refused(2, "audit", "--limit", "0", says="--limit")
    assert len(operator.json("logs", "--level", "info", "-n", "2")) == 2
    assert operator.bm("logs", "--area", "bmd", "--lines", "50", says="ready")
    operator.bm("logs", "--columns", "level,message", "--lines", "2", says="LEVEL")
    operator.bm("logs", "--node", "web-1")
    operator.refused(2, "logs", "--level", "loud", says="loud")
    operator.refused(3, "logs", "--node", "ghost-*", says="ghost")
    follow(operator)
    operator.bm("top", "--once", says="nodes")
    assert operator.json("top", "--every", "1")["nodes"] == len(FLEET)
    operator.refused(2, "top", "--every", "0", says="--every")


def follow(operator):
    """`bm logs --follow` as JSON: a line each, until Ctrl-C."""
    words = ["logs", "--follow", "--area", "images", "-n", "1", "-o", "json"]
    process = subprocess.Popen([operator.service.bm, *words], env=operator.service.environment(), stdout=subprocess.PIPE, text=True)
    try:
        operator.options.add(words, 0)
        operator.bm("logs", "-f", "--level", "nonsense", code=2)
        assert select.select([process.stdout], [], [], 20)[0], "bm logs --follow prints nothing"
        assert json.loads(process.stdout.readline())["area"] == "images"
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == -signal.SIGINT
        process.stdout.close()


def contexts(operator):
    service, base = operator.service, f"http://127.0.0.1:{operator.service.port}"
    home = {"BM_CLIENT_CONFIG": service.file("own-client.yaml", "{}\n"), "BM_ENDPOINT": ""}
    login = ("--username", "admin", "--password-file", str(service.state / "admin-password"))
    operator.bm("context", "list", environment=home)
    operator.bm("context", "add", "lab", base, *login, "--use", environment=home, says="lab")
    token = service.file("token", subprocess.run([service.bmd, "--config", service.config, "--create-token", "t"], capture_output=True, text=True,
                                                 check=True).stdout)
    operator.bm("context", "add", "spare", base, "--token-file", token, "--ca-file", token, environment=home, says="spare")
    listed = json.loads(operator.bm("context", "list", "-o", "json", environment=home))
    assert [(row["name"], row["current"]) for row in listed] == [("lab", True), ("spare", False)], listed
    operator.bm("--context", "spare", "node", "list", environment=home, says="web-1")
    operator.bm("context", "use", "spare", environment=home, says="spare")
    shown = json.loads(operator.bm("context", "show", "-o", "json", environment=home))
    assert shown["name"] == "spare" and shown["token_file"] == token, shown
    for words in (("use", "ghost"), ("show", "ghost"), ("delete", "lab", "ghost")):
        operator.refused(3, "context", *words, environment=home, says="not-found")
    operator.refused(2, "context", "add", "a b", base, environment=home, says="a b")
    operator.refused(2, "context", "add", "x", "bm.example", environment=home, says="bm.example")
    operator.refused(3, "context", "add", "x", base, "--ca-file", "/nowhere", environment=home, says="/nowhere")
    operator.refused(2, "context", "list", "--columns", "nmae", environment=home, says="nmae")
    operator.bm("context", "delete", "lab", "spare", environment=home, says="spare: deleted")


def timed(part, operator):
    began = time.monotonic()
    part(operator)
    return f"{part.__name__} {time.monotonic() - began:.1f} s"


def main():
    began = time.monotonic()
    with Service(sys.argv[1]) as service:
        operator = Operator(service)
        for part in (images, enrol, nodes, image_words, webhooks, hook_that_answers):
            part(operator)
        together = (power, verbs), (running,), (provisioning,), (rollouts, schedules), (program, image_upkeep, checks, contexts, history)
        with concurrent.futures.ThreadPoolExecutor(len(together)) as pool:
            for told in pool.map(lambda parts: [timed(part, operator) for part in parts], together):
                print(*told, sep=", ")
    missing = operator.options.missing(("",)) + operator.without_hint
    assert not missing, "\n".join(missing)
    print(f"{len(operator.options.options)} pages of help, {sum(map(len, operator.options.calls.values()))} calls, {time.monotonic() - began:.0f} s")


main()
