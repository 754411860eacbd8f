"""Trees for tests, and their copies on disks that are files. Python makes, mounts and compares them without bm's code. Root."""
import contextlib
import hashlib
import io
import json
import os
import pathlib
import stat
import subprocess
import tarfile
import time

MIB = 1 << 20
os.environ["PATH"] += ":/usr/sbin:/sbin"


def run(*argv, **kw):
    return subprocess.run([str(a) for a in argv], check=True, capture_output=True, text=True, timeout=120, **kw).stdout


def rich_tree(root, host="orig"):
    """Everything that a file system may hold and an archive may lose."""
    root = pathlib.Path(root)
    for folder in ("etc", "usr/bin", "dev", "boot/efi", "srv/deep", "root", "tmp"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    (root / "tmp").chmod(0o1777)

    def put(name, content, mode=0o644):
        (root / name).write_bytes(content)
        (root / name).chmod(mode)
    put("etc/os-release", b"ID=debian\n")
    put("etc/hostname", host.encode() + b"\n")
    put("etc/shadow", b"root:*:\n", 0o640)
    os.chown(root / "etc/shadow", 0, 42)
    put("boot/vmlinuz-6.1.0-9", b"K" * 100_000)
    put("boot/vmlinuz-6.1.0-10", b"L" * 100_000)
    put("boot/initrd.img-6.1.0-10", b"I" * 200_000)
    put("usr/bin/ping", pathlib.Path("/bin/true").read_bytes(), 0o755)
    run("setcap", "cap_net_raw+ep", root / "usr/bin/ping")
    put("usr/bin/su", pathlib.Path("/bin/true").read_bytes(), 0o4755)
    os.link(root / "usr/bin/su", root / "usr/bin/su-too")
    os.symlink("/etc/hostname", root / "etc/link")
    os.lchown(root / "etc/link", 5, 6)
    with open(root / "srv/sparse", "wb") as file:
        file.seek(40 * MIB)
        file.write(b"end of data")
        file.truncate(80 * MIB)
    run("setfacl", "-m", "u:1000:rw,g:1001:r", root / "etc/hostname")
    run("setfacl", "-d", "-m", "g:50:rx", root / "srv/deep")
    os.setxattr(root / "etc/os-release", "user.note", b"hello\0there")
    os.mknod(root / "dev/null", 0o20666, os.makedev(1, 3))
    os.mknod(root / "dev/sda", 0o60660, os.makedev(8, 0))
    os.mkfifo(root / "srv/pipe", 0o600)
    os.chown(root / "srv/deep", 1234, 4321)
    put("srv/deep/ümläut ♥", b"x")
    os.utime(root / "srv/deep/ümläut ♥", ns=(1, 1_234_567_890_123_456_789))
    os.utime(root / "srv/deep", ns=(1, 999_999_999_000_000_001))
    return root


def pack(root, archive):
    """Packs the tree as operators do."""
    run("tar", "--acls", "--xattrs", "--xattrs-include=*", "-S", "--format=posix", "--numeric-owner", "-C", root, "-cf", archive, ".")
    return archive


def listing(root):
    """All metadata of every name below a folder, and the names of each hard-linked file."""
    root, out, files = str(root), {}, {}
    for folder, folders, others in os.walk(root):
        for path in [folder] + [os.path.join(folder, name) for name in folders if os.path.islink(os.path.join(folder, name))] + \
                [os.path.join(folder, name) for name in others]:
            status = os.lstat(path)
            name = os.path.relpath(path, root)
            facts = [oct(status.st_mode), status.st_uid, status.st_gid, status.st_mtime_ns]
            if stat.S_ISREG(status.st_mode):
                facts += [status.st_size, hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()]
            if stat.S_ISLNK(status.st_mode):
                facts.append(os.readlink(path))
            if stat.S_ISCHR(status.st_mode) or stat.S_ISBLK(status.st_mode):
                facts.append(status.st_rdev)
            facts.append({key: os.getxattr(path, key, follow_symlinks=False) for key in sorted(os.listxattr(path, follow_symlinks=False))
                          if not key.startswith("trusted.SGI_ACL_")})
            out[name] = facts
            if status.st_nlink > 1 and not stat.S_ISDIR(status.st_mode):
                files.setdefault((status.st_dev, status.st_ino), []).append(name)
    return out, sorted(sorted(names) for names in files.values())


def partitions(disk):
    table = json.loads(run("sfdisk", "--json", disk))["partitiontable"]
    sector = table.get("sectorsize", 512)
    return {part["name"]: (part["start"] * sector, part["size"] * sector) for part in table["partitions"]}


@contextlib.contextmanager
def loop(disk, name, sector=512):
    offset, size = partitions(disk)[name]
    device = run("losetup", "--find", "--show", "--offset", offset, "--sizelimit", size, "--sector-size", sector, disk).strip()
    try:
        yield device
    finally:
        run("losetup", "--detach", device)
        released(disk, device)


def released(disk, device):
    """Waits until the kernel has let go of a loop device. An agent of another test that starts meanwhile copies all mounts
    into its namespace; it holds this file system, and writes to the disk, until it ends."""
    end = time.monotonic() + 120
    while device in run("losetup", "--list", "--noheadings", "--output", "NAME", "--associated", disk).split():
        assert time.monotonic() < end, f"{device} is still busy"
        time.sleep(0.05)


@contextlib.contextmanager
def mounted(disk, place, **parts):
    """mounted(disk, folder, root="/", srv="/srv"): by the partitions' names."""
    with contextlib.ExitStack() as stack:
        for name, mount in parts.items():
            device = stack.enter_context(loop(disk, name))
            run("mount", device, str(place) + mount)
            stack.callback(run, "umount", str(place) + mount)
        yield pathlib.Path(place)


#: the files that bm adds to a tree for a bootable system, and the folders whose times change thereby
ADDED = {"etc/fstab", "etc/machine-id", "boot/grub", "boot/grub/grub.cfg", "lost+found", "srv/lost+found"}
TOUCHED = {"etc", "boot"}


def differences(tree, disk, identity=()):
    wanted, links = listing(tree)
    found, found_links = listing(disk)
    out = [f"{name}: {wanted.get(name)} became {found.get(name)}" for name in sorted(set(wanted) | set(found))
           if wanted.get(name) != found.get(name) and name not in ADDED | TOUCHED | set(identity)]
    return out + ([f"links {links} became {found_links}"] if links != found_links else [])


def archive_of(*members):
    """A pax archive of (name, type, target or content), with names and links that no tar program makes."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, kind, what in members:
            info = tarfile.TarInfo(name)
            info.type, info.mode = kind, 0o755
            if kind == tarfile.REGTYPE:
                info.size = len(what)
                archive.addfile(info, io.BytesIO(what))
            else:
                info.linkname = what
                archive.addfile(info)
    return out.getvalue()
