#!/usr/bin/python3
"""Runs a public suite of Ironic's clients, as Debian packages it, with bmd or with Ironic.
    tests/clients/suite.py BUILD tempest|sdk|cli bm|ironic [--verbose]
It fails when fewer tests are collected than the suite has, when a test fails that the table does not allow, and when a
test is skipped for a reason that the table does not have."""
import dataclasses
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

from keystone import REGION, Keystone
from servers import raised

HERE = pathlib.Path(__file__).resolve().parent
PASSWORD = "secret"
LONGEST_S = 3000


@dataclasses.dataclass
class Suite:
    package: str
    fewest: int   # tests that the suite has
    configure: object
    skips: dict = dataclasses.field(default_factory=dict)  # reason to the number of tests that have it


def tempest(folder, keystone):
    (folder / "accounts.yaml").write_text(json.dumps(
        [{"username": "admin", "password": PASSWORD, "project_name": "admin", "roles": ["admin"], "types": ["admin"]},
         *({"username": name, "password": PASSWORD, "system": "all", "roles": ["admin"]} for name in ("system-1", "system-2"))]), encoding="utf-8")
    (folder / "tempest.conf").write_text(f"""[DEFAULT]
log_dir = {folder}
[oslo_concurrency]
lock_path = {folder}/lock
[auth]
use_dynamic_credentials = false
test_accounts_file = {folder}/accounts.yaml
[identity]
auth_version = v3
uri_v3 = {keystone.url}/v3
region = {REGION}
[compute]
region = {REGION}
build_interval = 1
build_timeout = 120
[service_available]
ironic = true
neutron = false
nova = false
glance = false
cinder = false
swift = false
[baremetal]
driver = fake-hardware
max_microversion = latest
""", encoding="utf-8")
    (folder / "lock").mkdir()
    return {"TEMPEST_CONFIG_DIR": str(folder), "TEMPEST_CONFIG": "tempest.conf"}


def sdk(folder, keystone):
    cloud = {"auth_type": "password", "region_name": REGION, "identity_api_version": "3",
             "auth": {"auth_url": f"{keystone.url}/v3", "username": "admin", "password": PASSWORD, "project_name": "admin",
                      "user_domain_id": "default", "project_domain_id": "default"}}
    (folder / "clouds.yaml").write_text(json.dumps({"clouds": {name: cloud for name in ("devstack", "devstack-alt", "devstack-admin")}}), encoding="utf-8")
    return {"OS_CLIENT_CONFIG_FILE": str(folder / "clouds.yaml"), "OS_TEST_TIMEOUT": "120"}


def cli(folder, keystone):
    (folder / "test.conf").write_text(f"""[functional]
auth_strategy = keystone
os_auth_url = {keystone.url}/v3
os_username = admin
os_password = {PASSWORD}
os_project_name = admin
os_user_domain_id = default
os_project_domain_id = default
os_identity_api_version = 3
""", encoding="utf-8")
    return {"IRONICCLIENT_TEST_CONFIG": str(folder / "test.conf")}


SUITES = {
    "tempest": Suite("ironic_tempest_plugin.tests.api", 232, tempest, {"Neutron is not enabled.": 3}),
    "sdk": Suite("openstack.tests.functional.baremetal", 70, sdk),
    "cli": Suite("ironicclient.tests.functional", 108, cli),
}


def outcomes(suite, folder, keystone, progress):
    """Starts the suite in a process of its own; yields its tests' records."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OS_", "TEMPEST_", "PYTHON"))}
    environment = {**kept, **suite.configure(folder, keystone), "HOME": str(folder), "NO_PROXY": "*", "no_proxy": "*"}
    with open(folder / "stderr", "w", encoding="utf-8") as stderr, \
            subprocess.Popen(["/usr/bin/python3", "-W", "ignore", HERE / "suite_run.py", suite.package], cwd=folder, env=environment,
                             stdout=subprocess.PIPE, stderr=stderr, text=True) as process:
        try:
            for line in process.stdout:
                record = json.loads(line)
                progress(record)
                yield record
                assert time.monotonic() < END, f"the suite takes longer than {LONGEST_S} s"
        finally:
            if process.poll() is None and sys.exc_info()[0] is not None:
                process.kill()
    assert process.returncode == 0, f"suite_run.py: {process.returncode}\n{(folder / 'stderr').read_text()[-3000:]}"


def allowed_failures(name, server):
    """Lines `suite server test reason` of failures.txt: what fails with Ironic, too."""
    rows = [line.split(None, 3) for line in (HERE / "failures.txt").read_text(encoding="utf-8").splitlines() if line and line[0] != "#"]
    return {test: reason for of, by, test, reason in rows if (of, by) == (name, server)}


def judge(suite, records, allowed):
    """The faults of the run, a line each."""
    if len(records) < suite.fewest:
        yield f"only {len(records)} tests were collected, {suite.fewest} at least"
    skipped = [record for record in records if record["outcome"] == "skipped"]
    for record in skipped:
        reason = record["reason"].strip()
        if sum(other["reason"].strip() == reason for other in skipped) > suite.skips.get(reason, 0):
            yield f"skipped: {record['name']}: {reason}"
    failed = {record["name"]: record["reason"] for record in records if record["outcome"] == "failed"}
    for name, reason in failed.items():
        if name not in allowed:
            yield f"failed: {name}\n{''.join('    ' + line + chr(10) for line in reason.strip().splitlines()[-12:])}"
    for name in sorted(set(allowed) - set(failed)):
        yield f"{name} is in failures.txt and passes"


def main():
    build, name, server = sys.argv[1:4]
    suite = SUITES[name]

    def progress(record):
        if "--verbose" in sys.argv:
            print(f"{record['outcome']} {record['name']}", flush=True)

    with tempfile.TemporaryDirectory(prefix="bm-clients-") as folder, raised(server, build) as (endpoint, token), \
            Keystone(token, endpoint, PASSWORD) as keystone:
        records = list(outcomes(suite, pathlib.Path(folder), keystone, progress))
    faults = list(judge(suite, records, allowed_failures(name, server)))
    count = {outcome: sum(record["outcome"] == outcome for record in records) for outcome in ("passed", "failed", "skipped")}
    print("\n".join(faults))
    print(f"{name} with {server}: {len(records)} tests, " + ", ".join(f"{number} {outcome}" for outcome, number in count.items()))
    sys.exit(1 if faults else 0)


END = time.monotonic() + LONGEST_S
if __name__ == "__main__":
    main()
