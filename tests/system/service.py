"""A bmd for one test: temporary folder, free ports, simulated hardware; and `bm` to call it."""
import base64
import json
import os
import pathlib
import random
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request


def free_port():
    """A free port below the kernel's range for outgoing connections, so that no connection takes it before bmd
    listens."""
    for _ in range(100):
        port = random.randrange(10240, 32768)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise AssertionError("no port is free")


def wait_until(condition, seconds, step=0.05):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(step)
    return False


class Service:
    def __init__(self, build, settings="", provisioning="", paths="", api="", outgoing="  allow: [127.0.0.0/8]\n"):
        """@outgoing: the tests' web servers are on loopback, which bmd requests by exception only."""
        self.build = pathlib.Path(build)
        self.bmd = self.build / "bmd" / "bmd"
        self.bm = self.build / "cli" / "bm"
        self.folder = tempfile.TemporaryDirectory(prefix="bm-system-")
        self.state = pathlib.Path(self.folder.name) / "state"
        self.port = free_port()
        self.provisioning_port = free_port()
        self.config = pathlib.Path(self.folder.name) / "bmd.yaml"
        self.config.write_text(f"api:\n  port: {self.port}\n{api}provisioning:\n  port: {self.provisioning_port}\n{provisioning}"
                               f"paths:\n  state_dir: {self.state}\n  run_dir: {self.folder.name}/run\n{paths}"
                               f"{'outgoing:' + chr(10) + outgoing if outgoing else ''}{settings}", encoding="utf-8")
        self.log = open(pathlib.Path(self.folder.name) / "bmd.log", "ab")
        self.process = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *failure):
        self.stop()
        if failure[0] is not None:
            print("".join(f"    {line}\n" for line in self.log_text().splitlines()[-30:]))
        self.log.close()
        self.folder.cleanup()

    def launch(self):
        """Starts without waiting."""
        self.process = subprocess.Popen([self.bmd, "--config", self.config], stdout=self.log, stderr=self.log)

    def start(self):
        self.launch()
        if not wait_until(lambda: self.answers() and (self.state / "client.yaml").exists(), 30):
            raise AssertionError(f"bmd does not answer:\n{self.log_text()}")

    def answers(self):
        if self.process.poll() is not None:
            raise AssertionError(f"bmd ended with {self.process.returncode}:\n{self.log_text()}")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", timeout=2):
                return True
        except (urllib.error.URLError, OSError):
            return False

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            assert self.process.wait(timeout=60) == 0, "bmd did not stop cleanly"

    def log_text(self):
        return pathlib.Path(self.folder.name, "bmd.log").read_text(encoding="utf-8", errors="replace")

    def environment(self):
        return {**os.environ, "BM_CLIENT_CONFIG": str(self.state / "client.yaml"), "BM_ENDPOINT": f"http://127.0.0.1:{self.port}"}

    def run(self, *words, check=True, stdin=None):
        done = subprocess.run([self.bm, *words], env=self.environment(), capture_output=True, text=True, check=False,
                              input=stdin, timeout=120)
        if check and done.returncode != 0:
            raise AssertionError(f"bm {' '.join(words)}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def authorization(self):
        """The authorization header of the user that bmd created at its first start; empty without authentication."""
        lines = dict(line.split(": ", 1) for line in (self.state / "client.yaml").read_text(encoding="utf-8").splitlines() if ": " in line)
        if "username" not in lines:
            return {}
        user, file = (lines[key].strip().strip('"') for key in ("username", "password_file"))
        password = pathlib.Path(file).read_text(encoding="utf-8").strip()
        return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}

    def get(self, path):
        """The bytes of an API answer; raises HTTPError for errors."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers=self.authorization())
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.read()

    def json(self, *words):
        return json.loads(self.run(*words, "-o", "json").stdout)

    def file(self, name, text):
        path = pathlib.Path(self.folder.name) / name
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)  # it may hold a password or a token
        return str(path)

    def disk_image(self, name="disk.img", mib=8):
        path = pathlib.Path(self.folder.name) / name
        with open(path, "wb") as image:
            image.truncate(mib << 20)
        subprocess.run(["/usr/sbin/sfdisk", "-q", path], input="label: gpt\n,\n", text=True, check=True, stdout=subprocess.DEVNULL)
        return str(path)


def inventory(nodes):
    """YAML of fake-hardware nodes: {name: driver_info}."""
    text = "nodes:\n"
    for number, (name, info) in enumerate(nodes.items()):
        text += (f"  - name: {name}\n    driver: fake-hardware\n    driver_info: {json.dumps(info)}\n"
                 f"    ports: [{{address: \"52:54:00:00:{number // 256:02x}:{number % 256:02x}\"}}]\n")
    return text
