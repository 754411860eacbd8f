#!/usr/bin/env python3
"""Checks the documentation. Without arguments: links, widths, the index, decisions. With a build folder: commands.

Each `bm ...` and `bmd ...` in a page must name commands and options that the programs' --help has, each route one of
the OpenAPI document, each key one of --print-config.

Each line "$ COMMAND" in a block that a page marks as ```console run is run ("> " continues it), in the page's order,
against a `bmd --dev` of the test's own with the nodes rack1-01 to rack1-08 and the image debian-12. It must end with
0, or with N where the line ends in "# exit code N". Error codes in the shown output ("[not-found]") must be in the
real one. <!-- run: COMMAND --> prepares the block below it; readers do not see it.
"""
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "system"))
DOCS = ROOT / "docs"
PROSE, TABLE = 120, 160
FEWEST_COMMANDS = 20
MACHINES = ("/v1/agent/", "/v1/lookup", "/v1/heartbeat", "/v1/images/{content id}")  # of the provisioning listener
IDIOMS = ("is looked at", "are looked at", "(is|was|are|were) asked for", "is told", "are told", "whoever", "who asks", "what nobody",
          "is taken up", "are taken up", "goes on where", "is lent", "anew", "one's own", "for good", "proved who",
          "makes? up for")
APART = {ROOT / "CHANGELOG.md"}  # one line for each change, however long
TEXTS = (".md", ".cpp", ".h", ".py", ".sh", ".in", ".txt", ".cmake", ".yaml", ".yml")


def tracked(*patterns):
    out = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns],
                         cwd=ROOT, capture_output=True, text=True, check=False)
    if out.returncode == 0:
        return [ROOT / line for line in out.stdout.splitlines() if (ROOT / line).is_file()]
    found = [path for path in ROOT.rglob("*") if path.is_file() and "build" not in path.relative_to(ROOT).parts[:1]]
    return [path for path in found if not patterns or any(path.match(pattern) for pattern in patterns)]


def read(path):
    return path.read_text(encoding="utf-8", errors="replace")


def name_of(path):
    return str(path.relative_to(ROOT))


class Page:
    """A Markdown file: its lines outside of code blocks, and its code blocks with their info strings."""

    def __init__(self, path):
        self.path = path
        self.prose = []   # (line number, text)
        self.blocks = []  # (line number of its fence, info, [lines])
        self.lines = read(path).splitlines()
        inside = False
        for number, line in enumerate(self.lines, 1):
            if line.lstrip().startswith("```"):
                if not inside:
                    self.blocks.append((number, line.strip().strip("`").strip(), []))
                inside = not inside
            elif inside:
                self.blocks[-1][2].append(line)
            else:
                self.prose.append((number, line))
        self.closed = not inside

    def anchors(self):
        """The anchors that GitHub makes from headings."""
        seen = set()
        for _, line in self.prose:
            heading = re.match(r"#+ (.+)", line)
            if heading:
                text = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading[1]).lower()
                seen.add(re.sub(r"[^\w\- ]", "", text).strip().replace(" ", "-"))
        return seen

    def spans(self):
        """Code spans of the prose, with their line numbers."""
        return [(number, span) for number, line in self.prose for span in re.findall(r"`([^`]+)`", line)]


def wrong_links(page):
    for number, line in page.prose:
        for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`]*`", "", line)):
            if re.match(r"[a-z]+:", target):
                continue
            file, _, anchor = target.partition("#")
            there = (page.path.parent / file).resolve() if file else page.path
            if not there.exists():
                yield f"{name_of(page.path)}:{number}: there is no {target}"
            elif anchor and anchor not in Page(there).anchors():
                yield f"{name_of(page.path)}:{number}: {file or 'the page'} has no heading for #{anchor}"


def wrong_mentions(files):
    """docs/PAGE.md and docs/adr/NNNN, wherever a tracked text mentions them."""
    decisions = {path.name[:4] for path in (DOCS / "adr").glob("[0-9]*.md")}
    for file in files:
        if file.suffix not in TEXTS or file == pathlib.Path(__file__).resolve():
            continue
        for number, line in enumerate(read(file).splitlines(), 1):
            for mention in re.findall(r"docs/[a-z-]+\.md", line):
                if not (ROOT / mention).exists():
                    yield f"{name_of(file)}:{number}: there is no {mention}"
            for mention in re.findall(r"docs/adr/(\d{4})", line):
                if mention not in decisions:
                    yield f"{name_of(file)}:{number}: there is no decision {mention}"


