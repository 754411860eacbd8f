#!/usr/bin/env python3
"""The includes that each folder may have: the allowed edges are data; any other include fails (docs/architecture.md)."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
BASE = {"common/text", "common/model", "common/model/fleet", "common/model/resources"}
PLATFORM = BASE | {"common/platform", "common/platform/confine"}
LEAF = PLATFORM
DB = {"db/engine", "db/repositories", "db/repositories/fleet", "db/repositories/resources"}
IMAGES = {"images/" + room for room in ("base", "blocks", "formats", "sources", "store")}
AGENT_WIRE = {"common/wire/" + room for room in ("json", "agent", "steps")}
WIRE = AGENT_WIRE | {"common/wire", "common/wire/resources"}
ROOM = PLATFORM | DB | WIRE | {"common/metrics", "conductor/core"}
CONDUCTOR = {f"conductor/{room}" for room in ("core", "events", "health", "images", "nodes", "resources", "steps", "operations", "machines",
                                              "fleet/selection", "fleet/rollouts", "fleet/schedules")}
API = PLATFORM | CONDUCTOR | IMAGES | DB | WIRE | {"common/metrics", "common/layout", "common/http", "pxe", "drivers/core"}
AGENT_STEP = PLATFORM | AGENT_WIRE | {"agent/base", "agent/disk"}
HARDWARE = {"agent/hardware/" + room for room in ("erase", "raid", "burnin", "inspection", "rescue")}
ALLOWED = {
    "common/text": set(),
    "common/model": {"common/text"},
    "common/model/fleet": {"common/text", "common/model"},
    "common/model/resources": {"common/text", "common/model"},
    "common/wire/json": {"common/text", "common/model"},
    "common/wire/agent": {"common/text", "common/model", "common/wire/json"},
    "common/wire/steps": {"common/text", "common/model", "common/wire/json", "common/wire/agent"},
    "common/wire/resources": {"common/text", "common/model", "common/model/resources", "common/wire/json"},
    "common/wire": PLATFORM | (WIRE - {"common/wire"}),
    "common/layout": BASE | {"common/wire/json"},
    "common/platform": BASE | {"common/platform/confine"},
    "common/platform/confine": set(),
    "common/metrics": PLATFORM,
    "common/http": PLATFORM | {"common/http/proxy", "common/http/tls"},
    "common/http/proxy": PLATFORM,
    "common/http/tls": PLATFORM,
    "images/base": PLATFORM,
    "images/blocks": PLATFORM,
    "images/formats": BASE | {"images/base"},
    "images/sources": PLATFORM | {"images/base", "images/blocks"},
    "images/store": PLATFORM | {"images/base", "images/blocks", "images/formats", "images/sources"},
    "images/convert": BASE | {"common/platform/confine", "images/base", "images/blocks"},
    "db/engine": PLATFORM,
    "db/engine/sqlite": {"common/model", "common/text", "db/engine"},
    "db/schema": {"db/engine"},
    "db/repositories": BASE | {"db/engine"},
    "db/repositories/fleet": BASE | {"db/engine", "db/repositories"},
    "db/repositories/resources": BASE | {"db/engine"},
    "db/open": {"common/model", "db/engine", "db/engine/sqlite", "db/schema"},
    "pxe": LEAF,
    "drivers": set(),
    "drivers/core": LEAF,
    "drivers/ipmi": LEAF | {"drivers/core"},
    "drivers/fake": LEAF | {"drivers/core"},
    "conductor/core": PLATFORM | IMAGES | DB | WIRE | {"common/metrics", "pxe", "drivers/core"},
    "conductor/events": ROOM,
    "conductor/health": ROOM | {"pxe"},
    "conductor/images": ROOM | IMAGES | {"common/layout"},
    "conductor/nodes": ROOM | {"conductor/images"},
    "conductor/resources": ROOM | {"conductor/nodes"},
    "conductor/steps": ROOM | {"images/blocks", "conductor/images", "conductor/nodes"},
    "conductor/operations": ROOM | {"conductor/images", "conductor/nodes", "conductor/steps"},
    "conductor/machines": ROOM | {"conductor/images", "conductor/nodes", "conductor/steps"},
    "conductor/fleet/selection": ROOM | {"conductor/images", "conductor/nodes"},
    "conductor/fleet/rollouts": ROOM | {"conductor/images", "conductor/operations", "conductor/fleet/selection"},
    "conductor/fleet/schedules": ROOM | {"conductor/images", "conductor/fleet/selection", "conductor/fleet/rollouts"},
    "api": API | {"api/core", "api/access", "api/resources", "api/ironic", "api/own", "api/fleet"},
    "api/core": API,
    "api/access": API | {"api/core"},
    "api/resources": API | {"api/core", "api/access"},
    "api/ironic": API | {"api/core", "api/access", "api/resources"},
    "api/own": API | {"api/core", "api/access", "api/resources"},
    "api/fleet": API | {"api/core", "api/access"},
    "bmd/backup": PLATFORM | DB | {"db/open", "images/store"},
    "bmd": API | {"api", "api/access", "bmd/backup", "common/http/tls", "db/open", "drivers/ipmi", "drivers/fake"},
    "agent": PLATFORM | AGENT_WIRE | HARDWARE | {"common/layout", "agent/base", "agent/files", "agent/disk", "agent/drive", "agent/frames", "agent/relay", "agent/step",
                                                 "agent/start", "agent/copy", "agent/tree", "agent/capture"},
    "agent/base": PLATFORM,
    "agent/disk": PLATFORM | AGENT_WIRE | {"agent/base"},
    "agent/files": PLATFORM,
    "agent/drive": PLATFORM | {"agent/base", "agent/disk"},
    "agent/frames": PLATFORM | {"images/blocks", "agent/base"},
    "agent/relay": PLATFORM | AGENT_WIRE | {"images/blocks", "agent/base", "agent/disk", "agent/frames"},
    "agent/step": AGENT_STEP | {"agent/frames", "agent/relay"},
    "agent/start": AGENT_STEP | {"agent/files", "agent/step"},
    "agent/copy": AGENT_STEP | {"images/blocks", "agent/drive", "agent/frames", "agent/relay", "agent/step", "agent/start"},
    "agent/tree": AGENT_STEP | {"images/blocks", "common/layout", "agent/files", "agent/drive", "agent/frames", "agent/relay", "agent/step", "agent/start", "agent/copy"},
    "agent/capture": AGENT_STEP | {"images/blocks", "agent/files", "agent/drive", "agent/frames", "agent/step"},
    "agent/hardware/erase": AGENT_STEP | {"agent/step", "agent/start"},
    "agent/hardware/raid": AGENT_STEP | {"agent/step", "agent/start", "agent/hardware/erase"},
    "agent/hardware/burnin": AGENT_STEP | {"agent/step", "agent/hardware/erase"},
    "agent/hardware/inspection": AGENT_STEP | {"agent/step"},
    "agent/hardware/rescue": AGENT_STEP | {"agent/step", "agent/hardware/inspection"},
    "cli": {"cli/commands"},
    "cli/client": PLATFORM,
    "cli/views": BASE,
    "cli/shell": BASE | {"cli/client", "cli/views"},
    "cli/commands": PLATFORM | AGENT_WIRE | {"cli/client", "cli/views", "cli/shell", "common/layout"},
}

# tests/X tests the folders of the row, all that is inside them, and may include what these may; so do tests/support's
# users (it builds the whole server) and helpers of another test folder where the row names it.
TESTS = {
    "agent": {"agent"},
    "api": {"api", "tests/drivers", "tests/support", "tests/wire"},
    "blocks": {"images/blocks"},
    "bmd": {"bmd", "tests/support"},
    "cli": {"cli", "tests/support"},
    "conductor": {"conductor", "db/open", "common/http", "tests/images", "tests/support"},
    "db": {"db"},
    "drivers": {"drivers", "common/http", "common/wire"},
    "fleet": {"conductor", "common/http", "tests/support"},
    "fuzz": {"agent", "bmd", "cli", "common/http", "images/convert"},
    "http": {"common/http"},
    "images": {"images"},
    "layout": {"common/layout"},
    "model": {"common/model", "tests/support"},
    "metrics": {"common/metrics"},
    "platform": {"common/platform", "tests/http"},
    "pxe": {"pxe", "tests/support"},
    "states": {"conductor", "tests/support"},
    "support": {"bmd", "tests/db"},
    "text": {"common/text", "tests/support"},
    "vendors": {"agent", "images", "tests/images", "tests/support"},
    "wire": {"common/wire", "tests/support"},
}
MOST_FILES = 40
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.M)
ENGINE_ROOMS = {"db/engine/sqlite", "db/open"}
ENGINE_HEADER = re.compile(r'#\s*include\s+[<"](sqlite3\.h|db/engine/sqlite/)')
ENGINE_WORDS = re.compile(r"sqlite|\bpragma\b|\browid\b|\bautoincrement\b|\bvacuum\b|\binstr\(", re.I)
POCO = re.compile(r'^\s*#\s*include\s+[<"]Poco/', re.M)


def folder_of(path):
    """The row that a file belongs to: the longest one that it lies below."""
    parts = path.split("/")[:-1]
    while parts and "/".join(parts) not in ALLOWED:
        parts.pop()
    return "/".join(parts)


def sources():
    for top in sorted({row.split("/")[0] for row in ALLOWED}):
        for file in sorted((ROOT / top).rglob("*")):
            if file.suffix in (".h", ".cpp"):
                yield file.relative_to(ROOT).as_posix(), file.read_text(encoding="utf-8")


def upward_includes():
    for name, text in sources():
        folder = folder_of(name)
        if name.rsplit("/", 1)[0] != folder:
            yield f"{name}: {name.rsplit('/', 1)[0]} has no row of its own"
        for included in INCLUDE.findall(text):
            target = folder_of(included)
            if target and target != folder and target not in ALLOWED[folder]:
                yield f"{name}: {folder} may not include {target} ({included})"
        if POCO.search(text) and folder != "common/http":
            yield f"{name}: Poco stays inside common/http"


def engine_leaks():
    """Uses of an engine outside its folder: its header, its name in code, the words of its SQL."""
    for name, text in sources():
        folder = folder_of(name)
        if folder in ENGINE_ROOMS or (not folder.startswith("db/") and not ENGINE_HEADER.search(text)):
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if ENGINE_HEADER.search(line) or ENGINE_WORDS.search(line.replace("#pragma once", "")):
                yield f"{name}:{number}: only db/engine/sqlite knows its engine"


def tested(rows):
    """The folders that tests of these folders may include: these, those inside them, and their allowed edges."""
    inside = {row for row in ALLOWED for given in rows if row == given or row.startswith(given + "/")}
    return inside.union(*(ALLOWED[row] for row in inside))


def foreign_includes_of_tests():
    for file in sorted((ROOT / "tests").rglob("*")):
        name = file.relative_to(ROOT).as_posix()
        if file.suffix not in (".h", ".cpp"):
            continue
        test = name.split("/")[1]
        if test not in TESTS:
            yield f"{name}: tests/{test} has no row"
            continue
        for included in INCLUDE.findall(file.read_text(encoding="utf-8")):
            other = "/".join(included.split("/")[:2])
            target = folder_of(included)
            if included.startswith("tests/"):
                if other not in TESTS[test] | {"tests/" + test}:
                    yield f"{name}: tests/{test} may not include {other} ({included})"
            elif target and target not in tested(TESTS[test]):
                yield f"{name}: tests/{test} may not include {target} ({included})"


def foreign_links():
    """A library that a row does not allow is not linked either, so that a declaration made by hand finds no code."""
    rows = {row.replace("/", "_"): row for row in ALLOWED}
    for folder, allowed in ALLOWED.items():
        file = ROOT / folder / "CMakeLists.txt"
        call = file.exists() and re.search(r"bm_library\(" + folder + r"\s[^)]*\)", file.read_text(encoding="utf-8"))
        for linked in re.findall(r"bm::(\w+)", call.group(0)) if call else ():
            if linked in rows and rows[linked] != folder and rows[linked] not in allowed:
                yield f"{folder}/CMakeLists.txt: {folder} may not link {rows[linked]}"


def missing_links():
    """A library links every library that its files include, since an indirect link may disappear."""
    for folder in CONDUCTOR:
        text = (ROOT / folder / "CMakeLists.txt").read_text(encoding="utf-8")
        linked = set(re.findall(r"bm::(\w+)", text)) | {folder.replace("/", "_")}
        for file in sorted((ROOT / folder).glob("*.*")):
            for included in INCLUDE.findall(file.read_text(encoding="utf-8")) if file.suffix in (".h", ".cpp") else ():
                target = included.rsplit("/", 1)[0].replace("/", "_")
                if target not in linked:
                    yield f"{folder}/CMakeLists.txt: {file.name} includes {included}, and {target} is not linked"


def crowded():
    for folder in ALLOWED:
        files = sum(1 for file in (ROOT / folder).iterdir() if file.suffix in (".h", ".cpp"))
        if files > MOST_FILES:
            yield f"{folder}: {files} files, {MOST_FILES} are the most"


def main():
    checked = sum(1 for folder in ALLOWED for _ in (ROOT / folder).rglob("*.cpp"))
    if checked < 50:
        sys.exit(f"only {checked} source files were found: the table and the tree do not fit")
    wrong = [*upward_includes(), *foreign_includes_of_tests(), *foreign_links(), *missing_links(), *crowded()]
    print("\n".join(wrong) or f"{checked} source files keep to the layers")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
