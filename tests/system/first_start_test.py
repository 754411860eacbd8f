#!/usr/bin/env python3
"""The files of a first start, the output of --check, authentication, and the start time of --dev."""
import json
import os
import pathlib
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request

from service import Service, free_port, wait_until


def status(url, user=None, password=None):
    request = urllib.request.Request(url)
    if user:
        import base64
        request.add_header("Authorization", "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode())
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def first_start(build):
    with Service(build) as service:
        password = (service.state / "admin-password").read_text().strip()
        for secret in ("admin-password", "users", "secrets/key"):
            assert (service.state / secret).stat().st_mode & 0o077 == 0, f"{secret} is readable by others"
        base = f"http://127.0.0.1:{service.port}"
        assert status(base + "/v1/nodes") == 401
        assert status(base + "/v1/nodes", "admin", "wrong") == 401
        assert status(base + "/v1/nodes", "admin", password) == 200
        assert status(base + "/") == 200
        done = subprocess.run([service.bmd, "--config", service.config, "--set-user", "alice"], input="s3cret\n", text=True, check=True)
        assert done.returncode == 0
        assert wait_until(lambda: status(base + "/v1/nodes", "alice", "s3cret") == 200, 5)
        assert "s3cret" not in service.log_text() and password not in service.log_text()
        log_before = service.log_text()
        service.stop()
        service.start()
        assert (service.state / "admin-password").read_text().strip() == password, "a second start changed the password"
        assert "stopped" in log_before + service.log_text()


def checks(build):
    bmd = pathlib.Path(build) / "bmd" / "bmd"
    printed = subprocess.run([bmd, "--print-config"], capture_output=True, text=True, check=True).stdout
    folder = pathlib.Path(os.environ.get("TMPDIR", "/tmp")) / f"bm-check-{os.getpid()}.yaml"
    try:
        folder.write_text(printed)
        good = subprocess.run([bmd, "--check", "--config", folder], capture_output=True, text=True, check=False)
        assert good.returncode == 0, good.stderr
        folder.write_text("api:\n  prot: 1\nlog:\n  level: loud\n")
        bad = subprocess.run([bmd, "--check", "--config", folder], capture_output=True, text=True, check=False)
        assert bad.returncode == 2 and ":2:" in bad.stderr and "api.port" in bad.stderr and ":4:" in bad.stderr, bad.stderr
    finally:
        folder.unlink()
    assert subprocess.run([bmd, "--check", "--config", "/nowhere.yaml"], capture_output=True, check=False).returncode != 0


def dev(build):
    bmd = pathlib.Path(build) / "bmd" / "bmd"
    port = free_port()
    began = time.monotonic()
    process = subprocess.Popen([bmd, "--dev", "--port", str(port)], stdout=subprocess.PIPE, text=True)
    try:
        first = process.stdout.readline()
        print(f"--dev printed its endpoint after {time.monotonic() - began:.2f} s")
        assert f"http://127.0.0.1:{port}" in first, first
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/v1/nodes", timeout=5) as answer:
            assert json.load(answer)["nodes"] == []
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0


def main():
    first_start(sys.argv[1])
    checks(sys.argv[1])
    dev(sys.argv[1])
    print("first start, checks and --dev are as they should be")


main()
