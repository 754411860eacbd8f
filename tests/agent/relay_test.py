#!/usr/bin/env python3
"""The relay of real bm-agents: chains, a killed node, a late one, a slow disk; and peers that send wrong bytes,
stall, send slowly or are dead. Disk images, and trees (root: loop devices and mounts)."""
import hashlib
import json
import os
import pathlib
import re
import shutil
import socket
import struct
import subprocess
import tarfile
import threading
import time
import unittest

import agent_world
from agent_world import MIB, World, entries_of, run, wait_for
from tree_world import archive_of, mounted

TOKEN = hashlib.sha256(b"token").hexdigest()
HELLO, WANT, HEADER = struct.Struct("<8s64s64s"), struct.Struct("<B3xIII"), struct.Struct("<BBHIIII")
DATA, WAIT, RETRACT, BYE = 1, 2, 3, 4
ORIGINAL, VERIFIED = 1, 4
SLOW_DISK = pathlib.Path(__file__).resolve().parents[2] / "bench/slow_disk.c"


class FakePeer:
    """A relay in a hostile or broken node; mode: honest, lying, denying (it lies, and does
    not claim that it verified a block), trickle, silent, refusing, nonsense."""

    def __init__(self, manifest, blocks, mode):
        self.entries, self.stored, self.mode = entries_of(manifest), blocks, mode
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.listener.getsockname()[1]}"
        self.pause = 0  # before each block
        self.sent = 0
        self.over = False
        threading.Thread(target=self.accept, daemon=True).start()

    def stop(self):
        self.over = True
        try:
            self.listener.shutdown(socket.SHUT_RDWR)  # close() alone leaves the accept() in flight listening
        except OSError:
            pass
        self.listener.close()

    def accept(self):
        while not self.over:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        try:
            self.read(connection, HELLO.size)
            if self.mode == "refusing":
                connection.sendall(HEADER.pack(BYE, 1, 0, 0, 0, 0, 0))
            if self.mode == "nonsense":
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            while not self.over:
                _, first, count, begin = WANT.unpack(self.read(connection, WANT.size))
                for block in range(first, first + count):
                    if not self.entries[block][2]:
                        self.give(connection, block, begin)
                    begin = 0
        except OSError:
            pass

    @staticmethod
    def read(connection, length):
        data = b""
        while len(data) < length:
            piece = connection.recv(length - len(data))
            if not piece:
                raise OSError("ended")
            data += piece
        return data

    def give(self, connection, block, begin):
        offset, length, _ = self.entries[block]
        frame = bytearray(self.stored[offset:offset + length])
        if self.mode in ("lying", "denying"):
            frame[length // 2] ^= 0xff
        step = 1 if self.mode == "trickle" else 65536
        while self.mode == "silent" and not self.over:
            time.sleep(0.1)
        flags = ORIGINAL if self.mode == "denying" else ORIGINAL | VERIFIED
        time.sleep(self.pause)
        for at in range(begin, length, step):
            piece = frame[at:at + step]
            connection.sendall(HEADER.pack(DATA, flags, 0, block, length, at, len(piece)) + piece)
            self.sent += len(piece)
            if self.mode == "trickle":
                time.sleep(1)


class Node:
    """bm-agent writing one image for the relay."""

    def __init__(self, test, name, server, sources=(), cache=1, env=None, memory=None, prefix=()):
        self.disk = test.disk(test.disk_mib, f"{name}.raw", filled=False)
        self.log = test.folder / f"{name}.log"
        self.out = test.folder / f"{name}.out"
        argv = [*prefix, agent_world.AGENT, *test.command, "--manifest", server.url + "/manifest", "--blocks", server.url + "/blocks", "--to", self.disk,
                "--relay-token", test.token, "--relay-port", "0", "--relay-cache", str(cache)]
        if sources:
            argv += ["--source", ",".join(sources)]
        if memory:
            argv += ["--memory", str(memory)]
        with open(self.log, "wb") as log, open(self.out, "wb") as out:
            self.process = subprocess.Popen(argv, stderr=log, stdout=out, env={**os.environ, **(env or {})})
        self.began = time.monotonic()
        self.took = None
        test.addCleanup(agent_world.end, self.process)

    @property
    def address(self):
        found = wait_for(lambda: re.search(r"relay at port (\d+)", self.text()), "the relay's port")
        return f"127.0.0.1:{found.group(1)}"

    def text(self):
        return self.log.read_text()

    def result(self, seconds=120):
        code = self.process.wait(timeout=seconds)
        self.took = time.monotonic() - self.began
        if code != 0:
            raise AssertionError(f"exit {code}:\n{self.text()}")
        return json.loads(self.out.read_text())

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class Relay(World):
    image_mib = 64
    data_mib = 48
    command = ["write"]
    disk_mib = 72

    def setUp(self):
        super().setUp()
        self.token = self.folder / "token"
        self.token.write_text(TOKEN)
        self.stored = os.path.getsize(self.blocks)

    def peer(self, mode):
        peer = FakePeer(self.manifest.read_bytes(), self.blocks.read_bytes(), mode)
        self.addCleanup(peer.stop)
        return peer

    def chain(self, server, count, cache=8):
        nodes = []
        for number in range(count):
            nodes.append(Node(self, f"node{number}", server, [node.address for node in reversed(nodes)], cache))
        return nodes

    def content_id(self):
        """SHA-256 over raw size and block hashes, as the manifest defines it."""
        manifest = self.manifest.read_bytes()
        hashes = b"".join(manifest[40 + 48 * i:72 + 48 * i] for i in range(len(entries_of(manifest))))
        return hashlib.sha256(manifest[16:24] + hashes).hexdigest()

    def check_all(self, nodes):
        for node in nodes:
            node.result()
            self.check_content(node.disk)


class Chains(Relay):
    def test_get_the_image_from_the_server_once(self):
        server = self.server()
        server.bytes_per_second = 20 * MIB
        nodes = self.chain(server, 4)
        self.check_all(nodes)
        self.assertLess(server.bytes_sent, self.stored * 1.5)  # once, and what it gave over stalls of a busy machine
        for before, node in zip(nodes, nodes[1:]):
            self.assertGreater(node.result()["relay"]["from"][before.address], self.stored / 2)  # the server helps over a stall

    def test_heal_when_a_node_is_killed_half_way(self):
        server = self.server()
        server.bytes_per_second = 12 * MIB
        nodes = self.chain(server, 4)
        wait_for(lambda: server.bytes_sent > self.stored / 2, "half of the image")
        nodes[1].kill()
        self.check_all([nodes[0], nodes[2], nodes[3]])
        self.assertIn("(dead)", nodes[2].text())
        self.assertIn(nodes[0].address, nodes[2].result()["relay"]["from"])
        self.assertNotIn("(dead)", nodes[3].text())
        self.assertLess(server.bytes_sent, self.stored * 1.1 + MIB)

    def test_take_a_late_one_in_at_once_from_memory_or_disk(self):
        server = self.server()
        server.bytes_per_second = 12 * MIB
        first = Node(self, "first", server, cache=1, memory=8)
        wait_for(lambda: server.bytes_sent > self.stored * 2 / 3, "most of the image")
        late = Node(self, "late", server, [first.address])
        late.result()
        self.check_content(late.disk)
        first.result()
        self.assertGreater(late.result()["relay"]["from"][first.address], self.stored / 2)
        self.assertLess(server.bytes_sent, self.stored * 1.4)


class SlowDisk(Relay):
    """Without a conductor that compares the nodes, a disk is slow when it needs most of a second for a block, or when
    its rate is below half of its source's rate."""

    def slow_node(self, server, sources, bytes_per_second):
        run("cc", "-shared", "-fPIC", "-o", self.folder / "slow.so", SLOW_DISK, "-ldl")
        slow_env = {"LD_PRELOAD": str(self.folder / "slow.so"), "SLOW_DISK_BYTES_PER_SECOND": str(bytes_per_second),
                    "ASAN_OPTIONS": "verify_asan_link_order=0"}  # the agent's own sanitizer is loaded second
        return Node(self, "slow", server, sources, cache=1, env=slow_env, memory=8)

    def check_others_go_ahead(self, bytes_per_second):
        server = self.server()
        first = Node(self, "first", server)
        slow = self.slow_node(server, [first.address], bytes_per_second)
        third = Node(self, "third", server, [slow.address, first.address])
        third.result()
        self.check_content(third.disk)
        self.assertIsNone(slow.process.poll(), "the slow one is done: it was not slow")
        slow.result()
        self.check_content(slow.disk)
        self.assertIn("this disk is too slow", slow.text())
        self.assertIn("its disk is slow", third.text())
        return slow, third

    def test_that_hardly_moves_does_not_slow_those_behind_it(self):
        slow, third = self.check_others_go_ahead(1_500_000)
        self.assertLess(third.took, slow.took / 2)

    def test_that_takes_less_than_it_is_given_does_not_slow_those_behind_it(self):
        self.check_others_go_ahead(3_000_000)

    def test_yields_to_the_others(self):
        server = self.server()
        node = Node(self, "node", server)
        content = self.content_id()
        host, port = node.address.split(":")
        everything = WANT.pack(1, 0, self.image_mib, 0)

        def ask(*wants):
            connection = socket.socket()
            self.addCleanup(connection.close)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.settimeout(10)
            connection.connect((host, int(port)))
            connection.sendall(HELLO.pack(b"BMRELAY1", TOKEN.encode(), content.encode()) + b"".join(wants))
            return connection

        other = ask(everything)
        self.assertEqual(other.recv(1), bytes([DATA]))
        time.sleep(0.5)  # it reads no more, as with a full link
        slow = ask(WANT.pack(2, 0, 0, 0), everything)
        self.assertEqual(slow.recv(HEADER.size)[0], WAIT)
        self.assertEqual(slow.recv(HEADER.size)[0], WAIT)
        other.close()
        while (kind := slow.recv(HEADER.size)[0]) == WAIT:
            pass
        self.assertEqual(kind, DATA)
        slow.close()
        node.result()


class Peers(Relay):
    image_mib = 40
    data_mib = 16
    disk_mib = 48

    def left_for_the_server(self, mode, reason, seconds):
        server = self.server()
        peer = self.peer(mode)
        node = Node(self, "node", server, [peer.address])
        node.result()
        self.check_content(node.disk)
        self.assertIn(f"leaving {peer.address} ({reason})", node.text())
        self.assertLess(node.took, seconds)
        return node

    def test_honest_one_gives_everything(self):
        server, peer = self.server(), self.peer("honest")
        node = Node(self, "node", server, [peer.address])
        self.assertEqual(list(node.result()["relay"]["from"]), [peer.address])
        self.check_content(node.disk)
        self.assertEqual(server.bytes_sent, 0)

    def test_that_lies_is_left(self):
        node = self.left_for_the_server("lying", "lying", 30)
        self.assertRegex(node.text(), r"block \d+ \(byte \d+\) from 127.0.0.1:\d+: ")

    def test_that_lies_and_does_not_claim_to_verify_is_left_without_a_withdrawal(self):
        server, peer = self.server(), self.peer("denying")
        peer.pause = 0.5
        node = Node(self, "node", server, [peer.address])
        node.result()
        self.check_content(node.disk)
        self.assertIn(f"leaving {peer.address} (lying)", node.text())

    def test_that_lied_to_its_successor_does_not_make_that_one_a_liar(self):
        server, liar = self.server(), self.peer("lying")
        first = Node(self, "first", server, [liar.address])
        second = Node(self, "second", server, [first.address])
        self.check_all([first, second])
        self.assertNotIn("(lying)", second.text())

    def test_that_gives_one_byte_a_second_is_left_within_seconds(self):
        self.left_for_the_server("trickle", "slow", 20)

    def test_that_is_silent_is_left_within_seconds(self):
        self.left_for_the_server("silent", "slow", 20)

    def test_that_refuses_the_token_is_left(self):
        self.left_for_the_server("refusing", "refused", 15)

    def test_that_speaks_something_else_is_left(self):
        self.left_for_the_server("nonsense", "lying", 15)

    def test_that_is_dead_is_left_within_seconds(self):
        server, peer = self.server(), self.peer("honest")
        peer.stop()
        node = Node(self, "node", server, [peer.address])
        node.result()
        self.check_content(node.disk)
        self.assertLess(node.took, 15)
        self.assertEqual(list(node.result()["relay"]["from"]), ["server"])

    def test_that_is_dead_is_passed_by_for_the_next(self):
        server, dead, alive = self.server(), self.peer("honest"), self.peer("honest")
        dead.stop()
        node = Node(self, "node", server, [dead.address, alive.address])
        self.assertEqual(list(node.result()["relay"]["from"]), [alive.address])
        self.check_content(node.disk)

    def test_that_comes_back_is_taken_again(self):
        server, peer = self.server(), self.peer("silent")
        server.bytes_per_second = 1 * MIB
        port = int(peer.address.split(":")[1])
        peer.stop()
        node = Node(self, "node", server, [peer.address])
        wait_for(lambda: server.bytes_sent > MIB, "some of it from the server")
        back = self.peer("honest")
        back.listener.close()
        back.listener = socket.create_server(("127.0.0.1", port))
        threading.Thread(target=back.accept, daemon=True).start()
        self.assertGreater(node.result()["relay"]["from"][peer.address], self.stored / 2)
        self.check_content(node.disk)


@unittest.skipIf(os.geteuid() != 0, "needs root: loop devices")
class Trees(Relay):
    disk_mib = 400

    def make_raw(self):
        content = {f"etc/file{number}": os.urandom(160 * 1024) for number in range(300)}
        self.files = {name: hashlib.sha256(data).hexdigest() for name, data in content.items()}
        folders = ((name, tarfile.DIRTYPE, "") for name in (".", "etc"))
        self.raw.write_bytes(archive_of(*folders, *((name, tarfile.REGTYPE, data) for name, data in content.items())))
        layout = self.folder / "layout.json"
        layout.write_text(json.dumps({"partitions": [{"name": "root", "fs": "ext4", "mount": "/"}], "loader": "none"}))
        self.command = ["write-tree", "--layout", layout]

    def check_content(self, disk):
        place = self.folder / "mnt"
        place.mkdir(exist_ok=True)
        with mounted(disk, place, root="/") as root:
            found = {str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in root.glob("etc/file*")}
        self.assertEqual(found, self.files)

    def test_go_through_a_chain_and_leave_the_server_once(self):
        server = self.server()
        server.bytes_per_second = 12 * MIB
        nodes = self.chain(server, 3)
        self.check_all(nodes)
        self.assertLess(server.bytes_sent, self.stored * 1.1 + MIB)
        self.assertEqual(list(nodes[2].result()["relay"]["from"]), [nodes[1].address])

    def test_survive_a_source_killed_half_way(self):
        server = self.server()
        server.bytes_per_second = 12 * MIB
        nodes = self.chain(server, 3)
        wait_for(lambda: server.bytes_sent > self.stored / 2, "half of the tree")
        nodes[1].kill()
        self.check_all([nodes[0], nodes[2]])
        self.assertIn("(dead)", nodes[2].text())
        self.assertIn(nodes[0].address, nodes[2].result()["relay"]["from"])
        self.assertLess(server.bytes_sent, self.stored * 1.1 + MIB)

    def test_survive_wrong_blocks_of_a_peer(self):
        server, liar = self.server(), self.peer("lying")
        first = Node(self, "first", server, [liar.address])
        second = Node(self, "second", server, [first.address])
        self.check_all([first, second])
        self.assertIn(f"leaving {liar.address} (lying)", first.text())
        self.assertRegex(first.text(), r"block \d+ \(byte \d+\) from 127.0.0.1:\d+: ")
        self.assertNotIn("(lying)", second.text())

    def test_survive_wrong_blocks_in_the_memory_of_a_node_that_makes_its_file_system(self):
        """The first node receives blocks for longer than a source has to withdraw them, and verifies few of them."""
        server, liar = self.server(), self.peer("denying")
        first = Node(self, "first", server, [liar.address], prefix=self.with_slow_mke2fs())
        second = Node(self, "second", server, [first.address])
        self.check_all([first, second])
        self.assertNotIn("(lying)", second.text())

    def with_slow_mke2fs(self):
        """The beginning of a command line whose program sees a mke2fs that takes 7 s longer."""
        real = pathlib.Path(shutil.which("mke2fs")).resolve()
        shutil.copy(real, self.folder / "mke2fs")
        slow = self.folder / "slow_mke2fs"
        slow.write_text(f'#!/bin/sh\nsleep 7\nexec {self.folder}/mke2fs "$@"\n')
        slow.chmod(0o755)
        return "unshare", "--mount", "sh", "-c", f'mount --bind {slow} {real} && exec "$@"', "sh"

    def late_joiner(self):
        server = self.server()
        server.bytes_per_second = 12 * MIB
        first = Node(self, "first", server, cache=1)
        wait_for(lambda: server.bytes_sent > self.stored * 2 / 3, "most of the tree")
        late = Node(self, "late", server, [first.address])
        self.check_all([first, late])
        return server, first, late

    def test_reach_a_late_joiner_from_memory_or_disk(self):
        server, first, late = self.late_joiner()
        self.assertIn("a file keeps blocks that leave the memory", first.text())
        self.assertGreater(late.result()["relay"]["from"][first.address], self.stored / 2)
        self.assertLess(server.bytes_sent, self.stored * 1.4)

    def test_reach_a_late_joiner_from_the_server_when_its_source_has_no_space_to_keep_blocks(self):
        self.disk_mib = 220
        _, first, late = self.late_joiner()
        self.assertIn("no space on the disk for blocks", first.text())
        self.assertIn(f"leaving {first.address} (gone)", late.text())
        self.assertGreater(late.result()["relay"]["from"]["server"], self.stored / 3)


class Port(Relay):
    def answer(self, address, data):
        host, port = address.split(":")
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            connection.sendall(data)
            answer = b""
            while piece := connection.recv(65536):
                answer += piece
                if len(answer) > 4096:
                    break
            return answer

    def test_serves_only_holders_of_the_copys_token(self):
        server = self.server()
        server.bytes_per_second = 8 * MIB
        node = Node(self, "node", server)
        content = self.content_id()
        wanted = WANT.pack(1, 0, 1, 0)
        for token, image in ((TOKEN[::-1], content), ("", content), (TOKEN, "0" * 64)):
            answer = self.answer(node.address, HELLO.pack(b"BMRELAY1", token.encode(), image.encode()) + wanted)
            self.assertEqual(answer, HEADER.pack(BYE, 1, 0, 0, 0, 0, 0))
        self.assertEqual(self.answer(node.address, b"GET / HTTP/1.1\r\n\r\n" + b"x" * 200), b"")
        right = self.answer(node.address, HELLO.pack(b"BMRELAY1", TOKEN.encode(), content.encode()) + wanted)
        self.assertEqual(right[0], DATA)
        node.result()
        self.check_content(node.disk)
        self.assertNotIn(TOKEN, node.text())

    def test_drops_wants_beyond_the_image(self):
        server = self.server()
        server.bytes_per_second = 8 * MIB
        node = Node(self, "node", server)
        hello = HELLO.pack(b"BMRELAY1", TOKEN.encode(), self.content_id().encode())
        for first, count in ((1 << 31, 1), (0, 0xffffffff), (self.image_mib - 1, 2), (0, 0)):
            self.assertEqual(self.answer(node.address, hello + WANT.pack(1, first, count, 0)), b"")
        node.result()


if __name__ == "__main__":
    agent_world.main()
