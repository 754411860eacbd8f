#!/usr/bin/env python3
"""Makes the corpora's first files from the output of real tools: tests/fuzz/seeds.py tests/fuzz/corpus"""
import gzip
import hashlib
import io
import pathlib
import struct
import subprocess
import sys
import tarfile
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
    """As qemu-img writes it, with the fewest sectors: header, descriptor, directory, one table, a grain."""
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


def iso(folder):
    """An ISO with a file and a link, without its first 32 KiB."""
    latest = folder / "tree/openstack/1"
    latest.mkdir(parents=True)
    (latest / "meta_data.json").write_bytes(b"{}")
    (latest.parent / "latest").symlink_to("1")
    made = folder / "drive.iso"
    subprocess.run(["genisoimage", "-quiet", "-no-pad", "-R", "-J", "-V", "config-2", "-o", made, folder / "tree"], **SUBPROCESS)
    return made.read_bytes()[32768:]


def disk(sectors):
    """Sectors by number, as the target shared_disk reads them."""
    return b"".join(struct.pack("<H", number) + content.ljust(512, b"\0") for number, content in sectors.items())


def mbr(*rows):
    entries = b"".join(struct.pack("<4xB3xII", *row) for row in rows)
    return bytes(446) + entries.ljust(64, b"\0") + b"\x55\xaa"


