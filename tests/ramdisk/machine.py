"""A virtual machine with two NICs on separate wires with DHCP and HTTP, all in this process's network namespace."""
import fcntl
import http.server
import os
import re
import select
import socket
import struct
import subprocess
import threading
import time

NICS = {"a": ("e1000", "52:54:00:aa:00:01", "10.78.1"), "b": ("virtio-net-pci", "52:54:00:aa:00:02", "10.78.2")}


def enter_namespace(argv):
    """Starts this program again in a network namespace of its own, once. Needs root."""
    if os.environ.get("BM_RAMDISK_TEST_NAMESPACE"):
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        return
    if os.geteuid() != 0:
        raise SystemExit("boot_test: needs root: it makes a network namespace with wires for the machine")
    os.environ["BM_RAMDISK_TEST_NAMESPACE"] = "1"
    os.execvp("unshare", ["unshare", "--net", *argv])


def wait_for(what, condition, seconds):
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.1)
    return found


def make_taps():
    for name, (_, _, net) in NICS.items():
        subprocess.run(["ip", "tuntap", "add", f"tap{name}", "mode", "tap"], check=True)
        subprocess.run(["ip", "addr", "add", f"{net}.1/24", "dev", f"tap{name}"], check=True)
        subprocess.run(["ip", "link", "set", f"tap{name}", "up"], check=True)


class Process:
    """A program that writes lines, killed at the end."""

    def __init__(self, argv):
        self.lines = []
        self.child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                      stderr=subprocess.STDOUT, text=True, errors="replace")
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.child.stdout:
            self.lines.append(line.rstrip())

    def text(self):
        return "\n".join(self.lines)

    def ended(self):
        return self.child.poll() is not None

    def stop(self):
        if not self.ended():
            self.child.kill()
        self.child.wait(10)
        self.reader.join(10)
        self.child.stdout.close()


def dnsmasq(folder, *interfaces):
    argv = ["dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--port=0", "--bind-interfaces", "--user=root",
            "--log-facility=-", "--log-dhcp", "--dhcp-authoritative", "--no-ping", "--except-interface=lo",
            f"--dhcp-leasefile={folder}/leases-{time.monotonic_ns()}", f"--pid-file={folder}/dnsmasq-{time.monotonic_ns()}"]
    for name in interfaces:
        net = NICS[name[3:]][2]
        argv += [f"--interface={name}", f"--dhcp-range={net}.100,{net}.199,1h"]
    return Process(argv)


class Machine(Process):
    def __init__(self, images, arguments, netdevs=None, memory=512, models=None, devices=()):
        """models: {NIC: QEMU's model of it}; devices: further arguments of QEMU."""
        command = ["console=ttyS0,115200n8", "mitigations=off", "nokaslr", "no_timer_check", *arguments]
        argv = ["qemu-system-x86_64", "-accel", "tcg,tb-size=64", "-m", str(memory), "-nodefaults", "-nographic",
                "-serial", "stdio", "-monitor", "none", "-no-reboot", "-kernel", f"{images}/vmlinuz",
                "-initrd", f"{images}/initrd.img", "-append", " ".join(command),
                "-drive", "file=null-co://,if=none,id=disk,format=raw,file.size=1G",
                "-device", "virtio-blk-pci,drive=disk"]
        for name, (model, mac, _) in NICS.items():
            backend = (netdevs or {}).get(name, f"tap,ifname=tap{name},script=no,downscript=no")
            model = (models or {}).get(name, model)
            argv += ["-netdev", f"{backend},id=net{name}", "-device", f"{model},netdev=net{name},mac={mac},romfile="]
        argv += devices
        super().__init__(argv)

    def says(self, pattern):
        return re.search(pattern, self.text(), re.MULTILINE)

    def wait_for(self, pattern, seconds=180):
        def condition():
            return self.says(pattern) or self.ended()
        try:
            wait_for(pattern, condition, seconds)
        except AssertionError as failure:
            raise AssertionError(f"{failure}\n{self.tail()}") from None
        self.reader.join(0.2 if not self.ended() else 10)
        found = self.says(pattern)
        if not found:
            raise AssertionError(f"the machine ended without saying {pattern}\n{self.tail()}")
        return found

    def tail(self):
        return "\n".join(self.lines[-25:])


class Greeting:
    """An HTTP server on an address of this namespace, which answers every request."""

    def __init__(self, address, port):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"hello " + self.client_address[0].encode())

            def log_message(self, *_):
                pass
        self.server = http.server.ThreadingHTTPServer((address, port), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class TrunkPort:
    """A switch port that carries one VLAN, tagged: frames of the machine (by UDP from QEMU) to a plain tap device and back.

    (Done here because a kernel need not have VLAN devices or a VLAN-aware bridge.)
    """

    def __init__(self, tap, vlan, ports=(7001, 7002)):
        self.vlan = vlan
        self.untagged = []
        self.netdev = f"socket,udp=127.0.0.1:{ports[0]},localaddr=127.0.0.1:{ports[1]}"
        self.peer = ("127.0.0.1", ports[1])
        self.wire = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.wire.bind(("127.0.0.1", ports[0]))
        self.tap = os.open("/dev/net/tun", os.O_RDWR)
        fcntl.ioctl(self.tap, 0x400454CA, struct.pack("16sH22x", tap.encode(), 0x0002 | 0x1000))  # TUNSETIFF: TAP, no header
        fcntl.ioctl(self.tap, 0x400454D0, 0)  # TUNSETOFFLOAD: whole checksums, whatever a QEMU before us had agreed to
        self.running = True
        self.thread = threading.Thread(target=self.relay, daemon=True)
        self.thread.start()

    def relay(self):
        while self.running:
            ready, _, _ = select.select([self.wire, self.tap], [], [], 0.2)
            if self.wire in ready:
                self.from_machine(self.wire.recv(65536))
            if self.tap in ready:
                frame = os.read(self.tap, 65536)
                self.wire.sendto(frame[:12] + struct.pack("!HH", 0x8100, self.vlan) + frame[12:], self.peer)

    def from_machine(self, frame):
        if frame[12:14] == b"\x81\x00" and struct.unpack("!H", frame[14:16])[0] & 0xFFF == self.vlan:
            os.write(self.tap, frame[:12] + frame[16:])
        else:
            self.untagged.append(frame)

    def stop(self):
        self.running = False
        self.thread.join(5)
        self.wire.close()
        os.close(self.tap)
