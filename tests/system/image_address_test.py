#!/usr/bin/env python3
"""A deployment whose image_source is a URL, as Metal3 and Terraform request it: bmd downloads it once for all nodes."""
import hashlib
import json
import random
import sys
import urllib.error
import urllib.request

from service import Service, inventory, wait_until
from slow_range_server import SlowRangeServer

MIB = 1 << 20


def disk():
    content = bytearray(random.Random(7).randbytes(4 * MIB))
    content[:512] = bytes(512)
    content[446 + 4] = 0x83
    content[446 + 8:446 + 16] = (1).to_bytes(4, "little") + (len(content) // 512 - 1).to_bytes(4, "little")
    content[510:512] = b"\x55\xaa"
    return bytes(content)


def call(service, method, path, body):
    request = urllib.request.Request(f"http://127.0.0.1:{service.port}{path}", method=method, data=json.dumps(body).encode(),
                                     headers={"Content-Type": "application/json", "X-OpenStack-Ironic-API-Version": "1.82", **service.authorization()})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def deploy(service, node, info):
    code, text = call(service, "PATCH", f"/v1/nodes/{node}", [{"op": "add", "path": "/instance_info", "value": info}])
    assert code == 200, text
    return call(service, "PUT", f"/v1/nodes/{node}/states/provision", {"target": "active"})


def state(service, node):
    return service.json("node", "show", node)["provision_state"]


def main():
    content = disk()
    digest = hashlib.sha256(content).hexdigest()
    names = ["n1", "n2", "n3", "n4"]
    with SlowRangeServer(content, 4 * MIB) as server, Service(sys.argv[1]) as service:
        service.run("node", "enrol", "-f", service.file("nodes.yaml", inventory({name: {} for name in names})), "--provide", "--wait")
        by_value = {"image_source": server.url(), "image_os_hash_algo": "sha256", "image_os_hash_value": digest}
        for node in ("n1", "n2"):
            code, text = deploy(service, node, by_value)
            assert code == 202, text
        for node in ("n1", "n2"):
            assert wait_until(lambda node=node: state(service, node) == "active", 60, 0.2), service.run("node", "timeline", node).stdout
        images = service.json("image", "list")
        assert len(images) == 1 and images[0]["state"] == "ready" and images[0]["labels"] == {"fetched": "by-address"}, images
        assert server.sent < len(content) * 3 // 2, f"{server.sent} bytes for two nodes"
        info = service.json("node", "show", "n1")["instance_info"]
        assert info["image_source"] == server.url() and info["image_name"] == images[0]["name"], info
        sent = server.sent
        code, text = deploy(service, "n3", {**by_value})
        assert code == 202 and wait_until(lambda: state(service, "n3") == "active", 60, 0.2), text
        assert server.sent == sent, "fetched again"
        code, text = deploy(service, "n4", {"image_source": server.url(), "image_checksum": "0" * 64})
        assert code == 202 and wait_until(lambda: state(service, "n4") == "deploy failed", 60, 0.2), text
        assert "checksum" in service.json("node", "show", "n4")["last_error"], service.json("node", "show", "n4")
        for wrong, why in (({"image_source": server.url()}, "URL without a checksum"),
                           ({"image_source": server.url(), "image_checksum": "0" * 32}, "MD5"),
                           ({"image_source": "file:///etc/passwd", "image_checksum": digest}, "file://"),
                           ({"image_source": "http://169.254.169.254/x", "image_checksum": digest}, "link-local"),
                           ({"image_source": "bm://169.254.169.254/x", "image_checksum": digest}, "link-local"),
                           ({"image_source": "bm://site-b/x", "image_checksum": f"{server.url()}/SHA256SUMS"}, "content id"),
                           ({"image_source": server.url(), "image_checksum": "bm://site-b/x"}, "no checksum file")):
            code, text = deploy(service, "n4", wrong)
            assert code == 400 and why in text, (wrong, code, text)
        # The node gets a project, which neither sees nor deploys what the system fetched from the same address.
        service.run("node", "set", "n4", "owner=web")
        code, text = deploy(service, "n4", {"image_source": images[0]["name"]})
        assert code == 404 and "for the project web" in text, (code, text)
        code, text = deploy(service, "n4", {"image_source": "s3://bucket/key", "image_checksum": digest})
        assert code == 400 and "not for projects" in text, (code, text)
        code, text = deploy(service, "n4", by_value)
        assert code == 202 and wait_until(lambda: state(service, "n4") == "active", 60, 0.2), text
        assert server.sent > sent, "the project got the system's copy"
        fetched = [image for image in service.json("image", "list") if image["owner"] == "web"]
        assert len(fetched) == 1 and fetched[0]["visibility"] == "project" and fetched[0]["name"] != images[0]["name"], fetched


if __name__ == "__main__":
    main()
