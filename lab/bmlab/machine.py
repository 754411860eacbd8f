"""One machine of the fleet: its disks and firmware settings, its BMC (ipmi_sim), and the QEMU that the BMC starts."""
import os
import pathlib
import shlex
import shutil
import signal
import uuid

from . import network, place, process

OVMF = pathlib.Path("/usr/share/OVMF")


def _firmware(machine):
    if machine.firmware == "bios":
        return ["-machine", "pc,graphics=off"]
    argv = ["-machine", "q35,graphics=off",
            "-drive", f"if=pflash,format=raw,unit=0,readonly=on,file={OVMF}/OVMF_CODE_4M.fd",
            "-drive", f"if=pflash,format=raw,unit=1,file={machine.folder}/efivars.fd",
            "-fw_cfg", "name=opt/org.tianocore/IPv6PXESupport,string=n"]
    if machine.firmware == "uefi-http":
        argv += ["-fw_cfg", "name=opt/org.tianocore/IPv4PXESupport,string=n"]
    return argv


def _nic(machine):
    model = {"virtio": "virtio-net-pci"}.get(machine.nic, machine.nic)
    rom = ",romfile=" if machine.rom == "none" else ""
    return ["-netdev", f"tap,id=net0,ifname={machine.tap},script=no,downscript=no",
            "-device", f"{model},id=nic0,netdev=net0,mac={machine.mac}{rom},bootindex=$NIC_ORDER"]


def disk_path(machine, index):
    return machine.folder / f"disk{index}.raw"


def _bad_sectors(machine, index):
    """QEMU's blkdebug: one sector per MiB, a hundred of them; the guest gets an I/O error."""
    first = machine.disks[index].bad_from_mib
    return "".join(f'[inject-error]\nevent = "none"\niotype = "write"\nerrno = "5"\nonce = "off"\nsector = "{mib * 2048 + 7}"\n'
                   for mib in range(first, first + 100))


def _drive_file(machine, index):
    path = disk_path(machine, index)
    if not machine.disks[index].bad_from_mib:
        return f"file={path}"
    return f"file.driver=blkdebug,file.config={path}.bad,file.image.driver=file,file.image.filename={path}"


def _disks(machine):
    argv = []
    buses = {disk.bus for disk in machine.disks}
    if "scsi" in buses:
        argv += ["-device", "virtio-scsi-pci,id=scsi0"]
    if "sata" in buses:
        argv += ["-device", "ahci,id=sata0"]
    for index, disk in enumerate(machine.disks):
        wwn = f",wwn=0x{disk.wwn}" if disk.wwn else ""
        device = {"virtio": f"virtio-blk-pci,serial={disk.serial}",
                  "scsi": f"scsi-hd,bus=scsi0.0,scsi-id={index},serial={disk.serial}{wwn}",
                  "sata": f"ide-hd,bus=sata0.{index},serial={disk.serial}{wwn}",
                  "nvme": f"nvme,serial={disk.serial}"}[disk.bus]
        argv += ["-drive", f"if=none,id=d{index},format=raw,cache=unsafe,discard=unmap,{_drive_file(machine, index)}",
                 "-device", f"{device},drive=d{index},bootindex={3 + index}"]
    return argv


def qemu_argv(machine, accelerator):
    system = uuid.uuid5(uuid.NAMESPACE_DNS, f"{machine.name}.{place.NETNS}")
    accel = ["-accel", "kvm", "-cpu", "host"] if accelerator == "kvm" else ["-accel", "tcg,tb-size=128"]
    return ["qemu-system-x86_64", "-name", machine.name, *accel, *_firmware(machine), "-m", str(machine.memory_mib),
            "-nodefaults", "-display", "none", "-uuid", str(system),
            "-smbios", f"type=1,manufacturer=bm,product=lab-{machine.firmware},serial={machine.name}",
            "-chardev", f"socket,id=serial0,host=127.0.0.1,port={machine.console_port},server=on,wait=off,"
                        f"logfile={machine.folder}/console.log,logappend=on",
            "-serial", "chardev:serial0", "-qmp", "unix:qmp.sock,server=on,wait=off",
            "-device", "virtio-rng-pci", *_nic(machine), *_disks(machine)]


