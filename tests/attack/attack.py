"""Helpers of all attacks: those of tests/system and tests/agent, users of two projects, raw requests, a network namespace."""
import os
import pathlib
import subprocess
import sys

sys.dont_write_bytecode = True
TESTS = pathlib.Path(__file__).resolve().parent.parent
for folder in ("agent", "system"):
    sys.path.insert(0, str(TESTS / folder))
from outgoing_test import Web, call, token  # noqa: E402,F401
from service import Service, free_port, inventory, wait_until  # noqa: E402,F401


def in_a_network_of_its_own():
    """Starts this program again in a network namespace that ends with it. Needs root."""
    if os.geteuid() != 0:
        sys.exit("this test needs root: it makes a network namespace")
    if not os.environ.get("BM_ATTACK_NAMESPACE"):
        os.environ["BM_ATTACK_NAMESPACE"] = "1"
        os.execvp("unshare", ["unshare", "--net", sys.executable, "-B", *sys.argv])
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


def patch(service, secret, node, path, value):
    """(status, text) of a PATCH that adds one field."""
    return call(service, secret, "PATCH", f"/v1/nodes/{node}", [{"op": "add", "path": path, "value": value}])


def provision(service, secret, node, target, **more):
    return call(service, secret, "PUT", f"/v1/nodes/{node}/states/provision", {"target": target, **more})


def users(service, project):
    """{role: token} of a project's reader, member, manager and admin."""
    return {role: token(service, f"{project}-{role}", "--role", role, "--project", project) for role in ("reader", "member", "manager", "admin")}


def refused(answer, *words, status=(400,)):
    """Checks status and words of an answer; returns its text."""
    code, text = answer
    assert code in status, answer
    for word in words:
        assert word in text, (word, answer)
    return text
