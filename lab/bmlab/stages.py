"""Prints each stage of the demo as it begins, and a table of times at the end."""
import contextlib
import datetime
import time

from . import place, service

# The stages for the operator, and the event kind that ends each.
NODE_STAGES = (("power on", "power.on"), ("DHCP", "dhcp.ack"), ("boot script", "http.script"), ("agent at work", "agent.lookup"),
               ("image written", "image.written"), ("provisioned", "operation.done"))


def clock(seconds):
    return f"{int(seconds) // 60}:{seconds % 60:04.1f}" if seconds >= 60 else f"{seconds:.1f} s"


class Stages:
    def __init__(self):
        self.times = []

    @contextlib.contextmanager
    def stage(self, title):
        print(f"\n== {title}", flush=True)
        begun = time.monotonic()
        yield
        self.times.append((title, time.monotonic() - begun))

    def show(self):
        print("\nstage                           time")
        for title, seconds in self.times:
            print(f"{title:26} {clock(seconds):>9}")
        print(f"{'all':26} {clock(sum(seconds for _, seconds in self.times)):>9}")


def _time(event):
    return datetime.datetime.fromisoformat(event["at"].replace("Z", "+00:00"))


def _begin(events):
    """Index of the first event of the last provisioning: its deploy and the directly preceding operations (verify,
    clean)."""
    queued = [n for n, event in enumerate(events) if event["kind"] == "operation.queued"]
    if not queued:
        return None
    begin = queued[-1]
    for earlier in reversed(queued[:-1]):
        ends = [event for event in events[earlier:begin] if event["kind"] == "operation.done"]
        if not ends or (_time(events[begin]) - _time(ends[-1])).total_seconds() > 2:
            break
        begin = earlier
    return begin


def _moments(events):
    """Seconds from the start of the provisioning to each stage that was reached."""
    begin = _begin(events)
    if begin is None:
        return {}
    found = {}
    for event in events[begin:]:
        for title, kind in NODE_STAGES:
            if event["kind"] == kind and (title not in found or title == "provisioned"):
                found[title] = (_time(event) - _time(events[begin])).total_seconds()
    return found


def show_nodes(names):
    """A table of the nodes' last operations from their timelines: seconds since the start."""
    try:
        moments = {name: _moments(service.bm_json("node", "timeline", name)) for name in names}
    except (place.Failure, ValueError, KeyError) as error:
        print(f"(no table of node stages: {error})")
        return
    print("\nseconds since asked for     " + "".join(f"{name:>16}" for name in names))
    for title, _ in NODE_STAGES:
        cells = [moments[name].get(title) for name in names]
        if any(cell is not None for cell in cells):
            print(f"{title:28}" + "".join(f"{'-' if cell is None else format(cell, '.1f'):>16}" for cell in cells))
