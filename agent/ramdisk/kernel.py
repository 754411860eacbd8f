"""Debian's kernel: its files, and its modules for the RAM disk."""
import hashlib
import os
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import archive
from failure import Failure, lines, run

DEBIAN = re.compile(r"^\d+\.\d+\.\d+-\d+.*-amd64$")

TEXT_INDEXES = ("modules.alias", "modules.builtin", "modules.builtin.modinfo", "modules.dep", "modules.devname",
                "modules.order", "modules.symbols", "modules.symbols.bin")


@dataclass
class Linux:
    version: str
    root: Path  # its modules are in root/lib/modules/version
    image: Path

    @property
    def modules(self):
        return self.root / "lib/modules" / self.version


def find(version=None, root=Path("/")):
    """Finds the kernel `version` (default: the newest installed one). Fetches a missing version from apt."""
    installed = [Linux(v, root, root / f"boot/vmlinuz-{v}") for v in
                 sorted(os.listdir(root / "lib/modules") if (root / "lib/modules").is_dir() else [], key=by_number)
                 if DEBIAN.match(v)]
    whole = [k for k in installed if k.image.is_file() and (k.modules / "modules.dep").is_file()
             and version in (None, k.version)]
    return whole[-1] if whole else fetch(version)


def by_number(version):
    return [int(n) for n in re.findall(r"\d+", version)]


def cache_folder():
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "bm-ramdisk"


def fetch(version):
    """Downloads linux-image-VERSION and unpacks it into a cache. Installs nothing."""
    version = version or newest_of_apt()
    package = f"linux-image-{version}"
    root = cache_folder() / package
    linux = Linux(version, root, root / f"boot/vmlinuz-{version}")
    if (root / "complete").is_file():
        return linux
    root.mkdir(parents=True, exist_ok=True)
    print(f"kernel {version} is not installed here: fetching {package} into {root}", flush=True)
    try:
        run(["env", "-C", str(root), "apt-get", "--quiet", "download", package])
    except Failure as failure:
        raise Failure(f"kernel {version} is neither installed nor to be had from apt: {failure}") from None
    for deb in root.glob("*.deb"):
        run(["dpkg-deb", "--extract", str(deb), str(root)])
        deb.unlink()
    run(["depmod", "--basedir", str(root), version])
    (root / "complete").touch()
    return linux


def newest_of_apt():
    depends = run(["apt-cache", "depends", "linux-image-amd64"]).decode()
    match = re.search(r"Depends: linux-image-(\S+)", depends)
    if not match:
        raise Failure("no Debian kernel here, and apt knows no linux-image-amd64; run apt-get update")
    return match[1]


def wanted(list_file):
    """{group: [module]} of modules.list."""
    groups, group = {}, "other"
    for number, words in lines(list_file):
        if words[0].startswith("["):
            group = words[0].strip("[]")
        elif len(words) == 1:
            groups.setdefault(group, []).append(words[0])
        else:
            raise Failure(f"{list_file}:{number}: one module a line, please")
    return groups


def closure(linux, module):
    """Files of a module and of its dependencies, soft ones included. Empty for a built-in module."""
    out = run(["modprobe", "--config", "/dev/null", "--dirname", str(linux.root), "--set-version", linux.version,
               "--show-depends", module]).decode()
    found = [line.split() for line in out.splitlines()]
    if not found:
        raise Failure(f"modprobe --show-depends {module} says nothing")
    return [Path("/" + words[1].lstrip("/")) for words in found if words[0] == "insmod"]


def stage_compressed(root, files, base, cache, level):
    """Modules as .ko.zst: unpacking the RAM disk is quicker, it takes half the memory, and kmod reads them."""
    def stage(file):
        archive.copy(root, packed(file, cache, level), f"/lib/modules/{file.relative_to(base)}.zst")

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(stage, files))


def packed(file, cache, level):
    kept = cache / f"{hashlib.sha256(file.read_bytes()).hexdigest()}-{level}.ko.zst"
    if not kept.exists():
        part = kept.with_suffix(".part")
        run(["zstd", f"-{level}", "--quiet", "--force", str(file), "-o", str(part)])
        part.replace(kept)
    return kept


def stage_modules(root, linux, list_file, cache, level):
    cache.mkdir(parents=True, exist_ok=True)
    missing, files = [], set()
    for names in wanted(list_file).values():
        for name in names:
            try:
                files.update(closure(linux, name))
            except Failure as failure:
                missing.append(f"{name} ({failure})")
    if missing:
        raise Failure(f"kernel {linux.version} lacks modules of {list_file.name}:\n  " + "\n  ".join(missing))
    target = root / "usr/lib/modules" / linux.version
    stage_compressed(root, sorted(files), linux.root / "lib/modules", cache, level)
    for name in ("modules.order", "modules.builtin", "modules.builtin.modinfo"):
        archive.copy(root, linux.modules / name, f"/lib/modules/{linux.version}/{name}")
    run(["depmod", "--basedir", str(root), linux.version])
    for text in TEXT_INDEXES:  # modprobe reads the .bin beside each
        (target / text).unlink(missing_ok=True)
