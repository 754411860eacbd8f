"""The services under test, each with its endpoint and a token: bmd with authentication and simulated machines, and
Ironic from Debian's packages."""
import contextlib
import pathlib
import signal
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "system"))
from service import Service  # noqa: E402

signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by SIGTERM"))  # leaves the with statements, which end the services


@contextlib.contextmanager
def bm(build):
    """Yields endpoint and token; name and cleaning are those of Ironic's in up.sh."""
    with Service(build, settings="conductor:\n  name: localhost\n  automated_clean: false\n") as service:
        made = subprocess.run([service.bmd, "--config", service.config, "--create-token", "suite", "--role", "admin"],
                              capture_output=True, text=True, timeout=60, check=True)
        yield f"http://127.0.0.1:{service.port}", made.stdout.strip()


@contextlib.contextmanager
def ironic():
    """Yields endpoint and token; up.sh ends Ironic when its standard input ends, also where this program is killed."""
    with subprocess.Popen([HERE / "up.sh"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            endpoint = process.stdout.readline().strip()
            assert endpoint, "up.sh raised no Ironic"
            yield endpoint, "ironic-asks-for-none"
        finally:
            process.stdin.close()
            process.wait(timeout=60)


@contextlib.contextmanager
def raised(which, build):
    with (bm(build) if which == "bm" else ironic()) as server:
        yield server
