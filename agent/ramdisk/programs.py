"""Programs and the shared libraries they need."""
import re
import shutil
from pathlib import Path

import archive
from failure import Failure, lines, run

SEARCH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
AGENT = "/usr/bin/bm-agent"


def is_elf(path):
    with open(path, "rb") as file:
        return file.read(4) == b"\x7fELF"


def libraries(program):
    """Absolute paths of the loader and the libraries of an ELF file. Empty for a static one and for a script."""
    if not is_elf(program) or b"(NEEDED)" not in run(["readelf", "--dynamic", "--wide", str(program)]):
        return []
    out = run(["ldd", str(program)]).decode()
    lost = re.findall(r"(\S+) => not found", out)
    if lost:
        raise Failure(f"{program} needs {', '.join(lost)}: not on this machine")
    return sorted(set(re.findall(r"(/\S+) \(0x", out)))


def stage_libraries(root, program, present=None):
    for library in libraries(program):
        if present and (present / archive.inside(library)).exists():
            continue
        if not (root / archive.inside(library)).exists():
            archive.copy(root, Path(library).resolve(), library)


def which(name):
    path = shutil.which(name, path=SEARCH)
    if not path:
        raise Failure(f"{name} is not on this machine; run lab/install-packages")
    return Path(path).resolve()


def stage_busybox(root):
    busybox = Path("/bin/busybox")
    if not busybox.exists() or libraries(busybox):
        raise Failure("/bin/busybox is not the static one; install busybox-static")
    archive.copy(root, busybox, "/usr/bin/busybox")
    for applet in run([str(busybox), "--list"]).decode().split():
        link = root / "usr/bin" / applet
        if applet != "busybox":
            link.symlink_to("busybox")


def wanted(list_file):
    """(absolute path in the RAM disk, names of links beside it) of each line of programs.list"""
    for _, (name, *links) in lines(list_file):
        yield Path("/usr", name if "/" in name else f"sbin/{name}"), links


def stage_tools(root, list_file):
    for path, links in wanted(list_file):
        program = which(path.name)
        for taken in [path.name, *links]:  # replaces busybox's applet
            (root / "usr/bin" / taken).unlink(missing_ok=True)
        archive.copy(root, program, path)
        for link in links:
            (root / archive.inside(path)).with_name(link).symlink_to(path.name)
        stage_libraries(root, program)


def grub_closure(folder, names):
    """Files of GRUB's modules with what they depend on, by its own list."""
    needs = {}
    for line in (folder / "moddep.lst").read_text().splitlines():
        module, _, others = line.partition(":")
        needs[module] = others.split()
    found, open_ends = set(), [name for name in names if (folder / f"{name}.mod").exists()]
    while open_ends:
        name = open_ends.pop()
        if name not in found:
            found.add(name)
            open_ends += needs.get(name, [])
    return sorted(f"{name}.mod" for name in found)


def stage_grub(root, list_file):
    """Copies the input of grub-mkimage for BIOS and UEFI boot loaders."""
    names = [words[0] for _, words in lines(list_file)]
    for platform, more in (("i386-pc", ["boot.img", "diskboot.img", "kernel.img", "lzma_decompress.img"]), ("x86_64-efi", ["kernel.img"])):
        folder = Path("/usr/lib/grub", platform)
        if not (folder / "moddep.lst").exists():
            raise Failure(f"{folder} is not on this machine; install grub-pc-bin and grub-efi-amd64-bin")
        for name in [*more, "moddep.lst", *grub_closure(folder, names)]:
            archive.copy(root, folder / name, folder / name)


def stage_characters(root):
    """Names in archives are UTF-8 (bm-agent); mtools names files by code page 850, which glibc keeps in a module."""
    archive.copy(root, Path("/usr/lib/locale/C.utf8/LC_CTYPE"))
    folder = Path("/usr/lib", run(["gcc", "-print-multiarch"]).decode().strip(), "gconv")
    for name in ("IBM850.so", "gconv-modules", "gconv-modules.d/gconv-modules-extra.conf"):
        archive.copy(root, folder / name, folder / name)


def stage_agent(root, base, agent):
    target = archive.copy(root, agent, AGENT)
    target.chmod(0o755)
    if is_elf(target):
        run(["strip", "--strip-all", str(target)])
    stage_libraries(root, agent, present=base)
