#!/usr/bin/env python3
"""The output of the RAM disk's recipe: reproducible, small enough, and complete by its lists."""
import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import recipe

LIMIT = 60 * 2**20
OPTIONS = argparse.Namespace(out=None, agent=None)


class Scratch(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="bm-ramdisk-test-"))
        self.addCleanup(shutil.rmtree, self.folder)

    def made(self, done):
        self.assertEqual(done.returncode, 0, done.stderr)
        return done


class TheImage(Scratch):
    """The released image; the boot tests use it, too."""

    @classmethod
    def setUpClass(cls):
        if OPTIONS.cache_of and OPTIONS.cache_of.is_dir():  # the same packed modules; TheRecipe builds without them
            shutil.copytree(OPTIONS.cache_of, OPTIONS.out / "cache", dirs_exist_ok=True)
        done = recipe.build(OPTIONS.out)
        assert done.returncode == 0, done.stderr
        print(done.stdout, end="")

    def test_stays_below_60_mib_with_the_kernel(self):
        size = sum((OPTIONS.out / name).stat().st_size for name in ("vmlinuz", "initrd.img"))
        self.assertLess(size, LIMIT)

    def test_belongs_to_root_and_bears_no_dates(self):
        found = recipe.entries(OPTIONS.out / "initrd.img")
        self.assertGreater(len(found), 300)
        self.assertEqual({entry.owner for entry in found}, {(0, 0)})
        self.assertEqual({entry.mtime for entry in found}, {0})

    def test_holds_every_module_of_the_list_unless_it_is_built_in(self):
        kernel = recipe.load("kernel")
        linux = kernel.find()
        built_in = {Path(line).stem.replace("-", "_")
                    for line in (linux.modules / "modules.builtin").read_text().split()}
        here = {entry.name.split("/")[-1].split(".")[0].replace("-", "_")
                for entry in recipe.entries(OPTIONS.out / "initrd.img") if entry.name.endswith(".ko.zst")}
        wanted = {name for names in kernel.wanted(recipe.RECIPE / "modules.list").values() for name in names}
        self.assertGreater(len(wanted), 60)
        for name in sorted(wanted - built_in):
            with self.subTest(module=name):
                self.assertTrue(name in here or loaded_as(linux, name) <= here, "neither there nor built in")

    def test_lists_its_bytes_by_group(self):
        text = (OPTIONS.out / "size-report.txt").read_text()
        for words in ("modules/nic", "modules/storage", "libraries", "libcrypto.so.3", "bnx2x: ", "(firmware-bnx2x)"):
            self.assertIn(words, text)

    def test_runs_every_program_of_the_list_on_its_own_libraries(self):
        recipe.unpack(OPTIONS.out / "initrd.img", self.folder / "root")
        for program in programs():
            with self.subTest(program=program):
                done = inside(self.folder / "root", program, "--version")
                self.assertNotIn(done.returncode, (126, 127), done.stderr)
                self.assertNotIn("error while loading shared libraries", done.stderr)


class TheDevices(Scratch):
    """Servers' devices and their drivers, by the alias that init gives to modprobe."""

    def setUp(self):
        super().setUp()
        if not (OPTIONS.out / "initrd.img").is_file():
            self.made(recipe.build(OPTIONS.out))
        self.root = self.folder / "root"
        recipe.unpack(OPTIONS.out / "initrd.img", self.root)
        self.version = next((self.root / "usr/lib/modules").iterdir()).name

    def drivers_of(self, alias):
        done = subprocess.run(["modprobe", "--config", self.root / "etc/modprobe.d", "--dirname", self.root / "usr",
                               "--set-version", self.version, "--use-blacklist", "--resolve-alias", alias],
                              capture_output=True, text=True, check=False, timeout=30)
        return done.stdout.split()

    def test_have_their_driver(self):
        devices = recipe.devices()
        self.assertGreater(sum(alias.startswith("pci:") for alias, _, _ in devices), 400)
        for wanted in ("bnx2", "cxgb4", "qla2xxx", "lpfc", "hv_netvsc", "hv_storvsc", "mmc_block", "sdhci_pci"):
            self.assertIn(wanted, {driver for _, driver, _ in devices})
        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(self.drivers_of, [alias for alias, _, _ in devices]))
        lacking = [f"{name}: {alias} gives {got}, not {driver}" for (alias, driver, name), got in zip(devices, found)
                   if driver not in got]
        self.assertFalse(lacking, "\n".join(lacking))

    def test_without_firmware_are_named_with_its_package(self):
        kernel = recipe.load("kernel")
        linux = kernel.find()
        report = recipe.load("report")
        names = {name for group in kernel.wanted(recipe.RECIPE / "modules.list").values() for name in group}
        files = {str(file) for name in names for file in kernel.closure(linux, name)}
        asked = set(subprocess.run(["modinfo", "--field", "firmware", *files], capture_output=True, text=True,
                                   check=True).stdout.split())
        self.assertGreater(len(asked), 80)
        self.assertEqual({file for file in asked if report.package_of(file) == "unknown package"}, {"aic94xx-seq.fw"})
        said = "".join(f"[    1.0] d 0000:01:00.0: firmware: failed to load {file} (-2)\n"
                       f"[    1.1] d 0000:01:00.0: Direct firmware load for {file} failed with error -2\n"
                       for file in sorted(asked))
        files = recipe.RECIPE / "rootfs"
        done = subprocess.run(["dash", "-c", f". {files}/usr/lib/bm/drivers.sh; missing_firmware"], input=said, text=True,
                              capture_output=True, check=True, timeout=30,
                              env={**os.environ, "FIRMWARE_LIST": str(files / "etc/firmware.list")})
        named = {line.split(" ", 2)[0]: line.split(" ", 2)[1:] for line in done.stdout.splitlines()}
        self.assertEqual(len(done.stdout.splitlines()), len(asked))
        self.assertEqual(named["bnx2/bnx2-mips-09-6.2.1b.fw"], ["firmware-bnx2", "d 0000:01:00.0"])
        self.assertEqual(named["ql2500_fw.bin"][0], "firmware-qlogic")
        self.assertEqual(named["aic94xx-seq.fw"][0], "unknown")


