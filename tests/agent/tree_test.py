#!/usr/bin/env python3
"""A tree that the real bm-agent deploys to disks: every entry, its owner, mode, times, attributes, links and
holes; partitions, file systems, fstab and boot loaders; preserved file systems; refusals; a malicious archive. Root: loop devices."""
import argparse
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import tarfile
import tempfile

sys.dont_write_bytecode = True
from tree_world import MIB, archive_of, differences, loop, mounted, pack, partitions, rich_tree, run  # noqa: E402

DATA = [{"name": "bios", "kind": "bios"}, {"name": "esp", "kind": "esp", "size": "64MiB"}, {"name": "swap", "fs": "swap", "size": "16MiB"},
        {"name": "srv", "fs": "xfs", "size": "320MiB", "mount": "/srv"}, {"name": "root", "fs": "ext4", "mount": "/", "options": "noatime"}]


class World:
    def __init__(self, arguments, folder):
        self.agent, self.make_blocks, self.convert = arguments.agent, arguments.make_blocks, arguments.convert
        self.folder = pathlib.Path(folder)
        self.place = self.folder / "mnt"
        self.place.mkdir()
        self.tree = rich_tree(self.folder / "tree")
        self.image = self.stored(self.canonical(pack(self.tree, self.folder / "tree.tar")), "image")

    def canonical(self, archive):
        described = self.folder / "described"
        described.write_bytes(b"")
        with open(archive, "rb") as file:
            return subprocess.run([self.convert, "tree", "--limit", "10000000000", "--file", "10000000", "--describe", described], stdin=file, check=True,
                                  capture_output=True, timeout=60).stdout

    def stored(self, archive, name):
        raw = self.folder / (name + ".pax")
        raw.write_bytes(archive)
        run(self.make_blocks, raw, self.folder / name)
        return self.folder / name

    def layout(self, **more):
        file = self.folder / "layout.json"
        file.write_text(json.dumps({"partitions": DATA} | more))
        return file

    def disk(self, mib=900, name="disk"):
        path = self.folder / name
        path.unlink(missing_ok=True)
        with open(path, "wb") as file:
            file.truncate(mib * MIB)
        return path

    def write(self, disk, image=None, layout="plain", *more):
        image = image or self.image
        return subprocess.run([str(a) for a in (self.agent, "write-tree", "--manifest", f"{image}.manifest", "--blocks", f"{image}.zst", "--to", disk,
                                                "--layout", layout, *more)], capture_output=True, text=True, timeout=240)

    def written(self, *arguments):
        done = self.write(*arguments)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def refused(self, code, words, *arguments):
        done = self.write(*arguments)
        assert done.returncode == 1 and f"({code})" in done.stderr and words in done.stderr, f"{done.returncode}: {done.stderr}"
        assert "bm-tree." not in pathlib.Path("/proc/mounts").read_text()


def digest(path):
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()


def test_everything_arrives(world):
    for layout in ("plain", "xfs", "btrfs"):
        disk = world.disk()
        outcome = world.written(disk, None, layout)
        assert outcome["entries"] > 20 and outcome["seconds"] > 0, outcome
        assert layout == "btrfs" or outcome["files_read_back_while_copying"] > 5, outcome  # btrfs keeps small files elsewhere
        with mounted(disk, world.place, root="/") as root:
            assert not differences(world.tree, root), f"{layout}: {differences(world.tree, root)}"
            assert os.stat(root / "srv/sparse").st_blocks * 512 < MIB, "its holes are holes"
            fstab = (root / "etc/fstab").read_text()
        with loop(disk, "root") as device:
            kind, uuid = (run("blkid", "-p", "-o", "value", "-s", tag, device).strip() for tag in ("TYPE", "UUID"))
        assert kind == layout.replace("plain", "ext4") and f"UUID={uuid} / {kind} " in fstab, fstab


