"""A report of the RAM disk's size by its parts."""
from collections import Counter
from pathlib import Path

import kernel
from failure import lines, run

FIRMWARE = Path(__file__).resolve().parent / "rootfs/etc/firmware.list"


def text(trees, linux, packed_size, list_file):
    files = [(path, path.relative_to(tree)) for tree in trees for path in sorted(tree.rglob("*"))
             if path.is_file() and not path.is_symlink()]
    module_groups = by_module(linux, list_file)
    groups, members = {}, {}
    for path, name in files:
        group, member = place(name, module_groups)
        groups.setdefault(group, []).append(path)
        members.setdefault(group, Counter())[member] += path.stat().st_size
    raw = {group: sum(members[group].values()) for group in groups}
    small = {group: len(run(["zstd", "-6", "--stdout", "--quiet"], stdin=b"".join(p.read_bytes() for p in paths)))
             for group, paths in groups.items()}
    scale = packed_size / sum(small.values())
    out = [f"kernel {linux.version}: {linux.image.stat().st_size:,} bytes",
           f"RAM disk: {packed_size:,} bytes packed, {sum(raw.values()):,} unpacked",
           "", f"{'group':24}{'unpacked':>12}{'packed (about)':>16}"]
    for group in sorted(groups, key=lambda g: -small[g]):
        out.append(f"{group:24}{raw[group]:>12,}{int(small[group] * scale):>16,}")
    for group in sorted(groups, key=lambda g: -small[g]):
        out += ["", f"[{group}]"]
        out += [f"{size:>12,}  {member}" for member, size in
                sorted(members[group].items(), key=lambda item: (-item[1], item[0]))]
    return "\n".join(out + ["", *firmware(linux, trees, list_file)]) + "\n"


def by_module(linux, list_file):
    """{file name of a module: the first group of modules.list that brought it}"""
    groups = {}
    for group, names in kernel.wanted(list_file).items():
        for name in names:
            for file in kernel.closure(linux, name):
                groups.setdefault(f"{file.name}.zst", group)
    return groups


def place(name, module_groups):
    parts = name.parts
    if "modules" in parts and name.name in module_groups:
        return f"modules/{module_groups[name.name]}", name.name.split(".")[0]
    if "firmware" in parts:
        return "firmware", "/".join(parts[parts.index("firmware") + 1:])
    if "modules" in parts:
        return "modules/index", name.name
    if name.name == "bm-agent":
        return "bm-agent", name.name
    if ".so" in name.name:
        return "libraries", name.name
    if parts[0] == "usr" and parts[1] in ("bin", "sbin"):
        return "programs", name.name
    return "own files", str(name)


def firmware(linux, trees, list_file):
    """Drivers of the list that may need firmware that no overlay contains."""
    have = {str(p).split("/lib/firmware/")[1] for t in trees for p in t.rglob("*") if "/lib/firmware/" in str(p)}
    out = ["Firmware that drivers may ask for and that is not here (bring it by --overlay DIR, DIR/lib/firmware/...):"]
    for name in sorted({n for names in kernel.wanted(list_file).values() for n in names}):
        files = kernel.closure(linux, name)
        asked = run(["modinfo", "--field", "firmware", *map(str, files)]).decode().split() if files else []
        lacking = sorted(set(asked) - have)
        if lacking:
            packages = ", ".join(sorted({package_of(file) for file in lacking}))
            out.append(f"  {name}: {len(lacking)} of {len(set(asked))}, such as {lacking[-1]} ({packages})")
    return out


def package_of(file):
    """The Debian package that has a firmware file, as init names it."""
    for _, (prefix, package) in lines(FIRMWARE):
        if file.startswith(prefix):
            return package
    return "unknown package"
