#!/usr/bin/env python3
"""bm-convert turns archives of files into a tree's canonical archive. Each kind of archive gives
the same result, layers and whiteouts are applied, and each attack on an unpacking program is refused with a reason. Needs no root."""
import argparse
import gzip
import hashlib
import io
import json
import pathlib
import struct
import subprocess
import sys
import tarfile
import tempfile
import zipfile

CORRUPT, TOO_LARGE, UNSUPPORTED, NEEDS_PLAIN = 65, 66, 70, 71
KINDS = {"dir": tarfile.DIRTYPE, "sym": tarfile.SYMTYPE, "link": tarfile.LNKTYPE, "chr": tarfile.CHRTYPE, "blk": tarfile.BLKTYPE,
         "fifo": tarfile.FIFOTYPE, "file": tarfile.REGTYPE}


def entry(name, content=b"", kind="file", target="", mode=None, pax=None, **more):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = KINDS[kind], target
    info.mode = mode if mode is not None else (0o755 if kind == "dir" else 0o644)
    info.size = len(content) if kind == "file" else 0
    info.mtime = 1_600_000_000
    info.pax_headers = pax or {}
    for key, value in more.items():
        setattr(info, key, value)
    return info, content


def tar(*entries):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT, encoding="utf-8", errors="surrogateescape") as archive:
        for info, content in entries:
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


ROOT = (entry("etc", kind="dir"), entry("etc/hostname", b"web\n"))


class Convert:
    def __init__(self, program, folder):
        self.program, self.folder = program, pathlib.Path(folder)

    def run(self, archive, limit=1 << 30):
        source, described = self.folder / "source", self.folder / "described"
        source.write_bytes(archive)
        described.write_bytes(b"")
        with open(source, "rb") as file:
            done = subprocess.run([self.program, "tree", "--limit", str(limit), "--describe", described, "--cpu", "60", "--file", str(16 << 20),
                                   *([] if SANITIZED else ["--memory", str(2 << 30)])], stdin=file, capture_output=True, timeout=120)
        return done.returncode, done.stdout, done.stderr.decode(), described.read_text()

    def taken(self, archive):
        code, out, err, described = self.run(archive)
        assert code == 0, f"{code}: {err}"
        members = {}
        with tarfile.open(fileobj=io.BytesIO(out), encoding="utf-8") as made:
            for info in made:
                members[info.name] = (info, made.extractfile(info).read() if info.isreg() else b"")
        return members, json.loads(described)

    def refused(self, archive, code, words, limit=1 << 30):
        found, out, err, _ = self.run(archive, limit)
        assert found == code, f"ended with {found}, expected {code}: {err}"
        assert words in err, f"expected \"{words}\": {err}"


def shell(script, given, folder):
    return subprocess.run(["bash", "-c", script], input=given, capture_output=True, check=True, cwd=folder, timeout=60).stdout


def names(members):
    return sorted(members)


