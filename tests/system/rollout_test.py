#!/usr/bin/env python3
"""Rollouts with the real programs: tags, plans, confirmations, a failing canary, kill -9 of bmd half-way, and messages
for wrong input. Twelve simulated machines."""
import json
import sys
import threading
import time

from service import Service, inventory, wait_until


def has(text, *words):
    for word in words:
        assert word in text, f"\"{word}\" is not in\n{text}"


def fleet(service):
    nodes = {f"web-{i:02}": {"fake_write_delay": "2"} for i in range(1, 12)}
    nodes["db-01"] = {}
    service.run("node", "enrol", "-f", service.file("fleet.yaml", inventory(nodes)))
    for name in nodes:
        service.run("node", "set", name, f"resource_class={name.split('-')[0]}", f"properties/rack=r{1 + int(name[-2:]) % 3}")
    image = service.disk_image()
    service.run("image", "add", image, "--name", "web-1", "--tag", "web:2026-11", "--tag", "web:stable")
    has(service.run("image", "tags").stdout, "web:2026-11", "web:stable", "web-1")
    has(service.run("image", "tags", "web:stable").stdout, "web-1")
    assert service.run("image", "delete", "web-1", check=False).returncode == 4


def wrong_input(service):
    def refused(code, *words_and_said):
        words, said = words_and_said
        done = service.run(*words, check=False)
        assert done.returncode == code, f"{words}: {done.returncode}\n{done.stderr}"
        has(done.stderr, *said)

    provision = ("provision", "web:stable", "--allow-unseen")
    refused(3, ("provision", "web:old", "--select", "class=web"), ["image \"web:old\" is not in the catalogue", "bm image tag"])
    refused(2, (*provision, "--select", "class=mail"), ["no node matches", "class=mail: 0 of 12"])
    refused(2, (*provision, "--select", "name=*"), ["the whole fleet, 12 nodes", "--all"])
    refused(2, (*provision, "--select", "colour=red"), ["there is no key", "class, trait, rack"])
    refused(2, (*provision, "--select", "class=web", "--max-fail", "some"), ["max_fail"])
    refused(2, (*provision, "--select", "class=web", "--drain-command", "../sh"), ["name of a program, not a path"])
    refused(2, (*provision, "--select", "class=web"), ["not confirmed", "--yes"])
    refused(2, ("provision", "web:stable"), ["no nodes given", "--select"])
    refused(3, ("rollout", "show", "none"), ["there is no rollout", "bm rollout list"])
    assert service.json("rollout", "list") == [], "a plan that was not confirmed was left behind"


def plan_and_start(service):
    done = service.run("provision", "web:stable", "--select", "class=web", "--allow-unseen", "--name", "first", "--plan",
                       "--canary", "2", "--order", "rack")
    has(done.stdout, "NODE", "WAVE", "web-03", "write")
    has(done.stderr, "write 11, skip 0, refuse 0", "plan first; start it: bm rollout start first")
    service.run("node", "set", "web-05", "--maintenance", "--reason", "fan")
    done = service.run("rollout", "start", "first", "--yes", check=False)
    assert done.returncode == 4, done
    has(done.stderr, "the fleet has changed", "web-05: write -> refuse (in maintenance: fan)")
    service.run("node", "set", "web-05", "--no-maintenance")
    has(service.run("rollout", "start", "first", "--yes").stdout, "first: running")
    has(service.run("rollout", "start", "first", "--yes", check=False).stderr, "was started already")
    assert wait_until(lambda: service.json("rollout", "show", "first")["nodes"]["working"] > 0, 30)
    has(service.run("provision", "web:stable", "web-03", check=False).stderr, "node-locked")


def survives_kill(service):
    for fraction in (0.2, 0.6):
        assert wait_until(lambda: service.json("rollout", "show", "first")["nodes"]["done"] >= 11 * fraction, 120, 0.2)
        service.kill()
        service.start()
    done = service.run("rollout", "watch", "first")
    has(done.stdout, "first: done, web:stable -> 11 of 11 done")
    for number in range(1, 12):
        events = service.run("node", "timeline", f"web-{number:02}", "-o", "json").stdout
        deployed = events.count('"image.written"')
        assert deployed == 1, f"web-{number:02} was written {deployed} times"


def canary_fails(service):
    service.run("node", "set", "web-01", "driver_info/fake_write_fault=disk-failed")
    done = service.run("provision", "web:stable", "--select", "class=web", "--force", "--canary", "1", "--attempts", "1", "--name",
                       "second", "--yes", "--wait", check=False)
    assert done.returncode == 1, done
    has(done.stderr, "rollout second is paused: a canary failed (1 of 11 nodes)", "bm rollout retry")
    has(service.run("rollout", "show", "second", "--node-state", "failed").stdout, "web-01", "simulated fault")
    service.run("node", "set", "web-01", "driver_info/fake_write_fault=")
    service.run("rollout", "pause", "second")
    done = service.run("rollout", "retry", "second", "--wait")
    has(done.stdout, "second: done")
    has(service.run("provision", "web:stable", "--select", "class=web", "--plan").stderr, "write 0, skip 11")


def stream(service):
    """Reads a rollout's server-sent events, resumed after the last id."""
    import base64
    import urllib.request
    values = dict(line.split(": ", 1) for line in (service.state / "client.yaml").read_text().splitlines() if ": " in line)
    password = open(values["password_file"].strip(), encoding="ascii").read().strip()
    token = base64.b64encode(f"{values['username'].strip()}:{password}".encode()).decode()

    def listen(last, until, seen):
        request = urllib.request.Request(f"http://127.0.0.1:{service.port}/v1/events?rollout=second&after=0",
                                         headers={"Authorization": f"Basic {token}", "Accept": "text/event-stream",
                                                  **({"Last-Event-ID": str(last)} if last else {})})
        with urllib.request.urlopen(request, timeout=30) as answer:
            for line in answer:
                text = line.decode().strip()
                if text.startswith("data: "):
                    seen.append(json.loads(text[6:]))
                    if until(seen):
                        return

    whole = []
    listen(None, lambda seen: seen[-1]["kind"] == "rollout.done", whole)
    kinds = [event["kind"] for event in whole]
    for kind in ("rollout.started", "rollout.paused", "rollout.retried", "rollout.wave", "rollout.progress", "step.done"):
        assert kind in kinds, f"{kind} is not in the stream of {len(kinds)} events"
    middle = whole[len(whole) // 2]["sequence"]
    rest = []
    listen(middle, lambda seen: seen[-1]["kind"] == "rollout.done", rest)
    assert rest == whole[len(whole) // 2 + 1:], "taken up again, the stream is another"


def main():
    began = time.monotonic()
    with Service(sys.argv[1], "conductor:\n  max_concurrent_deploys: 4\n") as service:
        for part in (fleet, wrong_input, plan_and_start, survives_kill, canary_fails, stream):
            part(service)
            print(f"[{time.monotonic() - began:5.1f} s] {part.__name__}", flush=True)
    assert threading.active_count() == 1


main()
