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
CONDUCTOR = "core events health images nodes steps operations machines fleet/selection fleet/rollouts fleet/schedules".split()
FOLDERS = ["common/model", "common/wire", "common/layout", "common/platform", "common/http", "images", "images/blocks", "db", "pxe", "drivers",
           "conductor", "conductor/fleet", *[f"conductor/{room}" for room in CONDUCTOR], "api", "bmd", "agent", "agent/ramdisk", "cli", "lab", "bench", "tests"]


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
    said = subprocess.run(["clang-format", "--dry-run", "-Werror", *sources], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    names = {line.split(":")[0] for line in said.stderr.splitlines() if "error:" in line}
    return [f"{name} is not formatted: clang-format -i {name}" for name in sorted(names)] or ([said.stderr] if said.returncode else [])


def main():
    files = [file for file in tracked() if file.exists()]
    wrong = unbuilt(files) + unformatted(files)
    wrong += [f"{folder} has no README.md" for folder in FOLDERS if not (ROOT / folder / "README.md").exists()]
    for file in files:
        if file.suffix in (".cpp", ".h", ".py", ".sh"):
            lines = len(file.read_text(encoding="utf-8").splitlines())
            if lines > LONGEST_FILE:
                wrong.append(f"{file.relative_to(ROOT)} has {lines} lines, {LONGEST_FILE} is a stop")
    print("\n".join(wrong) or f"{len(files)} files keep to the house's rules")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
