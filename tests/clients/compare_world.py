"""The same records in both services, and one connection to each."""
import http.client
import json
import time
import urllib.parse

NEWEST = "1.82"


def uid(kind, number):
    return f"{kind:08x}-0000-4000-8000-{number:012x}"


NODE, SCRATCH, FREE, BUSY = (uid(1, number) for number in range(4))
CHASSIS, PORT, GROUP, CONNECTOR, TARGET, TEMPLATE, ALLOCATION = (uid(kind, 0) for kind in range(2, 9))
UNKNOWN = uid(0xff, 0xff)
STEPS = [{"interface": "deploy", "step": "deploy", "args": {}, "priority": 10}]

# Each record: the collection, what creates it, and the version of its creation. Below 1.11 a new node is available.
RECORDS = {
    CHASSIS: ("/v1/chassis", {"uuid": CHASSIS, "description": "rack"}, NEWEST),
    NODE: ("/v1/nodes", {"uuid": NODE, "name": "node-1", "driver": "fake-hardware", "resource_class": "gold"}, NEWEST),
    SCRATCH: ("/v1/nodes", {"uuid": SCRATCH, "name": "scratch", "driver": "fake-hardware", "resource_class": "tin"}, NEWEST),
    FREE: ("/v1/nodes", {"uuid": FREE, "name": "free", "driver": "fake-hardware"}, "1.6"),
    BUSY: ("/v1/nodes", {"uuid": BUSY, "name": "busy", "driver": "fake-hardware"}, "1.6"),
    GROUP: ("/v1/portgroups", {"uuid": GROUP, "name": "group-1", "node_uuid": NODE, "address": "52:54:00:00:01:01"}, NEWEST),
    PORT: ("/v1/ports", {"uuid": PORT, "node_uuid": NODE, "address": "52:54:00:00:01:02"}, NEWEST),
    CONNECTOR: ("/v1/volume/connectors", {"uuid": CONNECTOR, "node_uuid": NODE, "type": "iqn", "connector_id": "iqn.2017-05.org.example:1"}, NEWEST),
    TARGET: ("/v1/volume/targets", {"uuid": TARGET, "node_uuid": NODE, "volume_type": "iscsi", "boot_index": 0, "volume_id": "volume-1"}, NEWEST),
    TEMPLATE: ("/v1/deploy_templates", {"uuid": TEMPLATE, "name": "CUSTOM_TEMPLATE", "steps": STEPS}, NEWEST),
    ALLOCATION: ("/v1/allocations", {"uuid": ALLOCATION, "name": "allocation-1", "resource_class": "none-of-this"}, NEWEST),
}
CHILDREN = {NODE: (GROUP, PORT, CONNECTOR, TARGET)}


class Answer:
    def __init__(self, status, headers, data):
        self.status, self.headers, self.data = status, {name.lower(): value for name, value in headers}, data
        try:
            self.body = json.loads(data) if data else None
        except ValueError:
            self.body = data.decode("utf-8", "replace")

    def message(self):
        """The words of an error; Ironic nests JSON in a text, sometimes."""
        text = self.body.get("error_message", "") if isinstance(self.body, dict) else ""
        try:
            inner = json.loads(text) if isinstance(text, str) else text
        except ValueError:
            return text
        if not isinstance(inner, dict):
            return str(text)
        return str(inner.get("faultstring") or inner.get("description") or inner.get("title") or inner)


class Server:
    def __init__(self, name, endpoint, token):
        self.name, self.token = name, token
        self.address = urllib.parse.urlsplit(endpoint).netloc
        self.connection = None

    def call(self, method, path, version=NEWEST, body=None, headers=None):
        """@body: bytes as they are, anything else as JSON. A closed connection is opened again, once."""
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        sent = {"X-Auth-Token": self.token, "Accept": "application/json", **({"Content-Type": "application/json"} if data is not None else {}),
                **({"X-OpenStack-Ironic-API-Version": version} if version else {}), **(headers or {})}
        for attempt in (1, 2):
            try:
                if self.connection is None:
                    self.connection = http.client.HTTPConnection(self.address, timeout=60)
                self.connection.request(method, path, data, {name: value for name, value in sent.items() if value is not None})
                answer = self.connection.getresponse()
                return Answer(answer.status, answer.getheaders(), answer.read())
            except (http.client.HTTPException, OSError):
                self.connection = None
                if attempt == 2:
                    raise

    def settled(self, node):
        for _ in range(200):
            state = self.call("GET", f"/v1/nodes/{node}").body
            if not isinstance(state, dict) or not (state.get("target_provision_state") or state.get("reservation") or state.get("target_power_state")):
                return
            time.sleep(0.1)

    def remove(self, collection, record):
        if collection == "/v1/nodes":
            self.settled(record)
            for child in CHILDREN.get(record, ()):
                self.remove(RECORDS[child][0], child)
        for _ in range(50):
            answer = self.call("DELETE", f"{collection}/{record}")
            if answer.status in (200, 204, 404):
                return
            if collection == "/v1/nodes":
                for field in ("protected", "retired", "instance_uuid"):
                    self.call("PATCH", f"/v1/nodes/{record}", body=[{"op": "replace", "path": f"/{field}", "value": None if field == "instance_uuid" else False}])
                self.call("PUT", f"/v1/nodes/{record}/maintenance", body={"reason": "remove"})
            time.sleep(0.1)
        raise AssertionError(f"{self.name} keeps {collection}/{record}: {answer.status} {answer.data[:300]}")

    def create(self, record):
        collection, body, version = RECORDS[record]
        answer = self.call("POST", collection, version, body)
        assert answer.status == 201, f"{self.name} refuses {collection} {body}: {answer.status} {answer.data[:300]}"
        if record == NODE:
            self.call("PUT", f"/v1/nodes/{NODE}/traits", body={"traits": ["CUSTOM_A"]})
            self.call("PUT", f"/v1/nodes/{NODE}/states/power", body={"target": "power off"})
            self.settled(NODE)
        if record == BUSY:
            self.call("PUT", f"/v1/nodes/{BUSY}/states/provision", body={"target": "active"})
            self.settled(BUSY)
        for child in CHILDREN.get(record, ()):
            self.create(child)

    def populate(self):
        children = {child for group in CHILDREN.values() for child in group}
        for record in RECORDS:
            if record not in children:
                self.create(record)

    def restore(self, record):
        self.remove(RECORDS[record][0], record)
        self.create(record)

    def strangers(self, collection):
        """Removes the records that a request made there."""
        for row in self.call("GET", collection).body[collection.rsplit("/", 1)[1]]:
            if row["uuid"] not in RECORDS:
                self.remove(collection, row["uuid"])
