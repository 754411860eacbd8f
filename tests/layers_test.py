#!/usr/bin/env python3
"""Who may include whom: the allowed edges are data; an include outside them fails (docs/architecture.md)."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
BASE = {"common/text", "common/model"}
PLATFORM = BASE | {"common/platform"}
LEAF = PLATFORM
CONDUCTOR = PLATFORM | {"db", "images", "pxe", "drivers"}
API = CONDUCTOR | {"common/layout", "common/http", "common/wire", "conductor", "conductor/fleet"}
ALLOWED = {
    "common/text": set(),
    "common/model": {"common/text"},
    "common/wire": BASE,
    "common/layout": BASE | {"common/wire"},
    "common/platform": BASE,
    "common/http": PLATFORM,
    "images/blocks": PLATFORM | {"common/http"},
    "db": LEAF,
    "images": LEAF | {"images/blocks"},
    "pxe": LEAF,
    "drivers": LEAF,
    "conductor": CONDUCTOR | {"images/blocks", "common/layout"},
    "conductor/fleet": CONDUCTOR | {"conductor", "common/wire"},
    "api": API,
    "bmd": API | {"api"},
    "agent": PLATFORM | {"common/wire", "common/layout", "images/blocks"},
    "cli": PLATFORM | {"common/wire", "common/layout"},
}
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.M)
POCO = re.compile(r'^\s*#\s*include\s+[<"]Poco/', re.M)


def folder_of(path):
    parts = path.split("/")
    two = "/".join(parts[:2])
    return two if two in ALLOWED else parts[0]


def findings():
    for folder, allowed in ALLOWED.items():
        for file in sorted((ROOT / folder).rglob("*")):
            name = file.relative_to(ROOT).as_posix()
            if file.suffix not in (".h", ".cpp") or folder_of(name) != folder:
                continue
            text = file.read_text(encoding="utf-8")
            for included in INCLUDE.findall(text):
                target = folder_of(included)
                if target != folder and target in ALLOWED and target not in allowed:
                    yield f"{name}: {folder} may not include {target} ({included})"
            if POCO.search(text) and folder not in ("common/http", "db"):
                yield f"{name}: Poco stays inside common/http and db"


def main():
    checked = sum(1 for folder in ALLOWED for _ in (ROOT / folder).rglob("*.cpp"))
    if checked < 50:
        sys.exit(f"only {checked} source files were found: the table and the tree do not fit")
    wrong = list(findings())
    print("\n".join(wrong) or f"{checked} source files keep to the layers")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
