"""bm-agent with a server: lookup, exchange, steps, and faults of networks, servers and operators."""
import json
import os
import subprocess

import agent_world
import fake_server
from agent_world import MIB, RunningAgent, World, run, wait_for

STEP = "aaaaaaaa-0000-4000-8000-000000000001"
OTHER = "aaaaaaaa-0000-4000-8000-000000000002"


class Talks(World):
    def test_looks_up_once_and_sends_the_inventory(self):
        server = self.server()
        RunningAgent(self, server, [self.disk(64)])
        wait_for(lambda: len(server.exchanges) >= 3, "three exchanges")
        self.assertEqual(len(server.lookups), 1)
        self.assertEqual(len(server.lookups[0]["nonce"]), 32)
        first = server.exchanges[0]
        self.assertEqual(first["inventory"]["disks"][0]["serial"], "S0")
        self.assertEqual(first["agent_version"], "0.1.0")
        self.assertRegex(first["boot_id"], "^[0-9a-f-]{36}$")
        self.assertIn("connecting to", first["log"])
        self.assertNotIn("inventory", server.exchanges[1])
        self.assertNotIn("connecting to", server.exchanges[2].get("log", ""))

    def test_sends_the_inventory_again_when_a_disk_appears(self):
        server = self.server()
        disks = [self.disk(64, "one.raw"), self.disk(64, "two.raw")]
        agent = RunningAgent(self, server, disks[:1])
        wait_for(lambda: len(server.exchanges) >= 2, "two exchanges")
        agent.lists(disks)
        told = wait_for(lambda: [x["inventory"] for x in server.exchanges[1:] if "inventory" in x], "the inventory again")
        self.assertEqual([d["serial"] for d in told[0]["disks"]], ["S0", "S1"])
        before = len(server.exchanges)
        wait_for(lambda: len(server.exchanges) >= before + 2, "two more exchanges")
        self.assertEqual(sum("inventory" in x for x in server.exchanges), 2)

    def test_keeps_its_nonce_over_a_restart_so_that_it_gets_its_token_again(self):
        server = self.server()
        agent = RunningAgent(self, server, [self.disk(64)])
        wait_for(lambda: server.exchanges, "an exchange")
        agent.kill()
        before = len(server.exchanges)
        agent.start()
        wait_for(lambda: len(server.exchanges) > before, "an exchange after the restart")
        self.assertEqual(len({x["nonce"] for x in server.lookups}), 1)
        self.assertEqual(os.stat(agent.state / "nonce").st_mode & 0o777, 0o600)

    def test_never_shows_its_secrets(self):
        server = self.server()
        agent = RunningAgent(self, server, [self.disk(64)])
        wait_for(lambda: len(server.exchanges) > 1, "exchanges")
        server.failing = 2
        wait_for(lambda: server.failing <= 0, "some failures")
        everything = agent.text() + json.dumps(server.exchanges)
        for secret in (fake_server.SECRET, server.token(), server.nonce):
            self.assertNotIn(secret, everything)

    def test_looks_up_again_when_its_token_is_refused(self):
        server = self.server()
        RunningAgent(self, server, [self.disk(64)])
        wait_for(lambda: server.exchanges, "an exchange")
        server.tokens.append("another")
        before = len(server.exchanges)
        wait_for(lambda: len(server.exchanges) > before, "an exchange with the new token")
        self.assertEqual(len(server.lookups), 2)

    def test_waits_out_a_server_that_is_down_or_failing(self):
        server = self.server()
        server.failing = 2
        RunningAgent(self, server, [self.disk(64)])
        wait_for(lambda: server.exchanges, "an exchange after two failures")
        server.stop()
        before = len(server.exchanges)
        server.start()
        wait_for(lambda: len(server.exchanges) > before, "an exchange with the server started again")

    def test_names_the_argument_that_the_kernel_command_line_lacks(self):
        (self.folder / "cmdline").write_text("quiet bm.api=http://127.0.0.1:1\n")
        done = subprocess.run([agent_world.AGENT, "--cmdline", self.folder / "cmdline", "--state", self.folder / "s"],
                              capture_output=True, text=True, timeout=30)
        self.assertEqual(done.returncode, 1)
        self.assertIn("the kernel command line has no bm.node=", done.stderr)


