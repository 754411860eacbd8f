#!/usr/bin/env python3
"""Schedules on the command line, and kill -9 of bmd over a due time: exactly one run after the restart."""
import datetime
import sys
import time

from service import Service, inventory, wait_until


def expect(service, code, text, *words):
    done = service.run(*words, check=False)
    said = done.stdout + done.stderr
    assert done.returncode == code, f"bm {' '.join(words)}: exit code {done.returncode}, wanted {code}\n{said}"
    assert text in said, f"bm {' '.join(words)}: \"{text}\" is not in\n{said}"
    return said


def history(service, name):
    return service.json("schedule", "history", name)


def commands(service):
    create = ["schedule", "create", "nightly-render", "--cron", "30 2 * * 1-5", "--tz", "Europe/Berlin", "--image", "tiny",
              "--select", "class=render", "--window", "4h", "--if-older-than", "6d"]
    expect(service, 0, "nightly-render: next ", *create)
    expect(service, 4, "already exists", *create)
    expect(service, 0, "30 2 * * 1-5", "schedule", "list")
    expect(service, 0, "02:30 CE", "schedule", "next", "nightly-render")
    assert len(service.json("schedule", "next", "nightly-render", "--count", "3")) == 3
    expect(service, 0, "paused", "schedule", "pause", "nightly-render")
    expect(service, 0, "next", "schedule", "resume", "nightly-render")
    expect(service, 0, "next", "schedule", "set", "nightly-render", "--window", "none", "--canary", "1")
    shown = service.json("schedule", "show", "nightly-render")
    assert shown["window"] is None and shown["rollout"]["canary"] == 1 and shown["rollout"]["select"] == "class=render", shown
    expect(service, 2, "--yes", "schedule", "run", "nightly-render")
    expect(service, 2, "--yes", "schedule", "delete", "nightly-render")
    expect(service, 0, "deleted", "schedule", "delete", "nightly-render", "--yes")
    expect(service, 3, "not-found", "schedule", "show", "nightly-render")
    expect(service, 0, "Example", "schedule", "create", "--help")


def wrong(service):
    def create(*words):
        return ("schedule", "create", "x", "--image", "tiny", "--select", "class=render", *words)
    expect(service, 2, "never fires", *create("--cron", "30 2 31 2 *"))
    expect(service, 2, "day of month", *create("--cron", "30 2 32 * *"))
    expect(service, 2, "Europe/Berlin", *create("--cron", "@daily", "--tz", "Europe/Berlim"))
    expect(service, 2, "--window: \"4\" is not a duration", *create("--cron", "@daily", "--window", "4"))
    expect(service, 2, "has passed", *create("--at", "2020-01-01 00:00"))
    expect(service, 2, "either cron or at", *create())
    expect(service, 3, "not in the catalogue", "schedule", "create", "x", "--cron", "@daily", "--image", "ghost:stable", "--select", "class=render")
    expect(service, 2, "no nodes are selected", "schedule", "create", "x", "--cron", "@daily", "--image", "tiny")
    expect(service, 2, "no change given", "schedule", "set", "x")


def killed_over_the_due_time(service):
    at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=4)
    expect(service, 0, "once: next", "schedule", "create", "once", "--at", at.strftime("%Y-%m-%dT%H:%M:%SZ"), "--image", "tiny",
           "--select", "class=render", "--allow-unseen")
    service.kill()
    while datetime.datetime.now(datetime.timezone.utc) < at + datetime.timedelta(seconds=1):
        time.sleep(0.1)
    for _ in range(4):  # at different moments during a start
        service.start()
        service.kill()
    service.start()
    assert wait_until(lambda: history(service, "once") and history(service, "once")[0]["finished_at"], 60, 0.3), history(service, "once")
    runs = history(service, "once")
    assert len(runs) == 1, runs
    assert runs[0]["state"] == "done" and runs[0]["nodes"]["done"] == 1, runs
    for events in [service.json("node", "timeline", "n1")]:
        written = [event["kind"] for event in events].count("image.written")
        assert written == 1, f"written {written} times"


def run_now(service):
    expect(service, 0, "warning", "schedule", "create", "manual", "--cron", "@yearly", "--image", "tiny", "--select", "class=gpu")
    expect(service, 0, "started", "schedule", "run", "manual", "--yes")
    assert wait_until(lambda: history(service, "manual") and history(service, "manual")[0]["state"] == "skipped", 20), history(service, "manual")
    expect(service, 0, "no node matches", "schedule", "history", "manual")


def main():
    with Service(sys.argv[1]) as service:
        service.run("node", "enrol", "-f", service.file("inventory.yaml", inventory({"n1": {}, "n2": {}})))
        service.run("node", "set", "n1", "resource_class=render")
        service.run("image", "add", service.disk_image(), "--name", "tiny")
        commands(service)
        wrong(service)
        run_now(service)
        killed_over_the_due_time(service)
    print("schedules fire when they should, once")


main()
