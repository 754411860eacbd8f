"""bm-agent write: an image onto a disk, and the refusals. Real peers: sgdisk, sfdisk, blkid, mkfs, losetup."""
import os
import subprocess
from pathlib import Path

import agent_world
from agent_world import MIB, World, entries_of, run, wait_for


class WritesAnImage(World):
    def test_to_a_larger_disk_with_holes_zeroed_and_the_table_moved(self):
        disk = self.disk(64)
        outcome = self.written(to=disk)
        self.check_content(disk)
        self.assertGreaterEqual(outcome["bytes_written"], self.data_mib * MIB)
        self.assertLess(outcome["bytes_written"], (self.data_mib + 4) * MIB)
        self.assertIn("last usable sector is 131038", run("sgdisk", "-p", disk))

    def test_that_fits_exactly(self):
        disk = self.disk(self.image_mib)
        self.written(to=disk)
        self.check_content(disk)

    def test_and_grows_the_last_partition_keeping_its_identity(self):
        disk = self.disk(64)
        self.written("--grow", to=disk)
        self.check_content(disk)
        before, after = self.partitions(self.raw), self.partitions(disk)
        self.assertEqual(before[0]["size"], after[0]["size"])
        for field in ("start", "type", "uuid", "name"):
            self.assertEqual(before[1][field], after[1][field])
        self.assertEqual(after[1]["start"] + after[1]["size"], 63 * 2048)

    def test_and_leaves_it_alone_without_grow(self):
        disk = self.disk(64)
        self.written(to=disk)
        self.assertEqual([p["size"] for p in self.partitions(self.raw)], [p["size"] for p in self.partitions(disk)])

    def test_without_a_partition_table(self):
        with open(self.raw, "wb") as file:
            file.write(os.urandom(3 * MIB + 512))
        self.store()
        disk = self.disk(8)
        self.written("--grow", to=disk)
        with open(disk, "rb") as file, open(self.raw, "rb") as raw:
            self.assertTrue(file.read(3 * MIB + 512) == raw.read())
            self.assertFalse(any(file.read()), "what followed the image is left")

    def test_a_second_time_without_fetching_present_blocks(self):
        disk = self.disk(64)
        first = self.written("--grow", to=disk)
        second = self.written("--grow", to=disk)
        self.check_content(disk)
        self.assertGreaterEqual(second["bytes_present"], self.data_mib * MIB - 2 * MIB)
        self.assertLess(second["bytes_fetched"], first["bytes_fetched"] / 5)

    def test_a_second_time_with_every_block_as_the_request_says(self):
        disk = self.disk(64)
        first = self.written(to=disk)
        second = self.written("--full", to=disk)
        self.check_content(disk)
        self.assertEqual(second["bytes_present"], 0)
        self.assertEqual(second["bytes_written"], first["bytes_written"])

    def test_that_begins_with_a_hole(self):
        with open(self.raw, "wb") as file:
            file.seek(2 * MIB)
            file.write(os.urandom(MIB))
        self.store()
        disk = self.disk(8)
        self.written("--grow", to=disk)
        self.assertEqual(disk.read_bytes()[:3 * MIB] == self.raw.read_bytes(), True)

    def test_with_an_mbr_and_grows_no_partition(self):
        self.make_mbr()
        disk = self.disk(64)
        done = self.write("--grow", to=disk)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("no GPT in the image: no partition is grown", done.stderr)
        self.assertEqual([p["size"] for p in self.partitions(disk)], [p["size"] for p in self.partitions(self.raw)])
        with open(disk, "rb") as file:
            self.assertEqual(file.read(self.image_mib * MIB) == self.raw.read_bytes(), True)

    def test_wiping_old_signatures_beyond_it(self):
        disk = self.disk(200, filled=False)
        run("sgdisk", "-n", "1:0:+20M", "-n", "2:122880:+40M", disk)  # the second begins at 60 MiB, past the image
        run("mkfs.ext4", "-q", "-E", f"offset={60 * MIB}", disk, "40M")
        self.assertIn("ext4", run("blkid", "-p", "-O", 60 * MIB, disk))
        self.written(to=disk)
        found = subprocess.run(["blkid", "-p", "-O", str(60 * MIB), disk], capture_output=True, text=True)
        self.assertEqual((found.returncode, found.stdout), (2, ""))
        self.assertEqual(["esp", "root"], [p["name"] for p in self.partitions(disk)])


