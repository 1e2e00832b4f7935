"""Copies finished recordings to an S3 server that others wrote, moto's, and breaks that off.

Usage: store.py TONGKE, a built program. Needs the Python packages moto[server] and boto3, which tests/run.sh installs. All
that listens does so on 127.0.0.1, and everything that was started is ended by the time it returns.
"""

import json
import os
import queue
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs

# Nothing here is to go through a proxy. Read when the clients below are made.
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1"

import boto3  # noqa: E402
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app  # noqa: E402
from werkzeug.serving import WSGIRequestHandler, make_server  # noqa: E402

# How long anything may take, in seconds.
PATIENCE = 60
PART_BYTES = 8 << 20
CAMERA = "t/master-camera/0.cmaf"
CAMERA_PARTS = 5
BUCKET = "recordings"


class Gate:
    """Stands before the server: writes down what it lets through, and leaves one request without an answer if told to."""

    def __init__(self, app):
        self.app = app
        self.hold = None
        self.held = threading.Event()
        self.let_go = threading.Event()
        self.passed = []

    def __call__(self, environ, start_response):
        asked = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
        request = None
        if environ["REQUEST_METHOD"] == "POST" and "uploads" in asked:
            request = "begin"
        elif environ["REQUEST_METHOD"] == "PUT" and "partNumber" in asked:
            request = int(asked["partNumber"][0])
        elif environ["REQUEST_METHOD"] == "POST" and "uploadId" in asked:
            request = "complete"
        if request is not None and request == self.hold:
            self.held.set()
            self.let_go.wait(PATIENCE)
            start_response("503 Service Unavailable", [])
            return []
        if request is not None:
            self.passed.append(request)
        return self.app(environ, start_response)

    def take(self):
        """What was asked of uploads in parts, in its order. Then all is as at first."""
        passed, self.passed = self.passed, []
        self.held.clear()
        self.let_go.clear()
        return passed


class Quiet(WSGIRequestHandler):
    def log(self, *_):
        pass


class Store:
    """The server, and those who may use it."""

    def __init__(self):
        self.gate = Gate(DomainDispatcherApplication(create_backend_app))
        self.server = make_server("127.0.0.1", 0, self.gate, threaded=True, request_handler=Quiet)
        self.endpoint = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()
        self.client("s3", "anyone", "anything").create_bucket(Bucket=BUCKET)
        # What docs/operate.md says that the program needs.
        self.id, self.secret = self.admit("tongke", ["s3:PutObject", "s3:AbortMultipartUpload"])
        reader = self.admit("reader", ["s3:*"])
        # From here on signatures are checked.
        url, plain = f"{self.endpoint}/moto-api/reset-auth", {"Content-Type": "text/plain"}
        urllib.request.urlopen(urllib.request.Request(url, b"0", plain), timeout=PATIENCE).close()
        self.s3 = self.client("s3", *reader)

    def admit(self, name, actions):
        iam = self.client("iam", "anyone", "anything")
        iam.create_user(UserName=name)
        may = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]}
        iam.put_user_policy(UserName=name, PolicyName="store", PolicyDocument=json.dumps(may))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return key["AccessKeyId"], key["SecretAccessKey"]

    def client(self, service, key_id, secret):
        keys = {"aws_access_key_id": key_id, "aws_secret_access_key": secret}
        return boto3.client(service, endpoint_url=self.endpoint, region_name="us-east-1", **keys)

    def objects(self):
        listed = self.s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])
        return {one["Key"]: self.s3.get_object(Bucket=BUCKET, Key=one["Key"])["Body"].read() for one in listed}

    def stop(self):
        self.gate.let_go.set()
        self.server.shutdown()
        self.thread.join(PATIENCE)
        self.server.server_close()


def record(data: Path, lesson: str) -> Path:
    """A recording that has ended, as small as one may be but for its one large file."""
    directory = data / "recordings" / lesson
    camera = directory / CAMERA
    camera.parent.mkdir(parents=True)
    camera.write_bytes(os.urandom((CAMERA_PARTS - 1) * PART_BYTES + 1_000))
    facts = {"version": 1, "lesson": lesson, "lead": None, "began_at": 1_795_320_000_000}
    (directory / "lesson.json").write_text(json.dumps(facts))
    (directory / "journal.wal").write_bytes(os.urandom(4_000))
    manifest = facts | {"ended": True, "duration_ms": 0, "tracks": [], "refused": []}
    (directory / "manifest.json").write_text(json.dumps(manifest))
    return directory


def configure(data: Path, **store: str) -> Path:
    lines = [f"{key} = {json.dumps(value)}" for key, value in store.items()]
    head = ['listen = "127.0.0.1:0"', f"data = {json.dumps(str(data))}", "[media]", "port = 0", "[recording.store]"]
    file = data.parent / f"{data.name}.toml"
    file.write_text("\n".join(head + lines))
    return file


