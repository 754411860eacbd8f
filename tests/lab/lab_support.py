"""What the tests with virtual machines share: a lab of their own, bm in it, waiting, and the end of it all. The build folder
is the first argument of the test; BM_LAB names the lab (tests/lab/CMakeLists.txt)."""
import json
import os
import pathlib
import subprocess
import sys
import time

os.environ["BM_LAB_BUILD"] = sys.argv[1]
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "lab"))
from bmlab import fleet, login, place, process, service  # noqa: E402,F401  (the lab's name is settled first)

began = time.monotonic()


def say(text):
    print(f"[{time.monotonic() - began:6.1f} s] {text}", flush=True)


def bm(*words, code=0):
    done = subprocess.run(service.bm_argv(*words), env=service.bm_environment(), capture_output=True, text=True, check=False, timeout=900)
    said = done.stdout + done.stderr
    assert done.returncode == code, f"bm {' '.join(words)}: exit code {done.returncode}, wanted {code}\n{said}"
    return said


def api(path):
    """GET of bmd's API, for what bm shows in other words."""
    password = service.PASSWORD.read_text(encoding="ascii").strip()
    text = subprocess.run(
        ["ip", "netns", "exec", place.NETNS, "curl", "-s", "-f", "--config", "-", f"http://127.0.0.1:6385{path}"],
        input=f'user = "admin:{password}"\n', capture_output=True, text=True, check=True, timeout=30).stdout
    return json.loads(text)


def wait_for(what, condition, seconds=600):
    assert process.wait_until(condition, seconds, step=0.5), f"{what}: not within {seconds} s\n{service.last_words()}"
    say(what)


def raise_lab(fleet_text, image=True):
    """Machines powered off and enrolled, bmd running, an image in its store."""
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


def run(main):
    """Runs the test, tells what was seen last when it fails, and takes the lab down."""
    try:
        main()
    except BaseException:
        print(service.last_words(lines=60), file=sys.stderr)
        for log in place.STATE.glob("machines/*/console.log"):
            print(f"--- {log}\n{log.read_text(errors='replace')[-3000:]}", file=sys.stderr)
        raise
    finally:
        subprocess.run([place.LAB / "down"], check=False)
