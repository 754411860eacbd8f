"""Processes identified by pid files with `pid start-time`, so that a reused pid is never ended."""
import os
import shutil
import signal
import subprocess
import time

from . import place


def need(*programs):
    missing = [name for name in programs if not shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin:/sbin")]
    if missing:
        raise place.Failure(f"missing: {' '.join(missing)}; run: sudo lab/install-packages")


def start_time(pid):
    """Start time in ticks of a live process; None for a missing process or a zombie (for which `kill -0` succeeds)."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stat:
            fields = stat.read().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in "ZX" else int(fields[19])


def pid_of(name):
    """The pid of the running process known as @name, or None."""
    try:
        pid, started = (place.RUN / f"{name}.pid").read_text(encoding="ascii").split()
    except (FileNotFoundError, ValueError):
        return None
    return int(pid) if start_time(pid) == int(started) else None


def start(name, argv, netns=True, log=None, pass_fds=(), env=None):
    """Starts @argv in its own session with output to a log. Does nothing if it runs already."""
    if pid_of(name):
        return
    if netns:
        argv = ["ip", "netns", "exec", place.NETNS, *argv]
    with open(log or place.LOGS / f"{name}.log", "ab") as output:
        child = subprocess.Popen([str(part) for part in argv], stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                 start_new_session=True, pass_fds=pass_fds, env=env)
    (place.RUN / f"{name}.pid").write_text(f"{child.pid} {start_time(child.pid) or 0}\n", encoding="ascii")


def end(name, grace=10.0):
    """Ends the process @name: TERM, then KILL after the grace period, and then the rest of its process group."""
    pid = pid_of(name)
    if pid:
        os.kill(pid, signal.SIGTERM)
        wait_until(lambda: pid_of(name) is None, grace)
        try:
            os.killpg(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        wait_until(lambda: pid_of(name) is None, 5)
    (place.RUN / f"{name}.pid").unlink(missing_ok=True)


def wait_until(condition, seconds, step=0.05):
    """Waits until @condition() is true. Returns False after @seconds."""
    limit = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > limit:
            return False
        time.sleep(step)
    return True


def run(*argv, netns=False, seconds=60, check=True, env=None):
    """Runs a program to its end and returns its stdout. A failure names the program and shows the end of its output."""
    if netns:
        argv = ("ip", "netns", "exec", place.NETNS, *argv)
    try:
        done = subprocess.run([str(part) for part in argv], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=seconds, check=False, env=env)
    except subprocess.TimeoutExpired as late:
        raise place.Failure(f"{' '.join(map(str, argv))}: no end after {seconds} s") from late
    if check and done.returncode != 0:
        raise place.Failure(f"{' '.join(map(str, argv))}: {(done.stderr or done.stdout).strip()[-500:]}")
    return done.stdout
