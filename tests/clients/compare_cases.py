"""The requests: every route with good input once, and with each kind of bad input."""
import dataclasses
import pathlib

from compare_world import (ALLOCATION, BUSY, CHASSIS, CONNECTOR, FREE, GROUP, NEWEST, NODE, PORT, RECORDS, SCRATCH, STEPS, TARGET, TEMPLATE,
                           UNKNOWN)

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
LONG = "x" * 300
OF_NODE = (NODE, "node")
# What stands for {ident} by the route's beginning: a record for reading, one for changes.
IDENTS = {"/v1/nodes": (NODE, SCRATCH), "/v1/ports": (PORT, PORT), "/v1/portgroups": (GROUP, GROUP), "/v1/chassis": (CHASSIS, CHASSIS),
          "/v1/volume/connectors": (CONNECTOR, CONNECTOR), "/v1/volume/targets": (TARGET, TARGET), "/v1/deploy_templates": (TEMPLATE, TEMPLATE),
          "/v1/allocations": (ALLOCATION, ALLOCATION), "/v1/heartbeat": (NODE, NODE)}
PLACES = {"{name}": "fake-hardware", "{hostname}": "localhost", "{trait}": "CUSTOM_A", "{vif}": UNKNOWN, "{setting}": "nothing", "{entry}": UNKNOWN,
          "{component}": "chassis", "{indicator}": "led"}
BAD_IDENTS = {"unknown uuid": UNKNOWN, "unknown name": "nobody", "malformed": "not%20a%20name", "foreign uuid": CHASSIS, "foreign MAC": "52:54:00:00:01:02",
              "too long": LONG, "number": "12345", "upper case": "", "dot": "a.b", "percent": "%25", "newline": "a%0Ab", "unicode": "%C3%A9"}
IDENTS_OF_PARTS = ("unknown uuid", "unknown name", "malformed", "foreign uuid", "too long")
BAD_PLACES = {"unknown": "nothing-like-this", "too long": LONG, "malformed": "a%20b", "lower case": "custom_a", "number": "7", "unicode": "%C3%A9"}
BAD_VERSIONS = {"too new": "1.999", "major too new": "2.0", "too old": "1.0", "malformed": "abc", "no minor": "1", "negative": "1.-1", "three parts": "1.2.3",
                "empty": ""}
BAD_QUERIES = {"unknown argument": "nonsense=1", "fields unknown": "fields=nonsense", "fields empty": "fields=", "limit negative": "limit=-1",
               "limit text": "limit=many", "limit zero": "limit=0", "limit huge": "limit=100000", "sort_key unknown": "sort_key=nonsense",
               "sort_dir unknown": "sort_dir=up", "marker unknown": f"marker={UNKNOWN}", "marker malformed": "marker=x%20y", "detail malformed": "detail=perhaps",
               "detail and fields": "detail=true&fields=uuid", "sort_key of JSON": "sort_key=extra"}
NODE_QUERIES = {"driver unknown": "driver=nobody", "provision_state unknown": "provision_state=flying", "fault unknown": "fault=nonsense",
                "maintenance malformed": "maintenance=perhaps", "associated malformed": "associated=perhaps", "instance_uuid malformed": "instance_uuid=x",
                "instance_uuid unknown": f"instance_uuid={UNKNOWN}", "resource_class long": "resource_class=" + "x" * 81, "retired malformed": "retired=perhaps",
                "chassis_uuid unknown": f"chassis_uuid={UNKNOWN}", "chassis_uuid malformed": "chassis_uuid=x", "owner": "owner=nobody", "lessee": "lessee=nobody",
                "conductor unknown": "conductor=nobody", "conductor_group": "conductor_group=nobody", "shard": "shard=a", "sharded malformed": "sharded=perhaps",
                "description long": "description_contains=" + "x" * 256, "project": "project=nobody", "associated and instance":
                f"associated=true&instance_uuid={UNKNOWN}", "fields of JSON": "fields=driver_info/a", "fields twice": "fields=uuid,uuid"}
