#!/usr/bin/env python3
"""Images from a bucket, and the store in a bucket shared by two bmd, with OpenStack Swift, which has an S3 API."""
import sys
import urllib.error

from image_intake_test import disk, refused, show, state
from service import Service, wait_until
from swift import Swift

MIB = 1 << 20


def settings(swift, folder, more="", **keys):
    return (f"s3:\n  endpoint: {swift.endpoint()}\n  credentials_file: {swift.credentials(folder, **keys)}\n{more}")


def bucket(swift, name):
    answers = []

    def made():  # Swift has just started; like S3's clients, repeat a 503
        answers.append(swift.send("PUT", f"/{name}"))
        return answers[-1][0] != 503
    wait_until(made, 30, 0.5)
    assert answers[-1][0] == 200, answers[-1]


def keys_in(swift, name):
    status, body = swift.send("GET", f"/{name}")
    assert status == 200, (status, body)
    return [part.split("<")[0] for part in body.decode().split("<Key>")[1:]]


def from_a_bucket(build, swift, folder):
    bucket(swift, "images")
    source = folder / "disk.raw"
    source.write_bytes(disk(1))
    status, body = swift.send("PUT", "/images/debian/disk.raw", source.read_bytes())
    assert status == 200, (status, body)
    with Service(build, settings=settings(swift, folder)) as service:
        service.run("image", "add", "s3://images/debian/disk.raw", "--name", "d")
        assert show(service, "d")["size_bytes"] == source.stat().st_size
        assert "404" in refused(service, "image", "add", "s3://images/debian/none", "--name", "n")
        assert "404" in refused(service, "image", "add", "s3://nowhere/disk.raw", "--name", "n")
    with Service(build, settings=settings(swift, folder, secret="wrong")) as service:
        text = refused(service, "image", "add", "s3://images/debian/disk.raw", "--name", "d")
        assert "403" in text and "credentials_file" in text, text
        assert "wrong" not in service.log_text(), "the secret is in the log"


def block(service, name):
    """The image as another bmd or an operator gets it; None while it is being fetched."""
    try:
        return service.get(f"/v1/images/{name}/blocks")
    except urllib.error.HTTPError as error:
        assert error.code == 503, (error.code, error.read())
        return None


def shared_store(build, swift, folder):
    bucket(swift, "fleet")
    source = folder / "golden.raw"
    source.write_bytes(disk(2))
    store = settings(swift, folder, "  bucket: fleet\n  prefix: a/\n")
    with Service(build, settings=store) as first, Service(build, settings=store) as second:
        first.run("image", "add", source, "--name", "golden")
        content = show(first, "golden")["content_id"]
        kept = keys_in(swift, "fleet")
        assert f"a/{content}.zst" in kept and f"a/{content}.manifest" in kept, kept
        second.run("image", "add", source, "--name", "same")
        assert len([key for key in keys_in(swift, "fleet") if "refs" not in key]) == 2

        # The folder is a cache: a deleted object is fetched again completely.
        objects = first.state / "images" / "objects"
        whole = (objects / f"{content}.zst").read_bytes()
        for file in objects.iterdir():
            file.unlink()
        assert block(first, "golden") is None, "served from nowhere"
        assert wait_until(lambda: block(first, "golden") == whole, 30, 0.2), "it did not come back"
        first.run("image", "verify", "golden")

        # The last bmd that needs it deletes it.
        first.run("image", "delete", "golden")
        assert not wait_until(lambda: f"a/{content}.manifest" not in keys_in(swift, "fleet"), 3, 0.3), "removed under the other's feet"
        second.run("image", "verify", "same")
        second.run("image", "delete", "same")
        assert wait_until(lambda: not keys_in(swift, "fleet"), 30, 0.3), keys_in(swift, "fleet")


def bucket_gone(build, swift, folder):
    store = settings(swift, folder, "  bucket: missing\n")
    source = folder / "x.raw"
    source.write_bytes(disk(3, 2))
    with Service(build, settings=store) as service:
        text = refused(service, "image", "add", source, "--name", "x")
        assert "s3.bucket" in text, text
        assert state(service, "x") == "failed"


def main():
    parts = [from_a_bucket, shared_store, bucket_gone]
    with Swift() as swift:
        for part in parts:
            if len(sys.argv) < 3 or part.__name__ in sys.argv[2:]:
                print(part.__name__, flush=True)
                part(sys.argv[1], swift, swift.folder)


if __name__ == "__main__":
    main()
