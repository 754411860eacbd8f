#!/usr/bin/env python3
"""Users and tokens with roles of the system and of projects, their expiry and revocation, and the rotation of the key
that seals secrets."""
import base64
import http.client
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

from service import Service, inventory

BMD_PASSWORD = "calvin-and-hobbes"


def bmd(service, *words, stdin="", code=0):
    done = subprocess.run([service.bmd, "--config", service.config, *words], input=stdin, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == code, f"bmd {' '.join(words)}: {done.returncode}, wanted {code}\n{done.stdout}{done.stderr}"
    return done


def bm(service, token, *words, code=0):
    environment = {**{k: v for k, v in os.environ.items() if not k.startswith("BM_")}, "HOME": service.folder.name,
                   "BM_ENDPOINT": f"http://127.0.0.1:{service.port}", "BM_TOKEN_FILE": token}
    done = subprocess.run([service.bm, *words], env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode == 0) == (code == 0), f"bm {' '.join(words)}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def token_file(service, name, *words):
    made = bmd(service, "--create-token", name, *words)
    assert made.stdout.startswith("bm_") and made.stdout.count("\n") == 1, made.stdout
    assert made.stdout.strip() not in made.stderr and "shown only now" in made.stderr, made.stderr
    return service.file(f"{name}.token", made.stdout)


def status(service, method, path, headers, body=None):
    common = {"Content-Type": "application/json", "X-OpenStack-Ironic-API-Version": "1.82"}
    request = urllib.request.Request(f"http://127.0.0.1:{service.port}{path}", method=method, headers={**common, **headers},
                                     data=None if body is None else json.dumps(body).encode())
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def roles(service):
    nodes = inventory({"web-1": {}, "web-2": {}, "db-1": {}})
    service.run("node", "enrol", "-f", service.file("nodes.yaml", nodes), "--provide", "--wait")
    service.run("node", "set", "web-1", "owner=web")
    service.run("node", "set", "web-2", "owner=infra", "lessee=web")
    reader, member = token_file(service, "watcher"), token_file(service, "ci", "--role", "member", "--project", "web", "--days", "30")
    assert "db-1" in bm(service, reader, "node", "list")
    refused = bm(service, reader, "power", "on", "db-1", code=1)
    assert "baremetal:node:set_power_state" in refused and "watcher is reader of the system" in refused, refused
    seen = bm(service, member, "node", "list")
    assert "web-1" in seen and "web-2" in seen and "db-1" not in seen, seen
    assert "could not be found" in bm(service, member, "node", "show", "db-1", code=1)
    bm(service, member, "power", "on", "web-2")
    image = service.disk_image()
    service.run("image", "add", image, "--name", "golden")
    bm(service, member, "provision", "golden", "web-1", "--wait", "--yes")
    assert json.loads(bm(service, member, "node", "show", "web-1", "-o", "json"))["provision_state"] == "active"
    assert "Access was denied" in bm(service, member, "provision", "golden", "web-2", "--yes", code=1)
    assert "member of the project web" in bm(service, member, "audit", code=1)
    audit = service.run("audit").stdout
    assert re.search(r" ci +POST /v1/nodes/{ident}/provision +node web-1 +accepted", audit), audit
    assert re.search(r" watcher +PUT .*/states/power +node db-1 +refused forbidden", audit), audit


def ironic_client(service):
    """Keystone's admin_token plugin sends a fixed token, so Debian's own client works with bm's tokens."""
    token = bmd(service, "--create-token", "os", "--role", "manager", "--project", "web").stdout.strip()
    environment = {**{k: v for k, v in os.environ.items() if not k.startswith("OS_")}, "OS_AUTH_TYPE": "admin_token",
                   "OS_ENDPOINT": f"http://127.0.0.1:{service.port}", "OS_TOKEN": token}

    def baremetal(*words):
        return subprocess.run(["/usr/bin/baremetal", *words], env=environment, capture_output=True, text=True, timeout=60, check=False)
    listed = baremetal("node", "list", "-f", "json")
    assert listed.returncode == 0, listed.stderr
    assert sorted(node["Name"] for node in json.loads(listed.stdout)) == ["web-1", "web-2"], listed.stdout
    shown = baremetal("node", "show", "web-2", "-f", "json")
    assert "Redacted" in json.dumps(json.loads(shown.stdout)["driver_info"]), shown.stdout
    denied = baremetal("chassis", "list")
    assert denied.returncode != 0 and "baremetal:chassis:get" in denied.stderr, denied.stderr


def users(service):
    bmd(service, "--set-user", "bob", "--role", "member", "--project", "web", stdin="s3cret\n")
    bmd(service, "--set-user", "bob", stdin="other\n")  # a new password does not change the role
    login = {"Authorization": "Basic Ym9iOm90aGVy"}  # bob:other
    code, body = status(service, "GET", "/v1/nodes", login)
    assert code == 200 and len(body["nodes"]) == 2, body
    assert status(service, "GET", "/v1/chassis", login)[0] == 403
    bmd(service, "--set-user", "bob", "--role", "reader", "--project", "", stdin="other\n")
    assert len(status(service, "GET", "/v1/nodes", login)[1]["nodes"]) == 3
    assert "reader, member" in bmd(service, "--set-user", "bob", "--role", "king", stdin="x\n", code=2).stderr.replace("{", "").replace(",", ", ").replace(",  ", ", ")


def ends(service):
    token = token_file(service, "short-lived")
    listed = bmd(service, "--list-tokens").stdout
    assert "short-lived" in listed and "(system)" in listed and "web" in listed, listed
    assert len(status(service, "GET", "/v1/nodes", {"X-Auth-Token": open(token, encoding="utf-8").read().strip()})[1]["nodes"]) == 3
    assert "1 token revoked" in bmd(service, "--revoke-token", "short-lived").stdout
    assert "token is unknown" in bm(service, token, "node", "list", code=1)
    assert "there is no token" in bmd(service, "--revoke-token", "short-lived", code=1).stderr
    assert (service.state / "tokens").stat().st_mode & 0o777 == 0o600
    assert "bm_" not in (service.state / "tokens").read_text(encoding="utf-8")
    assert "not the name" in bmd(service, "--create-token", "a b", code=2).stderr
    assert "--days" in bmd(service, "--create-token", "a", "--days", "-1", code=2).stderr


def guess(port, source, over, seen):
    """Wrong passwords from one address, one after the other, until `over`."""
    count = 0
    while not over.is_set():
        count += 1
        wrong = base64.b64encode(f"admin:wrong-{source}-{count}".encode()).decode()
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30, source_address=(source, 0))
        try:
            connection.request("GET", "/v1/nodes", headers={"Authorization": f"Basic {wrong}"})
            answer = connection.getresponse()
            seen.append((answer.status, answer.getheader("Retry-After")))
        except OSError:
            pass
        finally:
            connection.close()