QUERIES = {
    "/v1/nodes": NODE_QUERIES, "/v1/nodes/detail": NODE_QUERIES,
    "/v1/ports": {"node malformed": "node=x%20y", "node unknown": f"node={UNKNOWN}", "node name unknown": "node=nobody", "node_uuid malformed": "node_uuid=x",
                  "address malformed": "address=x", "address unknown": "address=52:54:00:00:99:99", "portgroup unknown": f"portgroup={UNKNOWN}",
                  "portgroup malformed": "portgroup=x%20y", "shard": "shard=a"},
    "/v1/ports/detail": {"node unknown": f"node={UNKNOWN}", "address malformed": "address=x", "address unknown": "address=52:54:00:00:99:99"},
    "/v1/portgroups": {"node unknown": f"node={UNKNOWN}", "node malformed": "node=x%20y", "address malformed": "address=x",
                       "address unknown": "address=52:54:00:00:99:99"},
    "/v1/portgroups/detail": {"node unknown": f"node={UNKNOWN}", "address malformed": "address=x"},
    "/v1/volume/connectors": {"node unknown": f"node={UNKNOWN}", "node malformed": "node=x%20y"},
    "/v1/volume/targets": {"node unknown": f"node={UNKNOWN}", "node malformed": "node=x%20y"},
    "/v1/allocations": {"node unknown": f"node={UNKNOWN}", "node malformed": "node=x%20y", "state unknown": "state=flying", "resource_class": "resource_class=x",
                        "owner": "owner=nobody"},
    "/v1/drivers": {"type unknown": "type=nonsense", "type classic": "type=classic", "detail": "detail=true"},
    "/v1/lookup": {"addresses malformed": "addresses=x", "addresses unknown": "addresses=52:54:00:00:99:99", "node_uuid malformed": "node_uuid=x",
                   "node_uuid unknown": f"node_uuid={UNKNOWN}"},
}
MAC = "52:54:00:00:02:01"
# What creates a record: the least, and further fields (each is given a bad value in turn).
CREATE = {
    "/v1/nodes": ({"driver": "fake-hardware"},
                  ("name", "uuid", "driver_info", "properties", "extra", "instance_info", "chassis_uuid", "resource_class", "owner", "lessee", "description",
                   "conductor_group", "automated_clean", "protected", "protected_reason", "retired", "retired_reason", "network_data", "instance_uuid",
                   "network_interface", "power_interface", "deploy_interface", "maintenance", "shard", "traits", "fault", "provision_state", "power_state",
                   "reservation", "last_error", "created_at", "boot_mode", "links")),
    "/v1/ports": ({"node_uuid": NODE, "address": MAC},
                  ("uuid", "extra", "local_link_connection", "pxe_enabled", "portgroup_uuid", "physical_network", "is_smartnic", "name", "internal_info")),
    "/v1/portgroups": ({"node_uuid": NODE}, ("uuid", "name", "address", "extra", "mode", "properties", "standalone_ports_supported", "internal_info")),
    "/v1/chassis": ({}, ("uuid", "description", "extra", "nodes")),
    "/v1/volume/connectors": ({"node_uuid": NODE, "type": "iqn", "connector_id": "iqn.2017-05.org.example:2"}, ("uuid", "extra")),
    "/v1/volume/targets": ({"node_uuid": NODE, "volume_type": "iscsi", "boot_index": 1, "volume_id": "volume-2"}, ("uuid", "extra", "properties")),
    "/v1/deploy_templates": ({"name": "CUSTOM_OTHER", "steps": STEPS}, ("uuid", "extra")),
    "/v1/allocations": ({"resource_class": "none-of-this"}, ("uuid", "name", "traits", "candidate_nodes", "node", "extra", "owner", "state", "node_uuid")),
}
BAD_VALUES = {"number": 5, "text": "x y/z", "long": LONG, "list": [1], "object": {"a": 1}, "null": None, "true": True, "empty": "", "unknown uuid": UNKNOWN}
# Bodies of routes that change a node: the field, and values of which some are good.
ACTIONS = {
    "PUT /v1/nodes/{ident}/states/power": ("target", ("power on", "nonsense", 5, None, [], "", LONG)),
    "PUT /v1/nodes/{ident}/states/provision": ("target", ("abort", "nonsense", "active", "provide", "rescue", "clean", 5, None, [], "", LONG)),
    "PUT /v1/nodes/{ident}/states/raid": ("logical_disks", ([], [{"size_gb": 100, "raid_level": "1"}], [{"size_gb": 100}], [{"raid_level": "9", "size_gb": 1}], "x", 5)),
    "PUT /v1/nodes/{ident}/states/console": ("enabled", (False, "perhaps", 5, [], None, LONG)),
    "PUT /v1/nodes/{ident}/states/boot_mode": ("target", ("uefi", "nonsense", 5, None, [], "", LONG)),
    "PUT /v1/nodes/{ident}/states/secure_boot": ("target", (True, "nonsense", 5, None, [], "", LONG)),
    "PUT /v1/nodes/{ident}/management/boot_device": ("boot_device", ("pxe", "nonsense", 5, None, [], "", LONG)),
    "PUT /v1/nodes/{ident}/management/inject_nmi": ("x", (1,)),
    "PUT /v1/nodes/{ident}/management/indicators/{component}/{indicator}": ("state", ("on", "nonsense", 5, None, [], "", LONG)),
    "PUT /v1/nodes/{ident}/maintenance": ("reason", ("new memory", 5, None, [], "", LONG)),
    "PUT /v1/nodes/{ident}/traits": ("traits", (["CUSTOM_B"], ["lower"], ["CUSTOM_" + LONG], "CUSTOM_A", 5, None, ["CUSTOM_A", "CUSTOM_A"], [5], ["HW_NOTHING"])),
    "POST /v1/nodes/{ident}/vifs": ("id", (UNKNOWN, 5, None, [], "", LONG)),
    "POST /v1/heartbeat/{ident}": ("callback_url", ("http://127.0.0.1:1", "x", 5, None, [])),
}
BAD_BODIES = {"malformed JSON": b"{", "no body": None, "list": [], "text": "text", "number": 5, "null": b"null", "empty": {}, "unknown field": {"nonsense": 1},
              "not UTF-8": b"\xff\xfe", "form": b"a=b"}
