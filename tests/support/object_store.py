"""A real object store on this machine: SeaweedFS, started once for a test session and ended with it."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

KEY, SECRET, BUCKET = "clinic", "kept/in+test@only", "pictures"
WEED = Path(sys.executable).parent / "weed"


def free_ports(count: int) -> list[int]:
    """Return free ports; SeaweedFS also uses each number plus 10,000."""
    found: list[int] = []
    for port in range(18_100, 28_000, 7):
        if len(found) < count and all(is_free(number) for number in (port, port + 10_000)):
            found.append(port)
    return found


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


class ObjectStore:
    """A server in a folder of its own, which a test may stop and start again. ``url`` is for MEDIA_STORAGE.

    ``checks_keys`` off is for a site whose clock is not the store's: signed requests of another hour are refused.
    """

    def __init__(self, folder: Path, address: str = "127.0.0.1", *, checks_keys: bool = True) -> None:
        identity = {"name": "clinic", "credentials": [{"accessKey": KEY, "secretKey": SECRET}], "actions": ["Admin"]}
        (folder / "s3.json").write_text(json.dumps({"identities": [identity]}))
        (folder / "data").mkdir()
        master, volume, filer, s3 = free_ports(4)
        self.folder, self.address = folder, f"{address}:{s3}"
        self.url = f"s3://{KEY}:kept%2Fin%2Btest%40only@{self.address}/{BUCKET}?tls=off"
        self.command = [
            str(WEED), "server", f"-dir={folder / 'data'}", f"-ip={address}", f"-ip.bind={address}",
            f"-master.port={master}", f"-volume.port={volume}", f"-filer.port={filer}", "-s3", f"-s3.port={s3}",
            "-master.volumeSizeLimitMB=64", "-volume.max=8", "-s3.port.iceberg=0", "-s3.port.lance=0",
        ]  # fmt: skip
        if checks_keys:
            self.command.append(f"-s3.config={folder / 's3.json'}")

    def start(self) -> None:
        with (self.folder / "log").open("a") as log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=log, cwd=self.folder)
        _wait(f"http://{self.address}/healthz", self.process)

    def make_bucket(self) -> None:
        _make_bucket(f"http://{self.address}")

    def kill(self) -> None:
        self.process.kill()  # Its orderly end takes half a minute on a busy machine.
        self.process.wait(20)


@contextmanager
def object_store(folder: Path) -> Iterator[str]:
    """Run a store in the folder, with an empty bucket; yield the value of MEDIA_STORAGE."""
    store = ObjectStore(folder)
    try:
        store.start()
        store.make_bucket()
        yield store.url
    finally:
        store.kill()


def _wait(address: str, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(150):
        assert process.poll() is None, "The object store ended."
        try:
            with urlopen(address, timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    raise AssertionError("The object store did not start.")


def _make_bucket(address: str) -> None:
    import boto3

    client = boto3.client(
        "s3", endpoint_url=address, aws_access_key_id=KEY, aws_secret_access_key=SECRET, region_name="us-east-1"
    )
    for _ in range(50):
        try:
            client.create_bucket(Bucket=BUCKET)
            client.put_object(Bucket=BUCKET, Key="first", Body=b"x")
            client.delete_object(Bucket=BUCKET, Key="first")
        except Exception:
            time.sleep(0.2)
        else:
            return
    raise AssertionError("The object store takes no files.")