def test_containers(convert):
    plain = tar(*ROOT, entry("usr/bin/tool", b"\x7fELF" + bytes(14) + b"\x3e\x00" + bytes(44), mode=0o755), entry("usr/bin/su", b"s", mode=0o4755),
                entry("etc/link", kind="sym", target="/etc/hostname"), entry("etc/same", kind="link", target="etc/hostname"),
                entry("boot/vmlinuz-6.1", b"kernel"))
    members, described = convert.taken(plain)
    assert members["etc/hostname"][1] == b"web\n" and members["etc/same"][0].islnk() and members["usr/bin/su"][0].mode == 0o4755
    assert members["etc/link"][0].linkname == "/etc/hostname"
    assert described["architecture"] == "x86_64" and described["kernels"] == ["boot/vmlinuz-6.1"] and described["root"], described
    wanted = convert.run(plain)[1]
    for program in ("gzip", "bzip2", "xz -0", "zstd -q", "lz4 -q", "lzip -0"):
        packed = shell(program + " -c", plain, convert.folder)
        assert packed != plain and convert.run(packed)[1] == wanted, program
        convert.refused(packed[:-9], CORRUPT, "")
    shell("rm -rf t; mkdir t; tar -C t -x", plain, convert.folder)
    for form in ("newc", "odc"):
        cpio = shell(f"cd t; find . -print0 | sort -z | cpio -0 -o -H {form} --quiet", b"", convert.folder)
        members, described = convert.taken(cpio)
        assert described["format"] == "cpio" and members["etc/hostname"][1] == b"web\n" and members["usr/bin/tool"][1].startswith(b"\x7fELF")
        assert {members["etc/hostname"][0].islnk(), members["etc/same"][0].islnk()} == {True, False}, "one of two names is a link"
        convert.refused(cpio[:len(cpio) // 2], CORRUPT, "")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("etc/hostname", "web\n")
    members, described = convert.taken(packed.getvalue())
    assert described["format"] == "zip" and members["etc/hostname"][1] == b"web\n"


def test_attributes(convert):
    acl = {"SCHILY.acl.access": "user::rw-\nuser:alice:rw-\ngroup::r--\nmask::rw-\nother::r--\n"}
    people = entry("etc/passwd", b"root:x:0:0::/:/bin/sh\nalice:x:1234:1234::/:/bin/sh\n")
    members, _ = convert.taken(tar(*ROOT, people, entry("etc/shared", b"x", pax=acl | {"SCHILY.xattr.user.note": "hello"}, uid=7, gid=70000)))
    info = members["etc/shared"][0]
    assert (info.uid, info.gid, info.mode) == (7, 70000, 0o664), "the mask is the mode's group, as the kernel has it"
    raw = info.pax_headers["SCHILY.xattr.system.posix_acl_access"].encode("utf-8", "surrogateescape")
    assert struct.pack("<HHI", 2, 6, 1234) in raw and info.pax_headers["SCHILY.xattr.user.note"] == "hello", raw
    convert.refused(tar(*ROOT, entry("etc/shared", pax=acl)), UNSUPPORTED, "'alice'")
    convert.refused(tar(*ROOT, people, entry("etc/shared", pax={"SCHILY.xattr.system.posix_acl_access": "ab"})), UNSUPPORTED, "ACL")
    hidden, _ = convert.taken(tar(*ROOT, entry("etc/white", pax={"SCHILY.xattr.trusted.overlay.opaque": "y", "SCHILY.xattr.user.a": "1"})))
    assert "SCHILY.xattr.trusted.overlay.opaque" not in hidden["etc/white"][0].pax_headers
    sparse = shell("rm -rf s; mkdir -p s/etc; truncate -s 50M s/etc/sparse; echo end >> s/etc/sparse; tar -S --format=posix -C s -c .", b"", convert.folder)
    assert len(sparse) < 1 << 20
    code, out, err, described = convert.run(sparse)
    assert code == 0 and len(out) < 1 << 20 and json.loads(described)["content_bytes"] == (50 << 20) + 4, "holes stay holes"


def oci(*layers, config=b"{}", names_lie=False):
    blobs, described = [], []
    for layer in layers:
        hexed = hashlib.sha256(layer + (b"!" if names_lie else b"")).hexdigest()
        blobs.append(entry("blobs/sha256/" + hexed, layer))
        described.append({"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": "sha256:" + hexed, "size": len(layer)})
    manifest = json.dumps({"schemaVersion": 2, "config": {}, "layers": described}).encode()
    hexed = hashlib.sha256(manifest).hexdigest()
    index = json.dumps({"schemaVersion": 2, "manifests": [{"digest": "sha256:" + hexed, "size": len(manifest)}]}).encode()
    return tar(entry("oci-layout", b'{"imageLayoutVersion":"1.0.0"}'), entry("index.json", index), entry("blobs/sha256/" + hexed, manifest), *blobs)


def docker(*layers):
    parts = [(f"{number:064x}/layer.tar", layer) for number, layer in enumerate(layers)]
    manifest = json.dumps([{"Config": "c.json", "RepoTags": ["a:b"], "Layers": [name for name, _ in parts]}]).encode()
    return tar(*[entry(name, layer) for name, layer in parts], entry("manifest.json", manifest))


def archive_of(layers, name_of, config="c.json", tags=("a:1",), images=1, more=()):
    """A docker-archive whose manifest.json names the layers by name_of(hex digest of the stored bytes)."""
    parts = [(name_of(hashlib.sha256(layer).hexdigest()), layer) for layer in layers]
    image = {"Config": config, "RepoTags": list(tags), "Layers": [name for name, _ in parts]}
    return tar(entry(config, b"{}"), *[entry(name, layer) for name, layer in parts], *more, entry("manifest.json", json.dumps([image] * images).encode()))


def test_archives_of_tools(convert):
    layers = (tar(*ROOT, entry("etc/old", b"old")), tar(entry("etc/.wh.old"), entry("etc/motd", b"hello\n")))
    small = [gzip.compress(layer) for layer in layers]
    hexed, identity = "ab" * 32, "cd" * 32
    legacy = (entry(identity + "/VERSION", b"1.0"), entry(identity + "/json", b"{}"), entry("repositories", b"{}"),
              entry(identity + "/layer.tar", kind="sym", target="../" + hashlib.sha256(layers[0]).hexdigest() + ".tar"))
    made = {
        "podman, skopeo": archive_of(layers, lambda name: name + ".tar", hexed + ".json", ("web:1", "web:2"), more=legacy),
        "crane, kaniko": archive_of(small, lambda name: name + ".tar.gz", "sha256:" + hexed),
        "crane, one image under two tags": archive_of(small, lambda name: name + ".tar.gz", "sha256:" + hexed, images=2),
        "Jib": archive_of(small, lambda name: name + ".tar.gz", "config.json"),
        "Bazel's rules_oci": archive_of(small, lambda name: f"blobs/sha256/{name}.tar.gz", "blobs/sha256/" + hexed),
        "sha256:HEX": archive_of(small, lambda name: "sha256:" + name, "sha256:" + hexed),
        "zstd, a folder of its own": archive_of([shell("zstd -qc", layer, convert.folder) for layer in layers], lambda name: f"layers/{name}/l"),
    }
    wanted = None
    for tool, archive in made.items():
        members, described = convert.taken(archive)
        assert names(members) == [".", "etc", "etc/hostname", "etc/motd"], f"{tool}: {names(members)}"
        assert described["layers"] == 2 and described["format"] == "docker", f"{tool}: {described}"
        canonical = convert.run(archive)[1]
        assert canonical == (wanted or canonical), tool
        wanted = canonical
        assert convert.run(gzip.compress(archive))[0] == NEEDS_PLAIN, tool
    for name_of in (lambda name: name[::-1] + ".tar.gz", lambda name: "sha256:" + name[::-1], lambda name: name[::-1] + ".tar"):
        convert.refused(archive_of(small, name_of), CORRUPT, "SHA-256")
    other = json.dumps([{"Layers": ["a.tar"]}, {"Layers": ["b.tar"]}]).encode()
    convert.refused(tar(entry("a.tar", layers[0]), entry("b.tar", layers[1]), entry("manifest.json", other)), UNSUPPORTED, "2 images")
    convert.refused(tar(entry("manifest.json", b'[{"Layers": ["a.tar"]}]'), entry("b.tar", layers[0])), CORRUPT, "not in the archive")
    for document in (b'[{"Layers": ["a.tar"]}]', b'[{"name": "x"}]', b'{"name": "x"}'):
        members, described = convert.taken(tar(*ROOT, entry("manifest.json", document), entry("a.tar", layers[0])))
        assert "a.tar" in members and described["layers"] == 0, "a tree with a manifest.json of its own"
    index = json.loads('{"manifests": []}')
    with tarfile.open(fileobj=io.BytesIO(oci(*layers))) as archive:
        parts = [(info, archive.extractfile(info).read()) for info in archive]
        index = json.loads(dict((info.name, content) for info, content in parts)["index.json"])
    index["manifests"] = [{**index["manifests"][0], "annotations": {"org.opencontainers.image.ref.name": tag}} for tag in ("1", "2")]
    parts = [entry(info.name, json.dumps(index).encode() if info.name == "index.json" else content) for info, content in parts]
    assert convert.taken(tar(*parts))[1]["layers"] == 2, "an OCI layout with two tags of one image"


def test_links_between_layers(convert):
    lower = tar(*ROOT, entry("usr/lib/old", b"old"), entry("lib", kind="sym", target="usr/lib"), entry("var/lock", kind="sym", target="/run/lock"),
                entry("run/lock", kind="dir"), entry("up", kind="sym", target="../../../etc"), entry("abs", kind="sym", target="/usr/./lib/../lib"),
                entry("far", kind="sym", target="data/new"), entry("one", kind="sym", target="two"), entry("two", kind="sym", target="one"),
                entry("name", kind="sym", target="etc/hostname"))
    members, described = convert.taken(oci(lower, tar(
        entry("lib/firmware", kind="dir", mode=0o700), entry("lib/firmware/x", b"x"), entry("lib/.wh.old"), entry("abs/y", b"y"), entry("up/z", b"z"),
        entry("far/w", b"w"), entry("lib/also", kind="link", target="lib/firmware/x"))))
    assert names(members) == sorted([".", "abs", "data", "data/new", "data/new/w", "etc", "etc/hostname", "etc/z", "far", "lib", "name", "one", "run",
                                     "run/lock", "two", "up", "usr", "usr/lib", "usr/lib/also", "usr/lib/firmware", "usr/lib/firmware/x", "usr/lib/y",
                                     "var", "var/lock"]), names(members)
    assert members["lib"][0].issym() and members["usr/lib/firmware"][0].mode == 0o700
    assert b"x" in (members["usr/lib/firmware/x"][1], members["usr/lib/also"][1])
    assert "replaced_links" not in described
    convert.refused(oci(lower, tar(entry("lib", kind="dir"), entry("lib/firmware/x", b"x"))), UNSUPPORTED, "would replace the link to '/usr/lib'")
    members, described = convert.taken(oci(lower, tar(entry("var/lock", kind="dir"), entry("var/lock/x", b"x"))))
    assert members["var/lock"][0].isdir() and "var/lock/x" in members and described["replaced_links"] == ["var/lock"]
    members, _ = convert.taken(oci(lower, tar(entry(".wh.lib"), entry("lib", kind="dir"), entry("lib/x", b"x"))))
    assert members["lib"][0].isdir() and "lib/x" in members, "a whiteout says that the link is gone"
    members, _ = convert.taken(oci(lower, tar(entry("lib", kind="sym", target="usr/lib64"), entry("usr/lib64", kind="dir")), tar(entry("lib/x", b"x"))))
    assert "usr/lib64/x" in members, "the link that the layers below left counts"
    convert.refused(oci(lower, tar(entry("one/x", b"x"))), UNSUPPORTED, "links")
    convert.refused(oci(lower, tar(entry("name/x", b"x"))), UNSUPPORTED, "link or a file")
    convert.refused(oci(lower, tar(entry("new", kind="sym", target="etc"), entry("new/x", b"x"))), UNSUPPORTED, "link or a file")


def test_layers(convert):
    lower = tar(*ROOT, entry("etc/old", b"old"), entry("etc/kept", b"kept"), entry("srv/a/one", b"1"), entry("srv/a/two", b"2"),
                entry("srv/b/one", b"1"), entry("etc/turns", b"file"))
    middle = tar(entry("etc/.wh.old"), entry("srv/a/.wh..wh..opq"), entry("srv/a/three", b"3"), entry("etc/hostname", b"db\n"),
                 entry("etc/alias", kind="link", target="etc/hostname"))
    upper = tar(entry("srv/.wh.b"), entry("etc/turns", kind="dir"), entry("etc/turns/inside", b"x"))
    wanted = [".", "etc", "etc/alias", "etc/hostname", "etc/kept", "etc/turns", "etc/turns/inside", "srv", "srv/a", "srv/a/three"]
    for make in (oci, docker):
        for squeeze in (bytes, gzip.compress):
            members, described = convert.taken(make(*(squeeze(layer) for layer in (lower, middle, upper))))
            assert names(members) == wanted, names(members)
            assert described["layers"] == 3 and described["format"] == make.__name__, described
            one, other = members["etc/hostname"], members["etc/alias"]
            assert b"db\n" in (one[1], other[1]) and (one[0].islnk() or other[0].islnk())
    code, out, _, _ = convert.run(gzip.compress(docker(lower)))
    assert code == NEEDS_PLAIN and not out, "layers are read several times, so the parent decompresses first"
    convert.refused(oci(lower, names_lie=True), CORRUPT, "SHA-256")
    convert.refused(oci(lower, tar(entry("etc/.wh..."))), UNSUPPORTED, "outside")
    convert.refused(oci(lower, tar(entry("../.wh.etc"))), UNSUPPORTED, "outside")
    convert.refused(docker(lower, tar(entry("out", kind="sym", target="/"), entry("out/.wh.etc"), entry("out/file", b"x"))), UNSUPPORTED, "link")
    convert.refused(oci(lower, lower[:2000]), CORRUPT, "")
    taken, _ = convert.taken(tar(*ROOT, entry("etc/.wh.hostname", b"a name as any other")))
    assert "etc/.wh.hostname" in taken and "etc/hostname" in taken, "outside layers, .wh. names are plain files"


def test_attacks(convert):
    def refused(words, *entries, code=UNSUPPORTED):
        convert.refused(tar(*ROOT, *entries), code, words)
    for name in ("../evil", "etc/../../evil", "etc/..", ".."):
        refused("outside", entry(name, b"x"))
    for name in ("/etc/evil", "//etc/evil", "/"):
        refused("absolute", entry(name, b"x"))
    refused("link or a file", entry("out", kind="sym", target="/tmp"), entry("out/evil", b"x"))
    refused("link or a file", entry("etc/up", kind="sym", target="../.."), entry("etc/up/evil", b"x"))
    refused("link or a file", entry("etc/hostname/below", b"x"))
    for target in ("../../etc/shadow", "/etc/shadow", "etc/nothing", "etc"):
        refused("", entry("etc/evil", kind="link", target=target))
    refused("itself", entry("etc/hostname", kind="link", target="etc/hostname"))
    for kind in ("blk", "chr"):
        refused("outside dev/", entry("etc/disk", kind=kind, devmajor=8, devminor=0))
        refused("outside dev/", entry("home/dev/disk", kind=kind, devmajor=8, devminor=0))
    taken, _ = convert.taken(tar(*ROOT, entry("dev/null", kind="chr", devmajor=1, devminor=3), entry("run/pipe", kind="fifo")))
    assert taken["dev/null"][0].ischr() and taken["run/pipe"][0].isfifo()
    for name in ("etc/\udcff", "etc/\udcc0\udcaf", "etc/\udced\udca0\udc80"):
        raw, _ = entry("etc/evil", b"x")
        raw.name = name
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT, encoding="utf-8", errors="surrogateescape") as archive:
            archive.addfile(raw, io.BytesIO(b"x"))
        convert.refused(out.getvalue(), UNSUPPORTED, "UTF-8")
    refused("control", entry("etc/new\nline", b"x"))
    refused("255", entry("etc/" + "n" * 256, b"x"))
    refused("4095", entry("/".join(["d" * 200] * 21), b"x"))
    replaced, _ = convert.taken(tar(*ROOT, entry("etc/a", kind="sym", target="/"), entry("etc/a", kind="dir"), entry("etc/a/b", b"x")))
    assert replaced["etc/a"][0].isdir(), "the last entry of a name counts, and it is a folder"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("../evil", "x")
    convert.refused(packed.getvalue(), UNSUPPORTED, "outside")


def test_lies_and_bombs(convert):
    whole = tar(*ROOT, entry("etc/big", bytes(range(256)) * 40))
    for cut in (len(whole) - 9000, 1300, 700):
        convert.refused(whole[:cut], CORRUPT, "")
    ends = whole.rstrip(b"\0")
    convert.refused(ends + bytes(-len(ends) % 512), CORRUPT, "truncated")  # cut between two entries: only the end marker is missing
    lying = bytearray(whole)
    at = lying.index(b"etc/big") + 124
    lying[at:at + 12] = b"77777777777\0"
    head = lying[at - 124:at + 388]
    head[148:156] = b" " * 8
    lying[at - 124 + 148:at - 124 + 156] = b"%06o\0 " % sum(head)
    code = convert.run(bytes(lying))[0]
    assert code in (CORRUPT, TOO_LARGE), code
    convert.refused(bytes(lying), TOO_LARGE, "exceed", limit=1 << 20)
    negative = tar(*ROOT, entry("etc/x", b"x", pax={"size": "-5"}))
    assert convert.run(negative)[0] in (CORRUPT, TOO_LARGE)
    bomb = shell("head -c 80000000 /dev/zero > z; tar --transform s,^,etc/, -c z | gzip -9; rm z", b"", convert.folder)
    assert len(bomb) < 1 << 20
    convert.refused(bomb, TOO_LARGE, "exceed", limit=16 << 20)
    sparse = shell("truncate -s 8T s8; tar -S --transform s,^,etc/, -c s8; rm s8", b"", convert.folder)
    convert.refused(sparse, TOO_LARGE, "exceed", limit=16 << 20)
    layers = docker(gzip.compress(tar(*ROOT, entry("etc/zeros", bytes(20 << 20)))))
    convert.refused(layers, TOO_LARGE, "exceed", limit=4 << 20)
    for junk in (b"", b"hello\n" * 400, bytes(10240), b"PK\x03\x04" + bytes(500)):
        assert convert.run(junk)[0] in (CORRUPT, UNSUPPORTED), junk[:8]


def main():
    global SANITIZED
    parser = argparse.ArgumentParser()
    parser.add_argument("--convert", required=True)
    parser.add_argument("--sanitized", action="store_true")
    arguments = parser.parse_args()
    SANITIZED = arguments.sanitized  # a sanitizer's shadow memory exceeds every limit
    with tempfile.TemporaryDirectory(prefix="bm-tree-test") as folder:
        convert = Convert(arguments.convert, folder)
        for test in (test_containers, test_attributes, test_layers, test_archives_of_tools, test_links_between_layers, test_attacks, test_lies_and_bombs):
            test(convert)
            print(f"{test.__name__}: ok")


SANITIZED = False
if __name__ == "__main__":
    sys.dont_write_bytecode = True
    main()