PATCHES = {"not a list": {"op": "add"}, "empty list": [], "unknown op": [{"op": "nonsense", "path": "/extra/a", "value": 1}],
           "no path": [{"op": "add", "value": 1}], "no op": [{"path": "/extra/a", "value": 1}], "path without slash": [{"op": "add", "path": "extra", "value": {}}],
           "no value": [{"op": "add", "path": "/extra/a"}], "unknown field": [{"op": "add", "path": "/nonsense", "value": 1}],
           "replace absent": [{"op": "replace", "path": "/extra/absent", "value": 1}], "remove absent": [{"op": "remove", "path": "/extra/absent"}],
           "remove uuid": [{"op": "remove", "path": "/uuid"}], "test": [{"op": "test", "path": "/uuid", "value": "x"}],
           "move": [{"op": "move", "from": "/extra", "path": "/properties"}], "copy": [{"op": "copy", "from": "/extra", "path": "/properties"}],
           "root": [{"op": "replace", "path": "/", "value": {}}], "entry is a text": ["x"], "created_at": [{"op": "replace", "path": "/created_at", "value": "x"}],
           "links": [{"op": "replace", "path": "/links", "value": []}], "deep unknown": [{"op": "add", "path": "/nonsense/a", "value": 1}],
           "same path twice": [{"op": "add", "path": "/extra/a", "value": 1}, {"op": "add", "path": "/extra/a", "value": 2}]}


