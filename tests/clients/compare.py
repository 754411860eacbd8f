#!/usr/bin/python3
"""Sends the same requests to Ironic and to bm, and compares status, headers, shape of the body and telling phrases.
    tests/clients/compare.py BUILD [--quick] [--only REGEX] [--json FILE]
kept.txt has the differences that are kept on purpose. It fails for every other difference, for a row of kept.txt that no
request meets or whose reason docs/api.md lacks, for fewer than 1,500 requests, and for a route with fewer than five kinds
of bad input.
--quick: without the pages at every version."""
import argparse
import collections
import concurrent.futures
import dataclasses
import json
import pathlib
import re
import sys
import time

from compare_cases import CREATE, cases, routes
from compare_world import RECORDS, Server
from servers import bm, ironic

HERE = pathlib.Path(__file__).resolve().parent
FEWEST_REQUESTS = 1500
FEWEST_KINDS = 5
MANY_ROUTES = 4
OWN_KEYS = {"code", "hint", "request_id"}  # what bm adds to an error
VERSION = "x-openstack-ironic-api-version"
# What clients look for in a message: where Ironic's has it, bm's has it, too.
PHRASES = [re.compile(text, re.I) for text in (HERE / "phrases.txt").read_text(encoding="utf-8").splitlines() if text and text[0] != "#"]


@dataclasses.dataclass
class Difference:
    what: str     # status, header NAME, body, phrase
    case: object
    ironic: str
    bm: str

    def key(self):
        return f"{self.case.name()}"

    def change(self):
        return f"{self.ironic} -> {self.bm}"


@dataclasses.dataclass
class Kept:
    what: str
    case: re.Pattern
    change: re.Pattern
    reason: str
    met: int = 0


def kept():
    rows = [[part.strip() for part in line.split(" | ", 3)] for line in (HERE / "kept.txt").read_text(encoding="utf-8").splitlines() if line and line[0] != "#"]
    return [Kept(what, re.compile(case), re.compile(change), reason) for what, case, change, reason in rows]


def documented(rows):
    """The reasons that docs/api.md has."""
    page = " ".join((HERE.parent.parent / "docs" / "api.md").read_text(encoding="utf-8").split())
    return {row.reason for row in rows if row.reason in page}


@dataclasses.dataclass
class ErrorShape:
    """Which of Ironic's two bodies of errors."""
    name: str


def kind_of(value):
    if isinstance(value, ErrorShape):
        return value.name
    if isinstance(value, dict):
        return "object"
    if isinstance(value, list):
        return "list"
    if isinstance(value, bool):
        return "boolean"
    return "null" if value is None else "number" if isinstance(value, (int, float)) else "text"


def shape_differences(ironic, own, where=""):
    """Where the keys or the kinds of values differ; null stands for every kind, and a list for its first entry."""
    if kind_of(ironic) != kind_of(own):
        if "null" not in (kind_of(ironic), kind_of(own)):
            yield f"{where or '/'} {kind_of(ironic)}", f"{where or '/'} {kind_of(own)}"
    elif isinstance(ironic, dict):
        for key in sorted(ironic.keys() | own.keys()):
            if key not in own:
                yield f"{where}/{key}", "absent"
            elif key not in ironic:
                yield "absent", f"{where}/{key}"
            else:
                yield from shape_differences(ironic[key], own[key], f"{where}/{key}")
    elif isinstance(ironic, list):
        if bool(ironic) != bool(own):
            yield f"{where} {'entries' if ironic else 'no entry'}", f"{where} {'entries' if own else 'no entry'}"
        elif ironic:
            yield from shape_differences(ironic[0], own[0], f"{where}[]")


def body_of(answer):
    """Of an error, which of Ironic's bodies it has; keys that bm adds are left out."""
    body = answer.body
    if answer.status < 400 or not isinstance(body, dict):
        return body
    body = {key: value for key, value in body.items() if key not in OWN_KEYS}
    inner = body.get("error_message")
    try:
        nested = isinstance(inner, str)
        inner = json.loads(inner) if nested else inner
    except ValueError:
        pass
    if isinstance(inner, dict):
        name = "a fault" if inner.keys() == {"faultcode", "faultstring", "debuginfo"} else "a routing error" if "title" in inner else str(sorted(inner))
        body["error_message"] = ErrorShape(f"{name} as {'text' if nested else 'object'}")
    return body


def media_type(answer):
    return answer.headers.get("content-type", "none").split(";")[0] if answer.data else "none"


def address_shape(text):
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "UUID", re.sub(r"^https?://[^/]+", "", text)) if text else "none"


