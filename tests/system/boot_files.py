"""A kernel and an initrd as bm reads them; no machine starts them."""
import struct


def kernel(fill=b"Z", size=20000):
    image = bytearray(fill * size)
    image[0:2] = b"MZ"
    image[0x1f1] = 3
    image[0x1f4:0x1f8] = struct.pack("<I", (size - 4 * 512) // 16)
    image[0x202:0x206] = b"HdrS"
    image[0x206:0x208] = struct.pack("<H", 0x020f)
    image[0x20e:0x210] = struct.pack("<H", 0x400)
    image[0x211] = 1
    image[0x236:0x238] = struct.pack("<H", 1)
    image[0x600:0x60c] = b"6.1.0-test (\0"[:12]
    return bytes(image)


INITRD = b"\x1f\x8b" + b"i" * 70001
