#!/usr/bin/env python3
"""TLS on the wire: downgrades and weak ciphers against bmd's listener; and servers with a wrong, expired or foreign
certificate, or with none, between bmd or bm and their peers. No password reaches one of them."""
import http.server
import os
import pathlib
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import warnings

from attack import Service, wait_until
from image_intake_test import disk


def openssl(*words):
    subprocess.run(["openssl", *[str(word) for word in words]], check=True, capture_output=True, timeout=60)


class Authority:
    """A CA with certificates for 127.0.0.1."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        self.ca = folder / "ca.pem"
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=attack", "-keyout", folder / "ca.key", "-out", self.ca)

    def certificate(self, name, *dates, subject="IP:127.0.0.1"):
        key, request, made = (self.folder / f"{name}.{end}" for end in ("key", "csr", "pem"))
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}", "-keyout", key, "-out", request)
        extensions = self.folder / "extensions"
        extensions.write_text(f"subjectAltName={subject}\n", encoding="ascii")
        (self.folder / "index").write_text("", encoding="ascii")
        config = self.folder / "ca.conf"
        config.write_text(f"[ca]\ndefault_ca=d\n[d]\nnew_certs_dir={self.folder}\ndatabase={self.folder}/index\nserial={self.folder}/serial\ndefault_md=sha256\n"
                          "policy=p\ndefault_days=30\n[p]\ncommonName=supplied\n", encoding="ascii")
        openssl("ca", "-batch", "-config", config, "-rand_serial", "-cert", self.ca, "-keyfile", self.folder / "ca.key", "-extfile", extensions, *dates,
                "-in", request, "-out", made, "-notext")
        return made, key


class Impostor:
    """An HTTPS server that keeps what clients sent; @certificate None: plain HTTP on the same port."""

    def __init__(self, certificate, body, versions=None):
        self.got = got = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                got.append(f"{self.command} {self.path} {dict(self.headers)}")
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            do_HEAD = do_POST = do_GET

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.handle_error = lambda *_: None
        self.connections = 0
        accept = self.server.get_request

        def counted():
            self.connections += 1
            return accept()
        self.server.get_request = counted
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            if versions:
                context.set_ciphers("ALL:@SECLEVEL=0")
                with warnings.catch_warnings():      # old versions are the attack
                    warnings.simplefilter("ignore", DeprecationWarning)
                    context.minimum_version, context.maximum_version = versions
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def handshake(port, *words):
    """(succeeded, output) of openssl s_client."""
    done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{port}", *words], input=b"", capture_output=True, timeout=30, check=False)
    text = (done.stdout + done.stderr).decode(errors="replace")
    return done.returncode == 0 and "Cipher is (NONE)" not in text and "New, (NONE)" not in text, text


def downgrades(service):
    """The listener speaks TLS 1.2 and 1.3 with forward secrecy, compresses nothing and renegotiates nothing."""
    pinned = ("-CAfile", str(service.state / "tls" / "ca.pem"), "-verify_return_error")
    for words in (("-tls1_3",), ("-tls1_2",)):
        worked, text = handshake(service.port, *words, *pinned)
        assert worked and "Compression: NONE" in text, (words, text)
    low = ("-cipher", "ALL:@SECLEVEL=0")
    for words in (("-tls1", *low), ("-tls1_1", *low), ("-no_tls1_2", "-no_tls1_3", *low)):
        worked, text = handshake(service.port, *words)
        assert not worked, (words, text)
    for ciphers in ("RC4", "3DES", "NULL", "aNULL", "EXPORT", "ADH", "PSK", "IDEA"):
        worked, text = handshake(service.port, "-tls1_2", "-cipher", f"{ciphers}:@SECLEVEL=0")
        assert not worked, (ciphers, text)
    # A client that fell back (TLS_FALLBACK_SCSV) although both sides know TLS 1.3 is refused.
    worked, text = handshake(service.port, "-tls1_2", "-fallback_scsv", *pinned)
    assert not worked and "inappropriate fallback" in text, text
    done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{service.port}", "-tls1_2", "-legacy_renegotiation"], input=b"R\n", capture_output=True,
                          timeout=30, check=False)
    assert b"no renegotiation" in done.stderr or done.returncode != 0, done.stderr
    with socket.create_connection(("127.0.0.1", service.port), timeout=10) as plain:
        plain.sendall(b"GET /v1/nodes HTTP/1.1\r\nHost: x\r\nAuthorization: Basic YWRtaW46eA==\r\n\r\n")
        try:
            assert b"200 OK" not in plain.recv(4096)
        except ConnectionResetError:
            pass


def the_operators_client(service, impostors):
    """bm sends its password to the pinned CA only."""
    trusted = service.state / "tls" / "ca.pem"
    environment = {**service.environment(), "BM_ENDPOINT": f"https://127.0.0.1:{service.port}"}
    done = subprocess.run([service.bm, "node", "list"], env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done
    for name, impostor in impostors.items():
        for extra in ({}, {"BM_CA_FILE": str(trusted)}):
            done = subprocess.run([service.bm, "node", "list"], env={**environment, **extra, "BM_ENDPOINT": f"https://127.0.0.1:{impostor.port}"}, capture_output=True,
                                  text=True, timeout=60, check=False)
            assert done.returncode != 0 and not impostor.got, (name, extra, done, impostor.got)


def what_bmd_fetches(service, impostors):
    """Images and webhooks by https from such servers: nothing is sent to them or taken from them."""
    for name, impostor in impostors.items():
        service.run("image", "add", f"https://user:secret@127.0.0.1:{impostor.port}/disk.raw", "--name", name, "--no-wait", check=False)
        service.run("webhook", "add", name, f"https://127.0.0.1:{impostor.port}/hook", check=False)
        service.run("webhook", "test", name, check=False)

    assert wait_until(lambda: all(impostor.connections >= 4 for impostor in impostors.values()), 60), {name: i.connections for name, i in impostors.items()}
    for name, impostor in impostors.items():
        assert not impostor.got, (name, impostor.got)
    assert not [image for image in service.json("image", "list") if image["state"] == "ready"]
    for name in ("foreign", "expired", "future", "elsewhere"):  # bmd does not ask again
        image = service.json("image", "show", name)
        assert image["state"] == "failed" and image["error"]["code"] == "untrusted-server", image


def pinned_peer(build, folder, right, impostors):
    """An object store whose CA is pinned (s3.ca_file): a certificate of any other CA ends the request before the keys."""
    keys = folder / "keys"
    keys.write_text("[default]\naws_access_key_id = a\naws_secret_access_key = b\n", encoding="ascii")
    keys.chmod(0o600)
    authority, server = right
    for name, impostor in {"right": server, **impostors}.items():
        s3 = f"s3:\n  endpoint: https://127.0.0.1:{impostor.port}\n  credentials_file: {keys}\n  ca_file: {authority.ca}\n"
        yield name, impostor, s3


def main():
    build = sys.argv[1]
    with tempfile.TemporaryDirectory(prefix="bm-attack-") as name:
        folder = pathlib.Path(name)
        right, wrong = Authority(folder / "right"), Authority(folder / "wrong")
        body = disk(5, 1)
        past = ("-startdate", "20200101000000Z", "-enddate", "20210101000000Z")
        future = ("-startdate", "20900101000000Z", "-enddate", "20910101000000Z")
        impostors = {"foreign": Impostor(wrong.certificate("foreign"), body), "expired": Impostor(right.certificate("expired", *past), body),
                     "future": Impostor(right.certificate("future", *future), body), "elsewhere": Impostor(right.certificate("elsewhere", subject="DNS:elsewhere.example"), body),
                     "old": Impostor(right.certificate("old"), body, (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1)), "plain": Impostor(None, body)}
        server = Impostor(right.certificate("right"), body)
        try:
            with TlsService(build) as service:
                downgrades(service)
                print("downgrades", flush=True)
                the_operators_client(service, impostors)
                print("the_operators_client", flush=True)
                what_bmd_fetches(service, impostors)
                print("what_bmd_fetches", flush=True)
                for name, impostor, s3 in pinned_peer(build, folder, (right, server), impostors):
                    service.restart(s3)
                    done = service.run("image", "add", "s3://bucket/disk.raw", "--name", f"s3-{name}", "--no-wait", check=False)
                    assert done.returncode == 0, done
                    if name == "right":
                        assert wait_until(lambda: service.json("image", "show", "s3-right")["state"] == "ready", 30, 0.2), service.json("image", "show", "s3-right")
                    else:
                        assert not wait_until(lambda name=name: service.json("image", "show", f"s3-{name}")["state"] == "ready", 1.5, 0.3)
                        assert not impostor.got, (name, impostor.got)
                print("pinned_peer")
        finally:
            for impostor in (*impostors.values(), server):
                impostor.close()


class TlsService(Service):
    """A bmd whose operators' API speaks TLS, by the CA that bmd makes."""

    def __init__(self, build):
        # bmd tries a server in trouble several times: no import waits for a thread.
        super().__init__(build, api="  tls: on\n", settings="conductor:\n  import_threads: 16\n")
        self.plain = self.config.read_text(encoding="utf-8")

    def answers(self):
        if self.process.poll() is not None:
            raise AssertionError(f"bmd ended with {self.process.returncode}:\n{self.log_text()}")
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def environment(self):
        return {**os.environ, "BM_CLIENT_CONFIG": str(self.state / "client.yaml")}

    def restart(self, more):
        self.stop()
        self.config.write_text(self.plain + more, encoding="utf-8")
        self.start()


if __name__ == "__main__":
    main()