def wrong_widths(page):
    prose = dict(page.prose)
    for number, line in enumerate(page.lines, 1):
        if line.startswith("<!--"):
            continue
        is_prose = number in prose and not line.startswith("|") and not line.startswith("    ")
        limit = PROSE if is_prose else TABLE
        shown = len(re.sub(r"\]\([^)]*\)", "]()", line))  # an address cannot be wrapped
        if shown > limit:
            yield f"{name_of(page.path)}:{number}: {shown} characters, {limit} at most"
    if not page.closed:
        yield f"{name_of(page.path)}: a code block does not end"


def wrong_spans(page):
    """Code spans that go on in the next line: a reader of lines takes the text between two spans for code."""
    for number, line in page.prose:
        if len(re.findall(r"`+", line)) % 2:
            yield f"{name_of(page.path)}:{number}: a code span does not end on its line"


def wrong_words(page):
    """Phrases that hide the actor; CONTRIBUTING.md has the rule."""
    for number, line in page.prose:
        for phrase in IDIOMS:
            if re.search(rf"\b{phrase}\b", line, re.IGNORECASE):
                yield f"{name_of(page.path)}:{number}: \"{phrase}\": name the actor and use the field's noun"


def wrong_index():
    index = read(DOCS / "README.md")
    for path in sorted([*DOCS.glob("*.md"), *(DOCS / "man").iterdir(), DOCS / "adr" / "README.md", DOCS / "states.dot"]):
        name = str(path.relative_to(DOCS))
        if name != "README.md" and f"({name})" not in index:
            yield f"docs/README.md does not list {name}"
    decisions = read(DOCS / "adr" / "README.md")
    for path in sorted((DOCS / "adr").glob("[0-9]*.md")):
        title = read(path).splitlines()[0].split(". ", 1)[-1]
        if f"]({path.name}) {title}" not in decisions:
            yield f"docs/adr/README.md does not list {path.name} with its title"


def wrong_decisions():
    numbers = {}
    for path in sorted((DOCS / "adr").glob("[0-9]*.md")):
        text = read(path)
        where = name_of(path)
        head = re.match(r"# (\d+)\. \S.*\n", text)
        if not head or int(head[1]) != int(path.name[:4]):
            yield f"{where}: the first line is not \"# NUMBER. TITLE\""
        if not re.search(r"\bDate:\W{0,4}\d{4}-\d\d-\d\d\b", text):
            yield f"{where}: no \"Date: YYYY-MM-DD\""
        if not re.search(r"\bStatus:\W{0,4}(accepted|superseded by \d{4})\b", text):
            yield f"{where}: no \"Status: accepted\" or \"superseded by NNNN\""
        parts = [text.find(part) for part in ("**Context.**", "**Decision.**", "**Consequences.**")]
        heads = [text.find(part) for part in ("## Context", "## Decision", "## Consequences")]
        if not any(-1 not in found and found == sorted(found) for found in (parts, heads)):
            yield f"{where}: Context, Decision and Consequences are its parts, in this order"
        for other in set(re.findall(r"^\*\*([^*]+)\.\*\*", text, re.M)) - {"Context", "Decision", "Consequences"}:
            yield f"{where}: \"{other}\" is a fourth part; it belongs to the Decision"
        if len(text.splitlines()) > 20:
            yield f"{where}: {len(text.splitlines())} lines, 20 at most"
        if path.name[:4] in numbers:
            yield f"{where}: {numbers[path.name[:4]]} has the same number"
        numbers[path.name[:4]] = path.name


def check_pages():
    files = tracked()
    pages = [Page(path) for path in files if path.suffix == ".md"]
    wrong = [line for page in pages for line in wrong_links(page)]
    wrong += [line for page in pages if page.path not in APART for line in wrong_widths(page)]
    wrong += [line for page in pages for line in [*wrong_words(page), *wrong_spans(page)]]
    wrong += [*wrong_mentions(files), *wrong_index(), *wrong_decisions()]
    return wrong, f"{len(pages)} pages: links, widths, index and decisions are well"


# Commands.

def command_lines(page):
    """Each `bm ...` and `bmd ...` of a page, in code spans and in blocks of commands."""
    for number, span in page.spans():
        yield number, span
    for number, info, lines in page.blocks:
        if info.split()[:1] in ([], ["sh"], ["console"]):
            for offset, line in enumerate("\n".join(lines).replace("\\\n", "  ").splitlines(), 1):
                yield number + offset, line


