#!/usr/bin/env python3
"""Every command of `bm` once, and wrong input with its message, hint and exit code."""
import http.server
import json
import subprocess
import sys
import threading

from service import Service, inventory, wait_until


def expect(service, code, text, *words, stdin=None):
    done = service.run(*words, check=False, stdin=stdin)
    said = done.stdout + done.stderr
    assert done.returncode == code, f"bm {' '.join(words)}: exit code {done.returncode}, wanted {code}\n{said}"
    assert text in said, f"bm {' '.join(words)}: \"{text}\" is not in\n{said}"
    return said


def enrolment(service):
    file = service.file("inventory.yaml", inventory({"n1": {}, "n2": {"fake_agent_delay": "60"}, "bad": {"fake_write_fault": "disk-failed"}}))
    expect(service, 0, "3 created", "node", "enrol", "-f", file)
    expect(service, 0, "3 unchanged", "node", "enrol", "-f", file)
    broken = service.file("broken.yaml", "nodes:\n  - name: x\n   driver: [\n")
    expect(service, 2, "broken.yaml:3:", "node", "enrol", "-f", broken)
    twice = service.file("twice.yaml", "nodes:\n  - {name: x, driver: fake-hardware, ports: [{address: \"52:54:00:00:00:00\"}]}\n")
    expect(service, 1, "52:54:00:00:00:00", "node", "enrol", "-f", twice)
    expect(service, 3, "not-found", "node", "enrol", "-f", "/nowhere.yaml")
    many = service.file("many.yaml", "nodes:\n" + "".join(f"  - {{name: m{i}, driver: fake-hardware, ports: [{{address: \"52:54:01:00:{i // 256:02x}:{i % 256:02x}\"}}]}}\n" for i in range(300)))
    expect(service, 0, "300 created", "node", "enrol", "-f", many)
    assert len(service.json("node", "list")) == 303


WHOLE = """chassis:
  - description: rack 1
    extra: {commit: 77950e8}
    nodes:
      - &first
        name: whole-1
        driver: fake-hardware
        properties: &common {rack: r1, serial: 00123}
        portgroups:
          - name: bond-1
            mode: 802.3ad
            ports: [{address: "52:54:02:00:00:01"}, {address: "52:54:02:00:00:02"}]
        ports: [{address: "52:54:02:00:00:03"}]
      - <<: *first
        name: whole-2
        properties: {<<: *common, rack: r2}
        portgroups: []
        ports: [{address: "52:54:02:00:00:04"}]
"""


def whole_inventory(service):
    file = service.file("whole.yaml", WHOLE)
    said = expect(service, 0, "2 created", "node", "enrol", "-f", file)
    assert ": created" in said and "chassis" in said, said
    said = expect(service, 0, "2 unchanged", "node", "enrol", "-f", file)
    assert ": unchanged" in said, said
    first, second = (service.json("node", "show", name) for name in ("whole-1", "whole-2"))
    assert first["properties"] == {"rack": "r1", "serial": "00123"} and second["properties"] == {"rack": "r2", "serial": "00123"}
    assert first["chassis_uuid"] == second["chassis_uuid"]
    chassis = json.loads(service.get(f"/v1/chassis/{first['chassis_uuid']}"))
    assert (chassis["description"], chassis["extra"]) == ("rack 1", {"commit": "77950e8"})
    grouped = json.loads(service.get("/v1/nodes/whole-1/ports"))["ports"]
    assert len(grouped) == 3, grouped
    changed = service.file("whole.yaml", WHOLE.replace("77950e8", "5").replace("802.3ad", "balance-rr"))
    said = expect(service, 0, "1 changed, 1 unchanged", "node", "enrol", "-f", changed)
    assert "chassis" in said and ": changed" in said, said
    expect(service, 1, "another chassis_uuid", "node", "enrol", "-f",
           service.file("other.yaml", "chassis:\n  - {description: rack 1, nodes: [{name: x, driver: fake-hardware, "
                                      "chassis_uuid: 11111111-1111-4111-8111-111111111111}]}\n"))
    expect(service, 0, "changed", "node", "set", "whole-1", "extra/commit=77950e8", "extra/n=00123", "extra/rate:=1.5")
    assert service.json("node", "show", "whole-1")["extra"] == {"commit": "77950e8", "n": "00123", "rate": 1.5}


