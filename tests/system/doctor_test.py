#!/usr/bin/env python3
"""`bm doctor` on its own provisioning network, in unnamed network namespaces that end with the test: first without
findings, then with a foreign DHCP server, then with the interface down. Real dnsmasq, in.tftpd and boot files; needs
root."""
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile

from service import Service, wait_until

ADDRESS, OTHER = "10.79.0.1", "10.79.0.2"
SETTINGS = f"""dhcp:
  mode: managed
  range: 10.79.0.100-10.79.0.150
log:
  level: debug
"""


def ip(*words):
    subprocess.run(["ip", *words], check=True)


class Network:
    """Creates prov0 here and d0 in a second namespace, which a sleeping process holds."""

    def __enter__(self):
        self.other = subprocess.Popen(["unshare", "--net", "sleep", "600"])
        own = os.readlink("/proc/self/ns/net")
        assert wait_until(lambda: os.readlink(f"/proc/{self.other.pid}/ns/net") != own, 10)
        ip("link", "set", "lo", "up")
        ip("link", "add", "prov0", "type", "veth", "peer", "name", "d0", "netns", str(self.other.pid))
        ip("addr", "add", f"{ADDRESS}/24", "dev", "prov0")
        ip("link", "set", "prov0", "up")
        self.elsewhere("ip", "addr", "add", f"{OTHER}/24", "dev", "d0")
        self.elsewhere("ip", "link", "set", "d0", "up")
        return self

    def there(self, *words):
        return ["nsenter", f"--net=/proc/{self.other.pid}/ns/net", *words]

    def elsewhere(self, *words):
        subprocess.run(self.there(*words), check=True)

    def __exit__(self, *failure):
        self.other.kill()
        self.other.wait()


def doctor(service, *checks):
    words = ["--check", ",".join(checks)] if checks else []
    done = subprocess.run([service.bm, "doctor", "-o", "json", *words], env=service.environment(), capture_output=True, text=True, check=False)
    findings = json.loads(done.stdout or "[]")
    assert findings, done.stderr
    return done.returncode, {f"{finding['id']} {finding['severity']}": finding["what"] for finding in findings}


def ramdisk(folder):
    for name in ("vmlinuz", "initrd.img"):
        (folder / name).write_bytes(os.urandom(3_000_000))
        (folder / name).chmod(0o644)


def inside(build):
    with tempfile.TemporaryDirectory(prefix="bm-doctor-") as folder, Network() as network:
        os.chmod(folder, 0o755)
        ramdisk(pathlib.Path(folder))
        with Service(build, SETTINGS, provisioning=f"  interface: prov0\n", paths=f"  ramdisk_dir: {folder}\n") as service:
            assert wait_until(lambda: "tftp ok" in doctor(service, "tftp")[1], 20), doctor(service, "tftp")
            code, found = doctor(service)
            assert code == 0 and not [key for key in found if key.endswith("error")], found
            assert {"interface ok", "dhcp ok", "tftp ok", "http ok", "ramdisk ok", "database ok", "space ok", "sandbox ok", "credentials ok"} <= set(found), found
            with subprocess.Popen(network.there("dnsmasq", "-k", "--port=0", "--conf-file=/dev/null", "--pid-file=", "--user=", "--group=",
                                                "--interface=d0", "--bind-interfaces", "--no-ping", "--dhcp-range=10.79.0.200,10.79.0.220,1h",
                                                "--dhcp-boot=other.efi", f"--dhcp-leasefile={folder}/leases"),
                                  stderr=subprocess.DEVNULL) as rogue:
                try:
                    assert wait_until(lambda: "dhcp error" in doctor(service, "dhcp")[1], 30), doctor(service, "dhcp")
                    code, found = doctor(service, "dhcp")
                    assert code == 1 and OTHER in found["dhcp error"] and "other.efi" in found["dhcp error"], found
                finally:
                    rogue.send_signal(signal.SIGTERM)
            assert "dhcp ok" in doctor(service, "dhcp")[1]
            ip("link", "set", "prov0", "down")
            code, found = doctor(service, "interface", "dhcp")
            assert code == 1 and "prov0 is down" in found["interface error"] and "could not check" in found["dhcp warning"], found
    print("the doctor finds what is wrong, and nothing else")


def main():
    if "--inside" in sys.argv:
        inside(sys.argv[1])
    else:
        sys.exit(subprocess.run(["unshare", "--net", sys.executable, __file__, sys.argv[1], "--inside"], check=False).returncode)


main()