def shared_disks():
    gfs2, vmfs = b"\x01\x16\x19\x70", b"\x5e\xf1\xab\x2f"
    label = b"LABELONE" + struct.pack("<QII", 1, 0, 32) + b"LVM2 001" + b"AAAAAABBBBCCCCDDDDEEEEFFFFGGGGGG"
    areas = struct.pack("<Q4Q4Q", 64 * MIB, MIB, 0, 0, 0, 4096, MIB - 4096, 0, 0)
    group = b'extent_size = 8192\npv0 {\nid = "AAAAAA-BBBB-CCCC-DDDD-EEEE-FFFF-GGGGGG"\n}\nstripes = [\n"pv0", 1\n]\n'
    ring = bytes(4) + b" LVM2 x[5A%r0N*>" + struct.pack("<IQQQQ", 1, 4096, MIB - 4096, 512, len(group))
    table = gpt()
    return {
        "shared_disk/mbr": disk({0: mbr((0x83, 64, 64), (5, 256, 2048)), 256: mbr((0x83, 2, 512), (5, 1024, 1024)), 258 + 128: gfs2,
                                 1280: mbr((0xfb, 2, 100), (5, 0, 1024))}),
        "shared_disk/lvm": disk({1: label + areas, 8: ring, 9: group, 2048 + 8192 + 4096: vmfs}),
        "shared_disk/md": disk({8: struct.pack("<I124xQ", 0xa92b4efc, 2048), 2050: b"OCFSV2"}),
        "shared_disk/gpt": disk({i: table[i * 512:i * 512 + 512] for i in range(len(table) // 512)}),
    }


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


def gpt():
    """Two sectors of MBR and header, one of four entries; the target corrects the checksums."""
    entry = bytes.fromhex("28732ac11ff8d211ba4b00a0c93ec93b") + bytes(range(16)) + struct.pack("<QQQ", 2048, 4095, 0) + "esp".encode("utf-16-le").ljust(72, b"\0")
    header = struct.pack("<8sIIIIQQQQ16sQIII", b"EFI PART", 0x10000, 92, 0, 0, 1, 8191, 34, 8158, bytes(range(16)), 2, 4, 128, 0)
    mbr = bytes(446) + struct.pack("<8B2I", 0, 0, 2, 0, 0xee, 255, 255, 255, 1, 8191) + bytes(48) + b"\x55\xaa"
    return mbr + header.ljust(512, b"\0") + entry.ljust(512, b"\0")


def tar(names, kind=tarfile.PAX_FORMAT):
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=kind) as archive:
        for name, content in names.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mtime = len(content), 1
            if kind == tarfile.PAX_FORMAT:
                entry.pax_headers = {"mtime": "1.5", "SCHILY.xattr.user.a": "b", "SCHILY.acl.access": "user::rw-,user:7:r--,group::r--,mask::r--,other::r--"}
            archive.addfile(entry, io.BytesIO(content))
    return made.getvalue()[:3072 + 512 * len(names) * 3]


def dhcp_offer():
    options = bytes([0x63, 0x82, 0x53, 0x63, 53, 1, 2, 54, 4, 10, 0, 0, 1, 67, 9]) + b"ipxe.efi\0\xff"
    bootp = struct.pack(">4BI", 2, 1, 6, 0, 0x01020304) + bytes(8) + bytes([10, 0, 0, 9]) + bytes(216) + options
    udp = struct.pack(">HHHH", 67, 68, 8 + len(bootp), 0) + bootp
    ip = struct.pack(">BBHIBBH", 0x45, 0, 20 + len(udp), 0, 64, 17, 0) + bytes([10, 0, 0, 1, 255, 255, 255, 255])
    return b"\xff" * 6 + bytes(6) + b"\x08\0" + ip + udp


INVENTORY = b"""{"cpus":4,"cpu_model":"x","cpu_arch":"x86_64","memory_mb":4096,"memory_bytes":4294967296,"firmware":"uefi",
"system":{"uuid":"u","serial":"s","manufacturer":"m","product":"p"},"boot_interface":"52:54:00:00:00:01",
"disks":[{"name":"/dev/sda","size_bytes":10737418240,"logical_sector_bytes":512,"rotational":true,"serial":"s1","wwn":"0x5000c500a1b2c3d4"}],
"nics":[{"name":"eth0","mac":"52:54:00:00:00:01","speed_mbps":1000,"carrier":true}]}"""

TEXTS = {
    "agent_answer/step": b'{"call_again_ms":1000,"abort":false,"step":{"id":"1","name":"write_image","arguments":{"a":1}},"relay":{"token":"ab",'
                         b'"sources":["10.0.0.1:6387"],"bytes_per_second":1,"port":6387,"cache_bytes":1}}',
    "agent_answer/lookup": b'{"node":{"uuid":"u"},"config":{"agent_token":"t","heartbeat_timeout":300}}',
    "agent_exchange/step": b'{"boot_id":"b","agent_version":"1","step":{"id":"1","state":"running","bytes_done":1,"bytes_total":2,"message":"m"},'
                           b'"relay":{"port":1,"source":"server","slow":false,"bytes_from":{"server":3},"left":[{"source":"a","reason":"b"}]},"log":"l"}',
    "boot_entries/efibootmgr": b"BootCurrent: 0001\nBootOrder: 0001,0002\nBoot0001* debian\tHD(1,GPT,01234567-89ab-cdef-0123-456789abcdef,0x800,0x1000)/"
                               b"File(\\EFI\\debian\\shimx64.efi)\nBoot0002* bm: x\tHD(1,GPT,01234567-89ab-cdef-0123-456789abcdef,0x800,0x1000)/\\EFI\\a.efi\n",
    "boot_log/ack": b"dnsmasq-dhcp[30960]: 31873682 DHCPACK(prov0) 10.78.0.100 52:54:00:77:00:01 lab-bios",
    "boot_log/pxe": b"dnsmasq-dhcp[675]: 2433572712 PXE(prov0) 10.78.0.50 52:54:00:77:00:01 undionly.kpxe",
    "boot_log/failure": b"dnsmasq-dhcp[1]: 7 no address range available for DHCP request via prov0",
    "boot_log/tftpd": b"<29>Jan  1 00:00:00 in.tftpd[1]: RRQ from 10.77.0.101 filename snponly.efi",
    "cron/names": b"*/5,7 1-3 1,15 jan-mar mon", "cron/weekly": b"@weekly", "cron/never": b"30 2 31 2 *",
    "disk_tools/hdparm": b"Security: \n\tMaster password revision code = 65534\n\t\tsupported\n\tnot\tenabled\n\tnot\tlocked\n\tnot\tfrozen\n"
                         b"\tnot\texpired: security count\n\t\tsupported: enhanced erase\n\t2min for SECURITY ERASE UNIT. 8min for ENHANCED SECURITY ERASE UNIT.\n",
    "disk_tools/partclone": b"# Domain logfile\n# start  current\n0x00000000 ?\n0x00000000 0x00001000 +\n0x00001000 0x00002000 ?\n",
    "disk_tools/mdir": b"::/EFI/debian/shimx64.efi\n::/EFI/BOOT/BOOTX64.EFI\n",
    "fstab/debian": b"# <file system>\nUUID=a / ext4 errors=remount-ro 0 1\n/dev/sda2 /a\\040b xfs defaults 0 2\n",
    "hints/expression": b"<or> intel <or> >= 40\nINTEL ssd", "hints/number": b">= 40\n41", "hints/all": b"<all-in> a b\nab",
    "hints/object": b'{"size": ">= 40", "rotational": false, "model": "<in> intel", "serial": "s== x"}',
    "proxy_header/tcp4": b"PROXY TCP4 192.0.2.7 192.0.2.1 4711 6385\r\nGET / HTTP/1.1\r\n",
    "proxy_header/tcp6": b"PROXY TCP6 2001:db8::7 2001:db8::1 4711 6385\r\n",
    "proxy_header/unknown": b"PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n",
    "proxy_header/local2": b"\r\n\r\n\0\r\nQUIT\n\x20\x00\x00\x00",
    "proxy_header/tcp4_2": b"\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x14\xc0\x00\x02\x07\xc0\x00\x02\x01\x12\x34\x18\xf1\x20\x00\x05\x01\0\0\0\0",
    "proxy_header/tcp6_2": b"\r\n\r\n\0\r\nQUIT\n\x21\x21\x00\x28\x20\x01\x0d\xb8" + bytes(28) + b"\x12\x34\x18\xf1\x04\x00\x01x",
    "proxy_header/unix2": b"\r\n\r\n\0\r\nQUIT\n\x21\x31\x00\xd8" + bytes(216),
    "proxy_header/list": b"198.51.100.1, [2001:db8::7]:4711, 10.1.2.3:80, unknown",
    "http_head/get": b"GET /v1/nodes/a%20b?fields=uuid&limit=1+2 HTTP/1.1\r\nHost: a.example:6385\r\nConnection: close, x\r\nContent-Length: 3\r\n\r\nabc",
    "http_head/absolute": b"PUT http://a/b HTTP/1.0\nExpect: 100-continue\nTransfer-Encoding: chunked\n\n",
    "http_request/chunked": b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nA: b\r\n\r\n",
    "http_request/length": b"POST / HTTP/1.1\nHost: a\nContent-Length: 3\n\nabc",
    "http_chunks/trailer": b"\x02" + b"3;x=y\r\nabc\r\na\r\n0123456789\r\n0\r\nA: b\r\n\r\nGET /",
    "http_chunks/malformed": b"\x00" + b"3\nabcX\n0\n\n",
    "http_chunks/overflow": b"\x07" + b"ffffffffffffffffff\r\nabc",
    "image_texts/sha256sum": b"0" * 64 + b"  dir/disk.qcow2\n" + b"1" * 64 + b" *other\n", "image_texts/bsd": b"SHA256 (disk.qcow2) = " + b"a" * 64,
    "image_texts/checksum": b"sha512:" + b"A" * 128, "image_texts/s3": b"s3://bucket/a/b.qcow2", "image_texts/bm": b"bm://host:6385/name",
    "image_texts/passwd": b"root:x:0:0::/root:/bin/sh\nbin:x:1\n", "inventory/one": INVENTORY,
    "ipmi_texts/power": b"Chassis Power is on\n", "ipmi_texts/failure": b"Error in open session response message : no matching cipher suite\n",
    "ipmi_texts/mc": b"Device ID                 : 32\nFirmware Revision         : 1.23\nManufacturer Name         : Dell Inc.\n",
    "ipmi_texts/boot": b"Boot parameter data: a004000000\n Boot Flags :\n   - Boot Flag Valid\n   - Options apply to all future boots\n   - Boot Device Selector : Force PXE\n",
    "json_patch/all": b'{"a":{"b":[1,2]},"c":null}\n[{"op":"add","path":"/a/b/-","value":3},{"op":"replace","path":"/a/b/0","value":{}},'
                      b'{"op":"remove","path":"/c"},{"op":"add","path":"/a~1b~0","value":[]}]',
    "kernel_choice/grub": b"set default=0\nmenuentry 'a' --class b {\n linux /boot/vmlinuz root=UUID=f ro $x\n initrd /boot/i1 /boot/i2\n}\n",
    "kernel_choice/entry": b"title a\nlinux /vmlinuz\ninitrd /initrd\noptions root=UUID=f ro\n",
    "layers/oci": b'oci-layout\t{"imageLayoutVersion":"1.0.0"}\nindex.json\t{"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:'
                  + b"0" * 64 + b'"}]}\nblobs/sha256/' + b"0" * 64 + b'\t{"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"sha256:' + b"1" * 64 + b'"}]}',
    "layers/docker": b'manifest.json\t[{"Config":"c.json","RepoTags":["a:b"],"Layers":["x/layer.tar","y/layer.tar"]}]',
    "relay_wire/hello": b"BMRELAY1" + b"a" * 64 + b"b" * 64, "relay_wire/want": struct.pack("<IIII", 1, 7, 2, 0), "relay_wire/yield": struct.pack("<IIII", 2, 0, 0, 0),
    "relay_wire/data": struct.pack("<BBHIIII", 1, 1, 0, 7, 1000, 0, 512), "relay_wire/bye": struct.pack("<BBHIIII", 4, 2, 0, 0, 0, 0, 0),
    "selector/ranges": b"class=web,rack=r1..r4|r9,state!=active,property.cpus=4*,imaged-before=6d", "selector/trait": b"trait=A?,maintenance=false,extra.a=b",
    "vpd/80": b"\0\x80\0\x08 SERIAL1", "vpd/83": bytes.fromhex("0083000c0103000850000c500a1b2c3d"), "vpd/naa": b"5000c500a1b2c3d40123456789abcdef",
}


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
            **TEXTS,
            "block_record/hole": bytes(32) + struct.pack("<II", 0, 1), "block_record/frame": bytes(range(32)) + struct.pack("<II", 99, 0),
            "dhcp_offer/offer": dhcp_offer(), "gpt/esp": gpt(), "gpt/large": b"4" + gpt()[1:512].ljust(4095, b"\0") + gpt()[512:1024].ljust(4096, b"\0") + gpt()[1024:],
            "gzip/two": gzip.compress(b"hello" * 9, mtime=0) * 2, "tree/pax": tar({"etc/passwd": b"root:x:0:0::/:/x\n"}),
            "tree/layers": tar({"blobs/sha256/" + "0" * 64: b"{}", "index.json": b"{}", "oci-layout": b"{}", "a/.wh.b": b""}, tarfile.USTAR_FORMAT),
            "vhdx/dynamic": vhdx_pieces(qemu_img(folder, "vhdx", [])),
            "config_drive/iso": iso(folder), **shared_disks(),
        }
        for path, content in seeds.items():
            (corpus / path).parent.mkdir(parents=True, exist_ok=True)
            (corpus / path).write_bytes(content)


main()
