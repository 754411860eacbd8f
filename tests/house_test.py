#!/usr/bin/env python3
"""Rules of the house that no compiler checks: every source is built and formatted, every folder has a README, files stay short."""
import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(sys.argv[1])
LONGEST_FILE = 600
MOST_FILES = 40  # directly in a folder
AT_THE_ROOT = {".clang-format", ".clang-tidy", ".gitignore", "CHANGELOG.md", "CMakeLists.txt", "CMakePresets.json", "CONTRIBUTING.md", "LICENSE", "README.md",
               "packages.apt", ".github", ".git", ".ci", "agent", "api", "bench", "bmd", "build", "cli", "cmake", "common", "conductor", "db", "docs", "drivers", "images",
               "lab", "packaging", "pxe", "tests", "web"}
CODE = {".cpp", ".h", ".py", ".sh"}
DATA = ("tests/fuzz/corpus", "tests/data", "agent/ramdisk/rootfs", "lab/image/rootfs")  # inputs, files of images


def tracked():
    out = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if out.returncode == 0:
        return [ROOT / line for line in out.stdout.splitlines()]
    return [path for path in ROOT.rglob("*") if path.is_file() and "build" not in path.relative_to(ROOT).parts[:1]]


PEERS = ROOT / "bench" / "peers"  # other programs, built by the bench that measures them


def unbuilt(files):
    commands = json.loads((BUILD / "compile_commands.json").read_text(encoding="utf-8"))
    built = {pathlib.Path(entry["file"]).resolve() for entry in commands}
    for together in [file for file in built if file.parent.name == "Unity"]:  # CMake's: an include for each file
        built.update(pathlib.Path(name).resolve() for name in re.findall(r'#include "(.+)"', together.read_text(encoding="utf-8")))
    return [f"{file.relative_to(ROOT)} is not built" for file in files
            if file.suffix == ".cpp" and file.exists() and file.parent != PEERS and file.resolve() not in built]


def unformatted(files):
    sources = [str(file) for file in files if file.suffix in (".cpp", ".h")]
    checked = subprocess.run(["clang-format", "--dry-run", "-Werror", *sources], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    names = {line.split(":")[0] for line in checked.stderr.splitlines() if "error:" in line}
    return [f"{name} is not formatted: clang-format -i {name}" for name in sorted(names)] or ([checked.stderr] if checked.returncode else [])


def is_code(file):
    return file.suffix in CODE or (file.suffix == "" and file.read_bytes()[:2] == b"#!")


def untidy_folders(files):
    """Every folder with code has a README.md and few files; README.md of tests/ covers the folders of tests below it."""
    folders = {}
    for file in files:
        folders.setdefault(file.relative_to(ROOT).parent.as_posix(), []).append(file)
    for folder, inside in sorted(folders.items()):
        if folder.startswith(DATA):
            continue
        if len(inside) > MOST_FILES and any(is_code(file) for file in inside):
            yield f"{folder} has {len(inside)} files, {MOST_FILES} at most: make inner folders"
        if any(is_code(file) for file in inside) and ROOT / folder / "README.md" not in inside and not folder.startswith("tests/"):
            yield f"{folder} has no README.md"


def bare_conditions(files):
    """std::condition_variable waits for ever when the C library loses a notification; platform::Condition looks again."""
    own = ROOT / "common" / "platform" / "condition.h"
    for file in files:
        if file.suffix in (".cpp", ".h") and file.relative_to(ROOT).parts[0] != "tests" and file != own:
            if "std::condition_variable" in file.read_text(encoding="utf-8"):
                yield f"{file.relative_to(ROOT)}: platform::Condition instead of std::condition_variable"


def unexpected_files_at_the_root():
    """Files that a program left in the root, or that belong in a folder; ignored files included."""
    return [f"{path.name} does not belong into the repository's root" for path in sorted(ROOT.iterdir()) if path.name not in AT_THE_ROOT]


def main():
    files = [file for file in tracked() if file.exists()]
    wrong = unbuilt(files) + unformatted(files)
    wrong += [*untidy_folders(files), *bare_conditions(files), *unexpected_files_at_the_root()]
    for file in files:
        if file.suffix in (".cpp", ".h", ".py", ".sh"):
            lines = len(file.read_text(encoding="utf-8").splitlines())
            if lines > LONGEST_FILE:
                wrong.append(f"{file.relative_to(ROOT)} has {lines} lines, {LONGEST_FILE} is a stop")
    print("\n".join(wrong) or f"{len(files)} files keep to the house's rules")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
