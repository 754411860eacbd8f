#!/usr/bin/env python3
"""Archives whose names lead out: entries, links and references of tar, zip, cpio, ISO images, OCI layouts and docker
archives, as trees, as RAM disks, and as backups. Nothing outside of bmd's folder is read or written."""
import gzip
import hashlib
import io
import json
import os
import pathlib
import subprocess
import sys
import tarfile
import zipfile

from attack import Service, TESTS
from boot_files import INITRD, kernel

sys.path.insert(0, str(TESTS / "lab"))
import iso_image  # noqa: E402

VICTIM = b"the server's own file\n"


def tar(*members):
    """A tar of (name, type, content or link's target)."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=tarfile.GNU_FORMAT) as out:
        for name, kind, content in members:
            info = tarfile.TarInfo(name)
            info.type = kind
            if kind in (tarfile.SYMTYPE, tarfile.LNKTYPE):
                info.linkname = content
            if kind == tarfile.DIRTYPE:
                info.mode = 0o755
            data = content if kind == tarfile.REGTYPE else b""
            info.size = len(data)
            out.addfile(info, io.BytesIO(data))
    return made.getvalue()


def zipped(*members):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as out:
        for name, content in members:
            out.writestr(name, content)
    return made.getvalue()


def cpio(*members):
    """newc; (name, mode, content)."""
    out = b""
    for number, (name, mode, content) in enumerate((*members, ("TRAILER!!!", 0, b""))):
        fields = [number, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name) + 1, 0]
        head = b"070701" + b"".join(b"%08x" % field for field in fields) + name.encode() + b"\0"
        out += head + b"\0" * (-len(head) % 4) + content + b"\0" * (-len(content) % 4)
    return out


def layer(*members):
    return tar(("etc", tarfile.DIRTYPE, ""), *members)


def oci(**changes):
    """An OCI image layout whose references can be replaced."""
    content = gzip.compress(layer(("etc/x", tarfile.REGTYPE, b"x")))
    digest = "sha256:" + hashlib.sha256(content).hexdigest()
    manifest = json.dumps({"schemaVersion": 2, "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": changes.get("layer", digest),
                                                            "size": len(content)}],
                           "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest, "size": 2}}).encode()
    manifest_digest = "sha256:" + hashlib.sha256(manifest).hexdigest()
    index = json.dumps({"schemaVersion": 2, "manifests": [{"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": changes.get("manifest", manifest_digest),
                                                            "size": len(manifest)}]}).encode()
    return tar(("oci-layout", tarfile.REGTYPE, b'{"imageLayoutVersion": "1.0.0"}'), ("index.json", tarfile.REGTYPE, index),
               ("blobs/sha256/" + digest[7:], tarfile.REGTYPE, content), ("blobs/sha256/" + manifest_digest[7:], tarfile.REGTYPE, manifest),
               *changes.get("more", ()))


def docker(path, *more):
    return tar((f"{'a' * 64}/layer.tar", tarfile.REGTYPE, layer(("etc/x", tarfile.REGTYPE, b"x"))),
               ("manifest.json", tarfile.REGTYPE, json.dumps([{"Layers": [path]}]).encode()), *more)


def up(path):
    return "../" * 12 + str(path).lstrip("/")


def trees(target, victim):
    """Hostile trees that tests/system/tree_test.py does not have; @target must not be written, @victim not be read."""
    etc = ("etc", tarfile.DIRTYPE, "")
    return {
        "tar-absolute": tar(etc, (str(target), tarfile.REGTYPE, b"evil")),
        "tar-up-inside": tar(etc, ("etc/../../" + up(target), tarfile.REGTYPE, b"evil")),
        "tar-backslash": tar(etc, ("..\\..\\evil", tarfile.REGTYPE, b"evil"), ("etc/a/..", tarfile.REGTYPE, b"evil")),
        "tar-through-link": tar(etc, ("etc/out", tarfile.SYMTYPE, str(target.parent)), (f"etc/out/{target.name}", tarfile.REGTYPE, b"evil")),
        "tar-hard-link-out": tar(etc, ("etc/shadow", tarfile.LNKTYPE, str(victim))),
        "tar-hard-link-up": tar(etc, ("etc/shadow", tarfile.LNKTYPE, up(victim))),
        "tar-hard-link-link": tar(etc, ("etc/l", tarfile.SYMTYPE, str(victim)), ("etc/shadow", tarfile.LNKTYPE, "etc/l/x")),
        "zip-up": zipped(("etc/x", b"x"), (up(target), b"evil")),
        "zip-absolute": zipped(("etc/x", b"x"), (str(target), b"evil")),
        "cpio-up": cpio(("etc", 0o40755, b""), (up(target), 0o100644, b"evil")),
        "cpio-link": cpio(("etc", 0o40755, b""), ("etc/out", 0o120777, str(target.parent).encode()), (f"etc/out/{target.name}", 0o100644, b"evil")),
        "oci-layer": oci(layer="sha256:" + up(victim)), "oci-manifest": oci(manifest="sha256:" + up(victim)),
        "oci-blob-link": oci(layer="sha256:" + "0" * 64, more=(("blobs/sha256/" + "0" * 64, tarfile.SYMTYPE, str(victim)),)),
        "docker-up": docker(up(victim)), "docker-absolute": docker(str(victim)),
        "docker-link": docker(f"{'b' * 64}/layer.tar", (f"{'b' * 64}/layer.tar", tarfile.SYMTYPE, str(victim))),
        "docker-link-up": docker(f"{'b' * 64}/layer.tar", (f"{'b' * 64}/layer.tar", tarfile.SYMTYPE, up(victim))),
    }


def ramdisks(folder, target, victim):
    """Archives of a kernel and an initrd that lead out, and ISO images whose directory records do."""
    boot = [("vmlinuz", tarfile.REGTYPE, kernel()), ("initrd.img", tarfile.REGTYPE, INITRD)]
    found = {
        "pair-up": tar((up(target), tarfile.REGTYPE, kernel()), boot[1]),
        "pair-link": tar(("vmlinuz", tarfile.SYMTYPE, str(victim)), boot[1]),
        "pair-hard-link": tar(("vmlinuz", tarfile.LNKTYPE, str(victim)), boot[1]),
    }
    iso = folder / "good.iso"
    iso_image.write(iso, {"boot/vmlinuz": kernel(), "boot/initrd.img": INITRD})
    good = bytearray(iso.read_bytes())
    menus = {"grub-up": f"menuentry x {{ linux {up(victim)}\ninitrd /boot/initrd.img }}\n", "grub-absolute": f"linux {victim}\ninitrd {victim}\n"}
    for name, text in menus.items():
        iso_image.write(iso, {"boot/grub/grub.cfg": text.encode(), "boot/vmlinuz": b"no kernel", "boot/initrd.img": INITRD})
        found[f"iso-{name}"] = iso.read_bytes()

    # A directory that is its own parent and child, records beyond the file, and names with slashes and dots.
    root = int.from_bytes(good[16 * 2048 + 156 + 2:16 * 2048 + 156 + 6], "little")
    loop, beyond, named, endless = bytearray(good), bytearray(good), bytearray(good), bytearray(good)
    at = root * 2048
    while loop[at]:
        if loop[at + 25] & 2 == 0 or loop[at + 32] > 1:
            for image, value in ((loop, root), (beyond, 0x7fffffff)):
                image[at + 2:at + 6], image[at + 6:at + 10] = value.to_bytes(4, "little"), value.to_bytes(4, "big")
            endless[at + 10:at + 14], endless[at + 14:at + 18] = (0xffffffff).to_bytes(4, "little"), (0xffffffff).to_bytes(4, "big")
            length = named[at + 32]
            named[at + 33:at + 33 + length] = (b"../../../../../../etc/passwd" * 9)[:length]
        at += loop[at]
    for name, image in (("loop", loop), ("beyond", beyond), ("named", named), ("endless", endless)):
        found[f"iso-{name}"] = bytes(image)
    return found


def backups(service, folder, target):
    """bmd --restore takes files by their names in a table, and writes nowhere else."""
    for name, archive in {"up": tar((up(target), tarfile.REGTYPE, b"evil")), "absolute": tar((str(target), tarfile.REGTYPE, b"evil")),
                          "link": tar(("state", tarfile.SYMTYPE, str(target.parent)), (f"state/{target.name}", tarfile.REGTYPE, b"evil"))}.items():
        for packed in (archive, gzip.compress(archive), subprocess.run(["zstd", "-qc"], input=archive, capture_output=True, check=True).stdout):
            file = folder / f"backup-{name}"
            file.write_bytes(packed)
            done = subprocess.run([service.bmd, "--config", service.config, "--restore", file], capture_output=True, text=True, timeout=60, check=False)
            assert done.returncode != 0, (name, done)


def files_in(folder):
    return sorted(str(path.relative_to(folder)) for path in pathlib.Path(folder).rglob("*"))


def main():
    with Service(sys.argv[1]) as service:
        folder = pathlib.Path(service.folder.name) / "attack"
        outside = folder / "outside"
        outside.mkdir(parents=True)
        target, victim = outside / "evil", folder / "victim"
        victim.write_bytes(VICTIM)
        before = {"etc": os.listdir("/etc"), "root": os.listdir("/")}
        hostile = {**{name: (data, "tree") for name, data in trees(target, victim).items()}, **{name: (data, "ramdisk") for name, data in ramdisks(folder, target, victim).items()}}
        for name, (data, kind) in hostile.items():
            file = folder / name
            file.write_bytes(data)
            done = service.run("image", "add", file, "--name", name, "--kind", kind, check=False)
            told = done.stdout + done.stderr
            assert VICTIM.decode().strip() not in told, (name, told)
            if done.returncode == 0:          # a name that means nothing special is a name; then the content is the archive's own
                image = service.json("image", "show", name)
                packed = service.get(f"/v1/images/{name}/blocks")
                assert VICTIM not in subprocess.run(["zstd", "-dqc"], input=packed, capture_output=True, check=True).stdout, name
                assert name in ("tar-backslash", "iso-named", "iso-grub-up", "iso-grub-absolute"), (name, image)
            assert not files_in(outside), (name, files_in(outside))
        assert service.process.poll() is None
        print(f"{len(hostile)} archives: nothing left bmd's folder")
        service.stop()
        backups(service, folder, target)
        assert not files_in(outside) and victim.read_bytes() == VICTIM
        assert before == {"etc": os.listdir("/etc"), "root": os.listdir("/")}
        print("backups")


if __name__ == "__main__":
    main()
