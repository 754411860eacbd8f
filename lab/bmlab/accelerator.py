"""Uses KVM only if a trial machine boots with it; the existence of /dev/kvm is not enough."""
import glob
import os
import subprocess
import tempfile

from . import place

TRIAL_SECONDS = 8


def _boots_with_kvm():
    kernels = sorted(glob.glob("/boot/vmlinuz-*"))
    if not kernels or not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return False
    with tempfile.TemporaryDirectory(dir=place.STATE) as folder:
        log = f"{folder}/console"
        argv = ["qemu-system-x86_64", "-accel", "kvm", "-machine", "pc", "-m", "256", "-nodefaults", "-display", "none",
                "-no-reboot", "-serial", f"file:{log}", "-kernel", kernels[-1],
                "-append", "console=ttyS0 panic=-1 root=/dev/none"]
        try:
            subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                           timeout=TRIAL_SECONDS, check=False)
        except subprocess.TimeoutExpired:
            return False                    # the trial machine hangs
        with open(log, encoding="utf-8", errors="replace") as console:
            return "Unable to mount root fs" in console.read()    # the kernel booted up to the missing root file system


def choose():
    """`kvm` or `tcg`: BM_LAB_ACCEL if set, else the result of the trial, stored until lab/down."""
    remembered = place.STATE / "accelerator"
    asked = os.environ.get("BM_LAB_ACCEL")
    if asked:
        remembered.write_text(asked, encoding="ascii")
    elif not remembered.exists():
        remembered.write_text("kvm" if _boots_with_kvm() else "tcg", encoding="ascii")
    return remembered.read_text(encoding="ascii").strip()