def test_a_layout_of_many_parts(world):
    disk = world.disk()
    world.written(disk, None, world.layout(kernel_arguments="console=ttyS0 quiet"))
    assert list(partitions(disk)) == ["bios", "esp", "swap", "srv", "root"]
    assert partitions(disk)["swap"] == (66 * MIB, 16 * MIB)
    with mounted(disk, world.place, root="/", srv="/srv") as root:
        assert not differences(world.tree, root), differences(world.tree, root)
        fstab = (root / "etc/fstab").read_text()
        grub = (root / "boot/grub/grub.cfg").read_text()
        first = (root / "etc/machine-id").read_text()
    assert re.search(r"^UUID=\S+ none swap sw 0 0$", fstab, re.M) and re.search(r"^UUID=\S+ /srv xfs ", fstab, re.M), fstab
    assert " / ext4 noatime 0 1" in fstab and " /boot/efi vfat " in fstab, fstab
    assert grub.index("vmlinuz-6.1.0-10 root=UUID=") < grub.index("vmlinuz-6.1.0-9 root"), "the newest kernel is the first"
    assert "initrd /boot/initrd.img-6.1.0-10" in grub and "console=ttyS0 quiet" in grub, grub
    with loop(disk, "esp") as device:
        listed = run("mdir", "-i", device, "-b", "::/EFI/BOOT", env=os.environ | {"MTOOLS_SKIP_CHECK": "1"})
    assert "BOOTX64.EFI" in listed, listed
    with open(disk, "rb") as file:
        begin = file.read(512)
        file.seek(partitions(disk)["bios"][0])
        core = file.read(512)
    assert begin[510:] == b"\x55\xaa" and b"GRUB" in begin[:440] and int.from_bytes(begin[0x5c:0x64], "little") == 2048
    assert b"loading" in core
    world.written(disk, None, world.layout())
    with mounted(disk, world.place, root="/") as root:
        assert (root / "etc/machine-id").read_text() != first and len(first) == 33


def test_preserved_file_systems_stay(world):
    disk = world.disk()
    world.written(disk, None, world.layout(preserve=["/srv"]))  # an empty disk: the agent creates everything
    with mounted(disk, world.place, root="/", srv="/srv") as root:
        (root / "srv/data.db").write_bytes(b"years of work")
        (root / "etc/drift").write_text("of no use")
        before = (root / "etc/fstab").read_text()
    outcome = world.written(disk, None, world.layout(preserve=["/srv"]))
    assert outcome["preserved"], outcome
    with mounted(disk, world.place, root="/", srv="/srv") as root:
        assert (root / "srv/data.db").read_bytes() == b"years of work"
        assert not (root / "etc/drift").exists()
        assert not differences(world.tree, root, ("srv/data.db", "srv")), differences(world.tree, root, ("srv/data.db", "srv"))
        after = (root / "etc/fstab").read_text()
    assert re.search(r"\S+ /srv .*", before)[0] == re.search(r"\S+ /srv .*", after)[0], "its UUID is the old one"
    whole = digest(disk)
    for changed in ({"size": "300MiB"}, {"fs": "ext4"}, {"name": "data"}):
        parts = [part | changed if part["name"] == "srv" else part for part in DATA]
        world.refused("conflict", "cannot be preserved", disk, None, world.layout(partitions=parts, preserve=["/srv"]))
        assert digest(disk) == whole, f"{changed}: nothing may have been written"
    world.refused("invalid-input", "preserve", disk, None, world.layout(preserve=["/"]))
    world.refused("invalid-input", "preserve", disk, None, world.layout(preserve=["/home"]))


def test_sectors_of_4096_bytes(world):
    disk = world.disk()
    device = run("losetup", "--find", "--show", "--sector-size", 4096, disk).strip()
    try:
        world.written(device, None, "plain")
        offset, size = partitions(device)["root"]
    finally:
        run("losetup", "--detach", device)
    run("mount", "-o", f"loop,offset={offset},sizelimit={size}", disk, world.place)
    try:
        assert not differences(world.tree, world.place)
    finally:
        run("umount", world.place)