class Tongke:
    """A running program and what it says."""

    def __init__(self, program: str, config: Path):
        environment = os.environ | {"TONGKE_LOG": "info"}
        command = [program, "serve", "--config", str(config)]
        streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
        self.child = subprocess.Popen(command, env=environment, text=True, **streams)
        self.lines = queue.Queue()
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        self.said = ""

    def read(self):
        for line in self.child.stderr:
            self.lines.put(re.sub(r"\x1b\[[0-9;]*m", "", line))
        self.lines.put(None)

    def wait_for(self, text: str) -> str:
        """The first line with that text."""
        while (line := self.lines.get(timeout=PATIENCE)) is not None:
            print(line, end="")
            self.said += line
            if text in line:
                return line
        raise AssertionError(f"the program ended and did not say: {text}")

    def kill(self):
        self.child.kill()
        self.child.wait()
        self.reader.join(PATIENCE)
        self.child.stderr.close()


@contextmanager
def running(program: str, config: Path):
    tongke = Tongke(program, config)
    try:
        yield tongke
    finally:
        tongke.kill()


def copy_and_kill(program: str, work: Path, store: Store, lesson: str, between):
    """Kills the program while it waits for an answer to the third part, does `between`, and starts it again."""
    directory = record(work / lesson, lesson)
    keys = {"access_key_id": store.id, "secret_access_key": store.secret}
    config = configure(work / lesson, url=f"s3://{BUCKET}/school", endpoint=store.endpoint, region="us-east-1", **keys)
    gate = store.gate
    gate.hold = 3
    with running(program, config):
        assert gate.held.wait(PATIENCE), "the third part was not sent"
    under_way = json.loads((directory / "uploading.json").read_text())["under_way"]
    assert (under_way["file"], len(under_way["parts"])) == (CAMERA, 2), under_way
    assert not (directory / "stored.json").exists()
    assert f"school/{lesson}/manifest.json" not in store.objects(), "the manifest comes last"
    gate.hold = None
    gate.let_go.set()
    between(directory / "uploading.json")
    with running(program, config) as tongke:
        tongke.wait_for("the recording was copied to the store")
    assert not store.s3.list_multipart_uploads(Bucket=BUCKET).get("Uploads"), "parts are left that nobody needs"
    here = f"school/{lesson}/"
    there = {key.removeprefix(here): body for key, body in store.objects().items() if key.startswith(here)}
    files = {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}
    acknowledged = json.loads(files.pop("stored.json"))["files"]
    assert sorted(there) == sorted(files) == sorted(acknowledged), (sorted(there), sorted(files), acknowledged)
    for name, body in files.items():
        assert there[name] == body, f"{name} differs"
    return gate.take()


def a_copy_that_was_killed_goes_on_with_the_next_part(program: str, work: Path, store: Store):
    told = copy_and_kill(program, work, store, "music-3a", lambda _: None)
    assert told == ["begin", 1, 2, 3, 4, 5, "complete"], told


def a_copy_with_a_part_that_the_store_does_not_have_begins_anew(program: str, work: Path, store: Store):
    def mistake(path: Path):
        copied = json.loads(path.read_text())
        copied["under_way"]["parts"][1] = '"00000000000000000000000000000000"'
        path.write_text(json.dumps(copied))

    told = copy_and_kill(program, work, store, "maths-3a", mistake)
    assert told == ["begin", 1, 2, 3, 4, 5, "complete", "begin", 1, 2, 3, 4, 5, "complete"], told


def a_store_that_takes_nothing_is_told_in_the_log(program: str, work: Path, store: Store):
    with socket.socket() as silent:
        # Taken, so that nobody else listens there, and not listening either.
        silent.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{silent.getsockname()[1]}"
        rows = [
            ("wrong-secret", BUCKET, store.endpoint, "not-the-secret", "SignatureDoesNotMatch"),
            ("wrong-bucket", "no-such-bucket", store.endpoint, store.secret, "NoSuchBucket"),
            ("unreachable", BUCKET, nobody, store.secret, "Connection refused"),
        ]
        for name, bucket, endpoint, secret, why in rows:
            directory = record(work / name, "art-3b")
            keys = {"access_key_id": store.id, "secret_access_key": secret}
            config = configure(work / name, url=f"s3://{bucket}/{name}", endpoint=endpoint, region="us-east-1", **keys)
            with running(program, config) as tongke:
                line = tongke.wait_for("could not be copied to the store")
            assert "art-3b" in line and why in line, line
            assert secret not in tongke.said, "the secret is in the log"
            assert not (directory / "stored.json").exists()
            assert not [key for key in store.objects() if key.startswith(name)]


def main() -> None:
    # Also when it is told to stop, what it started ends first.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    program = str(Path(sys.argv[1]).resolve())
    store = Store()
    try:
        with tempfile.TemporaryDirectory(prefix="tongke-store-") as work:
            for story in (
                a_copy_that_was_killed_goes_on_with_the_next_part,
                a_copy_with_a_part_that_the_store_does_not_have_begins_anew,
                a_store_that_takes_nothing_is_told_in_the_log,
            ):
                story(program, Path(work), store)
                print("ok", story.__name__.replace("_", " "), flush=True)
    finally:
        store.stop()


main()