class Program:
    """The commands and options in --help of bm or bmd."""

    def __init__(self, path):
        self.path = path
        self.known = {}

    def help(self, words):
        if words not in self.known:
            done = subprocess.run([self.path, *words, "--help"], capture_output=True, text=True, check=False, timeout=20)
            self.known[words] = done.stdout if done.returncode == 0 else ""
        return self.known[words]

    def commands(self, words):
        part = self.help(words).partition("Subcommands:\n")[2].partition("\n\n")[0]
        return set(re.findall(r"^  (\S+)", part, re.MULTILINE))

    def wrong(self, words):
        """The first unknown word after the program's name; "" when all are known."""
        path, value = (), False
        for word in words:
            commands = self.commands(path)
            if value:
                value = False
            elif word.startswith("-"):
                names = [name.split("=")[0] for name in word.split("|")]
                unknown = [name for name in names if not re.search(rf"(?<![\w-]){re.escape(name)}\b", self.help(path) + self.help(()))]
                if unknown:
                    return f"no option {unknown[0]}"
                value = "=" not in word and bool(re.search(rf"(?<![\w-]){re.escape(names[0])} [A-Z]", self.help(path) + self.help(())))
            elif commands:
                if word.isupper() or word in ("...", "NODE", "&") or word.startswith("["):
                    return ""
                unknown = [name for name in word.split("|") if name not in commands]
                if unknown:
                    return f"no command {unknown[0]}"
                path = (*path, word.split("|")[0])
        return ""


def words_of(line):
    """The bm and bmd calls in a line of shell: [(program, words)]."""
    line = re.sub(r"(?<!\S)#.*", "", line.strip().removeprefix("$ "))
    for piece in re.split(r"&&|;|\$\(|(?<!\S)\|(?!\S)|(?<=\s)[<>]", line):
        try:
            words = shlex.split(piece.strip().rstrip(")"))
        except ValueError:
            continue
        while words and (re.fullmatch(r"[A-Z_]+=.*", words[0]) or words[0] in ("sudo", "-u", "time", "!")):
            words = words[2:] if words[0] == "-u" else words[1:]
        if words and words[0] in ("bm", "bmd") and len(words) > 1:
            yield words[0], words[1:]


def unknown_commands(pages, programs):
    for page in pages:
        for number, line in command_lines(page):
            if line.endswith("# exit code 2"):  # shows a mistake
                continue
            for program, words in words_of(line):
                wrong = programs[program].wrong(words)
                if wrong:
                    yield f"{name_of(page.path)}:{number}: {program} {' '.join(words)}: {wrong}"


def unknown_keys(pages, bmd):
    """Keys of bmd.yaml in code spans: those of its sections must be there."""
    printed = subprocess.run([bmd, "--print-config"], capture_output=True, text=True, check=True, timeout=20).stdout
    keys, section = set(), ""
    for line in printed.splitlines():
        head = re.match(r"([a-z0-9_]+):$", line)
        key = re.match(r"  #?([a-z0-9_]+):(?: |$)", line)
        if head:
            section = head[1]
        elif key:
            keys.add(f"{section}.{key[1]}")
    sections = {key.partition(".")[0] for key in keys}
    assert len(keys) > 50, "the keys in --print-config are not recognised"
    kinds = set(re.findall(r"\"([a-z]+\.[a-z.-]+)\"", "".join(read(file) for file in tracked("*.cpp", "*.h", "*.inc") if "tests" not in file.parts)))
    for page in pages:
        for number, span in page.spans():
            key = re.match(r"([a-z0-9]+)\.([a-z0-9_]+)(?=$|:)", span)
            if key and key[1] in sections and key[0] not in keys and span not in kinds:
                yield f"{name_of(page.path)}:{number}: bmd.yaml has no key {span}"


def unknown_routes(pages, described):
    """Routes below /v1 in code spans: those of the operators' listener must be in its OpenAPI document."""
    known = [re.compile(re.sub(r"\\\{[^}]*\\\}", "[^/]+", re.escape(path))) for path in described["paths"]]
    for page in pages:
        for number, span in page.spans():
            for path in re.findall(r"(?<![\w}])/v1/(?:\{[^}]*\}|[^\s?`,;{])*", span):
                folder, _, ends = path.rstrip("/").rpartition("/")
                for name in [f"{folder}/{end}" for end in ends.split("|")]:
                    shown = re.sub(r"\{[^}]*\}", "x", name)
                    if not name.startswith(MACHINES) and not any(route.fullmatch(shown) for route in known):
                        yield f"{name_of(page.path)}:{number}: no route {name}"


