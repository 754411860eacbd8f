#!/usr/bin/env python3
"""A firmware's DHCP side: one DISCOVER with PXE options, the offers, one REQUEST, the answer, as one JSON object.

    dhcp_client.py INTERFACE MAC [--arch N] [--class PXEClient|HTTPClient|none] [--ipxe] [--offers N] [--pxe-server A]
Raw Ethernet frames, so any MAC address can be played on one interface and no address is needed. With --pxe-server the
one thing sent is a request to that proxy's port 4011, as firmware does after a proxy's offer without a file.
"""
import argparse
import json
import os
import socket
import struct
import subprocess
import time

COOKIE = b"\x63\x82\x53\x63"
NAMES = {3: "router", 6: "dns", 12: "host_name", 43: "vendor_options", 51: "lease_seconds", 53: "type", 54: "server",
         60: "vendor_class", 66: "tftp_server", 67: "boot_file", 175: "ipxe"}


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def frame(mac, payload, target="255.255.255.255"):
    udp = struct.pack("!HHHH", 68, 67, 8 + len(payload), 0) + payload
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, b"\0" * 4, socket.inet_aton(target))
    head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
    return b"\xff" * 6 + mac + b"\x08\x00" + head + udp


def option(number, value):
    return bytes([number, len(value)]) + value


def message(mac, xid, kind, args, extra=b""):
    text = struct.pack("!BBBBIHH4s4s4s4s", 1, 1, 6, 0, xid, 4, 0x8000, b"\0" * 4, b"\0" * 4, b"\0" * 4, b"\0" * 4)
    text += mac + b"\0" * 10 + b"\0" * 192 + COOKIE + option(53, bytes([kind])) + option(57, b"\x05\xc0") + extra
    text += option(55, bytes([1, 3, 6, 12, 43, 54, 60, 66, 67, 175]))
    if args.vendor_class != "none":
        text += option(60, f"{args.vendor_class}:Arch:{args.arch:05d}:UNDI:003001".encode())
        text += option(93, struct.pack("!H", args.arch)) + option(94, b"\x01\x03\x01") + option(97, b"\0" + mac + b"\0" * 10)
    if args.ipxe:
        text += option(77, b"iPXE") + option(175, b"\xb1\x05\x01\x1a\xf4\x10\x41")
    return text + b"\xff"


def options(raw):
    found, at = {}, 0
    while at < len(raw) and raw[at] != 255:
        if raw[at] == 0:
            at += 1
            continue
        found[raw[at]] = found.get(raw[at], b"") + raw[at + 2:at + 2 + raw[at + 1]]
        at += 2 + raw[at + 1]
    return found


def shown(number, value):
    if number in (3, 6, 54):
        return ",".join(socket.inet_ntoa(value[i:i + 4]) for i in range(0, len(value), 4))
    if number == 51:
        return struct.unpack("!I", value)[0]
    if number == 53:
        return value[0]
    return value.hex() if number in (43, 175) else value.rstrip(b"\0").decode("latin-1")


def answer(data, xid):
    """An answer to xid as a dictionary, or None."""
    if len(data) < 42 + 240 or data[12:14] != b"\x08\x00" or data[23] != 17:
        return None
    bootp = data[14 + (data[14] & 15) * 4 + 8:]
    if len(bootp) < 240 or bootp[0] != 2 or struct.unpack("!I", bootp[4:8])[0] != xid:
        return None
    found = {NAMES[n]: shown(n, v) for n, v in options(bootp[240:]).items() if n in NAMES}
    found["address"] = socket.inet_ntoa(bootp[16:20])
    found["next_server"] = socket.inet_ntoa(bootp[20:24])
    found["file"] = bootp[108:236].split(b"\0")[0].decode("latin-1")
    return found


def collect(sock, xid, seconds, enough):
    found, end = [], time.monotonic() + seconds
    while len(found) < enough and time.monotonic() < end:
        sock.settimeout(max(0.01, end - time.monotonic()))
        try:
            one = answer(sock.recv(4096), xid)
        except TimeoutError:
            break
        if one:
            found.append(one)
    return found


def ask_port_4011(args, mac):
    """PXE 2.1, 2.4.6: the boot server's list is asked for item 0x8000; the answer comes back by unicast."""
    xid = int.from_bytes(os.urandom(4), "big")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("0.0.0.0", 68))
        own = subprocess.run(["ip", "-4", "-br", "addr", "show", args.interface], capture_output=True, text=True, check=True)
        address = socket.inet_aton(own.stdout.split()[2].split("/")[0])
        extra = option(43, b"\x47\x04\x80\x00\x00\x00\xff") if args.arch < 6 else b""
        request = message(mac, xid, 3, args, extra)
        request = request[:12] + address + request[16:]
        sock.settimeout(args.wait)
        for _ in range(3):
            sock.sendto(request, (args.pxe_server, 4011))
            try:
                return answer(b"\0" * 12 + b"\x08\x00\x45" + b"\0" * 8 + b"\x11" + b"\0" * 18 + sock.recv(4096), xid)
            except TimeoutError:
                continue
    return None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("interface")
    parser.add_argument("mac")
    parser.add_argument("--arch", type=int, default=0)
    parser.add_argument("--class", dest="vendor_class", default="PXEClient")
    parser.add_argument("--ipxe", action="store_true")
    parser.add_argument("--offers", type=int, default=1, help="how many to wait for")
    parser.add_argument("--wait", type=float, default=4)
    parser.add_argument("--pxe-server")
    args = parser.parse_args()
    mac = bytes.fromhex(args.mac.replace(":", ""))
    if args.pxe_server:
        print(json.dumps({"offers": [], "ack": ask_port_4011(args, mac)}))
        return
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
    sock.bind((args.interface, 0))
    result = {"offers": [], "ack": None}
    for _ in range(3):  # as firmware: a lost DISCOVER is sent again
        xid = int.from_bytes(os.urandom(4), "big")
        sock.send(frame(mac, message(mac, xid, 1, args)))
        result["offers"] = collect(sock, xid, args.wait, args.offers)
        if len(result["offers"]) >= args.offers:
            break
    leases = [offer for offer in result["offers"] if offer["address"] != "0.0.0.0"]
    if leases:
        chosen = option(54, socket.inet_aton(leases[0]["server"])) + option(50, socket.inet_aton(leases[0]["address"]))
        sock.send(frame(mac, message(mac, xid, 3, args, chosen)))
        acks = [a for a in collect(sock, xid, args.wait, 1) if a.get("type") == 5]
        result["ack"] = acks[0] if acks else None
    print(json.dumps(result))


if __name__ == "__main__":
    main()