@dataclasses.dataclass
class Case:
    method: str
    route: str    # as in routes.txt
    kind: str     # of the input
    path: str
    version: str | None = NEWEST
    body: object = None
    headers: dict | None = None
    touched: str | None = None  # the record that the request may change

    def name(self):
        return f"{self.method} {self.route}: {self.kind}"


def routes():
    for line in (pathlib.Path(__file__).parent / "routes.txt").read_text(encoding="utf-8").splitlines():
        if line and line[0] != "#":
            method, path, first = (line.split() + ["1.1"])[:3]
            yield method, path, first


def record_of(route, method):
    for prefix in sorted(IDENTS, key=len, reverse=True):
        if route.startswith(prefix + "/{ident}"):
            return IDENTS[prefix][method != "GET"]
    return None


def filled(route, method, **other):
    """The route's path with good values, or with @other for one of its places."""
    path = route
    record = record_of(route, method)
    for place, good in {"{ident}": record or "none", **PLACES}.items():
        path = path.replace(place, other.get(place.strip("{}"), good))
    return path


def before(version):
    return f"1.{int(version.split('.')[1]) - 1}"


def good_body(method, route):
    if method == "POST" and route in CREATE:
        return CREATE[route][0]
    if method == "PATCH":
        return [{"op": "add", "path": "/extra/a" if "allocations" not in route else "/extra", "value": 1 if "allocations" not in route else {"a": 1}}]
    key = f"{method} {route}"
    if key in ACTIONS:
        field, values = ACTIONS[key]
        return {field: values[0]}
    return None


def of_route(method, route, first):
    record = record_of(route, method)
    good = filled(route, method)
    body = good_body(method, route)

    def case(kind, path=good, **more):
        return Case(method, route, kind, path, **{"body": body, "touched": record, **more})

    yield case("good")
    if method == "DELETE":
        yield case("again", version=NEWEST)
    if "{ident}" in route:
        own = route.endswith("{ident}")
        for kind, ident in BAD_IDENTS.items():
            if own or kind in IDENTS_OF_PARTS:
                yield case(f"ident {kind}", filled(route, method, ident=ident or record.upper()))
            if own and kind in ("unknown uuid", "malformed", "unknown name"):
                yield case(f"ident {kind} at 1.1", filled(route, method, ident=ident), version="1.1")
    for place in PLACES:
        if place in route:
            for kind, value in BAD_PLACES.items():
                yield case(f"{place} {kind}", filled(route, method, **{place.strip("{}"): value}))
    for kind, version in BAD_VERSIONS.items():
        yield case(f"version {kind}", version=version)
    yield case("version absent", version=None)
    if first != "1.1":
        yield case("version before the route's", version=before(first))
        yield case("version 1.1", version="1.1")
        yield case("version of the route", version=first)
    yield case("trailing slash", good + "/")
    yield case("suffix .json", good + ".json")
    yield case("one part more", good + "/nonsense")
    yield case("without /v1", good.removeprefix("/v1"))
    yield case("HTML wanted", headers={"Accept": "text/html"})
    if method == "GET":
        for kind, query in {**BAD_QUERIES, **QUERIES.get(route, {})}.items():
            yield case(f"query {kind}", f"{good}?{query}")
    else:
        yield case("query unknown argument", good + "?nonsense=1")


