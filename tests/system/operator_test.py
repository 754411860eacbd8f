#!/usr/bin/env python3
"""Commands of a fleet's operator: columns and globs, confirmation, contexts, completion in a real bash, an inventory
made available, durations compared with the fleet's, top on its own terminal, doctor and check."""
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time

from service import Service, inventory

NAMES = [f"rack1-{i:02}" for i in range(12)] + [f"rack2-{i:02}" for i in range(3)]


def run(service, code, *words, environment=None, stdin=subprocess.DEVNULL):
    done = subprocess.run([service.bm, *words], env={**service.environment(), **(environment or {})}, stdin=stdin,
                          capture_output=True, text=True, check=False)
    assert done.returncode == code, f"bm {' '.join(words)}: exit code {done.returncode}, wanted {code}\n{done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def to_available(service):
    file = service.file("fleet.yaml", inventory({name: {} for name in NAMES}))
    said = run(service, 0, "node", "enrol", "-f", file, "--provide", "--wait")
    assert f"{len(NAMES)} created" in said and f"{len(NAMES)} becoming available" in said, said
    assert {node["provision_state"] for node in service.json("node", "list")} == {"available"}
    said = run(service, 0, "node", "enrol", "-f", file, "--provide", "--wait")
    assert f"0 becoming available, {len(NAMES)} already available" in said, said
    bad = service.file("bad.yaml", "nodes:\n  - {name: bad, driver: fake-hardware, driver_info: {fake_power_fault: bmc-auth-failed}, "
                                   "ports: [{address: \"52:54:00:aa:00:01\"}]}\n")
    said = run(service, 1, "node", "enrol", "-f", bad, "--provide", "--wait")
    assert "bm: bad:" in said and "bmc-auth-failed" in said, said
    run(service, 2, "node", "enrol", "-f", file, "--wait")


def lists(service):
    said = run(service, 0, "node", "list", "rack1-*", "--columns", "name,STATE,extra/x", "--sort=-name", "--no-header")
    assert said.splitlines()[0].split() == ["rack1-11", "available", "-"] and len(said.splitlines()) == 12, said
    assert run(service, 0, "node", "list", "rack2-*", "-o", "name").split() == NAMES[12:]
    assert "RACK" in run(service, 0, "node", "list", "-o", "wide") and "RACK" not in run(service, 0, "node", "list")
    assert json.loads(run(service, 0, "node", "list", "rack2-00", "--columns", "name", "-o", "json")) == [{"name": "rack2-00"}]
    assert run(service, 0, "node", "show", "rack2-00", "--columns", "driver", "--no-header").strip() == "fake-hardware"
    assert "nmae" in run(service, 2, "node", "list", "--columns", "nmae")
    assert "no node name matches" in run(service, 3, "node", "list", "rack9-*")
    assert "no node name matches" in run(service, 3, "power", "on", "rack9-*")
    assert "did you mean: bm node list" in run(service, 2, "node", "lits")
    assert "did you mean: --columns" in run(service, 2, "node", "list", "--colums=name")
    assert len(run(service, 0, "power", "status", "rack1-*", "--no-header").splitlines()) == 12


def asks_first(service):
    run(service, 0, "image", "add", service.disk_image(), "--name", "tiny")
    run(service, 0, "provision", "tiny", "rack1-*", "--wait")
    for words in (["provision", "tiny", "rack1-*"], ["undeploy", "rack1-*"], ["node", "delete", "rack1-*"], ["power", "off", "rack1-*"]):
        said = run(service, 2, *words)
        assert "--yes" in said and "12" in said, said
    assert len(service.json("node", "list", "--state", "active")) == 12
    said = on_terminal(service, ["undeploy", "rack1-0[0-1]", "--wait"], b"2\n", 30)
    assert "Type the number 2" in said, said
    assert len(service.json("node", "list", "--state", "active")) == 10
    assert "bm changed nothing" in on_terminal(service, ["node", "delete", "rack1-*"], b"yes\n", 30)
    run(service, 0, "provision", "tiny", "rack1-*", "--yes", "--wait")