def test_refusals_before_anything_is_written(world):
    disk = world.disk(200)
    world.refused("disk-too-small", "MiB", disk, None, world.layout())
    world.refused("disk-too-small", "at least", world.disk(700), None, "plain", "--content-bytes", str(2000 * MIB))
    world.refused("disk-not-found", "2 disks", world.disk(), None, "mirror")
    world.refused("not-found", "plain, xfs", world.disk(), None, "nonsense")
    assert not any(world.disk().read_bytes()[:MIB])
    spoilt = world.stored(world.canonical(world.folder / "tree.tar"), "spoilt")
    stored = bytearray(pathlib.Path(f"{spoilt}.zst").read_bytes())
    stored[len(stored) // 2] ^= 1
    pathlib.Path(f"{spoilt}.zst").write_bytes(stored)
    world.refused("checksum-mismatch", "block", world.disk(), spoilt)
    full = world.folder / "full"
    (full / "etc").mkdir(parents=True)
    (full / "boot").mkdir()
    (full / "boot/vmlinuz").write_bytes(b"k")
    (full / "etc/large").write_bytes(os.urandom(MIB) * 160)
    world.refused("disk-too-small", "full", world.disk(448), world.stored(world.canonical(pack(full, world.folder / "full.tar")), "full-image"))
    (full / "boot/vmlinuz").unlink()
    (full / "etc/large").unlink()
    world.refused("image-unsupported", "kernel", world.disk(), world.stored(world.canonical(pack(full, world.folder / "full.tar")), "full-image"))


def test_an_archive_that_lies(world):
    """The import makes no such archive. A manipulated store must not write outside the tree."""
    outside = world.folder / "outside"
    outside.mkdir()
    (outside / "secret").write_text("secret")
    file, link, symlink, folder = tarfile.REGTYPE, tarfile.LNKTYPE, tarfile.SYMTYPE, tarfile.DIRTYPE
    etc = ("etc", folder, "")
    attacks = {
        "dots": [etc, ("../evil", file, b"x")],
        "hidden dots": [etc, ("etc/../../evil", file, b"x")],
        "absolute": [etc, (str(outside / "evil"), file, b"x")],
        "through a symlink": [etc, ("etc/out", symlink, str(outside)), ("etc/out/evil", file, b"x")],
        "through a relative symlink": [etc, ("etc/out", symlink, "../../../../../../.." + str(outside)), ("etc/out/evil", file, b"x")],
        "a folder over a symlink": [etc, ("etc/out", symlink, str(outside)), ("etc/out", folder, ""), ("etc/out/evil", file, b"x")],
        "a file over a symlink": [etc, ("etc/out", symlink, str(outside / "evil")), ("etc/out", file, b"x")],
        "a link out": [etc, ("etc/copy", link, str(outside / "secret"))],
        "a link out by dots": [etc, ("etc/copy", link, "../" * 9 + str(outside / "secret")[1:])],
        "a link through a symlink": [etc, ("etc/out", symlink, str(outside)), ("etc/copy", link, "etc/out/secret")],
        "a link to a folder": [etc, ("etc/copy", link, "etc")],
    }
    for name, members in attacks.items():
        done = world.write(world.disk(), world.stored(archive_of(*members), "attack"))
        assert done.returncode == 1 and ("image-corrupt" in done.stderr or "agent-failed" in done.stderr), f"{name}: {done.stderr}"
        assert sorted(os.listdir(outside)) == ["secret"] and os.stat(outside / "secret").st_nlink == 1, name
    whole = archive_of(etc, ("etc/a", file, bytes(100_000)))
    world.refused("image-corrupt", "archive", world.disk(), world.stored(whole[:50_000], "attack"))


def main():
    parser = argparse.ArgumentParser()
    for name in ("agent", "make-blocks", "convert"):
        parser.add_argument("--" + name, required=True)
    arguments = parser.parse_args()
    before = run("losetup", "--list", "--noheadings")
    with tempfile.TemporaryDirectory(prefix="bm-tree-test") as folder:
        world = World(arguments, folder)
        for test in (test_everything_arrives, test_a_layout_of_many_parts, test_preserved_file_systems_stay, test_sectors_of_4096_bytes,
                     test_refusals_before_anything_is_written, test_an_archive_that_lies):
            test(world)
            print(f"{test.__name__}: ok", flush=True)
    assert folder not in run("losetup", "--list", "--noheadings"), before


if __name__ == "__main__":
    main()
