"""A node of a real bmd. Its RAM disk is a bm-agent process on this machine, and its disk is a file."""
import json
import pathlib
import re
import subprocess
import urllib.error
import urllib.request

from service import wait_until

MIB = 1 << 20


class Machine:
    """A node whose RAM disk is a bm-agent process and whose disk is a file."""

    def __init__(self, service, name, number, mib):
        self.service, self.name = service, name
        self.mac = f"52:54:00:00:00:{number:02x}"
        self.folder = pathlib.Path(service.folder.name) / name
        self.folder.mkdir()
        self.disk = self.folder / "disk.raw"
        with open(self.disk, "wb") as file:
            file.truncate(mib * MIB)
        (self.folder / "inventory.json").write_text(json.dumps({"cpus": 2, "nics": [{"name": "eth0", "mac": self.mac}], "disks": [
            {"name": str(self.disk), "size_bytes": mib * MIB, "serial": f"D-{name}"}]}))
        self.uuid = service.json("node", "show", name)["uuid"]
        self.boots = 0
        self.process = None

    def state(self):
        return self.service.json("node", "show", self.name)

    def operation(self):
        return json.loads(self.service.get(f"/v1/nodes/{self.name}/operation"))

    def fetch(self, path):
        port = re.search(r"provisioning:\n  port: (\d+)", self.service.config.read_text()).group(1)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            return answer.read().decode()

    def boot(self):
        """Boots as firmware and the RAM disk's init do, after bmd powers the machine on."""
        script = []

        def expected():
            try:
                script[:] = [self.fetch(f"/boot/script?mac={self.mac}&uuid={self.uuid}")]
            except urllib.error.URLError:
                return False
            return "bm.secret=" in script[0]
        assert wait_until(expected, 60), f"{self.name} is not to boot: {self.state()['provision_state']} {script}"
        self.cmdline = re.search(r"(bm\.api=.*)", script[0]).group(1)
        self.boots += 1
        (self.folder / "cmdline").write_text(f"quiet {self.cmdline} BOOTIF=01-{self.mac.replace(':', '-')}\n")
        self.start_agent()

    def start_agent(self):
        log = open(self.folder / "agent.log", "ab")
        self.process = subprocess.Popen([self.service.build / "agent" / "bm-agent", "--cmdline", self.folder / "cmdline", "--state",
                                         self.folder / f"state{self.boots}", "--inventory", self.folder / "inventory.json",
                                         "--no-power"], stderr=log, stdout=subprocess.DEVNULL)
        log.close()

    def end_agent(self):
        """Ends the agent with SIGTERM, so that it writes its coverage counters. Kills it after 5 s."""
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.kill_agent()

    def kill_agent(self):
        """Ends the agent as a power cut does."""
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def ended(self):
        done = wait_until(lambda: self.operation()["finished_at"] is not None, 120)
        self.end_agent()
        assert done, f"{self.operation()}\n{(self.folder / 'agent.log').read_text()[-3000:]}"
        return self.operation()

    def deploy(self, image, *more):
        self.service.run("provision", image, self.name, *more)
        self.boot()
        operation = self.ended()
        assert operation["state"] == "done", f"{operation}\n{(self.folder / 'agent.log').read_text()[-3000:]}"
