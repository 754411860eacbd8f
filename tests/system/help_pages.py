"""The commands and options of a program, read from its --help; and a record of those that a test has used."""
import pathlib
import re
import subprocess

NOT_TESTED = ("-h", "--help")  # its own use is tested by reading the pages


def page_of(program, path):
    return subprocess.run([program, *path.split(), "--help"], capture_output=True, text=True, check=True, timeout=30).stdout


def subcommands(page):
    below = page.partition("\nSubcommands:\n")[2].partition("\n\n")[0]
    return re.findall(r"^  (\S+)", below, re.M)


def options(page):
    """One tuple of spellings for each option: ("-f", "--file")."""
    found = []
    for names in re.findall(r"^  (-\S+)", page, re.M):
        spelled = tuple(name.split("{")[0] for name in names.split(","))
        # --kexec,--no-kexec: the second spelling says the opposite, so that each counts as an option.
        found += [(name,) for name in spelled] if any(name.startswith("--no-") for name in spelled) else [spelled]
    return [names for names in found if not set(names) & set(NOT_TESTED)]


class KnownOptions:
    """The options of every command by the program's --help, and the calls of a test with their exit codes."""

    def __init__(self, program):
        self.options = {}
        self.groups = set()
        self.calls = {}
        self._read(program, "")

    def _read(self, program, path):
        page = page_of(program, path)
        self.options[path] = options(page)
        for name in subcommands(page):
            self.groups.add(path)
            self._read(program, f"{path} {name}".strip())
        if path not in self.groups:
            example = page.partition("Example")[2]
            assert f"{pathlib.Path(program).name} {path}" in example, f"{path}: its --help shows no example of it"

    def command(self, words):
        """The command that the words call: "node list"."""
        path = ""
        for word in words:
            if path in self.groups and f"{path} {word}".strip() in self.options:
                path = f"{path} {word}".strip()
        return path

    def add(self, words, code):
        self.calls.setdefault(self.command(words), []).append((code, [str(word).partition("=")[0] for word in words]))

    def missing(self, whole_program):
        """The commands and options that no call had, a line each. @p whole_program: groups whose options count with any command."""
        lines = []
        for path, known in self.options.items():
            if path in whole_program:
                given = {word for calls in self.calls.values() for _, words in calls for word in words}
            else:
                given = {word for _, words in self.calls.get(path, []) for word in words}
            lines += [f"{path or 'every command'}: no call gives {', '.join(names)}" for names in known if not given & set(names)]
            if path in self.groups:
                continue
            codes = [code for code, _ in self.calls.get(path, [])]
            if 0 not in codes:
                lines.append(f"{path}: no call that succeeds")
            if not any(codes):
                lines.append(f"{path}: no wrong input")
        return lines