def loaded_as(linux, name):
    """The modules of an alias."""
    kernel = recipe.load("kernel")
    return {file.name.split(".")[0].replace("-", "_") for file in kernel.closure(linux, name)} or {"nothing"}


def programs():
    return [path for path, _ in recipe.load("programs").wanted(recipe.RECIPE / "programs.list")]


def inside(root, *argv):
    """A program run with the RAM disk as its root."""
    as_root = [] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user"]
    return subprocess.run([*as_root, "chroot", root, *argv], capture_output=True, text=True, timeout=30, check=False,
                          env={"PATH": "/usr/sbin:/usr/bin"}, stdin=subprocess.DEVNULL)


class TheRecipe(Scratch):
    def test_makes_the_same_bytes_from_the_same_inputs(self):
        """In another folder, later, with another umask, language and time zone, and an empty cache."""
        first, second = self.folder / "first", self.folder / "deeper/second"
        self.made(recipe.build(first, "--level", "3"))
        agent = self.folder / "agent"
        shutil.copyfile(recipe.AGENT, agent)
        agent.chmod(0o700)
        env = {**os.environ, "TZ": "Asia/Tokyo", "LC_ALL": "C", "TMPDIR": str(self.folder)}
        self.made(recipe.build(second, "--level", "3", agent=agent, env=env, umask=0o077))
        for name in ("vmlinuz", "initrd.img", "size-report.txt"):
            self.assertTrue((first / name).read_bytes() == (second / name).read_bytes(), f"{name} differs")

    def test_uses_what_it_has_cached_and_gets_the_same_bytes(self):
        self.made(recipe.build(self.folder, "--level", "3"))
        before = (self.folder / "initrd.img").read_bytes()
        self.made(recipe.build(self.folder, "--level", "3"))
        self.assertTrue(before == (self.folder / "initrd.img").read_bytes())

    def test_lays_overlays_over_the_root(self):
        overlay = self.folder / "overlay"
        (overlay / "lib/firmware/bnx2x").mkdir(parents=True)
        (overlay / "lib/firmware/bnx2x/a.fw").write_text("firmware")
        (overlay / "etc").mkdir()
        (overlay / "etc/motd").write_text("ours")
        self.made(recipe.build(self.folder / "out", "--level", "1", "--overlay", overlay))
        found = {entry.name: entry.data for entry in recipe.entries(self.folder / "out/initrd.img")}
        self.assertEqual(found["usr/lib/firmware/bnx2x/a.fw"], b"firmware")
        self.assertEqual(found["etc/motd"], b"ours")

    def test_refuses_a_module_that_the_kernel_does_not_have(self):
        copy = self.folder / "recipe"
        shutil.copytree(recipe.RECIPE, copy, symlinks=True)
        with (copy / "modules.list").open("a") as file:
            file.write("no_such_driver\n")
        done = recipe.build(self.folder / "out", recipe=copy)
        self.assertEqual(done.returncode, 1)
        self.assertIn("no_such_driver", done.stderr)
        self.assertFalse((self.folder / "out/initrd.img").exists())

    def test_refuses_an_agent_that_is_not_there(self):
        done = recipe.build(self.folder, agent=self.folder / "nothing")
        self.assertEqual(done.returncode, 1)
        self.assertIn("no such program", done.stderr)

    def test_refuses_an_overlay_that_is_not_there(self):
        done = recipe.build(self.folder, "--overlay", self.folder / "nothing")
        self.assertEqual(done.returncode, 1)
        self.assertIn("no such folder", done.stderr)


class TheScripts(unittest.TestCase):
    def test_pass_shellcheck(self):
        scripts = [recipe.RECIPE / "rootfs/init", *sorted((recipe.RECIPE / "rootfs/usr/lib/bm").iterdir())]
        done = subprocess.run(["shellcheck", "--shell=dash", "--severity=warning", "--exclude=SC2154", *scripts],
                              capture_output=True, text=True, check=False)   # SC2154: set by udhcpc, or in another part
        self.assertEqual(done.returncode, 0, done.stdout)


class TheRealAgent(Scratch):
    def test_runs_on_the_libraries_that_came_along(self):
        if not OPTIONS.agent:
            self.skipTest("no --agent given: this build has no bm-agent")
        self.made(recipe.build(self.folder / "out", "--level", "3", agent=OPTIONS.agent))
        recipe.unpack(self.folder / "out/initrd.img", self.folder / "root")
        done = inside(self.folder / "root", "/usr/bin/bm-agent", "--help")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("bm-agent", done.stdout)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", required=True, type=Path, help="where the image is made and kept")
    parser.add_argument("--agent", type=Path, help="the real bm-agent")
    parser.add_argument("--cache-of", type=Path, help="the cache of another build of the RAM disk, which saves two minutes")
    OPTIONS, rest = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest], verbosity=2)
