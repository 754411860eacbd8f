#!/usr/bin/env python3
"""The Grafana dashboard with a real Prometheus that scrapes a running bmd: every query parses and returns data."""
import json
import pathlib
import subprocess
import sys
import tempfile
import threading
import urllib.error
import urllib.parse
import urllib.request

from service import Service, free_port, inventory, wait_until

PROMETHEUS = "/usr/bin/prometheus"
DASHBOARD = pathlib.Path(__file__).resolve().parents[2] / "docs/grafana/bm.json"
# This test has no BMCs, schedules or rollouts, so these queries may return nothing.
MAY_BE_EMPTY = ("bm_bmc_", "bm_rollouts", "bm_schedules_next_due_seconds", "bm_operations)")


def queries():
    for panel in json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]:
        for target in panel["targets"]:
            yield panel["title"], target["expr"].replace("$__rate_interval", "20s")


class Prometheus:
    """Prometheus on loopback and a free port, with a temporary data folder."""

    def __init__(self, target, password_file):
        self.folder = tempfile.TemporaryDirectory(prefix="bm-prometheus-")
        self.port = free_port()
        config = pathlib.Path(self.folder.name) / "prometheus.yml"
        config.write_text(json.dumps({
            "global": {"scrape_interval": "1s"},
            "scrape_configs": [{"job_name": "bm", "static_configs": [{"targets": [target]}],
                                "basic_auth": {"username": "admin", "password_file": str(password_file)}}]}), encoding="utf-8")
        self.log = open(pathlib.Path(self.folder.name) / "log", "wb")
        self.process = subprocess.Popen(
            [PROMETHEUS, f"--config.file={config}", f"--storage.tsdb.path={self.folder.name}/data",
             f"--web.listen-address=127.0.0.1:{self.port}"], stdout=self.log, stderr=self.log)

    def ask(self, query):
        url = f"http://127.0.0.1:{self.port}/api/v1/query?" + urllib.parse.urlencode({"query": query})
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return json.load(answer)["data"]["result"]
        except urllib.error.HTTPError as error:
            if error.code == 503:
                raise  # it still reads its storage
            raise AssertionError(f"{query}: {error.read().decode()}") from error

    def scraped(self):
        try:
            return any(float(row["value"][1]) == 1 for row in self.ask("up"))
        except (urllib.error.URLError, OSError):
            return False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=20)
        self.log.close()
        self.folder.cleanup()


def work(service, stop):
    """Starts deployments one after the other, so that rates are nonzero."""
    while not stop.is_set():
        service.run("provision", "tiny", "n1", "n2", "--wait", "--yes", check=False)
        service.run("node", "show", "nobody", check=False)


def check(prometheus):
    silent = []
    for title, query in queries():
        rows = prometheus.ask(query)
        numbers = [row for row in rows if row["value"][1] not in ("NaN", "+Inf")]
        if not numbers and not any(name in query for name in MAY_BE_EMPTY):
            silent.append(f"{title}: {query}")
    return silent


def main():
    with Service(sys.argv[1]) as service:
        service.run("node", "enrol", "-f", service.file("inventory.yaml", inventory({"n1": {}, "n2": {}})))
        service.run("image", "add", service.disk_image(), "--name", "tiny")
        service.run("webhook", "add", "self", "http://127.0.0.1:9/nobody", "--kinds", "state.changed")
        stop = threading.Event()
        worker = threading.Thread(target=work, args=(service, stop))
        worker.start()
        try:
            password = service.state / "admin-password"
            with Prometheus(f"127.0.0.1:{service.port}", password) as prometheus:
                assert wait_until(prometheus.scraped, 60, 0.5), "Prometheus has not scraped bmd"
                silent = ["not asked"]

                def all_speak():
                    silent[:] = check(prometheus)
                    return not silent

                assert wait_until(all_speak, 90, 2), "no data for:\n" + "\n".join(silent)
                print(f"{len(list(queries()))} queries of {DASHBOARD.name} parse and have data")
        finally:
            stop.set()
            worker.join()


if __name__ == "__main__":
    main()
