"""Helpers of the tests with virtual machines: a lab per test with bm in it, waits, and the lab's end. The build folder
is the first argument of the test; BM_LAB names the lab (tests/lab/CMakeLists.txt)."""
import json
import os
import pathlib
import re
import subprocess
import sys
import time

os.environ["BM_LAB_BUILD"] = sys.argv[1]
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "lab"))
from bmlab import fleet, login, place, process, service  # noqa: E402,F401  (the lab's name is settled first)

began = time.monotonic()


def report(text):
    print(f"[{time.monotonic() - began:6.1f} s] {text}", flush=True)


def bm(*words, code=0):
    done = subprocess.run(service.bm_argv(*words), env=service.bm_environment(), capture_output=True, text=True, check=False, timeout=900)
    said = done.stdout + done.stderr
    assert done.returncode == code, f"bm {' '.join(words)}: exit code {done.returncode}, wanted {code}\n{said}"
    return said


def api(path, method="GET", body=None):
    """A request to bmd's API, for values that bm does not print."""
    password = service.PASSWORD.read_text(encoding="ascii").strip()
    words = ["-X", method, "-H", "X-OpenStack-Ironic-API-Version: latest"]
    if body is not None:
        words += ["-H", "Content-Type: application/json", "-d", json.dumps(body)]
    text = subprocess.run(
        ["ip", "netns", "exec", place.NETNS, "curl", "-s", "--fail-with-body", *words, "--config", "-", f"http://127.0.0.1:6385{path}"],
        input=f'user = "admin:{password}"\n', capture_output=True, text=True, check=False, timeout=30)
    assert text.returncode == 0, f"{method} {path}: {text.stdout}{text.stderr}"
    return json.loads(text.stdout) if text.stdout else None


def operation(name):
    return api(f"/v1/nodes/{name}/operation")


def kinds(name):
    """The kinds of the node's events."""
    return [event["kind"] for event in api(f"/v1/nodes/{name}/events?limit=1000")["events"]]


def wait_for(what, condition, seconds=600):
    assert process.wait_until(condition, seconds, step=0.5), f"{what}: not within {seconds} s\n{service.last_words()}"
    report(what)


def raise_lab(fleet_text, image=True):
    """Machines powered off and enrolled, bmd running, an image in its store."""
    subprocess.run([place.LAB / "down"], check=True, capture_output=True)  # of a run that was broken off
    place.make_folders()
    file = place.STATE / "fleet.yaml"
    file.write_text(fleet_text, encoding="utf-8")
    subprocess.run([place.LAB / "up", "--fleet", file], check=True)
    machines = fleet.load(file)
    service.start(machines)
    service.write_client()
    login.make_key()
    bm("node", "enrol", "-f", str(service.INVENTORY))
    if image:
        file = place.STATE / "debian-12.qcow2"
        subprocess.run([place.LAB / "make-image", file], check=True)
        bm("image", "add", str(file), "--name", "debian-12")
    return machines


def tell_what_was_seen():
    """Prints the events and the running step of each machine, the end of its console and bmd's log, for the analysis of a failure after the lab's end."""
    for log in sorted(place.STATE.glob("machines/*/console.log")):
        name = log.parent.name
        console = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", log.read_text(errors="replace"))[-1500:]
        print(f"--- {log}\n{console}", file=sys.stderr)
        try:
            for event in api(f"/v1/nodes/{name}/events?limit=1000")["events"][-25:]:
                print(f"    {event['at']} {event['kind']}: {event['message'][:160]}", file=sys.stderr)
            for step in operation(name)["steps"]:
                if step.get("started_at") and not step.get("finished_at"):
                    print(f"    now: {json.dumps(step)[:1500]}", file=sys.stderr)
        except (AssertionError, subprocess.SubprocessError, OSError, ValueError) as error:
            print(f"    no events: {error}", file=sys.stderr)
    print(service.last_words(lines=60), file=sys.stderr)


def run(main):
    """Runs the test, prints the latest events when it fails, and takes the lab down."""
    try:
        main()
    except BaseException:
        tell_what_was_seen()
        raise
    finally:
        subprocess.run([place.LAB / "down"], check=False)