def differences(case, left, right):
    if left.status != right.status:
        yield Difference("status", case, str(left.status), str(right.status))
        return  # bodies of other statuses differ anyway
    for name, of in (("content-type", media_type), ("location", lambda answer: address_shape(answer.headers.get("location"))),
                     ("version", lambda answer: answer.headers.get(VERSION, "none")),
                     ("minimum", lambda answer: answer.headers.get("x-openstack-ironic-api-minimum-version", "none"))):
        if of(left) != of(right):
            yield Difference(f"header {name}", case, of(left), of(right))
    for one, other in shape_differences(body_of(left), body_of(right)):
        yield Difference("body", case, one, other)
    if left.status >= 400:
        for phrase in PHRASES:
            if phrase.search(left.message()) and not phrase.search(right.message()):
                yield Difference("phrase", case, f"[{phrase.pattern}] {left.message()[:300]}", right.message()[:300])
                break


class Comparison:
    def __init__(self, servers):
        self.servers = servers
        self.pool = concurrent.futures.ThreadPoolExecutor(len(servers))

    def both(self, action):
        return list(self.pool.map(action, self.servers))

    def populate(self):
        self.both(Server.populate)

    def run(self, case):
        """Yields what differs, and makes the records again that a request changed."""
        answers = self.both(lambda server: server.call(case.method, case.path, case.version, case.body, case.headers))
        yield from differences(case, *answers)
        if case.method != "GET" and any(answer.status < 300 for answer in answers):
            self.repair(case, answers)

    def repair(self, case, answers):
        if case.method == "POST" and case.route in CREATE:
            self.both(lambda server: server.strangers(case.route))
            return
        record = case.touched or next((record for record in RECORDS if record in case.path), None)
        if record:
            self.both(lambda server: server.restore(record))


def write_json(found, path):
    pathlib.Path(path).write_text(json.dumps(
        [{"what": d.what, "case": d.key(), "method": d.case.method, "path": d.case.path, "version": d.case.version,
          "body": d.case.body.decode("latin1") if isinstance(d.case.body, bytes) else d.case.body, "ironic": d.ironic, "bm": d.bm} for d in found], indent=1),
        encoding="utf-8")


def print_causes(found):
    """One input that differs on many routes is one cause; the others are grouped by route. The most frequent first."""
    def change(difference):
        return difference.ironic.split("]")[0] + "]" if difference.what == "phrase" else difference.change()

    inputs, causes = collections.Counter((d.what, d.case.kind, change(d)) for d in found), collections.defaultdict(list)
    for d in found:
        common = inputs[d.what, d.case.kind, change(d)] >= MANY_ROUTES
        causes[(d.what, d.case.kind if common else f"{d.case.method} {d.case.route}", change(d))].append(d)
    for (what, subject, how), group in sorted(causes.items(), key=lambda item: -len(item[1])):
        names = sorted({f"{d.case.method} {d.case.route}" if d.case.kind == subject else d.case.kind for d in group})
        print(f"{what}: {subject}: {how}\n    {len(group)} x: {', '.join(names[:8])}{', ...' if len(names) > 8 else ''}")
        if what == "phrase":
            print(f"    Ironic: {group[0].ironic}\n    bm: {group[0].bm}")


def report(found, asked, rows, arguments):
    """The faults of the run, and the causes."""
    new = []
    for difference in found:
        row = next((row for row in rows if row.what == difference.what and row.case.search(difference.key()) and row.change.search(difference.change())), None)
        if row:
            row.met += 1
        else:
            new.append(difference)
    if arguments.json:
        write_json(new, arguments.json)
    print_causes(new)
    kinds = collections.Counter((case.method, case.route) for case in asked if case.kind != "good")
    yield from (f"{len(new)} differences are not in kept.txt" for _ in new[:1])
    yield from (f"docs/api.md does not say: {reason}" for reason in sorted({row.reason for row in rows} - documented(rows)))
    if arguments.only or arguments.quick:
        return
    yield from (f"kept.txt: no request meets {row.what} {row.case.pattern} {row.change.pattern}" for row in rows if not row.met)
    yield from (f"{method} {route}: only {kinds[method, route]} kinds of bad input" for method, route, _ in routes()
                if method != "ANY" and kinds[method, route] < FEWEST_KINDS)
    if len(asked) < FEWEST_REQUESTS:
        yield f"only {len(asked)} requests, {FEWEST_REQUESTS} at least"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", help="a regular expression of 'METHOD route: kind'")
    parser.add_argument("--json")
    arguments = parser.parse_args()
    asked = [case for case in cases(arguments.quick) if not arguments.only or re.search(arguments.only, case.name())]
    found, began, rows = [], time.monotonic(), kept()
    with ironic() as theirs, bm(arguments.build) as ours:
        comparison = Comparison([Server("Ironic", *theirs), Server("bm", *ours)])
        comparison.populate()
        for number, case in enumerate(asked):
            found += comparison.run(case)
            if number % 500 == 499:
                if arguments.json:
                    write_json(found, arguments.json)
                print(f"{number + 1} of {len(asked)} requests, {len(found)} differences, {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    faults = list(report(found, asked, rows, arguments))
    print("\n".join(faults))
    print(f"{len(asked)} requests to both, {len(found)} differences, {sum(row.met for row in rows)} of them kept on purpose")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
