"""Shared by the benches: programs, images, a link limited by tc, and a description of the machine."""
import contextlib
import os
import pathlib
import platform
import signal
import struct
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
MIB = 1 << 20
SERVER, CLIENT, PORT = "10.251.77.1", "10.251.77.2", 8077
os.environ["PATH"] += ":/usr/sbin:/sbin"


def run(*argv, **kw):
    return subprocess.run([str(a) for a in argv], check=True, capture_output=True, text=True, **kw).stdout.strip()


def timed(*argv, **kw):
    begin = time.monotonic()
    run(*argv, **kw)
    return time.monotonic() - begin


def built(build, *targets):
    if not (build / "build.ninja").exists():
        run("cmake", "-S", ROOT, "-B", build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=RelWithDebInfo")
    run("cmake", "--build", build, "--target", *targets)


def usr_files():
    """Endless content of /usr: programs, libraries and texts."""
    while True:
        for folder in ("/usr/lib", "/usr/bin", "/usr/share"):
            for path in sorted(pathlib.Path(folder).rglob("*")):
                with contextlib.suppress(OSError):
                    if path.is_file() and not path.is_symlink():
                        yield path


def make_image(path, size, files=55, noise=15, zeros=0):
    """An image: of each 100 MiB the given parts are files, random bytes and written zeros; the rest is a hole. It
    begins with a partition table, so that no file at its start determines the format of the whole image."""
    source = usr_files()
    table = bytes(446) + struct.pack("<B3xB3xII", 0, 0x83, 2048, size // 512 - 2048) + bytes(48) + b"\x55\xaa"
    with path.open("wb") as out:
        out.write(table)
        for begin in range(0, size, 100 * MIB):
            out.seek(max(begin, len(table)))
            while out.tell() < begin + files * MIB:
                out.write(next(source).read_bytes())
            out.write(os.urandom(noise * MIB))
            out.write(bytes(zeros * MIB))
        out.truncate(size)


def machine(*programs):
    """The first line of a report. @param programs: those whose version (--version) matters"""
    cpu = open("/proc/cpuinfo", encoding="ascii", errors="replace").read()
    model = next((line.split(":", 1)[1].strip() for line in cpu.splitlines() if line.startswith("model name")), platform.processor())
    versions = [run(program, "--version").splitlines()[0].strip("* ")[:60] for program in programs]
    load = " ".join(f"{value:.1f}" for value in os.getloadavg())
    return ", ".join([f"{os.cpu_count()} x {model}", f"{'with' if ' sha_ni' in cpu else 'without'} SHA instructions",
                      f"Linux {platform.release()}", *versions, f"load before {load}"])


class Link:
    """Two namespaces joined by a veth pair, with an HTTP server of a folder in one; limit("") removes the limit. Needs
    root."""

    def __init__(self, folder):
        tag = os.getpid()
        self.server, self.client, self.folder = f"bmbs{tag}", f"bmbc{tag}", folder
        self.httpd = None

    def __enter__(self):
        for space in (self.server, self.client):
            run("ip", "netns", "add", space)
        run("ip", "-n", self.server, "link", "add", "v0", "type", "veth", "peer", "name", "v1", "netns", self.client)
        for space, device, address in ((self.server, "v0", SERVER), (self.client, "v1", CLIENT)):
            run("ip", "-n", space, "addr", "add", address + "/30", "dev", device)
            run("ip", "-n", space, "link", "set", device, "up")
        self.httpd = subprocess.Popen(["ip", "netns", "exec", self.server, sys.executable, "-B", str(ROOT / "bench/range_server.py"),
                                       SERVER, str(PORT), str(self.folder)])
        for _ in range(100):
            if subprocess.run([*self.inside(), "curl", "-s", "-o", "/dev/null", self.url("any")]).returncode == 0:
                return self
            time.sleep(0.1)
        raise SystemExit("the server does not answer")

    def __exit__(self, *_):
        if self.httpd:
            self.httpd.send_signal(signal.SIGTERM)
            self.httpd.wait()
        for space in (self.server, self.client):
            subprocess.run(["ip", "netns", "del", space], capture_output=True)

    def inside(self):
        return ["ip", "netns", "exec", self.client]

    def url(self, name):
        return f"http://{SERVER}:{PORT}/{name}"

    def limit(self, rate):
        tc = ["ip", "netns", "exec", self.server, "tc", "qdisc"]
        subprocess.run([*tc, "del", "dev", "v0", "root"], capture_output=True)
        if rate:
            run(*tc, "add", "dev", "v0", "root", "tbf", "rate", rate, "burst", "512kb", "latency", "50ms")
