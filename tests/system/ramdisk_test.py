#!/usr/bin/env python3
"""RAM disk images with the real programs: a kernel and its initrd are added as two files, as an archive and as an ISO.
The machines are simulated except for their firmware, which this test plays: they fetch script, kernel and initrd, and
become active. Other clients get nothing, operations that need a disk are refused, and another image ends the RAM
disk."""
import contextlib
import functools
import http.server
import pathlib
import re
import subprocess
import sys
import threading
import urllib.error
import urllib.request

from boot_files import INITRD, kernel
from service import Service, inventory, wait_until


PADDED = INITRD + b"\0" * (-len(INITRD) % 4)


def refused(service, words, *argv):
    done = service.run(*argv, check=False)
    assert done.returncode != 0 and words in done.stderr, f"expected \"{words}\": {done.stdout}{done.stderr}"


class Firmware:
    """The HTTP requests of iPXE."""

    def __init__(self, service, number):
        port = re.search(r"provisioning:\n  port: (\d+)", service.config.read_text(encoding="utf-8")).group(1)
        self.base = f"http://127.0.0.1:{port}"
        self.mac = f"52:54:00:00:00:{number:02x}"

    def get(self, url):
        with urllib.request.urlopen(url, timeout=30) as answer:
            return answer.read()

    def script(self):
        return self.get(f"{self.base}/boot/script?mac={self.mac}&platform=pcbios").decode()

    def addresses(self):
        script = self.script()
        found = re.findall(r"^(?:kernel|initrd --name \S+) http://[^/]+(/\S+)(.*)$", script, re.M)
        assert found, script
        return {path.rsplit("/", 1)[1]: (self.base + path, rest.replace("|| goto failed", "").strip()) for path, rest in found}

    def status(self, url):
        try:
            self.get(url)
            return 200
        except urllib.error.HTTPError as error:
            return error.code