def on_terminal(service, words, keys, seconds, until=b"?", resize=None):
    """The output of bm on its own terminal, 24 x 80. After @p until appears, the terminal gets the size @p resize;
    after further output the keys are typed."""
    child, master = pty.fork()
    if child == 0:
        os.execve(service.bm, [str(service.bm), *words], service.environment())
    set_size(master, (24, 80))
    seen, typed, wanted, end = b"", False, None, time.monotonic() + seconds
    try:
        while time.monotonic() < end:
            if select.select([master], [], [], 0.1)[0]:
                try:
                    seen += os.read(master, 65536)
                except OSError:  # bm has exited
                    return seen.decode(errors="replace")
            if wanted is None and until in seen:
                wanted = len(seen) + (1 if resize else 0)
                if resize:
                    set_size(master, resize)
            if wanted is not None and len(seen) >= wanted and not typed:
                os.write(master, keys)
                typed = True
        os.kill(child, signal.SIGKILL)
        raise AssertionError(f"bm {' '.join(words)} does not end: {seen!r}")
    finally:
        os.close(master)
        os.waitpid(child, 0)


def set_size(terminal, size):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))


def contexts(service):
    base = f"http://127.0.0.1:{service.port}"
    password = service.state / "admin-password"
    no_endpoint = {"BM_ENDPOINT": ""}
    run(service, 0, "context", "add", "here", base, "--username", "admin", "--password-file", str(password), "--use")
    run(service, 0, "context", "add", "gone", "http://127.0.0.1:1")
    assert (service.state / "contexts.yaml").stat().st_mode & 0o777 == 0o600
    assert "here" in run(service, 0, "context", "list") and "admin" not in run(service, 0, "context", "show", "gone")
    assert "rack1-00" in run(service, 0, "node", "list", environment=no_endpoint)
    assert "127.0.0.1:1" in run(service, 6, "--context", "gone", "node", "list", environment=no_endpoint)
    assert "127.0.0.1:1" in run(service, 6, "node", "list", environment={**no_endpoint, "BM_CONTEXT": "gone"})
    assert "known contexts: gone, here" in run(service, 3, "--context", "ghost", "node", "list")
    run(service, 0, "context", "use", "gone")
    run(service, 6, "node", "list", environment=no_endpoint)
    assert "is not an http(s) address" in run(service, 2, "context", "add", "x", "bm.example.org")
    run(service, 0, "context", "delete", "gone")
    run(service, 0, "context", "use", "here")


def completed(service, *typed, line=""):
    """The completions of a real bash for these words; the last word is incomplete."""
    script = subprocess.run([service.bm, "completion", "bash"], capture_output=True, text=True, check=True).stdout
    words = " ".join(f"'{word}'" for word in typed)
    script += f"\n{line}\nCOMP_WORDS=({words}); COMP_CWORD={len(typed) - 1}; _bm; printf '%s\\n' \"${{COMPREPLY[@]}}\"\n"
    done = subprocess.run(["bash", "-c", script], env={**service.environment(), "PATH": f"{service.bm.parent}:{os.environ['PATH']}"},
                          capture_output=True, text=True, check=True)
    assert not done.stderr, done.stderr
    return done.stdout.split()


