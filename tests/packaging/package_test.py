#!/usr/bin/env python3
"""Makes the Debian package from a build folder and tests its content. usage: package_test.py CPACK BUILD_FOLDER"""
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

CPACK, BUILD = sys.argv[1], Path(sys.argv[2])
SCRIPTS = ("postinst", "prerm", "postrm")


def output(*command, **options):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=300, **options)
    if done.returncode != 0:
        raise AssertionError(f"{command[0]} gave {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


class Package(unittest.TestCase):
    """The package's content, by dpkg-deb."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="bm-package-")
        top = Path(cls.folder.name)
        output(CPACK, "-G", "DEB", "--config", BUILD / "CPackConfig.cmake", "-B", top / "out", cwd=BUILD)
        packages = list((top / "out").glob("*.deb"))
        assert len(packages) == 1, packages
        cls.deb = packages[0]
        cls.root = top / "root"
        output("dpkg-deb", "-x", cls.deb, cls.root)
        cls.control = top / "control"
        output("dpkg-deb", "-e", cls.deb, cls.control)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def field(self, name):
        return output("dpkg-deb", "-f", self.deb, name).strip()

    def run_bmd(self, *arguments):
        return subprocess.run([self.root / "usr/sbin/bmd", *map(str, arguments)], capture_output=True, text=True, timeout=60)

    def test_is_named_as_debian_names_packages(self):
        self.assertRegex(self.deb.name, r"^bm_[0-9.]+_[a-z0-9]+\.deb$")

    def test_depends_on_what_it_runs_and_links(self):
        depends = self.field("Depends")
        for package in ("ipmitool", "dnsmasq-base", "tftpd-hpa", "ipxe", "qemu-utils", "adduser", "libc6", "libcurl4",
                        "libsqlite3-0"):
            self.assertRegex(depends, rf"(^|, ){package}( \(|,|$)")
        for package in ("python3", "busybox-static", "lvm2"):
            self.assertIn(package, self.field("Recommends"))

    def test_puts_everything_in_its_place(self):
        for path in ("usr/sbin/bmd", "usr/bin/bm", "usr/libexec/bm/bm-agent", "usr/libexec/bm/bm-convert",
                     "usr/lib/systemd/system/bmd.service",
                     "etc/bm/bmd.yaml", "usr/share/bm/ramdisk/build", "usr/share/bm/ramdisk/rootfs/init",
                     "usr/share/man/man8/bmd.8", "usr/share/man/man5/bmd.yaml.5", "usr/share/man/man1/bm.1",
                     "usr/share/bash-completion/completions/bm", "usr/share/doc/bm/copyright"):
            with self.subTest(path):
                self.assertTrue((self.root / path).is_file())
        for path in ("usr/sbin/bmd", "usr/bin/bm", "usr/libexec/bm/bm-agent", "usr/share/bm/ramdisk/build"):
            with self.subTest(path):
                self.assertTrue(os.access(self.root / path, os.X_OK))

    def test_root_finds_bmd_by_the_file_that_bmd_writes(self):
        self.assertEqual(os.readlink(self.root / "etc/bm/client.yaml"), "/var/lib/bm/client.yaml")

    def test_belongs_to_root_and_is_writable_by_nobody_else(self):
        for line in output("dpkg-deb", "-c", self.deb).splitlines():
            mode, owner, path = line.split()[0], line.split()[1], line.split()[5]
            with self.subTest(path):
                self.assertEqual(owner, "root/root")
                if not mode.startswith("l"):
                    self.assertEqual((mode[5], mode[8]), ("-", "-"))

    def test_its_unit_is_a_good_one_and_starts_the_installed_program(self):
        unit = self.root / "usr/lib/systemd/system/bmd.service"
        self.assertIn("ExecStart=/usr/sbin/bmd\n", unit.read_text())
        self.assertIn("User=bm\n", unit.read_text())
        elsewhere = Path(self.folder.name) / "bmd.service"  # systemd-analyze requires the program at the unit's path
        elsewhere.write_text(unit.read_text().replace("/usr/sbin/bmd", str(self.root / "usr/sbin/bmd")))
        done = subprocess.run(["systemd-analyze", "verify", "--man=no", str(elsewhere)], capture_output=True, text=True,
                              timeout=60)
        self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""))

    def test_its_unit_exposes_little(self):
        unit = Path(self.folder.name) / "exposure" / "bmd.service"
        unit.parent.mkdir()
        unit.write_text((self.root / "usr/lib/systemd/system/bmd.service").read_text())
        output("systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=25", unit)  # at most 2.5

    def test_its_programs_are_hardened(self):
        for program in ("usr/sbin/bmd", "usr/bin/bm", "usr/libexec/bm/bm-agent", "usr/libexec/bm/bm-convert"):
            with self.subTest(program):
                file = self.root / program
                headers = output("readelf", "--wide", "--file-header", "--segments", "--dynamic", file)
                self.assertRegex(headers, r"Type: +DYN")  # any load address
                self.assertRegex(headers, r"\(FLAGS_1\).*\bPIE\b")
                self.assertRegex(headers, r"GNU_RELRO")
                self.assertRegex(headers, r"\(FLAGS_1\).*\bNOW\b")
                self.assertNotRegex(headers, r"GNU_STACK.* RWE ")
                symbols = output("readelf", "--wide", "--dyn-syms", file)
                self.assertIn("__stack_chk_fail", symbols)
                self.assertRegex(symbols, r"__\w+_chk@")  # _FORTIFY_SOURCE
                if os.uname().machine == "x86_64":
                    begin = output("objdump", "--disassemble", "--no-show-raw-insn", "--section=.text", file)[:20000]
                    self.assertIn("endbr64", begin)  # control-flow protection

    def test_has_a_bill_of_materials(self):
        bill = json.loads((self.root / "usr/share/doc/bm/bm.spdx.json").read_text())
        self.assertEqual((bill["spdxVersion"], bill["dataLicense"], bill["SPDXID"]), ("SPDX-2.3", "CC0-1.0", "SPDXRef-DOCUMENT"))
        self.assertRegex(bill["documentNamespace"], r"^[a-z]+:[^#]+$")
        self.assertRegex(bill["creationInfo"]["created"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        self.assertRegex(bill["creationInfo"]["creators"][0], r"^(Tool|Person|Organization): ")
        self.assertTrue(bill["name"])
        ids = [part["SPDXID"] for part in [bill, *bill["packages"], *bill["files"]]]
        self.assertEqual(len(ids), len(set(ids)))
        for part in bill["packages"]:
            self.assertRegex(part["SPDXID"], r"^SPDXRef-[A-Za-z0-9.-]+$")
            self.assertTrue(part["name"] and part["downloadLocation"])
        related = {(row["spdxElementId"], row["relationshipType"], row["relatedSpdxElement"]) for row in bill["relationships"]}
        for a, _, b in related:
            self.assertIn(a, ids)
            self.assertIn(b, ids)
        self.assertIn(("SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-Package-bm"), related)
        versions = {part["name"]: part.get("versionInfo") for part in bill["packages"]}
        for package in re.findall(r"(?:^|, )([a-z0-9.+-]+)", self.field("Depends")):  # what it runs, and what it links
            if package != "adduser":
                self.assertTrue(versions.get(package), package)
        for program in ("usr/sbin/bmd", "usr/bin/bm", "usr/libexec/bm/bm-agent", "usr/libexec/bm/bm-convert"):
            row = next(row for row in bill["files"] if row["fileName"] == "./" + program)
            sums = {row["algorithm"]: row["checksumValue"] for row in row["checksums"]}
            self.assertEqual(sums["SHA256"], hashlib.sha256((self.root / program).read_bytes()).hexdigest())

    def test_its_scripts_are_good_shell(self):
        for script in SCRIPTS:
            with self.subTest(script):
                output("sh", "-n", self.control / script)
                output("shellcheck", "-s", "sh", self.control / script)
                self.assertTrue(os.access(self.control / script, os.X_OK))

    def test_keeps_the_operators_configuration(self):
        self.assertEqual((self.control / "conffiles").read_text(), "/etc/bm/bmd.yaml\n")

    def test_its_configuration_is_the_documented_one_and_good(self):
        printed = self.run_bmd("--print-config")
        self.assertEqual((printed.returncode, printed.stderr), (0, ""))
        self.assertEqual(printed.stdout, (self.root / "etc/bm/bmd.yaml").read_text())
        checked = self.run_bmd("--check", "--config", self.root / "etc/bm/bmd.yaml")
        self.assertEqual(checked.returncode, 0, checked.stderr)

    def test_a_wrong_configuration_is_told_with_its_place(self):
        wrong = Path(self.folder.name) / "wrong.yaml"
        wrong.write_text("api:\n  prot: 1\n")
        checked = self.run_bmd("--check", "--config", wrong)
        self.assertNotEqual(checked.returncode, 0)
        self.assertIn(f"{wrong}:2:3: api.prot: no such key; did you mean api.port?", checked.stdout + checked.stderr)

    def test_its_client_and_agent_run(self):
        self.assertIn("provision", output(self.root / "usr/bin/bm", "--help"))
        self.assertIn("bm-agent", output(self.root / "usr/libexec/bm/bm-agent", "--help"))
        self.assertIn("--agent", output(self.root / "usr/share/bm/ramdisk/build", "--help"))

    def test_an_installed_bmd_takes_an_image_in(self):
        image = Path(self.folder.name) / "small.raw"
        image.write_bytes(bytes(510) + b"\x55\xaa" + bytes(range(256)) * 8192)  # as a disk with an empty MBR
        with subprocess.Popen([self.root / "usr/sbin/bmd", "--dev"], stdout=subprocess.PIPE, text=True) as bmd:
            try:
                endpoint = re.search(r"http://[0-9.:]+", bmd.stdout.readline()).group(0)
                bm = {**os.environ, "BM_ENDPOINT": endpoint, "HOME": self.folder.name}
                output(self.root / "usr/bin/bm", "image", "add", image, "--name", "small", env=bm)
                self.assertIn("small", output(self.root / "usr/bin/bm", "image", "list", env=bm))
            finally:
                bmd.terminate()
            self.assertEqual(bmd.wait(timeout=30), 0)

    def test_its_manual_pages_are_good_roff(self):
        for page in self.root.glob("usr/share/man/man*/*"):
            with self.subTest(page.name):
                done = subprocess.run(["man", "-l", "--warnings", str(page)], capture_output=True, text=True, timeout=60,
                                      env={**os.environ, "MANPAGER": "cat", "LC_ALL": "C.UTF-8"})
                self.assertEqual((done.returncode, done.stderr), (0, ""))


class Install(unittest.TestCase):
    """cmake --install, without a package."""

    def test_leaves_an_edited_configuration_alone(self):
        with tempfile.TemporaryDirectory(prefix="bm-install-") as folder:
            config = Path(folder) / "etc/bm/bmd.yaml"
            config.parent.mkdir(parents=True)
            config.write_text("# edited\n")
            output("cmake", "--install", BUILD, "--prefix", "/opt/bm", env={**os.environ, "DESTDIR": folder})
            self.assertEqual(config.read_text(), "# edited\n")
            self.assertTrue((Path(folder) / "opt/bm/sbin/bmd").is_file())
            self.assertIn("ExecStart=/opt/bm/sbin/bmd\n",
                          (Path(folder) / "opt/bm/lib/systemd/system/bmd.service").read_text())


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
