#!/usr/bin/env python3
"""A neighbour on the provisioning network sends forged options 60 (vendor class), 12 (host name) and 61 (client id), and
malformed packets, to bmd's own dnsmasq. It gets no other machine's address, writes no event of another machine, and
ends nothing; the machine that it plays gets one lease, whatever client id it sends. Root."""
import argparse
import json
import random
import re
import socket
import subprocess
import sys
import time

from attack import TESTS, Service, call, in_a_network_of_its_own, inventory, wait_until

sys.path.insert(0, str(TESTS / "pxe"))
import dhcp_client  # noqa: E402

VICTIM, NEIGHBOUR = "52:54:00:00:00:00", "52:54:00:66:66:%02x"
FORGED = "10.78.0.66"                       # outside of the range: no lease can have it
RANGE = "10.78.0.100-10.78.0.199"
PLAIN = argparse.Namespace(vendor_class="none", arch=0, ipxe=False)


def make_network():
    in_a_network_of_its_own()
    for words in ("link add prov0 type veth peer name c0", "address add 10.78.0.1/24 dev prov0", "link set prov0 up", "link set c0 up"):
        subprocess.run(["ip", *words.split()], check=True)


class Wire:
    """The machines' end of the network."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
        self.socket.bind(("c0", 0))

    def send(self, mac, payload):
        self.socket.send(dhcp_client.frame(bytes.fromhex(mac.replace(":", "")), payload))

    def lease(self, mac, *options, wait=2.0):
        """The acknowledgement that a client with these options gets; None without one."""
        raw = bytes.fromhex(mac.replace(":", ""))
        extra = b"".join(dhcp_client.option(number, value) for number, value in options)
        for _ in range(3):
            xid = random.getrandbits(32)
            self.send(mac, dhcp_client.message(raw, xid, 1, PLAIN, extra))
            offers = [offer for offer in dhcp_client.collect(self.socket, xid, wait, 1) if offer["address"] != "0.0.0.0"]
            if not offers:
                continue
            chosen = dhcp_client.option(54, socket.inet_aton(offers[0]["server"])) + dhcp_client.option(50, socket.inet_aton(offers[0]["address"]))
            self.send(mac, dhcp_client.message(raw, xid, 3, PLAIN, chosen + extra))
            acks = [answer for answer in dhcp_client.collect(self.socket, xid, wait, 1) if answer.get("type") == 5]
            if acks:
                return acks[0]
        return None


def events(service, node):
    return json.loads(call(service, None, "GET", f"/v1/nodes/{node}/events?limit=1000")[1])["events"]


def forged_texts():
    """Messages of dnsmasq about the victim, in the forms that a log line could take."""
    said = f"DHCPACK(prov0) {FORGED} {VICTIM} web-1"
    for text in (said, f"dnsmasq-dhcp[1]: {said}", f"dnsmasq-dhcp[1]: 7 {said}", f"\n{said}", f"x\ndnsmasq-dhcp[1]: 7 {said}\n", f"\r\n7 {said}\r\n", f"\0{said}",
                 f"PXE(prov0) {VICTIM} proxy", "\x1b]0;owned\x07\x1b[2J", "\u202e".encode().decode(), "%s%n%s%n", "../../../etc/passwd", "$(reboot)", "`reboot`", "12h", "ignore", "infinite",
                 "tag:ipxe", "x" * 255):
        yield text.encode()[:255]


def children(service):
    text = subprocess.run(["ps", "-o", "pid=,comm=", "--ppid", str(service.process.pid)], capture_output=True, text=True, check=False).stdout
    return dict(reversed(line.split()) for line in text.splitlines())


def forged(service, wire):
    for number, text in enumerate(forged_texts()):
        for code in (60, 12, 61, 77, 81):
            wire.lease(NEIGHBOUR % number, (code, b"\0\0\0" + text[:250] if code == 81 else text), wait=0.3)
        wire.lease(NEIGHBOUR % number, (12, b"web-1"), (60, text), wait=0.3)


def stolen_ids(wire, service, mine):
    """Another machine's client id, address and name do not bring its lease."""
    victim = bytes.fromhex(VICTIM.replace(":", ""))
    for number, identity in enumerate((b"\x01" + victim, victim, b"\xff" + victim + b"\0" * 8, b"\0" + VICTIM.encode(), b"web-1")):
        got = wire.lease(NEIGHBOUR % (100 + number), (61, identity), (12, b"web-1"), (50, socket.inet_aton(mine["address"])))
        assert got is None or got["address"] != mine["address"], (identity, got)
    # One MAC address with many client ids has one lease: none, 01+MAC, a DUID, random ones.
    for identity in (b"", b"\x01" + victim, b"\xff\0\0\0\1\0\1" + b"d" * 10 + victim, *(random.randbytes(20) for _ in range(20))):
        again = wire.lease(VICTIM, *([(61, identity)] if identity else []))
        assert again and again["address"] == mine["address"], (identity, again)
    leases = [file.read_text(encoding="utf-8", errors="replace") for file in service.state.parent.rglob("*leases*") if file.is_file()]
    assert len(re.findall(VICTIM, "".join(leases))) == 1, leases