class AddsAConfigDrive(World):
    def check_drive(self, disk):
        last = self.partitions(disk)[-1]
        self.assertEqual(last["name"], "config-2")
        self.assertEqual(last["type"], "0FC63DAF-8483-4772-8E79-3D69D8477DE4")
        self.assertEqual((last["start"] % 2048, last["size"] % 2048), (0, 0))
        label = run("blkid", "-p", "-o", "value", "-s", "LABEL", "-O", last["start"] * 512, disk).strip()
        self.assertEqual(label, "config-2")
        self.assertIn("No problems found", run("sgdisk", "--verify", disk))
        return last

    def test_at_the_end_of_the_disk(self):
        disk = self.disk(64)
        self.written("--config-drive", self.config_drive(), to=disk)
        last = self.check_drive(disk)
        self.assertEqual(last["start"] + last["size"], 63 * 2048)

    def test_behind_a_grown_partition(self):
        disk = self.disk(64)
        self.written("--grow", "--config-drive", self.config_drive(), to=disk)
        last = self.check_drive(disk)
        root = self.partitions(disk)[1]
        self.assertEqual(root["start"] + root["size"], last["start"])

    def test_again_without_a_second_one(self):
        disk, drive = self.disk(64), self.config_drive()
        self.written("--grow", "--config-drive", drive, to=disk)
        self.written("--grow", "--config-drive", drive, to=disk)
        self.check_drive(disk)
        self.assertEqual(len(self.partitions(disk)), 3)

    def test_into_the_images_own_partition(self):
        run("sgdisk", "-d", "2", "-n", "2:0:+20M", "-c", "2:root", "-n", "3:0:+3M", "-c", "3:config-2", self.raw)
        self.store()
        disk = self.disk(64)
        self.written("--grow", "--config-drive", self.config_drive(), to=disk)
        self.check_drive(disk)
        self.assertEqual(len(self.partitions(disk)), 3)

    def test_not_where_there_is_no_room_and_nothing_is_written_then(self):
        disk = self.disk(self.image_mib)
        error = self.refused("config-drive-failed", "--config-drive", self.config_drive(), to=disk)
        self.assertIn("no space for the config drive: it needs 2 MiB", error)
        self.check_untouched(disk)

    def test_to_an_mbr_as_a_primary_partition(self):
        self.make_mbr()
        disk = self.disk(64)
        for _ in range(2):
            self.written("--grow", "--config-drive", self.config_drive(), to=disk)
            first, last = self.partitions(disk)
            self.assertEqual((first["start"], first["size"]), (2048, 20 * 2048))
            self.assertEqual((last["type"], last["start"], last["size"]), ("83", 62 * 2048, 2 * 2048))
            label = run("blkid", "-p", "-o", "value", "-s", "LABEL", "-O", last["start"] * 512, disk).strip()
            self.assertEqual(label, "config-2")

    def test_not_to_an_mbr_with_four_primary_partitions_and_nothing_is_written_then(self):
        run("sfdisk", "-q", self.raw, input="label: dos\n,5M\n,5M\n,5M\n,5M\n")
        self.store()
        disk = self.disk(64)
        error = self.refused("config-drive-failed", "--config-drive", self.config_drive(), to=disk)
        self.assertIn("four primary partitions", error)
        self.check_untouched(disk)

    def test_not_to_an_image_without_a_table(self):
        self.raw.write_bytes(os.urandom(4 * MIB))
        self.store()
        error = self.refused("config-drive-failed", "--config-drive", self.config_drive(), to=self.disk(64))
        self.assertIn("the image has no partition table", error)

    def test_not_from_a_file_that_is_no_file_system(self):
        drive = self.folder / "nonsense"
        drive.write_bytes(b"{}")
        self.refused("config-drive-failed", "--config-drive", drive, to=self.disk(64))