class WritesForAServer(World):
    image_mib = 64
    data_mib = 40

    def deploy(self, server, disk, step=STEP, **more):
        server.step = server.write_step(step, **more)
        agent = RunningAgent(self, server, [disk])
        return agent

    def done(self, server, step=STEP):
        report = wait_for(lambda: server.ended(step), "the step's end", 120)
        self.assertEqual(report["state"], "done", report)
        return report["result"]

    def failed(self, server, code, step=STEP):
        report = wait_for(lambda: server.ended(step), "the step's end", 120)
        self.assertEqual((report["state"], report["error"]["code"]), ("failed", code), report)
        return report["error"]

    def test_with_config_drive_and_reports_the_disk(self):
        server = self.server(self.config_drive().read_bytes())
        disk = self.disk(100)
        self.deploy(server, disk)
        result = self.done(server)
        self.assertEqual(result["disk"]["serial"], "S0")
        self.assertEqual(result["disk"]["size_bytes"], 100 * MIB)
        self.check_content(disk)
        self.assertEqual([p["name"] for p in self.partitions(disk)], ["esp", "root", "config-2"])
        self.assertEqual(set(server.authorizations), {f"Bearer {server.token()}"})
        last = server.reports(STEP)[-1]
        self.assertEqual(last["bytes_done"], last["bytes_total"])

    def test_going_on_at_its_block_when_connections_break(self):
        server = self.server()
        server.drop_after = [10 * MIB, 1, 5 * MIB, 3 * MIB, 0]
        disk = self.disk(100)
        self.deploy(server, disk)
        self.done(server)
        self.check_content(disk)
        self.assertLess(server.bytes_sent, os.path.getsize(self.blocks) + 7 * MIB)  # at most one block and a piece per break

    def test_going_on_when_the_server_is_killed_and_started_again(self):
        server = self.server()
        server.bytes_per_second = 20 * MIB
        disk = self.disk(100)
        self.deploy(server, disk)
        wait_for(lambda: server.bytes_sent > 10 * MIB, "10 MiB on their way")
        server.stop()
        server.start()
        self.done(server)
        self.check_content(disk)
        self.assertLess(server.bytes_sent, os.path.getsize(self.blocks) + 6 * MIB)

    def test_going_on_when_the_agent_itself_is_killed(self):
        server = self.server()
        server.bytes_per_second = 20 * MIB
        disk = self.disk(100)
        agent = self.deploy(server, disk)
        wait_for(lambda: server.bytes_sent > 25 * MIB, "25 MiB on their way")
        agent.kill()
        server.bytes_per_second = 0
        before = server.bytes_sent
        agent.start()
        result = self.done(server)
        self.check_content(disk)
        self.assertGreater(result["bytes_present"], 5 * MIB)
        self.assertLess(server.bytes_sent - before, os.path.getsize(self.blocks) - 5 * MIB)

    def test_fetching_a_corrupted_block_again(self):
        server = self.server()
        server.corrupt = {5 * MIB: 1, 20 * MIB: 2}
        disk = self.disk(100)
        self.deploy(server, disk)
        self.done(server)
        self.check_content(disk)

    def test_giving_up_on_a_block_that_stays_corrupt(self):
        server = self.server()
        server.corrupt = {5 * MIB: 1000}
        self.deploy(server, self.disk(100))
        error = self.failed(server, "checksum-mismatch")
        self.assertRegex(error["message"], r"block \d+ \(byte \d+\) from http://.*/blocks")
        self.assertTrue(error["hint"])

    def test_failing_on_an_image_that_is_gone(self):
        server = self.server()
        server.files["/blocks"] = None
        self.deploy(server, self.disk(100))
        self.failed(server, "not-found")

    def test_stopping_when_the_operator_aborts_and_leaving_nothing_that_boots(self):
        server = self.server()
        server.bytes_per_second = 4 * MIB
        disk = self.disk(100)
        self.deploy(server, disk)
        wait_for(lambda: server.bytes_sent > 2 * MIB, "bytes on their way")
        server.abort = True
        self.failed(server, "aborted")
        with open(disk, "rb") as file:
            self.assertFalse(any(file.read(MIB)))

    def test_refusing_to_choose_among_disks_with_the_hint_to_write(self):
        server = self.server()
        disks = [self.disk(100, "one.raw"), self.disk(90, "two.raw")]
        server.step = server.write_step(STEP)
        agent = RunningAgent(self, server, disks)
        error = self.failed(server, "disk-ambiguous")
        self.assertIn('properties/root_device=\'{"serial":"S1"}\' for ' + str(disks[1]), error["hint"])
        server.step = server.write_step(OTHER, root_device={"serial": "S1"})
        self.assertEqual(self.done(server, OTHER)["disk"]["name"], str(disks[1]))
        with open(disks[0], "rb") as file:
            self.assertEqual(file.read(), b"\xa5" * 100 * MIB)
        self.assertIn("disks may hold the image", agent.text())

    def test_onto_a_disk_that_appears_after_the_step_has_begun(self):
        server = self.server()
        disks = [self.disk(100, "one.raw"), self.disk(90, "two.raw")]
        server.step = server.write_step(STEP, root_device={"serial": "S1"})
        agent = RunningAgent(self, server, disks[:1])
        wait_for(lambda: "waiting for a disk, up to 120 s" in agent.text(), "the agent to wait")
        agent.lists(disks)
        self.assertEqual(self.done(server)["disk"]["name"], str(disks[1]))
        self.check_untouched(disks[0])

    def test_onto_several_disks_each_singled_out_by_its_own_hints(self):
        server = self.server()
        disks = [self.disk(100, f"{name}.raw") for name in ("one", "two", "three")]
        server.step = server.write_step(STEP, root_device={"serial": "S2"}, more_disks=[{"serial": "S0"}])
        RunningAgent(self, server, disks)
        result = self.done(server)
        self.assertEqual([d["serial"] for d in result["disks"]], ["S2", "S0"])
        self.assertEqual({d["blocks_root"] for d in result["disks"]}, {result["blocks_root"]})
        self.check_content(disks[0])
        self.check_content(disks[2])
        self.check_untouched(disks[1])
        server.step = server.write_step(OTHER, root_device={"serial": "S1"}, more_disks=[{"serial": "S1"}])
        self.assertIn("each disk may be selected once", self.failed(server, "invalid-input", OTHER)["message"])

    def test_from_another_server_which_does_not_see_the_token(self):
        server, mirror = self.server(), self.server()
        step = server.write_step(STEP)
        step["arguments"]["image"]["blocks_url"] = mirror.url + "/blocks"
        disk = self.disk(100)
        agent = RunningAgent(self, server, [disk])
        server.step = step
        self.done(server)
        self.check_content(disk)
        self.assertEqual(set(mirror.authorizations), {None})
        self.assertIn("read back without a difference", agent.text())

    def test_doing_a_step_once_however_often_it_is_offered(self):
        server = self.server()
        disk = self.disk(100)
        agent = self.deploy(server, disk)
        first = self.done(server)
        wait_for(lambda: server.exchanges[-1].get("step") is None, "the step forgotten")
        sent = server.bytes_sent
        agent.kill()
        reported = len(server.reports(STEP))
        server.step = server.write_step(STEP)
        agent.start()
        wait_for(lambda: len(server.reports(STEP)) > reported, "the result told again")
        self.assertEqual(self.done(server), first)
        self.assertEqual(server.bytes_sent, sent)


