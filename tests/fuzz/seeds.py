#!/usr/bin/env python3
"""Makes the corpora's first files, from what the real tools write: tests/fuzz/seeds.py tests/fuzz/corpus"""
import hashlib
import pathlib
import struct
import subprocess
import sys
import tempfile

MIB = 1 << 20
SUBPROCESS = {"check": True, "stdout": subprocess.DEVNULL}


def qemu_img(folder, fmt, options, content=b"\x01" * 2000):
    raw, made = folder / "raw", folder / "made"
    raw.write_bytes(content.ljust(200 * 512, b"\0"))
    subprocess.run(["qemu-img", "convert", "-f", "raw", "-O", fmt, *options, raw, made], **SUBPROCESS)
    return made.read_bytes()


def manifest(blocks):
    head = b"BMMANIF1" + struct.pack("<IIQQQ", 1, MIB, blocks * MIB - 5, 100 * blocks, blocks)
    rows = b"".join(bytes(range(32)) + struct.pack("<QII", 100 * i, 100, i % 2) for i in range(blocks))
    return head + rows + hashlib.sha256(head + rows).digest()


def small_vmdk(stream):
    """As qemu-img writes it, in as few sectors as it goes: header, descriptor, directory, one table, a grain."""
    descriptor = b'# Disk DescriptorFile\nversion=1\nCID=12345678\nparentCID=ffffffff\ncreateType="%s"\nRW 64 SPARSE "a.vmdk"\n' \
        % (b"streamOptimized" if stream else b"monolithicSparse")
    def header(directory):
        return struct.pack("<4sIIQQQQIQQQB4sH", b"KDMV", 3 if stream else 1, 0x30001 if stream else 3, 64, 16, 1, 1, 16, 0, directory,
                           4, 0, b"\n \r\n", 1 if stream else 0).ljust(512, b"\0")
    grain = struct.pack("<QI", 0, 9) + b"x\x9c\x03\0\0\0\0\0\1" if stream else b"\x07" * 8192
    body = descriptor.ljust(512, b"\0") + struct.pack("<I", 3).ljust(512, b"\0") + struct.pack("<IIII", 4, 0, 1, 0).ljust(512, b"\0") + grain.ljust(512, b"\0")
    return header(2**64 - 1) + body + header(2) + bytes(512) if stream else header(2) + body


def vhdx_pieces(whole):
    def find(region, guid):
        at = region.index(bytes.fromhex(guid))
        return struct.unpack_from("<QI", region, at + 16)
    head = whole[64 << 10:][:80]
    regions = bytearray(whole[192 << 10:][:144])
    table, _ = find(regions, "6677c22d23f600429d64115e9bfd4a08")
    meta, _ = find(regions, "06a27c8b90479a4bb8fe575f050f886e")
    at = regions.index(bytes.fromhex("6677c22d23f600429d64115e9bfd4a08"))
    regions[at + 16:at + 24] = struct.pack("<Q", 3 * MIB)
    at = regions.index(bytes.fromhex("06a27c8b90479a4bb8fe575f050f886e"))
    regions[at + 16:at + 24] = struct.pack("<Q", 2 * MIB)
    size = len(whole) >> 20
    return bytes([size]) + head + regions + whole[meta:][:288] + whole[meta + (64 << 10):][:64] + whole[table:][:64]


def lldp():
    def tlv(kind, value):
        return struct.pack(">H", kind << 9 | len(value)) + value
    return (bytes.fromhex("0180c200000e52540000000188cc") + tlv(1, b"\x04RT\0\x124V") + tlv(2, b"\x05Ethernet1/7") + tlv(3, b"\0\x78")
            + tlv(4, b"to rack1-07") + tlv(5, b"leaf-3") + tlv(6, b"A Switch") + tlv(8, bytes.fromhex("05010a00040202000000010000")[:12])
            + tlv(127, bytes.fromhex("0080c201002a")) + tlv(0, b""))


def dmi():
    def module(size, extended=0):
        return struct.pack("<BBH8xH14xI2x", 17, 0x22, 0x1100, size, extended) + b"DIMM 0\0A Vendor\0\0"
    return b"\x01\x04\0\0some\0text\0\0" + module(8192) + module(0x7fff, 65536) + module(0x8800) + b"\x7f\x04\xff\xff\0\0"


def main():
    corpus = pathlib.Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        seeds = {
            "dmi/modules": dmi(), "lldp/switch": lldp(), "lldp/bare": lldp()[:45],
            "manifest/two": manifest(2), "manifest/one": manifest(1),
            "qcow2/small": qemu_img(folder, "qcow2", ["-o", "cluster_size=512"]),
            "qcow2/old": qemu_img(folder, "qcow2", ["-o", "cluster_size=512,compat=0.10"]),
            "qcow2/extended": qemu_img(folder, "qcow2", ["-o", "cluster_size=16k,extended_l2=on"], b""),
            "vmdk/sparse": small_vmdk(False), "vmdk/stream": small_vmdk(True),
            "vhd/dynamic": qemu_img(folder, "vpc", ["-o", "force_size"])[:2560],
            "vhd/fixed": qemu_img(folder, "vpc", ["-o", "force_size,subformat=fixed"])[-512:],
            "vhdx/dynamic": vhdx_pieces(qemu_img(folder, "vhdx", [])),
        }
        for path, content in seeds.items():
            (corpus / path).parent.mkdir(parents=True, exist_ok=True)
            (corpus / path).write_bytes(content)


main()