def bodies(method, route):
    record = record_of(route, method)
    good = filled(route, method)

    def case(kind, body, **more):
        return Case(method, route, kind, good, body=body, touched=record, **more)

    if method in ("POST", "PUT", "PATCH"):
        for kind, body in BAD_BODIES.items():
            yield case(f"body {kind}", body, headers={"Content-Type": "application/x-www-form-urlencoded"} if kind == "form" else None)
    key = f"{method} {route}"
    if key in ACTIONS:
        field, values = ACTIONS[key]
        for value in values:
            yield case(f"{field} {str(value)[:40]!r}", {field: value})
            yield case(f"{field} {str(value)[:40]!r} and an unknown field", {field: value, "nonsense": 1})
    if method == "POST" and route in CREATE:
        least, more = CREATE[route]
        for field in least:
            yield case(f"{field} missing", {name: value for name, value in least.items() if name != field})
        for field in (*least, *more):
            for kind, value in BAD_VALUES.items():
                yield case(f"field {field} {kind}", {**least, field: value})
        yield case("an unknown field", {**least, "nonsense": 1})
        yield case("the same again", {**RECORDS[IDENTS[route][0]][1]})
        yield case("the same with another uuid", {**RECORDS[IDENTS[route][0]][1], "uuid": UNKNOWN})
    collection = route.removesuffix("/{ident}")
    if method == "PATCH" and collection in CREATE:
        least, more = CREATE[collection]
        for kind, patch in PATCHES.items():
            yield case(f"patch {kind}", patch)
        for field in (*least, *more):
            yield case(f"patch remove {field}", [{"op": "remove", "path": f"/{field}"}])
            for kind, value in BAD_VALUES.items():
                yield case(f"patch {field} {kind}", [{"op": "add", "path": f"/{field}", "value": value}])


def other_methods(known):
    """The methods that a path does not have."""
    for route, methods in known.items():
        for method in METHODS:
            if method not in methods and "ANY" not in methods:
                yield Case(method, route, "method that the route lacks", filled(route, "GET"), body={} if method in ("POST", "PUT") else [] if method == "PATCH" else None)


# Pages whose fields depend on the version.
PAGES = ("/v1", "/v1/nodes", "/v1/nodes/detail", "/v1/nodes/{ident}", "/v1/nodes/{ident}/states", "/v1/nodes/{ident}/validate", "/v1/ports", "/v1/ports/detail",
         "/v1/ports/{ident}", "/v1/portgroups/{ident}", "/v1/chassis/{ident}", "/v1/drivers", "/v1/drivers/{name}", "/v1/allocations/{ident}",
         "/v1/volume/targets/{ident}")


def each_version():
    """Those pages at every version: the fields that they have."""
    for route in PAGES:
        for minor in range(1, 83):
            yield Case("GET", route, f"at 1.{minor}", filled(route, "GET"), version=f"1.{minor}")


def of_states():
    """What the state of a node forbids."""
    for kind, record in (("available", FREE), ("active", BUSY)):
        for field, value in (("protected", True), ("retired", True), ("driver", "ipmi"), ("driver", "nobody"), ("instance_uuid", UNKNOWN), ("name", "node-1"),
                             ("resource_class", "x" * 81), ("network_interface", "nobody"), ("maintenance", True)):
            yield Case("PATCH", "/v1/nodes/{ident}", f"{kind}: {field} {value}"[:60], f"/v1/nodes/{record}", body=[{"op": "add", "path": f"/{field}", "value": value}],
                       touched=record)
        for verb in ("manage", "provide", "inspect", "clean", "active", "rebuild", "deleted", "rescue", "unrescue", "abort", "adopt", "nonsense"):
            yield Case("PUT", "/v1/nodes/{ident}/states/provision", f"{kind}: {verb}", f"/v1/nodes/{record}/states/provision", body={"target": verb}, touched=record)
        yield Case("DELETE", "/v1/nodes/{ident}", kind, f"/v1/nodes/{record}", touched=record)


def cases(quick=False):
    known = {}
    for method, route, first in routes():
        known.setdefault(route, set()).add(method)
        for each in ("GET", "POST", "PUT", "DELETE") if method == "ANY" else (method,):
            yield from of_route(each, route, first)
            yield from bodies(each, route)
    yield from other_methods(known)
    yield from of_states()
    if not quick:
        yield from each_version()
