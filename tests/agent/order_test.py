"""bm-agent and single orders of a server: orders of write_image that it refuses, and verify_disk. Real peers: losetup."""
import os

import agent_world
import fake_server
from agent_world import MIB, RunningAgent, World, wait_for

STEP = "aaaaaaaa-0000-4000-8000-000000000001"
OTHER = "aaaaaaaa-0000-4000-8000-000000000002"


class RefusesAnOrder(World):
    def check(self, spoil, code, words):
        """Offers write_image with arguments that @p spoil changed."""
        server = self.server(self.config_drive().read_bytes())
        disk = self.disk(64)
        step = server.write_step(STEP)
        spoil(server, step["arguments"])
        server.step = step
        RunningAgent(self, server, [disk])
        report = wait_for(lambda: server.ended(STEP), "the step's end")
        self.assertEqual((report["state"], report["error"]["code"]), ("failed", code), report)
        self.assertIn(words, report["error"]["message"])
        self.check_untouched(disk)

    def test_without_a_url_of_the_blocks(self):
        self.check(lambda _, order: order["image"].update(blocks_url="ftp://127.0.0.1/blocks"), "invalid-input",
                   '"ftp://127.0.0.1/blocks" is not an http(s) URL')

    def test_without_a_url_of_the_manifest(self):
        self.check(lambda _, order: order["image"].update(manifest_url=""), "invalid-input", "is not an http(s) URL")

    def test_without_the_checksum_of_the_manifest(self):
        self.check(lambda _, order: order["image"].update(manifest_sha256=""), "invalid-input", "image.manifest_sha256 is ")

    def test_of_an_image_with_another_size(self):
        self.check(lambda _, order: order["image"].update(size_bytes=5), "image-corrupt", "the image has 5")

    def test_of_an_image_with_another_manifest(self):
        self.check(lambda _, order: order["image"].update(manifest_sha256="0" * 64), "checksum-mismatch", "expected " + "0" * 64)

    def test_with_a_config_drive_that_is_no_file_system(self):
        self.check(lambda server, _: server.files.update({f"/v1/agent/{fake_server.NODE}/configdrive": b"{}" * 4096}),
                   "config-drive-failed", "config drive")

    def test_with_a_config_drive_that_is_gone(self):
        self.check(lambda server, _: server.files.update({f"/v1/agent/{fake_server.NODE}/configdrive": None}), "not-found", "configdrive")

    def test_for_a_disk_that_is_too_small(self):
        self.image_mib = 80
        self.raw.unlink()
        self.make_raw()
        self.store()
        self.check(lambda *_: None, "disk-too-small", f"has {64 * MIB} bytes, the image {80 * MIB}")

    def test_with_members_of_wrong_types(self):
        self.check(lambda _, order: order.update(image="debian-12"), "invalid-input", "write_image.image")


class VerifiesForAServer(World):
    image_mib = 64
    data_mib = 40

    def step(self, server, step):
        server.step = step
        report = wait_for(lambda: server.ended(step["id"]), "the step's end", 120)
        self.assertEqual(report["state"], "done", report)
        return report["result"]

    def deployed(self, path):
        """The disk at @p path gets the image; the server of its agent."""
        server = self.server()
        RunningAgent(self, server, [path])
        self.step(server, server.write_step(STEP, grow_last_partition=False))
        return server

    def test_a_disk_that_is_as_it_was_written(self):
        disk = self.disk(64)
        server = self.deployed(disk)
        before = disk.read_bytes()
        result = self.step(server, server.verify_step(OTHER))
        self.assertEqual((result["blocks"], result["blocks_changed"], result["blocks_unreadable"]), (64, 0, 0))
        self.assertEqual([p["blocks_changed"] for p in result["partitions"]], [0, 0])
        self.assertEqual(result["disk"]["serial"], "S0")
        self.assertEqual(disk.read_bytes() == before, True, "the disk was written to")

    def test_naming_the_partition_with_a_changed_block(self):
        disk = self.disk(64)
        server = self.deployed(disk)
        with open(disk, "r+b") as file:
            for at in (30 * MIB, 62 * MIB):  # data and a hole of the second partition
                file.seek(at)
                file.write(b"changed")
        result = self.step(server, server.verify_step(OTHER))
        self.assertEqual(result["blocks_changed"], 2)
        self.assertEqual([p["blocks_changed"] for p in result["partitions"]], [0, 2])
        self.assertEqual(result["partitions"][1]["first_byte"], self.partitions(self.raw)[1]["start"] * 512)

    def test_a_disk_that_has_become_shorter(self):
        disk = self.disk(64)
        server = self.deployed(disk)
        os.truncate(disk, 60 * MIB)
        self.assertEqual(self.step(server, server.verify_step(OTHER))["blocks_changed"], 4)

    def test_counting_the_blocks_that_it_can_not_read(self):
        disk = self.disk(64, "backing.raw")
        link = self.folder / "disk.raw"  # the agent leaves loop devices alone
        link.symlink_to(self.loop(disk))
        server = self.deployed(link)
        os.truncate(disk, 48 * MIB)  # reads beyond it fail
        result = self.step(server, server.verify_step(OTHER))
        self.assertEqual((result["blocks_changed"], result["blocks_unreadable"]), (0, 16))
        self.assertEqual([p["blocks_changed"] for p in result["partitions"]], [0, 16])


if __name__ == "__main__":
    agent_world.main()