def _bmc_files(machine):
    password = place.BMC_PASSWORD_FILE.read_text(encoding="ascii").strip()
    place.write_secret(machine.folder / "lan.conf", f'''name "{machine.name}"
startlan 1
  addr {machine.bmc_address} 623
  priv_limit admin
  allowed_auths_callback none md2 md5 straight
  allowed_auths_user none md2 md5 straight
  allowed_auths_operator none md2 md5 straight
  allowed_auths_admin none md2 md5 straight
  guid {uuid.uuid5(uuid.NAMESPACE_DNS, "bmc." + machine.name).hex}
endlan
chassis_control "{place.LAB}/chassis {machine.folder}"
sol "tcp:127.0.0.1:{machine.console_port}" 115200
user 2 true "{place.BMC_USER}" "{password}" admin 10
''')
    (machine.folder / "bmc.emu").write_text('''mc_setbmc 0x20
mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02
sel_enable 0x20 1000 0x0a
mc_enable 0x20
''', encoding="ascii")


def _make_disk(path, size):
    """Creates a disk where none is, in memory where that is large enough: a host with a slow disk makes the guest's requests time out."""
    if path.exists():
        return
    if path.is_symlink() or place.has_memory():
        place.MEMORY.mkdir(mode=0o700, exist_ok=True)
        if not path.is_symlink():
            path.symlink_to(place.MEMORY / f"{path.parent.name}-{path.name}")
    with open(path, "wb") as out:  # through the link
        out.truncate(size)


def make(machine, accelerator):
    """Creates the machine's files. Keeps existing files of an earlier lab/up; disks in memory end with the host's boot."""
    (machine.folder / "bmc").mkdir(parents=True, exist_ok=True)
    for index, disk in enumerate(machine.disks):
        _make_disk(disk_path(machine, index), int(disk.size_gib * 2**30))
    if (machine.folder / "start").exists():
        return
    for index, disk in enumerate(machine.disks):
        if disk.bad_from_mib:
            pathlib.Path(f"{disk_path(machine, index)}.bad").write_text(_bad_sectors(machine, index), encoding="ascii")
    if machine.firmware != "bios":
        shutil.copyfile(OVMF / "OVMF_VARS_4M.fd", machine.folder / "efivars.fd")
    _bmc_files(machine)
    (machine.folder / "boot").write_text("none\n", encoding="ascii")
    (machine.folder / "first").write_text(machine.first + "\n", encoding="ascii")
    command = " ".join(shlex.quote(word).replace("$NIC_ORDER", "'$NIC_ORDER'") for word in qemu_argv(machine, accelerator))
    script = machine.folder / "start"
    script.write_text(f"#!/bin/sh\n# Run by lab/chassis; NIC_ORDER is 1 (network first) or 9.\nexec {command}\n", encoding="utf-8")
    script.chmod(0o755)


def raise_bmc(machine):
    network.add_machine(machine.tap, machine.bmc_address)
    process.start(f"bmc-{machine.name}",
                  ["ipmi_sim", "-n", "-c", machine.folder / "lan.conf", "-f", machine.folder / "bmc.emu",
                   "-s", machine.folder / "bmc"])
    if not process.wait_until(lambda: _answers(machine), 10):
        raise place.Failure(f"the BMC of {machine.name} does not answer: see {place.LOGS}/bmc-{machine.name}.log")


def _answers(machine):
    listening = process.run("ss", "-Hnul", netns=True)
    return f"{machine.bmc_address}:623 " in listening


def qemu_pid(folder):
    """The pid of the machine's running QEMU, or None."""
    try:
        pid, started = (pathlib.Path(folder) / "qemu.pid").read_text(encoding="ascii").split()
    except (FileNotFoundError, ValueError):
        return None
    return int(pid) if process.start_time(pid) == int(started) else None


def end(folder):
    pid = qemu_pid(folder)
    if pid:
        os.kill(pid, signal.SIGKILL)
        process.wait_until(lambda: qemu_pid(folder) is None, 5)


def ipmitool(machine, *words, seconds=30):
    """Runs ipmitool against the machine's BMC with cipher suite 3, because ipmi_sim does not answer the query for its
    suites."""
    return process.run("ipmitool", "-I", "lanplus", "-C", "3", "-H", machine.bmc_address, "-U", place.BMC_USER,
                       "-f", place.BMC_PASSWORD_FILE, *words, netns=True, seconds=seconds)