class OtherSteps(World):
    def test_erases_the_metadata_of_every_candidate_and_names_the_skipped_ones(self):
        server = self.server()
        disks = [self.disk(200, "one.raw", filled=False), self.disk(64, "two.raw", filled=False)]
        run("sgdisk", "-n", "1:0:+20M", "-n", "2:0:+40M", disks[0])
        run("mkfs.ext4", "-q", "-E", f"offset={21 * MIB}", disks[0], "40M")
        run("mkfs.ext4", "-q", disks[1])
        agent = RunningAgent(self, server, disks)
        inventory = json.loads(agent.inventory.read_text())
        virtual = {"name": "/dev/sdz", "size_bytes": MIB * 9, "bus": "usb", "model": "Virtual Floppy"}
        agent.inventory.write_text(json.dumps({**inventory, "disks": inventory["disks"] + [virtual]}))
        server.step = {"id": STEP, "name": "erase_devices_metadata", "arguments": {}}
        report = wait_for(lambda: server.ended(STEP), "the step's end")
        self.assertEqual(report["state"], "done", report)
        self.assertEqual([d["name"] for d in report["result"]["erased"]], [str(d) for d in disks])
        self.assertEqual(report["result"]["skipped"], [{"name": "/dev/sdz", "reason": "virtual media of the BMC"}])
        for disk, offset in ((disks[0], 0), (disks[0], 21 * MIB), (disks[1], 0)):
            found = subprocess.run(["blkid", "-p", "-O", str(offset), disk], capture_output=True, text=True)
            self.assertEqual((found.returncode, found.stdout), (2, ""))

    def test_erases_whole_disks(self):
        server = self.server()
        disk = self.disk(64)
        with open(disk, "r+b") as file:
            for offset in range(0, 64 * MIB, 8 * MIB):
                file.seek(offset)
                file.write(os.urandom(65536))
        RunningAgent(self, server, [disk])
        server.step = {"id": STEP, "name": "erase_devices", "arguments": {"shred_passes": 1, "allow_shred": False}}
        report = wait_for(lambda: server.ended(STEP), "the step's end")
        self.assertEqual(report["state"], "done", report)
        self.assertEqual(report["bytes_done"], 64 * MIB)
        self.assertEqual([(d["name"], d["method"]) for d in report["result"]["erased"]], [(str(disk), "discard")])
        self.assertEqual(disk.read_bytes().strip(b"\0"), b"")

    def test_inspects_in_ironics_shape(self):
        server = self.server()
        disk = self.disk(64)
        RunningAgent(self, server, [disk])
        server.step = {"id": STEP, "name": "inspect", "arguments": {}}
        report = wait_for(lambda: server.ended(STEP), "the step's end")
        self.assertEqual(report["state"], "done", report)
        inventory = report["result"]["inventory"]
        self.assertEqual([d["name"] for d in inventory["disks"]], [str(disk)])
        for member in ("interfaces", "cpu", "memory", "bmc_address", "system_vendor", "boot", "hostname"):
            self.assertIn(member, inventory)

    def test_changes_no_password_where_it_is_no_ram_disk(self):
        server = self.server()
        RunningAgent(self, server, [self.disk(64)])
        server.step = {"id": STEP, "name": "start_rescue", "arguments": {"ssh_keys": ["ssh-ed25519 AAAA me"]}}
        report = wait_for(lambda: server.ended(STEP), "the step's end")
        self.assertEqual((report["state"], report["error"]["code"]), ("failed", "agent-failed"), report)

    def test_powers_off_only_after_the_server_knows(self):
        server = self.server()
        agent = RunningAgent(self, server, [self.disk(64)])
        server.step = {"id": STEP, "name": "power_off", "arguments": {}}
        wait_for(lambda: server.ended(STEP), "the report")
        wait_for(lambda: "powering off" in agent.text(), "the power off")

    def test_leaves_the_start_to_the_firmware_where_it_finds_no_kernel(self):
        server = self.server()
        server.step = {"id": STEP, "name": "start_kernel", "arguments": {"root_device": {}, "root_device_policy": "single"}}
        RunningAgent(self, server, [self.disk(64)])
        report = wait_for(lambda: server.ended(STEP), "the step's end")
        self.assertEqual((report["state"], report["result"]["loaded"]), ("done", False))
        self.assertIn("no kernel was found", report["result"]["why"])

    def test_refuses_a_step_that_it_does_not_know(self):
        server = self.server()
        RunningAgent(self, server, [self.disk(64)])
        server.step = {"id": STEP, "name": "brew_coffee", "arguments": {}}
        report = wait_for(lambda: server.ended(STEP), "the report")
        self.assertEqual(report["error"]["code"], "agent-failed")
        self.assertIn("brew_coffee", report["error"]["message"])


if __name__ == "__main__":
    agent_world.main()
