"""The RAM disk's root as a tree on disk, and its compressed cpio archive, whose bytes depend on the tree alone."""
import hashlib
import os
import shutil
from pathlib import Path

from failure import run

MERGED = ("bin", "sbin", "lib", "lib64")  # links into /usr, as Debian has them
FOLDERS = ("dev", "proc", "sys", "run", "tmp", "root", "mnt", "etc", "var", "usr/bin", "usr/sbin", "usr/lib",
           "usr/lib64")


def skeleton(root):
    for folder in FOLDERS:
        (root / folder).mkdir(parents=True, exist_ok=True)
    for name in MERGED:
        (root / name).symlink_to(f"usr/{name}")
    (root / "var/run").symlink_to("/run")


def inside(path):
    """The path inside the root of an absolute path: /lib/x is usr/lib/x."""
    parts = Path(path).relative_to("/").parts
    return Path("usr", *parts) if parts[0] in MERGED else Path(*parts)


def copy(root, source, path=None):
    """Copies the file `source`, links followed, to the absolute `path` (default: its own). Returns the new path."""
    target = root / inside(path or source)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    target.chmod(0o755 if os.access(source, os.X_OK) else 0o644)
    return target


def lay_over(root, overlay):
    """Copies a folder's content over the root; links remain links."""
    for folder, folders, files in os.walk(overlay):
        for name in files + [f for f in folders if Path(folder, f).is_symlink()]:
            source = Path(folder, name)
            path = Path("/") / source.relative_to(overlay)
            target = root / inside(path)
            if source.is_symlink():
                target.parent.mkdir(parents=True, exist_ok=True)
                target.unlink(missing_ok=True)
                target.symlink_to(os.readlink(source))
            else:
                copy(root, source, path)


def normalise(root):
    """Sets fixed times and modes; cpio sets the owners."""
    when = int(os.environ.get("SOURCE_DATE_EPOCH", "0"))
    for folder, folders, files in os.walk(root, topdown=False):
        for name in files + folders:
            path = Path(folder, name)
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
            os.utime(path, (when, when), follow_symlinks=False)
    if (root / "tmp").is_dir():
        (root / "tmp").chmod(0o1777)
    root.chmod(0o755)
    os.utime(root, (when, when))


def pack(root, level, cache=None):
    """The tree as a .cpio.zst. With `cache`, stores the result there under the hash of its input."""
    normalise(root)
    names = sorted(str(p.relative_to(root)) for p in root.rglob("*"))
    listing = "\0".join(["."] + names).encode()
    cpio = run(["cpio", "--directory", str(root), "--null", "--create", "--format=newc", "--reproducible",
                "--owner=+0:+0", "--quiet"], stdin=listing)
    if cache is None:
        return compress(cpio, level)
    kept = cache / f"{hashlib.sha256(cpio).hexdigest()}-{level}.cpio.zst"
    if not kept.exists():
        cache.mkdir(parents=True, exist_ok=True)
        for old in cache.glob("*.cpio.zst"):
            old.unlink()
        write(kept, compress(cpio, level))
    return kept.read_bytes()


def compress(data, level):
    # The number of threads does not change what zstd writes, as long as it is not --single-thread.
    return run(["zstd", f"-{level}", "-T2", "--quiet", "--stdout"], stdin=data)


def write(path, data):
    """Writes the file atomically."""
    part = path.with_name(path.name + ".part")
    part.write_bytes(data)
    part.replace(path)
