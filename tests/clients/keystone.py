"""A small Keystone for Ironic's clients: version 3 of tokens with a catalogue that has bare metal alone. Every user and
scope gets the one token that the service under test takes."""
import http.server
import json
import threading
import uuid

LATER = "2099-01-01T00:00:00.000000Z"
REGION = "RegionOne"
DOMAIN = {"id": "default", "name": "Default"}
PROJECT = {"id": "0" * 32, "name": "admin", "domain": DOMAIN}


class Keystone:
    """@token: what X-Subject-Token has. @endpoint: of the bare metal service. Serves on loopback until it is left."""

    def __init__(self, token, endpoint, password="secret"):
        self.token, self.endpoint, self.password = token, endpoint, password
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *failure):
        self.server.shutdown()
        self.server.server_close()

    def service(self, kind, name, address):
        ends = [{"id": uuid.uuid5(uuid.NAMESPACE_URL, f"{kind} {side}").hex, "interface": side, "region": REGION, "region_id": REGION, "url": address}
                for side in ("public", "internal", "admin")]
        return {"id": uuid.uuid5(uuid.NAMESPACE_URL, kind).hex, "type": kind, "name": name, "endpoints": ends}

    def version(self):
        return {"id": "v3.14", "status": "stable", "updated": "2020-04-07T00:00:00Z",
                "links": [{"rel": "self", "href": f"{self.url}/v3/"}],
                "media-types": [{"base": "application/json", "type": "application/vnd.openstack.identity-v3+json"}]}

    def body(self, user, scope):
        token = {"methods": ["password"], "issued_at": "2020-01-01T00:00:00.000000Z", "expires_at": LATER, "audit_ids": ["a"],
                 "user": {"id": uuid.uuid5(uuid.NAMESPACE_URL, user).hex, "name": user, "domain": DOMAIN, "password_expires_at": None},
                 "roles": [{"id": name * 4, "name": name} for name in ("admin", "member", "reader")],
                 "catalog": [self.service("baremetal", "ironic", self.endpoint), self.service("identity", "keystone", f"{self.url}/v3")]}
        return {"token": {**token, **({"system": {"all": True}} if "system" in scope else {"project": PROJECT, "is_domain": False})}}

    def handler(self):
        keystone = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def answer(self, status, body, **headers):
                data = json.dumps(body).encode()
                self.send_response(status)
                for name, value in {"Content-Type": "application/json", "Content-Length": str(len(data)), **headers}.items():
                    self.send_header(name.replace("_", "-"), value)
                self.end_headers()
                self.wfile.write(data)

            def do_GET(self):
                path = self.path.rstrip("/")
                if path == "":
                    return self.answer(300, {"versions": {"values": [keystone.version()]}})
                if path == "/v3":
                    return self.answer(200, {"version": keystone.version()})
                if path.startswith("/v3/auth/tokens"):
                    if self.headers.get("X-Subject-Token") == keystone.token:
                        return self.answer(200, keystone.body("admin", {"system": {"all": True}}), X_Subject_Token=keystone.token)
                return self.answer(404, {"error": {"code": 404, "title": "Not Found", "message": f"no {self.path} here"}})

            def do_POST(self):
                asked = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
                if self.path.rstrip("/") != "/v3/auth/tokens":
                    return self.answer(404, {"error": {"code": 404, "title": "Not Found", "message": f"no {self.path} here"}})
                user = asked["auth"]["identity"].get("password", {}).get("user", {})
                if user.get("password") != keystone.password:
                    return self.answer(401, {"error": {"code": 401, "title": "Unauthorized", "message": "wrong password"}})
                return self.answer(201, keystone.body(user.get("name", "admin"), asked["auth"].get("scope", {})), X_Subject_Token=keystone.token)

        return Handler