class Trial:
    """A bmd --dev with simulated machines, in a folder of its own where a page's commands run."""

    def __init__(self, build):
        from service import free_port
        self.build = pathlib.Path(build).resolve()
        self.folder = tempfile.TemporaryDirectory(prefix="bm-docs-")
        self.home = pathlib.Path(self.folder.name)
        self.port = free_port()
        path = f"{self.build}/bmd:{self.build}/cli:{os.environ['PATH']}:/usr/sbin:/sbin"
        self.environment = {"PATH": path, "HOME": self.folder.name, "TMPDIR": self.folder.name, "LANG": "C.UTF-8",
                            "BM_ENDPOINT": f"http://127.0.0.1:{self.port}"}

    def __enter__(self):
        with open(self.home / "bmd.log", "wb") as log:
            self.bmd = subprocess.Popen([self.build / "bmd" / "bmd", "--dev", "--port", str(self.port)],
                                        env=self.environment, stdout=log, stderr=log)
        try:
            self.wait()
            self.fill()
        except BaseException:
            self.__exit__()
            raise
        return self

    def wait(self):
        end = time.monotonic() + 30
        while self.run("bm node list").returncode != 0:
            assert time.monotonic() < end and self.bmd.poll() is None, read(self.home / "bmd.log")
            time.sleep(0.05)

    def __exit__(self, *failure):
        self.bmd.terminate()
        self.bmd.wait(timeout=20)
        self.folder.cleanup()

    def fill(self):
        from service import inventory
        nodes = {f"rack1-0{n}": {"fake_agent_delay": "0.05"} for n in range(1, 9)}
        (self.home / "inventory.yaml").write_text(inventory(nodes), encoding="utf-8")
        (self.home / "id_ed25519.pub").write_text("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJmHcXQ1kFjHnWdDD2Nl4LDvwoxj2rBzR1j0aEu2BfQl me\n")
        for command in ("truncate -s 8M debian-12.raw", "echo 'label: gpt\n,' | sfdisk -q debian-12.raw",
                        "qemu-img convert -O qcow2 debian-12.raw debian-12.qcow2",
                        "bm node enrol -f inventory.yaml --provide --wait", "bm image add debian-12.qcow2 --name debian-12"):
            done = self.run(command)
            assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"

    def run(self, command):
        return subprocess.run(["bash", "-c", command], cwd=self.home, env=self.environment, capture_output=True,
                              text=True, check=False, timeout=120, stdin=subprocess.DEVNULL)


def preparations(page):
    """The commands of <!-- run: COMMAND --> before the block below it."""
    for number, line in page.prose:
        hidden = re.fullmatch(r"<!-- run: (.+) -->", line)
        if hidden:
            yield number, hidden[1], 0, ""


def runnable(page):
    """(line, command, exit code, shown output) of the blocks marked "console run"."""
    for number, info, lines in page.blocks:
        if info != "console run":
            continue
        commands = []
        for offset, line in enumerate(lines, 1):
            if line.startswith("$ "):
                commands.append([number + offset, line[2:], ""])
            elif commands and (line.startswith("> ") or commands[-1][1].endswith("\\")):
                commands[-1][1] += "\n" + line.removeprefix("> ")
            elif commands:
                commands[-1][2] += line + "\n"
        for at, command, shown in commands:
            code = re.search(r"# exit code (\d+)\s*$", command)
            yield at, command, int(code[1]) if code else 0, shown


def check_commands(build):
    pages = [Page(path) for path in tracked("*.md") if path.parent == ROOT or DOCS in path.parents]
    pages = [page for page in pages if page.path not in APART]
    build = pathlib.Path(build)
    programs = {"bm": Program(build / "cli" / "bm"), "bmd": Program(build / "bmd" / "bmd")}
    wrong = [*unknown_commands(pages, programs), *unknown_keys(pages, build / "bmd" / "bmd")]
    with Trial(build) as trial:
        wrong += unknown_routes(pages, json.loads(trial.run("curl -s $BM_ENDPOINT/v1/openapi.json").stdout))
    count = 0
    for page in pages:
        lines = list(runnable(page))
        if not lines:
            continue
        count += len(lines)
        with Trial(build) as trial:
            for at, command, code, shown in sorted([*lines, *preparations(page)]):
                done = trial.run(command)
                said = done.stdout + done.stderr
                if done.returncode != code:
                    wrong.append(f"{name_of(page.path)}:{at}: {command}: exit code {done.returncode} in place of {code}\n{said}")
                wrong += [f"{name_of(page.path)}:{at}: {command}: no {word} in\n{said}"
                          for word in re.findall(r"\[[a-z]+(?:-[a-z]+)+\]", shown) if word not in said]
    if count < FEWEST_COMMANDS:
        wrong.append(f"only {count} command lines are marked to be run, {FEWEST_COMMANDS} at least")
    return wrong, f"{count} command lines ran, those of {len(pages)} pages name commands and options that exist"


def main():
    wrong, well = check_commands(sys.argv[1]) if len(sys.argv) > 1 else check_pages()
    print("\n".join(wrong) or well)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
