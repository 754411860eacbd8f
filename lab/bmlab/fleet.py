"""Reads the fleet's definition, lab/fleet.yaml: the machines and their hardware."""
import dataclasses
import re

import yaml

from . import place

FIRMWARES = ("bios", "uefi", "uefi-http")
NICS = ("virtio", "e1000", "e1000e")
BUSES = ("virtio", "scsi", "sata", "nvme")


@dataclasses.dataclass
class Disk:
    size_gib: float = 6
    serial: str = ""
    bus: str = "virtio"
    wwn: str = ""                           # 16 hex digits; buses scsi and sata
    bad_from_mib: int = 0                   # writes beyond this offset fail as on a worn disk; 0: never


@dataclasses.dataclass
class Machine:
    name: str
    number: int                             # 1, 2, ...: position in the file; determines MAC, BMC address and ports
    firmware: str = "bios"
    rom: str = ""                           # ipxe: the NIC's own ROM is iPXE; none: the firmware's PXE. Default by firmware
    nic: str = "virtio"
    memory_mib: int = 1024
    first: str = "disk"                     # first boot device unless the BMC sets another: disk | network
    mac: str = ""
    disks: list = dataclasses.field(default_factory=list)

    @property
    def tap(self):
        return f"tap{self.number}"

    @property
    def bmc_address(self):
        return f"{place.BMC_NETWORK}.{10 + self.number}"

    @property
    def console_port(self):
        return 7000 + self.number

    @property
    def folder(self):
        return place.STATE / "machines" / self.name


def _check(machine):
    def expect(ok, what):
        if not ok:
            raise place.Failure(f"fleet: {machine.name}: {what}")
    expect(re.fullmatch(r"[a-z0-9][a-z0-9-]{0,30}", machine.name), "a name is made of a-z, 0-9 and -")
    expect(machine.firmware in FIRMWARES, f"firmware is one of {', '.join(FIRMWARES)}")
    expect(machine.rom in ("ipxe", "none"), "rom is ipxe or none")
    expect(not (machine.firmware == "bios" and machine.rom == "none"), "SeaBIOS has no PXE of its own: rom is ipxe")
    expect(not (machine.firmware != "bios" and machine.rom == "none" and machine.nic != "virtio"),
           "OVMF has a driver for virtio only: with another NIC, rom is ipxe")
    expect(machine.nic in NICS, f"nic is one of {', '.join(NICS)}")
    expect(machine.first in ("disk", "network"), "first is disk or network")
    expect(machine.disks and all(d.bus in BUSES for d in machine.disks), f"a disk's bus is one of {', '.join(BUSES)}")
    return machine


def _machine(number, entry):
    try:
        disks = [Disk(**disk) for disk in entry.pop("disks", [{}])]
        machine = Machine(number=number, disks=disks, **entry)
    except TypeError as error:
        raise place.Failure(f"fleet: machine {number}: {error}") from error
    machine.mac = machine.mac or f"52:54:00:77:00:{number:02x}"
    machine.rom = machine.rom or ("none" if machine.firmware != "bios" and machine.nic == "virtio" else "ipxe")
    for index, disk in enumerate(disks):
        disk.serial = disk.serial or f"LAB{number:03d}D{index}"
    return _check(machine)


def load(path=None, names=()):
    """The selected machines: @names (with or without `lab-`), or the file's default."""
    path = path or place.LAB / "fleet.yaml"
    try:
        with open(path, encoding="utf-8") as source:
            content = yaml.safe_load(source)
    except (OSError, yaml.YAMLError) as error:
        raise place.Failure(f"fleet: {error}") from error
    machines = {m.name: m for m in (_machine(n, dict(e)) for n, e in enumerate(content["machines"], 1))}
    chosen = [n if n in machines else f"lab-{n}" for n in (names or content.get("default") or list(machines))]
    unknown = [n for n in chosen if n not in machines]
    if unknown:
        raise place.Failure(f"fleet: no machine {', '.join(unknown)} in {path}; there are: {', '.join(machines)}")
    return [machines[n] for n in chosen]