class Refuses(World):
    def test_a_disk_that_is_too_small_and_leaves_it_as_it_is(self):
        disk = self.disk(39)
        error = self.refused("disk-too-small", to=disk)
        self.assertIn(f"has {39 * MIB} bytes, the image {40 * MIB}", error)
        self.check_untouched(disk)

    def test_another_manifest_than_the_ordered_one(self):
        self.refused("checksum-mismatch", "--sha256", "0" * 64, to=self.disk(64))
        self.written("--sha256", self.sha256, to=self.disk(64))

    def test_a_damaged_manifest(self):
        text = bytearray(self.manifest.read_bytes())
        text[100] ^= 1
        self.manifest.write_bytes(text)
        self.refused("image-corrupt", to=self.disk(64))

    def test_damaged_blocks_naming_the_block(self):
        text = bytearray(self.blocks.read_bytes())
        text[len(text) // 2] ^= 1
        self.blocks.write_bytes(text)
        self.assertRegex(self.refused("checksum-mismatch", to=self.disk(64)), r"block \d+ \(byte \d+\) from .*image.zst")

    def test_a_damaged_first_block_and_nothing_is_written_then(self):
        offset, length, hole = entries_of(self.manifest.read_bytes())[0]
        self.assertFalse(hole)
        text = bytearray(self.blocks.read_bytes())
        text[offset + length // 2] ^= 1
        self.blocks.write_bytes(text)
        disk = self.disk(64)
        self.assertRegex(self.refused("checksum-mismatch", to=disk), r"block 0 from .*image.zst")
        self.check_untouched(disk)

    def test_truncated_blocks(self):
        os.truncate(self.blocks, os.path.getsize(self.blocks) // 2)
        self.refused("image-corrupt", to=self.disk(64))

    def test_a_disk_that_is_not_there(self):
        self.refused("disk-not-found", to=self.folder / "nothing")

    def test_a_partition_table_for_other_sectors(self):
        text = bytearray(self.raw.read_bytes())
        text[4096:4608], text[512:1024] = text[512:1024], bytes(512)  # as an image made for 4096-byte sectors
        self.raw.write_bytes(text)
        self.store()
        self.assertIn("sectors of 4096 bytes", self.refused("image-unsupported", to=self.disk(64)))

    def test_wrong_arguments_with_a_status_of_their_own(self):
        done = subprocess.run([agent_world.AGENT, "write", "--to", "x"], capture_output=True, text=True)
        self.assertGreater(done.returncode, 100)
        self.assertIn("--manifest is required", done.stderr)


class StopsOnASignal(World):
    def test_while_writing_and_leaves_nothing_that_boots(self):
        server = self.server()
        server.bytes_per_second = MIB
        disk = self.disk(64)
        process = subprocess.Popen([agent_world.AGENT, "write", "--manifest", server.url + "/manifest", "--blocks", server.url + "/blocks",
                                    "--to", disk], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.addCleanup(agent_world.end, process)
        wait_for(lambda: server.bytes_sent > MIB, "bytes on their way")
        process.terminate()
        error = process.communicate(timeout=60)[1]
        self.assertLess(server.bytes_sent, os.path.getsize(self.blocks))
        self.assertEqual(process.returncode, 1, error)
        self.assertIn("(aborted)", error)
        with open(disk, "rb") as file:
            self.assertNotEqual(file.read(MIB), self.raw.read_bytes()[:MIB])


class ADiskThatFails(World):
    def test_half_way_names_the_place(self):
        mount = self.folder / "small"
        mount.mkdir()
        run("mount", "-t", "tmpfs", "-o", "size=8M", "tmpfs", mount)
        self.addCleanup(run, "umount", mount)
        disk = mount / "disk"
        disk.touch()
        os.truncate(disk, 64 * MIB)
        error = self.refused("disk-failed", to=disk)
        self.assertRegex(error, r"writing .*/disk at byte \d+ failed: No space left on device")


class OntoSeveralDisks(World):
    def test_from_one_fetch_each_whole_with_its_own_end_and_config_drive(self):
        first, second = self.disk(64, "first"), self.disk(80, "second")
        outcome = self.written("--grow", "--config-drive", self.config_drive(), "--also-to", second, to=first)
        self.assertLess(outcome["bytes_fetched"], os.path.getsize(self.blocks) + MIB)
        for disk, mib in ((first, 64), (second, 80)):
            self.check_content(disk)
            parts = self.partitions(disk)
            self.assertEqual([p["name"] for p in parts], ["esp", "root", "config-2"])
            self.assertGreater(parts[-1]["start"], (mib - 6) * 2048)

    def test_again_although_the_first_one_holds_it(self):
        first, second = self.disk(64, "first"), self.disk(64, "second")
        self.written(to=first)
        self.assertEqual(self.written("--also-to", second, to=first)["bytes_present"], 0)
        self.check_content(second)

    def test_not_when_one_is_too_small_and_nothing_is_written_then(self):
        first, second = self.disk(64, "first"), self.disk(20, "second")
        self.assertIn(str(second), self.refused("disk-too-small", "--also-to", second, to=first))
        self.check_untouched(first)
        self.check_untouched(second)

    def test_and_says_which_one_failed_leaving_neither_to_start(self):
        first = self.disk(64, "first")
        second = self.full_disk()
        self.assertIn(str(second), self.refused("disk-failed", "--also-to", second, to=first))
        with open(first, "rb") as file:
            self.assertFalse(any(file.read(MIB)))

    def test_not_when_one_has_no_room_for_the_config_drive(self):
        first, second = self.disk(64, "first"), self.disk(self.image_mib, "second")
        error = self.refused("config-drive-failed", "--config-drive", self.config_drive(), "--also-to", second, to=first)
        self.assertIn("for the config drive: it needs 2 MiB", error)
        self.check_untouched(first)
        self.check_untouched(second)

    def full_disk(self):
        """A disk whose writes fail half-way: a file that is longer than the space of its file system."""
        folder = self.folder / "full"
        folder.mkdir()
        run("mount", "-t", "tmpfs", "-o", "size=8M", "tmpfs", folder)
        self.addCleanup(run, "umount", folder)
        disk = folder / "second"
        disk.touch()
        os.truncate(disk, 64 * MIB)
        return disk


class OnALoopDevice(World):
    def test_writes_grows_and_reads_back(self):
        disk = self.disk(64)
        device = self.loop(disk)
        self.written("--grow", "--config-drive", self.config_drive(), to=device)
        run("sync", disk)
        self.check_content(device)
        self.assertEqual(len(self.partitions(device)), 3)

    def test_makes_a_fat_of_an_iso_on_larger_sectors(self):
        source = self.loop(self.raw, "--sector-size", "4096")
        run("sgdisk", "-Z", "-n", "1:256:+20M", "-c", "1:root", source)
        self.store()
        tree = self.folder / "drive/openstack/latest"
        tree.mkdir(parents=True)
        (tree / "meta_data.json").write_text('{"uuid": "u"}')
        (tree / "user_data").write_bytes(bytes(range(256)))
        run("genisoimage", "-quiet", "-R", "-V", "config-2", "-o", self.folder / "drive.iso", self.folder / "drive")
        device = self.loop(self.disk(64), "--sector-size", "4096")
        self.written("--grow", "--config-drive", self.folder / "drive.iso", to=device)
        last = self.partitions(device)[-1]
        self.assertEqual(last["name"], "config-2")
        drive = self.folder / "partition"
        run("dd", f"if={device}", f"of={drive}", "bs=4096", f"skip={last['start']}", f"count={last['size']}", "status=none")
        probed = run("blkid", "-p", "-o", "export", drive)
        self.assertIn("TYPE=vfat", probed)
        self.assertIn("LABEL=config-2", probed)
        run("fsck.fat", "-n", drive)
        run("mcopy", "-s", "-i", drive, "::/openstack", self.folder)
        self.assertEqual((self.folder / "openstack/latest/user_data").read_bytes(), bytes(range(256)))
        if "vfat" not in Path("/proc/filesystems").read_text(encoding="ascii"):
            return  # this kernel mounts no FAT; fsck.fat and mtools have read it
        part = self.loop(device, "--sector-size", "4096", "--offset", last["start"] * 4096)
        mounted = self.folder / "mounted"
        mounted.mkdir()
        run("mount", "-o", "ro", part, mounted)
        self.addCleanup(run, "umount", mounted)
        self.assertEqual((mounted / "openstack/latest/meta_data.json").read_text(), '{"uuid": "u"}')

    def test_refuses_one_with_larger_sectors(self):
        device = self.loop(self.disk(64), "--sector-size", "4096")
        self.assertIn("sectors of 512 bytes", self.refused("image-unsupported", to=device))

    def test_refuses_an_mbr_for_one_with_larger_sectors(self):
        self.make_mbr()
        device = self.loop(self.disk(64), "--sector-size", "4096")
        self.assertIn("for sectors of 512 bytes", self.refused("image-unsupported", to=device))

    def test_refuses_two_with_sectors_of_two_sizes(self):
        first, second = self.disk(64, "first"), self.disk(64, "second")
        device = self.loop(second, "--sector-size", "4096")
        error = self.refused("image-unsupported", "--also-to", device, to=first)
        self.assertIn(f"{first} has sectors of 512 bytes, {device} of 4096", error)
        self.check_untouched(first)
        self.check_untouched(second)

    def test_copies_the_blocks_that_it_can_not_read(self):
        disk = self.disk(64)
        device = self.loop(disk)
        self.written(to=device)
        os.truncate(disk, 16 * MIB)  # reads beyond it fail, writes do not
        outcome = self.written(to=device)
        run("sync", disk)
        self.check_content(device)
        self.assertGreater(outcome["bytes_present"], 4 * MIB)
        self.assertLess(outcome["bytes_present"], 8 * MIB)  # 12 MiB of data begin at 10 MiB

    def test_refuses_one_that_is_mounted(self):
        disk = self.disk(64, filled=False)
        run("mkfs.ext4", "-q", disk)
        device = self.loop(disk)
        mount = self.folder / "mounted"
        mount.mkdir()
        run("mount", device, mount)
        self.addCleanup(run, "umount", mount)
        self.assertIn("is in use", self.refused("conflict", to=device))


class MeasuresTheCopy(World):
    image_mib = 160
    data_mib = 144

    def test_before_it_chooses_between_comparing_and_copying(self):
        disk = self.disk(160, filled=False)
        self.written(to=disk)
        with open(disk, "r+b") as file:
            file.seek(100 * MIB)
            file.write(b"changed")
        done = self.write(to=disk)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stderr, r"sampled blocks are on the disk; hashing runs at \d+ MB/s, copying at \d+ MB/s")
        self.check_content(disk)


class InBoundedMemory(World):
    image_mib = 2048
    data_mib = 200

    def test_a_2_gib_image(self):
        with open(self.raw, "r+b") as file:  # compressible bytes between the random ones and the end
            for at in range(300, 2000, 4):
                file.seek(at * MIB)
                file.write(b"bare metal " * 95000)
        self.store()
        disk = self.disk(3000, filled=False)
        outcome = self.written("--grow", to=disk)
        self.assertGreater(outcome["bytes_written"], 600 * MIB)
        limit = 1024 if os.environ.get("BM_SANITIZED") else 96  # sanitizers keep freed memory
        self.assertLess(outcome["peak_memory_kib"], limit * 1024)
        print(f"peak memory {outcome['peak_memory_kib'] // 1024} MiB", end=" ")


if __name__ == "__main__":
    agent_world.main()