def images(service):
    good = service.disk_image()
    expect(service, 0, "tiny: ready", "image", "add", good, "--name", "tiny")
    expect(service, 4, "already exists", "image", "add", good, "--name", "tiny")
    expect(service, 1, "checksum-mismatch", "image", "add", good, "--name", "wrong", "--checksum", "sha256:" + "0" * 64)
    expect(service, 2, "invalid-input", "image", "add", good, "--name", "other", "--checksum", "md5:1")
    backing = service.file("backing.qcow2", "")
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", good, backing], check=True)
    expect(service, 1, "image-unsupported", "image", "add", backing, "--name", "backed")
    expect(service, 3, "not-found", "image", "show", "ghost")
    expect(service, 0, "tiny", "image", "list")


def provisioning(service):
    expect(service, 0, "deploy: done", "provision", "tiny", "n1", "--wait")
    assert service.json("node", "show", "n1")["provision_state"] == "active"
    expect(service, 1, "disk-failed", "provision", "tiny", "bad", "--wait")
    expect(service, 3, "ghost", "provision", "tiny", "ghost")
    expect(service, 3, "bm image list", "provision", "ghost", "n1")
    expect(service, 0, "started", "provision", "tiny", "n2")
    expect(service, 4, "node-locked", "provision", "tiny", "n2")
    expect(service, 4, "image-in-use", "image", "delete", "tiny")
    expect(service, 0, "stops", "abort", "n2")
    assert wait_until(lambda: service.json("node", "show", "n2")["last_error"], 20)
    expect(service, 4, "conflict", "abort", "n2")
    expect(service, 0, "changed", "node", "set", "n1", "protected=true", "properties/rack=r1")
    expect(service, 5, "node-protected", "provision", "tiny", "n1")
    expect(service, 0, "changed", "node", "set", "n1", "protected=false")
    expect(service, 0, "image.written", "node", "timeline", "n1")
    expect(service, 0, "clean: done", "undeploy", "n1", "--wait")
    assert service.json("node", "show", "n1")["provision_state"] == "available"


def verbs(service):
    def state(name, wanted):
        assert service.json("node", "show", name)["provision_state"] == wanted, service.json("node", "show", name)["provision_state"]
    expect(service, 0, "done", "node", "manage", "n1", "--wait")
    state("n1", "manageable")
    expect(service, 0, "inspect: done", "node", "inspect", "n1", "--wait")
    expect(service, 2, "--step INTERFACE.STEP", "node", "clean", "n1")
    expect(service, 2, "no_such_step", "node", "clean", "n1", "--step", "deploy.no_such_step")
    expect(service, 2, "is not ARGUMENT=VALUE", "node", "clean", "n1", "--step", "wait,5")
    expect(service, 3, "ghost", "node", "clean", "n1", "--runbook", "ghost")
    expect(service, 0, "clean: done", "node", "clean", "n1", "--step", "deploy.erase_devices_metadata", "--step", "wait,seconds=1", "--wait")
    expect(service, 0, "clean started", "node", "clean", "n1", "--step", "hold")
    assert wait_until(lambda: service.json("node", "show", "n1")["provision_state"] == "clean hold", 20)
    expect(service, 0, "unhold started", "node", "unhold", "n1")
    assert wait_until(lambda: service.json("node", "show", "n1")["provision_state"] == "manageable", 20)
    expect(service, 0, "changed", "node", "set", "n1", "driver_info/fake_step_fault=erase_devices:agent-failed")
    expect(service, 1, "agent-failed", "node", "clean", "n1", "--step", "deploy.erase_devices", "--wait")
    state("n1", "clean failed")
    expect(service, 0, "changed", "node", "set", "n1", "driver_info/fake_step_fault=")
    expect(service, 0, "done", "node", "manage", "n1", "--wait")  # begins no operation; the cleaning's failure is past
    state("n1", "manageable")
    expect(service, 2, "rescue", "node", "rescue", "n1", "--password-file", "-", stdin="secret\n")
    expect(service, 0, "done", "node", "provide", "n1", "--wait")
    expect(service, 0, "deploy: done", "provision", "tiny", "n1", "--wait")
    expect(service, 2, "holds no password", "node", "rescue", "n1", "--password-file", "-", stdin="")
    expect(service, 0, "rescue: done", "node", "rescue", "n1", "--password-file", "-", "--wait", stdin="secret\n")
    state("n1", "rescue")
    expect(service, 0, "unrescue: done", "node", "unrescue", "n1", "--wait")
    steps = service.file("steps.json", '[{"interface": "bios", "step": "factory_reset"}]')
    expect(service, 0, "service: done", "node", "service", "n1", "--steps", steps, "--wait")
    state("n1", "active")
    expect(service, 2, "--yes", "node", "rescue", "n1", "n2", "--password-file", steps)
    expect(service, 0, "clean: done", "undeploy", "n1", "--wait")


