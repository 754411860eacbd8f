#!/usr/bin/env python3
"""Every option of bmd, on a state_dir of the test's own: its output, and wrong input with its exit code and a hint. `bmd --help` names the
options: the test fails when none of its calls gives one of them."""
import json
import pathlib
import re
import signal
import subprocess
import sys
import time
import urllib.request

from help_pages import KnownOptions
from service import Service, free_port, inventory

TOP = pathlib.Path(__file__).resolve().parent.parent.parent


class Administrator:
    """Calls bmd and records the options."""

    def __init__(self, service):
        self.service = service
        self.options = KnownOptions(service.bmd)
        self.without_hint = []

    def bmd(self, *words, code=0, says=(), stdin="", config=True):
        words = (*(("--config", self.service.config) if config else ()), *words)
        done = subprocess.run([self.service.bmd, *words], input=stdin, capture_output=True, text=True, check=False, timeout=60)
        self.options.add(words, done.returncode)
        said, call = done.stdout + done.stderr, f"bmd {' '.join(map(str, words))}"
        assert done.returncode == code, f"{call}: exit code {done.returncode}, wanted {code}\n{said}"
        for text in [says] if isinstance(says, str) else says:
            assert text in said, f"{call}: \"{text}\" is not in\n{said}"
        if code != 0 and "hint: " not in said and "--help" not in said:
            self.without_hint.append(f"{call} fails without a hint: {said.strip()}")
        return done.stdout


def prints(admin):
    admin.bmd("--version", config=False, says="bmd ")
    text = admin.bmd("--print-config", config=False, says="api:")
    admin.bmd("--check", "-c", admin.service.file("printed.yaml", text), config=False, says="good")
    admin.bmd("--check", says="good")
    states = admin.bmd("--print-states", config=False)
    assert states == (TOP / "docs" / "states.dot").read_text(encoding="utf-8"), "docs/states.dot differs from bmd --print-states"
    wrong = {"api:\n  prot: 1\n": "api.port", "log:\n  level: loud\n": "loud", "api: [1\n": ":", "- a\n": ":1:", "dhcp:\n  mode: managed\n": "dhcp",
             "conductor:\n  max_concurrent_deploys: many\n": "many", "conductor:\n  max_concurrent_deploys: -1\n": "-1", "nonsense:\n  a: 1\n": "nonsense",
             "api:\n  port: 99999\n": "99999", "api:\n  port: 1\n  port: 2\n": "port"}
    for number, (text, says) in enumerate(wrong.items()):
        file = admin.service.file(f"wrong{number}.yaml", text)
        admin.bmd("--check", "--config", file, config=False, code=2, says=[says, f"wrong{number}.yaml"])
    admin.bmd("--check", "--config", "/nowhere.yaml", config=False, code=1, says="/nowhere.yaml")
    admin.bmd("--chek", code=2, says="--chek")
    admin.bmd("--port", "80", code=2, says="--dev")


def accounts(admin):
    admin.bmd("--set-user", "alice", "--role", "member", "--project", "web", stdin="s3cret-of-alice\n", says="alice")
    admin.bmd("--set-user", "bob", "--role", "king", code=2, says="--role", stdin="x\n")
    admin.bmd("--set-user", "carol", code=2, stdin="\n")
    for option in ("--set-user", "--create-token", "--revoke-token"):  # an unset variable of a script does not start bmd
        admin.bmd(option, "", code=2, says=option, stdin="password\n")
    admin.bmd("--set-user", "a:b", code=2, stdin="password\n", says="a:b")
    token = admin.bmd("--create-token", "ci", "--role", "manager", "--project", "web", "--days", "30", says="expires 20").strip()
    assert token.startswith("bm_") and "\n" not in token, token
    admin.bmd("--create-token", "ever", "--days", "0", says="expires never")
    admin.bmd("--create-token", "x", "--days", "-1", code=2, says="--days")
    admin.bmd("--create-token", "a b", code=2, says="a b")
    listed = admin.bmd("--list-tokens", says=["ci", "manager", "web", "never", "(system)"])
    assert token not in listed
    admin.bmd("--revoke-token", re.search(r"^(\S+) +ci ", listed, re.M).group(1), says="1 token revoked")
    admin.bmd("--revoke-token", "ci", code=1, says="ci")
    admin.bmd("--revoke-token", "ever", says="revoked")
    assert admin.bmd("--list-tokens").count("\n") == 1


def backups(admin):
    folder = pathlib.Path(admin.service.folder.name)
    admin.bmd("db", "backup", folder / "small.tar", says="small.tar")
    admin.bmd("db", "backup", "--with-images", folder / "whole.tar", says="whole.tar")
    admin.bmd("db", "backup", folder / "whole.tar", code=1, says="whole.tar")
    admin.bmd("db", "backup", "/nowhere/b.tar", code=1, says="/nowhere")
    admin.bmd("db", "check", says="images")
    admin.bmd("db", "check", "--hash")
    admin.bmd("db", "check", folder / "whole.tar")
    admin.bmd("db", "check", folder / "ghost.tar", code=1, says="ghost.tar")
    admin.bmd("db", "backup", code=2, says="FILE")
    admin.bmd("db", "restore", folder / "whole.tar", code=1, says="stop")
    admin.bmd("db", "burn", code=2, says="subcommand")
    admin.bmd("--rotate-key", code=1, says="stop")


def stopped(admin):
    """Another state_dir takes the backup; without the key that sealed its secrets only when that is said."""
    service = admin.service
    assert "2 secrets" in admin.bmd("--rotate-key") or "secret" in admin.bmd("--rotate-key")
    folder = pathlib.Path(service.folder.name)
    elsewhere = service.file("elsewhere.yaml", service.config.read_text(encoding="utf-8").replace(str(service.state), str(folder / "other")))
    admin.bmd("--config", elsewhere, "db", "restore", folder / "whole.tar", config=False, code=1, says="--without-key")
    admin.bmd("--config", elsewhere, "db", "restore", "--without-key", folder / "whole.tar", config=False)
    admin.bmd("--config", elsewhere, "db", "check", config=False, code=1)
    admin.bmd("--config", elsewhere, "db", "restore", folder / "whole.tar", config=False, code=1, says="database")


def dev(admin):
    port = free_port()
    words = ["--dev", "--port", str(port)]
    process = subprocess.Popen([admin.service.bmd, *words], stdout=subprocess.PIPE, text=True)
    try:
        admin.options.add(words, 0)
        assert f"http://127.0.0.1:{port}" in process.stdout.readline()
        process.send_signal(signal.SIGHUP)  # from a closed terminal: bmd continues
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/v1/nodes", timeout=10) as answer:
            assert json.load(answer)["nodes"] == []
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 0
        process.stdout.close()


def main():
    began = time.monotonic()
    with Service(sys.argv[1]) as service:
        admin = Administrator(service)
        service.run("node", "enrol", "-f", service.file("fleet.yaml", inventory({"n1": {"ipmi_password": "calvin-and-hobbes"}})))
        service.run("image", "add", service.disk_image(), "--name", "disk")
        for part in (prints, accounts, backups):
            part(admin)
        service.stop()
        stopped(admin)
        dev(admin)
    missing = admin.options.missing(("", "db")) + admin.without_hint
    assert not missing, "\n".join(missing)
    print(f"{sum(map(len, admin.options.calls.values()))} calls, {time.monotonic() - began:.0f} s")


main()