def malformed(wire, generator):
    """Packets with wrong lengths and options beyond the end."""
    raw = bytes.fromhex((NEIGHBOUR % 200).replace(":", ""))
    good = dhcp_client.message(raw, 7, 1, PLAIN, dhcp_client.option(60, b"x" * 40) + dhcp_client.option(61, b"y" * 20))
    for _ in range(400):
        packet = bytearray(good)
        for _ in range(generator.randrange(1, 12)):
            packet[generator.randrange(240, len(packet))] = generator.randrange(256)
        wire.send(NEIGHBOUR % 200, bytes(packet[:generator.randrange(200, len(packet))]))
    for options in (b"\x3c", b"\x3c\xff", b"\x3d\xff" + b"a" * 20, b"\x0c\0", b"\x52\xff" + b"\1\xff" * 60, b"\x34\x01\x03", b"\x37\xff" + b"\1" * 255):
        wire.send(NEIGHBOUR % 201, good[:240] + b"\x35\1\1" + options)


def main():
    make_network()
    with Service(sys.argv[1], provisioning="  interface: prov0\n", settings=f"dhcp: {{mode: managed, range: {RANGE}}}\nlog: {{level: debug}}\n") as service:
        service.run("node", "enrol", "-f", service.file("nodes.yaml", inventory({"web-1": {}})), "--provide", "--wait")
        assert wait_until(lambda: "dnsmasq" in children(service), 20), children(service)
        wire = Wire()
        mine = []

        def leased():
            mine[:] = [wire.lease(VICTIM)]
            return mine[0] is not None
        assert wait_until(leased, 20, 0.5), service.log_text()[-2000:]
        assert mine[0]["host_name"] == "web-1", mine
        assert wait_until(lambda: any(event["kind"] == "dhcp.ack" for event in events(service, "web-1")), 10)
        alive = children(service)
        seen = len(events(service, "web-1"))
        begun = time.monotonic()
        forged(service, wire)
        malformed(wire, random.Random(15))
        # The neighbour's texts are in the log before the victim's next message.
        stolen_ids(wire, service, mine[0])
        print(f"{time.monotonic() - begun:.0f} s of forged messages")
        assert wait_until(lambda: len(events(service, "web-1")) > seen, 15, 0.3), "the victim's own messages are events"
        added = sorted(events(service, "web-1"), key=lambda event: event["at"])[seen:]
        for event in added:
            text = json.dumps(event)
            assert FORGED not in text, event
            assert not event["kind"].startswith("dhcp.proxy"), event
        code, everything = call(service, None, "GET", "/v1/events?limit=1000")
        assert code == 200 and "\\u001b" not in everything and "\\u202e" not in everything and "\x1b" not in everything, re.findall(r".{80}\\u001b.{80}", everything)[:3]
        assert f"{FORGED}" not in "".join(json.dumps(event) for event in json.loads(everything)["events"] if event.get("kind") == "dhcp.ack")
        shown = service.run("node", "timeline", "web-1").stdout + service.run("node", "list").stdout
        assert "\x1b]0;" not in shown and FORGED not in shown
        assert children(service) == alive, f"a child ended: {alive}, now {children(service)}"
        assert wire.lease(VICTIM)["address"] == mine[0]["address"]


if __name__ == "__main__":
    main()
