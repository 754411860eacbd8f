#!/usr/bin/env python3
"""Trees with the real programs: archives are imported, wrong ones refused with a reason. bm-agent writes one to a disk
that is a file, by a layout of the request, of the image or of bm, with host name and key. A killed step runs again.
--preserve keeps /srv."""
import gzip
import os
import pathlib
import subprocess
import sys
import tarfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "agent"))
sys.dont_write_bytecode = True
from machine import Machine  # noqa: E402
from service import Service, inventory, wait_until  # noqa: E402
from tree_world import archive_of, differences, mounted, pack, partitions, rich_tree  # noqa: E402

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJmHcXQ1kFjHnWdDD2Nl4LDvwoxj2rBzR1j0aEu2BfQl ops@example"
LAYOUT = """# two file systems
partitions:
  - {name: bios, kind: bios}
  - {name: esp, kind: esp, size: 64MiB}
  - {name: srv, fs: ext4, size: 256MiB, mount: /srv}
  - {name: root, fs: ext4, mount: /}
"""


def refused(service, words, *argv):
    done = service.run(*argv, check=False)
    assert done.returncode != 0 and words in done.stderr, f"expected \"{words}\": {done.stdout}{done.stderr}"
    return done.stderr


def intake(service, tree, folder):
    archive = pack(tree, folder / "web.tar")
    subprocess.run(["zstd", "-q", archive], check=True)
    service.run("image", "add", f"{archive}.zst", "--name", "web")
    image = service.json("image", "show", "web")
    assert (image["kind"], image["source_format"], image["state"]) == ("tree", "tar+zst", "ready"), image
    assert image["description"]["entries"] > 20 and image["architecture"] == "x86_64", image
    service.run("image", "add", archive, "--name", "same")
    assert service.json("image", "show", "same")["content_id"] == image["content_id"], "the same tree, however it was packed, is stored once"

    layer = archive_of(("etc", tarfile.DIRTYPE, ""), ("etc/from-a-layer", tarfile.REGTYPE, b"x"))
    container = folder / "container.tar.gz"
    parts = [("a" * 64 + "/layer.tar", tarfile.REGTYPE, layer), ("manifest.json", tarfile.REGTYPE, b'[{"Layers":["' + b"a" * 64 + b'/layer.tar"]}]')]
    container.write_bytes(gzip.compress(archive_of(*parts)))
    service.run("image", "add", container, "--name", "container")
    image = service.json("image", "show", "container")
    assert (image["kind"], image["source_format"], image["description"]["layers"]) == ("tree", "docker+gz", 1), image


def wrong_ones(service, folder):
    def add(words, name, *members, more=()):
        path = folder / "wrong.tar"
        path.write_bytes(archive_of(*members))
        refused(service, words, "image", "add", path, "--name", name, *more)
        assert service.json("image", "show", name)["state"] == "failed"
    etc = ("etc", tarfile.DIRTYPE, "")
    add("leads outside", "dots", etc, ("../evil", tarfile.REGTYPE, b"x"))
    add("is a link or a file", "link", etc, ("etc/out", tarfile.SYMTYPE, "/"), ("etc/out/evil", tarfile.REGTYPE, b"x"))
    add("not a root file system", "deep", ("rootfs/etc", tarfile.DIRTYPE, ""))
    add("layout.yaml:3:", "layout", etc, ("etc/bm/layout.yaml", tarfile.REGTYPE, b"partitions:\n  - {name: root,\n    fs: zfs, mount: /}\n"))
    path = folder / "data.tar"
    path.write_bytes(archive_of(("only/data", tarfile.REGTYPE, b"x")))
    service.run("image", "add", path, "--name", "data", "--kind", "tree")
    assert service.json("image", "show", "data")["kind"] == "tree"
    refused(service, "no kernel", "provision", "data", "n1")
    disk = folder / "disk.raw"
    with open(disk, "wb") as file:
        file.truncate(1 << 20)
    service.run("image", "add", disk, "--name", "disk")
    refused(service, "whole disk", "provision", "disk", "n1", "--layout", "xfs")
    refused(service, "plain, xfs", "provision", "web", "n1", "--layout", "zfs")
    layout = folder / "bad.yaml"
    layout.write_text(LAYOUT.replace("mount: /srv", "mount: /srv/../etc"))
    refused(service, "bad.yaml:5:", "provision", "web", "n1", "--layout", layout)
    refused(service, "preserve[0]", "provision", "web", "n1", "--preserve", "/home")


def deployed(service, machine, tree, folder):
    layout = folder / "layout.yaml"
    layout.write_text(LAYOUT)
    machine.deploy("web", "--layout", layout, "--ssh-key", KEY)
    assert list(partitions(machine.disk)) == ["bios", "esp", "srv", "root", "config-2"]
    identity = {"etc/hostname", "root", "root/.ssh", "root/.ssh/authorized_keys", "srv"}
    place = folder / "mnt"
    place.mkdir()
    with mounted(machine.disk, place, root="/", srv="/srv") as root:
        assert not differences(tree, root, identity), differences(tree, root, identity)
        assert (root / "etc/hostname").read_text() == "n1\n"
        keys = root / "root/.ssh/authorized_keys"
        assert KEY in keys.read_text() and keys.stat().st_mode & 0o777 == 0o600
        (root / "srv/data.db").write_bytes(b"years of work")
    steps = {step["name"]: step for step in machine.operation()["steps"]}
    result = steps["write_tree"]["result"]
    assert result["entries"] > 20 and result["files_digest"] and result["disk"]["serial"] == "D-n1", result
    assert steps["write_tree"]["state"] == "done" and "write_image" not in steps
    refused(service, "is a tree", "node", "verify", "n1")


def again(service, machine, tree, folder):
    """A killed step runs again; preserved file systems keep their content."""
    service.run("provision", "web", "n1", "--layout", folder / "layout.yaml", "--preserve", "/srv", "--yes")
    log = machine.folder / "agent.log"
    seen = len(log.read_text())
    machine.boot()
    assert wait_until(lambda: "copying the tree," in log.read_text()[seen:], 60, 0.01), log.read_text()[seen:]
    machine.kill_agent()
    machine.start_agent()
    operation = machine.ended()
    assert operation["state"] == "done", f"{operation}\n{log.read_text()[-3000:]}"
    assert [step["result"]["preserved"] for step in operation["steps"] if step["name"] == "write_tree"] == [True]
    with mounted(machine.disk, folder / "mnt", root="/", srv="/srv") as root:
        assert (root / "srv/data.db").read_bytes() == b"years of work"
        assert not (root / "root/.ssh").exists(), "no key was given this time"


def main():
    with Service(sys.argv[1], settings="conductor:\n  agent_pace: 100ms\n") as service:
        folder = pathlib.Path(service.folder.name)
        tree = rich_tree(folder / "tree")
        service.run("node", "enrol", "-f", service.file("fleet.yaml", inventory({"n1": {"fake_agent_delay": "never"}})))
        service.run("node", "set", "n1", "automated_clean=false")
        machine = Machine(service, "n1", 0, 900)
        try:
            intake(service, tree, folder)
            wrong_ones(service, folder)
            deployed(service, machine, tree, folder)
            again(service, machine, tree, folder)
        finally:
            machine.end_agent()


if os.geteuid() != 0:
    print("needs root: it mounts what was written")
    sys.exit(77)
main()