def the_rest(service):
    expect(service, 0, "n1: done", "power", "on", "n1", "--wait")
    expect(service, 0, "power on", "power", "status", "n1")
    expect(service, 2, "explode", "power", "explode", "n1")
    expect(service, 0, "changed", "node", "set", "n1", "--maintenance", "--reason", "dust")
    expect(service, 4, "dust", "provision", "tiny", "n1")
    expect(service, 0, "changed", "node", "set", "n1", "--no-maintenance")
    expect(service, 2, "FIELD=VALUE", "node", "set", "n1", "nonsense")
    expect(service, 0, "deleted", "node", "delete", "n1")
    expect(service, 3, "not-found", "node", "show", "n1")
    expect(service, 0, "Example", "provision", "--help")
    script = expect(service, 0, "complete -o default -F _bm bm", "completion", "bash")
    subprocess.run(["bash", "-n"], input=script, text=True, check=True)
    done = subprocess.run([service.bm, "--endpoint", "http://127.0.0.1:1", "node", "list"], capture_output=True, text=True, check=False)
    assert done.returncode == 6 and "hint:" in done.stderr, done.stderr


class BusyServer(http.server.BaseHTTPRequestHandler):
    """Too busy for the first requests; then it has no node."""
    busy = 0
    asked = 0

    def do_GET(self):
        BusyServer.asked += 1
        if BusyServer.busy > 0:
            BusyServer.busy -= 1
            self.send_response(503)
            self.send_header("Retry-After", "1")
            body = b'{"error_message": "{\\"faultstring\\": \\"too busy\\"}", "code": "unavailable"}'
        else:
            self.send_response(200)
            body = b'{"nodes": []}'
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words):
        pass


def busy_server(service):
    """bm sends a request again after 503 with Retry-After, three times."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), BusyServer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for busy, code, asked in ((2, 0, 3), (9, 6, 4)):
            BusyServer.busy, BusyServer.asked = busy, 0
            done = subprocess.run([service.bm, "--endpoint", f"http://127.0.0.1:{server.server_port}", "node", "list"],
                                  capture_output=True, text=True, check=False, timeout=60)
            assert done.returncode == code and BusyServer.asked == asked, (done, BusyServer.asked)
        assert "too busy" in done.stderr, done.stderr
        server.shutdown()


def main():
    with Service(sys.argv[1]) as service:
        enrolment(service)
        images(service)
        provisioning(service)
        verbs(service)
        the_rest(service)
        busy_server(service)
        whole_inventory(service)
    print("every command did what it says")


main()