@contextlib.contextmanager
def served(folder):
    """The URL of a web server for @p folder."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def intake(service, folder):
    (folder / "vmlinuz").write_bytes(kernel())
    (folder / "initrd.img").write_bytes(INITRD)
    pair = ["--kernel", str(folder / "vmlinuz"), "--initrd", str(folder / "initrd.img")]
    service.run("image", "add", *pair, "--name", "rescue", "--kernel-arguments", "console=ttyS0 quiet")
    image = service.json("image", "show", "rescue")
    assert (image["kind"], image["state"], image["architecture"]) == ("ramdisk", "ready", "x86_64"), image
    assert image["description"]["kernel"]["version"] == "6.1.0-test", image
    subprocess.run(["tar", "-C", folder, "-cf", folder / "pair.tar", "initrd.img", "vmlinuz"], check=True)
    service.run("image", "add", str(folder / "pair.tar"), "--name", "from-tar")
    assert service.json("image", "show", "from-tar")["kind"] == "ramdisk"
    service.run("image", "set", "from-tar", "--kernel-arguments", "single")
    assert service.json("image", "show", "from-tar")["description"]["kernel_arguments"] == "single"
    assert "ramdisk" in service.run("image", "list", "--wide", check=False).stdout or \
        {i["kind"] for i in service.json("image", "list")} == {"ramdisk"}

    refused(service, "HdrS", "image", "add", "--kernel", str(folder / "initrd.img"), "--initrd", str(folder / "vmlinuz"), "--name", "mixed-up")
    with served(folder) as site:
        by_address = ["--kernel", site + "vmlinuz", "--initrd", site + "initrd.img"]
        service.run("image", "add", *by_address, "--name", "by-address")
        assert service.json("image", "show", "by-address")["content_id"] == image["content_id"], "other bytes by address"
        service.run("image", "delete", "by-address")
        refused(service, "answered 404", "image", "add", "--kernel", site + "ghost", "--initrd", site + "initrd.img", "--name", "ghost")
    refused(service, "http(s) address", "image", "add", "--kernel", "ftp://a/vmlinuz", "--initrd", site + "initrd.img", "--name", "ftp")
    refused(service, "pass a local file", "image", "add", *by_address, "--name", "gone")
    refused(service, "one file or URL", "image", "add", "--kernel", str(folder / "vmlinuz"), "--name", "half")
    refused(service, "boot script", "image", "add", *pair, "--name", "evil", "--kernel-arguments", "a || chain http://evil")
    disk = service.disk_image()
    service.run("image", "add", disk, "--name", "disk")
    refused(service, "is not a RAM disk", "image", "set", "disk", "--kernel-arguments", "x")
    refused(service, "kernel_arguments are for RAM disks", "provision", "disk", "n0", "--kernel-arguments", "x")
    refused(service, "no disk is written", "provision", "rescue", "n0", "--layout", "plain")
    refused(service, "no disk is written", "provision", "rescue", "n0", "--full")


def state(service, node):
    return service.json("node", "show", node)["provision_state"]


def deployed(service):
    """A node is active after it has fetched both files, not after power-on."""
    first, second = Firmware(service, 0), Firmware(service, 1)
    assert "own disk" in first.script(), "nobody wants it to boot"
    for node in ("n0", "n1"):
        service.run("provision", "rescue", node, "--ssh-key", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJmHcXQ1kFjHnWdDD2Nl4LDvwoxj2rBzR1j0aEu2BfQl a")
    assert wait_until(lambda: state(service, "n0") == "wait call-back" and state(service, "n1") == "wait call-back", 30), state(service, "n0")
    files = first.addresses()
    assert set(files) == {"vmlinuz", "initrd.img", "config.img"}, files
    url, words = files["vmlinuz"]
    assert words == "initrd=initrd.img initrd=config.img BOOTIF=01-52-54-00-00-00-00 console=ttyS0 quiet", words
    assert first.get(url) == kernel()
    assert state(service, "n0") == "wait call-back", "the initrd is still to come"
    request = urllib.request.Request(files["initrd.img"][0], headers={"Range": "bytes=4-7"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert (answer.status, answer.read()) == (206, PADDED[4:8])
    assert state(service, "n0") == "wait call-back", "four bytes are no initrd"
    assert first.get(files["initrd.img"][0]) == PADDED
    assert wait_until(lambda: state(service, "n0") == "active", 10), service.log_text()[-2000:]
    archive = subprocess.run(["cpio", "-i", "--to-stdout", "--quiet", "config-2/openstack/latest/meta_data.json"],
                             input=first.get(files["config.img"][0]), capture_output=True, check=True).stdout
    assert b'"hostname": "n0"' in archive.replace(b'":"', b'": "') and b"AAAAC3NzaC1lZDI1NTE5" in archive, archive
    assert state(service, "n1") == "wait call-back"

    other = second.addresses()
    assert other["vmlinuz"][0] != url
    token = url.split("/")[-2]
    uuid = service.json("node", "show", "n1")["uuid"]
    for wrong in (url.replace(token, "0" * len(token)), other["vmlinuz"][0].replace(other["vmlinuz"][0].split("/")[-2], token),
                  url.replace("vmlinuz", "image.iso"), f"{first.base}/boot/nodes/{uuid}//vmlinuz", url.replace("vmlinuz", "..")):
        assert first.status(wrong) in (400, 404), wrong
    for name in ("vmlinuz", "initrd.img"):
        second.get(other[name][0])
    assert wait_until(lambda: state(service, "n1") == "active", 10)
    assert token not in service.run("node", "show", "n0", "-o", "json").stdout
    shown = service.json("node", "show", "n0")
    assert shown["instance_info"]["image_type"] == "ramdisk" and shown["instance_info"]["image_source"] == "rescue", shown["instance_info"]
    kinds = service.run("node", "timeline", "n0").stdout
    for kind in ("http.script", "http.kernel", "http.initrd", "http.config", "ramdisk.started"):
        assert kind in kinds, kinds


def stays(service):
    """Every later start boots it again, also after a restart of bmd. Operations that need a disk are refused, and so is
    deleting the image."""
    firmware = Firmware(service, 0)
    before = firmware.addresses()["vmlinuz"][0]
    service.kill()
    service.start()
    assert firmware.addresses()["vmlinuz"][0] == before and firmware.get(before) == kernel()
    refused(service, "no disk to compare", "node", "verify", "n0")
    refused(service, "no disk to capture", "image", "capture", "n0", "--name", "golden")
    refused(service, "which boots it", "image", "delete", "rescue")
    service.run("node", "report", "n0")
    service.run("undeploy", "n1", "--yes", "--wait")
    assert "own disk" in Firmware(service, 1).script()


def replaced(service):
    """Another RAM disk image with other URLs; then a disk image."""
    firmware = Firmware(service, 0)
    before = firmware.addresses()
    service.run("provision", "from-tar", "n0", "--kernel-arguments", "%default% more", "--no-config-drive", "--yes")
    assert wait_until(lambda: state(service, "n0") == "wait call-back", 30)
    files = firmware.addresses()
    assert set(files) == {"vmlinuz", "initrd.img"} and files["vmlinuz"][1].endswith(" single more"), files
    assert firmware.status(before["vmlinuz"][0]) == 404
    for url, _ in files.values():
        firmware.get(url)
    assert wait_until(lambda: state(service, "n0") == "active", 10)
    service.run("image", "delete", "rescue")
    service.run("node", "set", "n0", "driver_info/fake_agent_delay=0")
    service.run("provision", "disk", "n0", "--yes", "--wait")
    assert "own disk" in firmware.script() and firmware.status(files["vmlinuz"][0]) == 404
    assert "image_type" not in service.json("node", "show", "n0")["instance_info"]
    service.run("image", "delete", "from-tar")
    assert not list((service.state / "images" / "boot").glob("*/*")), "what was taken out of images goes with them"


def late(service):
    """A machine that does not boot fails with a message."""
    service.run("image", "add", "--kernel", str(pathlib.Path(service.folder.name) / "vmlinuz"), "--initrd",
                str(pathlib.Path(service.folder.name) / "initrd.img"), "--name", "rescue")
    done = service.run("provision", "rescue", "n2", "--wait", check=False)
    assert done.returncode != 0 and "has not asked for its boot script" in done.stdout + done.stderr, done.stdout + done.stderr
    assert "own disk" in Firmware(service, 2).script(), "too late"


def rolled_out(service):
    """Many nodes at once; small or missing disks do not matter."""
    service.run("node", "enrol", "-f", service.file("more.yaml", inventory({f"n{i}": {} for i in range(3, 6)}).replace("00:00:00:0", "00:00:01:0")))
    service.run("provision", "rescue", "n3", "n4", "n5", "--max-parallel", "2", "--kernel-arguments", "%default% quiet", "--allow-unseen", "--yes", "--wait")
    for node in ("n3", "n4", "n5"):
        shown = service.json("node", "show", node)
        assert (shown["provision_state"], shown["instance_info"]["image_type"]) == ("active", "ramdisk"), shown
    plan = service.run("provision", "disk", "n3", "n4", "--max-parallel", "2", "--kernel-arguments", "x", "--plan", check=False)
    assert "kernel_arguments are for RAM disks" in plan.stdout + plan.stderr, plan


def main():
    with Service(sys.argv[1], settings="conductor:\n  callback_timeout: 12s\n") as service:
        folder = pathlib.Path(service.folder.name)
        never = {"fake_agent_delay": "never"}
        service.run("node", "enrol", "-f", service.file("fleet.yaml", inventory({"n0": never, "n1": never, "n2": never})))
        for node in ("n0", "n1", "n2"):
            service.run("node", "set", node, "automated_clean=false")
        intake(service, folder)
        deployed(service)
        stays(service)
        replaced(service)
        late(service)
        rolled_out(service)


main()