def bad_logins(service):
    """64 addresses guess passwords: a verified login is answered within a second, and most guesses before a hash."""
    over, seen = threading.Event(), []
    service.get("/v1/nodes")  # verified, and so remembered
    guessers = [threading.Thread(target=guess, args=(service.port, f"127.0.0.{2 + number}", over, seen)) for number in range(64)]
    for guesser in guessers:
        guesser.start()
    longest, until = 0.0, time.monotonic() + 6
    try:
        while time.monotonic() < until:
            began = time.monotonic()
            service.get("/v1/nodes")
            longest = max(longest, time.monotonic() - began)
    finally:
        over.set()
        for guesser in guessers:
            guesser.join()
    assert longest < 1, longest
    assert {status for status, _ in seen} == {401, 503}, set(seen)
    assert all(retry for status, retry in seen if status == 503), set(seen)


def sealed_in(database):
    """All sealed texts of a database."""
    found = set()
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        for (table,) in connection.execute("select name from sqlite_master where type = 'table'").fetchall():
            for row in connection.execute(f'select * from "{table}"'):
                for value in row:
                    if isinstance(value, str) and "sealed:2:" in value:
                        found.update(part.split('"')[0] for part in value.split("sealed:2:")[1:])
    return found


def key_exchange(service):
    service.run("node", "set", "db-1", f"driver_info/ipmi_password={BMD_PASSWORD}")
    service.run("webhook", "add", "hook", "http://127.0.0.1:1/", "--secret-file", service.file("hook", "hook-secret-hook-secret\n"))
    assert "stop bmd first" in bmd(service, "--rotate-key", code=1).stderr
    service.stop()
    key, database = service.state / "secrets" / "key", service.state / "bm.sqlite"
    old, before = key.read_bytes(), sealed_in(database)
    assert len(before) >= 2, before
    for pause in (0.004, 0.008, 0.012, 0.016, 0.02):  # the next call resumes a killed rotation
        victim = subprocess.Popen([service.bmd, "--config", service.config, "--rotate-key"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(pause)
        victim.send_signal(signal.SIGKILL)
        victim.wait()
    service.start()  # possibly with two keys
    service.stop()
    done = bmd(service, "--rotate-key").stdout
    assert f"{len(before)} secrets sealed again" in done, (done, before)
    assert len(key.read_bytes()) == 32 and key.read_bytes() != old
    after = sealed_in(database)
    assert len(after) == len(before) and not after & before
    raw = database.read_bytes()
    assert not any(part.encode() in raw for part in before), "what the old key sealed is still in the file"
    service.start()
    shown = service.json("node", "show", "db-1")
    assert shown["driver_info"]["ipmi_password"] == "******", shown
    service.run("node", "set", "db-1", f"driver_info/ipmi_password={BMD_PASSWORD}")
    assert BMD_PASSWORD not in service.log_text()


def main():
    with Service(sys.argv[1]) as service:
        for part in (roles, ironic_client, users, ends, bad_logins, key_exchange):
            print(part.__name__, flush=True)
            part(service)


if __name__ == "__main__":
    main()
