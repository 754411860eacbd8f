"""Runs one public suite in this process with Debian's Python, and prints a line of JSON for each test: its name, the
outcome (passed, failed, skipped) and the reason.
    /usr/bin/python3 suite_run.py PACKAGE"""
import importlib
import io
import json
import os
import re
import sys
import traceback
import unittest


def names_of(tests):
    for test in tests:
        yield from names_of(test) if isinstance(test, unittest.TestSuite) else [test.id()]


class Recorder(unittest.TestResult):
    def __init__(self, names):
        super().__init__()
        self.names = names

    def record(self, test, outcome, reason):
        of_class = re.fullmatch(r"setUpClass \((.+)\)", test.id())  # stands for every test of the class
        for name in [name for name in self.names if name.startswith(of_class[1] + ".")] if of_class else [test.id()]:
            print(json.dumps({"name": re.sub(r"\[id-.*\]$", "", name), "outcome": outcome, "reason": reason}), file=sys.__stdout__, flush=True)

    def failure_text(self, error):
        return error if isinstance(error, str) else "".join(traceback.format_exception(*error))[-6000:]

    def addSuccess(self, test, details=None):
        self.record(test, "passed", "")

    def addFailure(self, test, err=None, details=None):
        self.record(test, "failed", self.failure_text(err) if err else self.text_of(details))

    addError = addFailure

    def addSkip(self, test, reason=None, details=None):
        self.record(test, "skipped", reason or self.text_of(details))

    def text_of(self, details):
        """Without the logs: what testtools calls traceback or reason."""
        return "\n".join(content.as_text() for name, content in (details or {}).items() if "traceback" in name or name == "reason")[-6000:]


def without_flavor_and_image():
    """openstacksdk's base class chooses a flavor and an image, which a bare metal service alone does not have."""
    base = importlib.import_module("openstack.tests.functional.base").BaseFunctionalTest
    base._pick_flavor = base._pick_image = lambda self: None


def client_in_a_fork():
    """The suite starts the client 600 times. It starts in a fork of this process, which has loaded the client's modules
    already."""
    from tempest.lib import exceptions
    from tempest.lib.cli import base
    import openstackclient.shell
    import ironicclient.osc.plugin
    import shlex
    import tempfile

    def execute(cmd, action, flags="", params="", fail_ok=False, merge_stderr=False, cli_dir="", prefix=""):
        words = shlex.split(" ".join([flags, action, params]))
        assert cmd == "openstack" and not prefix, cmd
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            child = os.fork()
            if child == 0:
                code = 70
                try:
                    os.dup2(out.fileno(), 1)
                    os.dup2(out.fileno() if merge_stderr else err.fileno(), 2)
                    sys.stdout, sys.stderr = io.TextIOWrapper(os.fdopen(1, "wb")), io.TextIOWrapper(os.fdopen(2, "wb"))
                    sys.argv = ["openstack", *words]
                    code = openstackclient.shell.main(words)
                except SystemExit as end:
                    code = end.code if isinstance(end.code, int) else 1
                finally:
                    sys.stdout.flush()
                    sys.stderr.flush()
                    os._exit(code or 0)
            code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            texts = []
            for file in (out, err):
                file.seek(0)
                texts.append(file.read())
        if code != 0 and not fail_ok:
            raise exceptions.CommandFailed(code, ["openstack", *words], *texts)
        return os.fsdecode(texts[0])

    base.execute = execute


PREPARE = {"openstack": without_flavor_and_image, "ironicclient": client_in_a_fork}


def main():
    package = sys.argv[1]
    PREPARE.get(package.split(".", maxsplit=1)[0], lambda: None)()
    folder = os.path.dirname(importlib.import_module(package).__file__)
    top = folder
    for _ in package.split("."):
        top = os.path.dirname(top)
    tests = unittest.defaultTestLoader.discover(folder, top_level_dir=top)
    sys.stdout = sys.stderr  # what the tests print
    tests.run(Recorder(list(names_of(tests))))


if __name__ == "__main__":
    main()