def completion(service):
    assert completed(service, "bm", "no") == ["node"]
    assert "timeline" in completed(service, "bm", "node", "")
    assert completed(service, "bm", "node", "show", "rack2-") == NAMES[12:]
    assert completed(service, "bm", "--no-header", "power", "on", "rack2-01") == ["rack2-01"]
    assert completed(service, "bm", "provision", "ti") == ["tiny"]
    assert completed(service, "bm", "provision", "tiny", "rack2-02") == ["rack2-02"]
    assert completed(service, "bm", "provision", "--ssh-key", "file", "ti") == ["tiny"]
    assert completed(service, "bm", "context", "use", "h") == ["here"]
    assert completed(service, "bm", "--context", "he") == ["here"]
    assert completed(service, "bm", "node", "list", "--no-h") == ["--no-header"]
    assert "__complete" not in completed(service, "bm", "")
    run(service, 0, "image", "tag", "tiny", "web:stable", "web:next")
    assert sorted(completed(service, "bm", "provision", "web:", line="COMP_WORDBREAKS=' '")) == ["web:next", "web:stable"]
    split = "COMP_WORDBREAKS=' :'; COMP_LINE='bm provision web:st'; COMP_POINT=${#COMP_LINE}"  # as bash does during typing
    assert completed(service, "bm", "provision", "web", ":", "st", line=split) == ["stable"]
    begin = time.monotonic()
    done = subprocess.run([service.bm, "--endpoint", "http://127.0.0.1:1", "__complete", "node", ""], capture_output=True, text=True, check=False)
    assert not done.stdout and not done.stderr and time.monotonic() - begin < 5


def every_help_has_an_example(service):
    script = subprocess.run([service.bm, "completion", "bash"], capture_output=True, text=True, check=True).stdout
    paths = [line.split('"')[1].split()[1:] for line in script.splitlines() if 'path="bm ' in line]
    leaves = [path for path in paths if not any(other[:len(path)] == path and other != path for other in paths)]
    assert len(leaves) > 20, leaves
    without = [" ".join(path) for path in leaves
               if "Example" not in subprocess.run([service.bm, *path, "--help"], capture_output=True, text=True, check=True).stdout]
    assert not without, without


def timeline(service):
    said = run(service, 0, "node", "timeline", "rack1-05")
    assert "image.written" in said and "<- slowest" in said and "writing the image" in said, said
    rows = json.loads(run(service, 0, "node", "timeline", "rack1-05", "--durations", "-o", "json"))
    assert sum(row["slowest"] for row in rows) == 1
    said = run(service, 0, "node", "timeline", "rack1-05", "--compare")
    assert "MEDIAN" in said and re.search(r"last \d+ deployments of tiny", said), said
    assert "no deployment yet" in run(service, 0, "node", "timeline", "rack2-00", "--durations")
    assert "matches" in run(service, 2, "node", "timeline", "rack1-*")


def top(service):
    said = run(service, 0, "top")
    assert "active 12" in said and "\033" not in said, said
    assert json.loads(run(service, 0, "top", "--once", "-o", "json"))["nodes"] == len(NAMES) + 1
    shown = on_terminal(service, ["top", "--every", "0.2"], b"q", 20, until=b"active 12", resize=(10, 30))
    assert "\033[?1049h" in shown and shown.rstrip().endswith("\033[?1049l"), repr(shown[-200:])


def doctor(service):
    done = subprocess.run([service.bm, "doctor", "-o", "json"], env=service.environment(), capture_output=True, text=True, check=False)
    findings = json.loads(done.stdout)
    assert {"reachable", "skew", "http", "clock", "space", "database", "bmc", "ramdisk"} <= {finding["id"] for finding in findings}, findings
    assert done.returncode == (1 if any(finding["severity"] == "error" for finding in findings) else 0)
    assert any(finding["subject"] == "bad" and finding["severity"] == "error" for finding in findings), findings
    assert all(finding["remedy"] for finding in findings if finding["severity"] == "error"), findings
    assert "1 of 1 BMCs answer" in run(service, 0, "doctor", "--node", "rack1-00")
    assert "there are:" in run(service, 3, "doctor", "--check", "nonsense")
    assert "fits" in run(service, 0, "node", "check", "rack1-00", "--image", "tiny")
    assert "bmc" in run(service, 1, "node", "check", "bad")
    assert "not-found" in run(service, 3, "node", "check", "ghost")
    run(service, 6, "--endpoint", "http://127.0.0.1:1", "doctor")


def main():
    with Service(sys.argv[1]) as service:
        for part in (to_available, lists, asks_first, contexts, completion, every_help_has_an_example, timeline, top, doctor):
            part(service)
    print("an operator finds what he needs")


main()
