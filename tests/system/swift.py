"""A real S3 server: OpenStack Swift with its s3api, from Debian's packages, on loopback, with a folder as device."""
import hashlib
import hmac
import os
import pathlib
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

from service import free_port, wait_until

KEY, SECRET = "bm:copier", "not-a-secret-but-a-test"
PROXY = """[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {proxy}
swift_dir = {folder}
workers = 1
log_name = proxy
user = {user}
[pipeline:main]
pipeline = catch_errors gatekeeper cache s3api tempauth copy slo dlo proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:{memcached}
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
s3_acl = false
min_segment_size = 1048576
[filter:tempauth]
use = egg:swift#tempauth
user_bm_copier = {secret} .admin
[filter:copy]
use = egg:swift#copy
[filter:slo]
use = egg:swift#slo
[filter:dlo]
use = egg:swift#dlo
"""
BACKEND = """[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
swift_dir = {folder}
devices = {folder}/devices
mount_check = false
workers = 1
log_name = {kind}
user = {user}
{extra}
[pipeline:main]
pipeline = {kind}-server
[app:{kind}-server]
use = egg:swift#{kind}
"""


def available():
    return all(shutil.which(f"swift-{kind}-server") for kind in ("proxy", "account", "container", "object"))


class Swift:
    def __init__(self):
        self.holder = tempfile.TemporaryDirectory(prefix="bm-swift-", dir="/var/tmp")  # needs xattr, which some tmpfs lack
        self.folder = pathlib.Path(self.holder.name)
        self.ports = {kind: free_port() for kind in ("proxy", "account", "container", "object", "memcached")}
        self.processes = []

    def write(self, name, text):
        (self.folder / name).write_text(text, encoding="utf-8")

    def configure(self):
        user = os.environ.get("USER") or "root"
        (self.folder / "devices" / "d1").mkdir(parents=True)
        self.write("swift.conf", "[swift-hash]\nswift_hash_path_suffix = bm\nswift_hash_path_prefix = bm\n"
                                 "[storage-policy:0]\nname = one\ndefault = yes\n")
        self.write("proxy.conf", PROXY.format(folder=self.folder, user=user, secret=SECRET, **self.ports))
        for kind in ("account", "container", "object"):
            self.write(f"{kind}.conf", BACKEND.format(kind=kind, port=self.ports[kind], folder=self.folder, user=user,
                                                      extra="disk_chunk_size = 1048576" if kind == "object" else ""))
            builder = self.folder / f"{kind}.builder"
            for words in (["create", "4", "1", "1"],
                          ["add", f"r1z1-127.0.0.1:{self.ports[kind]}/d1", "1"], ["rebalance"]):
                subprocess.run(["swift-ring-builder", builder, *words], check=True, stdout=subprocess.DEVNULL, cwd=self.folder)

    def __enter__(self):
        self.configure()
        environment = {**os.environ, "SWIFT_CONF_DIR": str(self.folder)}
        log = open(self.folder / "log", "ab")
        for kind in ("account", "container", "object", "proxy"):
            self.processes.append(subprocess.Popen([f"swift-{kind}-server", self.folder / f"{kind}.conf", "-v"], env=environment,
                                                   stdout=log, stderr=log, cwd=self.folder))
        log.close()
        if not wait_until(self.answers, 60, 0.2):
            text = (self.folder / "log").read_text(errors="replace")
            self.__exit__()
            raise AssertionError(f"swift does not answer:\n{text[-3000:]}")
        return self

    def answers(self):
        try:
            with urllib.request.urlopen(self.endpoint(), timeout=2):
                return True
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False

    def endpoint(self):
        return f"http://127.0.0.1:{self.ports['proxy']}"

    def credentials(self, folder, secret=SECRET):
        path = pathlib.Path(folder) / "s3-keys"
        path.write_text(f"[default]\naws_access_key_id = {KEY}\naws_secret_access_key = {secret}\n", encoding="utf-8")
        path.chmod(0o600)
        return path

    def send(self, method, path, body=b""):
        """One request, signed by AWS's rules (SigV4, unsigned payload). Returns status and body of the answer."""
        host, moment = f"127.0.0.1:{self.ports['proxy']}", time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        scope = f"{moment[:8]}/us-east-1/s3/aws4_request"
        headers = {"host": host, "x-amz-content-sha256": "UNSIGNED-PAYLOAD", "x-amz-date": moment}
        canonical = "\n".join([method, path, "", *(f"{key}:{value}" for key, value in headers.items()), "", ";".join(headers), "UNSIGNED-PAYLOAD"])
        text = "\n".join(["AWS4-HMAC-SHA256", moment, scope, hashlib.sha256(canonical.encode()).hexdigest()])
        key = f"AWS4{SECRET}".encode()
        for part in scope.split("/"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
        headers["Authorization"] = f"AWS4-HMAC-SHA256 Credential={KEY}/{scope}, SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature={signature}"
        request = urllib.request.Request(self.endpoint() + path, data=body if method == "PUT" else None, headers=headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def __exit__(self, *_):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        time.sleep(0.1)
        self.holder.cleanup()
