"""A machine that is alone, with SQLite, or one beside the others, for tests of full disks and such."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from tests.operations.network import ROOT, Machine, wait_until
from tests.operations.site import Host, Site
from tests.support.postgresql import free_port


def lonely(host: Host, var: Path, **environment: str) -> Host:
    """A machine on the loopback interface with the environment of ``host``, but with its own folder and variables."""
    machine = Machine("alone", "127.0.0.1", free_port())
    here = {"VAR_DIR": str(var), "TRUSTED_PROXIES": "127.0.0.1"}
    return replace(host, machine=machine, var=var, environment=host.environment | here | environment, web=None)


def beside(host: Host, var: Path, static: Path, **environment: str) -> Host:
    """Another site on the same machine, with its own port, folder and variables."""
    machine = replace(host.machine, port=host.machine.port + 1000, services=[])
    var.mkdir()
    shutil.copytree(static, var / "static", copy_function=os.link)
    here = {"VAR_DIR": str(var)}
    return replace(host, machine=machine, var=var, environment=host.environment | here | environment, web=None)


def furnish(var: Path, site: Site, database: Path | None = None) -> str:
    """Fill the folder of a machine: the collected files, and perhaps a database, whose URL is returned."""
    shutil.copytree(site.folder / "static", var / "static", dirs_exist_ok=True)
    if database:
        shutil.copy(database, var / "clinic.sqlite3")
    return f"sqlite:///{var / 'clinic.sqlite3'}"


def manage(host: Host, *words: str, ahead: timedelta = timedelta(0)) -> "subprocess.CompletedProcess[str]":
    """Run a command of manage.py with a clock that is so far ahead of the machine's."""
    clock = str(float(host.environment["TEST_CLOCK_AHEAD"]) + ahead.total_seconds())
    return subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=ROOT, env=host.environment | {"TEST_CLOCK_AHEAD": clock},
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip


@contextmanager
def up(host: Host, **environment: str) -> Iterator[Host]:
    """Run the web server of a machine."""
    try:
        host.start_web(**environment)
        host.wait_until_up()
        yield host
    finally:
        host.machine.switch_off()


@contextmanager
def small_disk(folder: Path, *, megabytes: int) -> Iterator[Path]:
    """A file system in memory of that size. Needs root."""
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0755", "none", str(folder)], check=True)
    try:
        yield folder
    finally:
        _unmount(folder)
        folder.rmdir()


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Mount the folder read-only, where it is. Needs root."""
    subprocess.run(["mount", "--bind", str(folder), str(folder)], check=True)
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", str(folder)], check=True)
        yield
    finally:
        _unmount(folder)


def _unmount(folder: Path) -> None:
    command = ["umount", str(folder)]
    try:
        wait_until(
            lambda: subprocess.run(command, capture_output=True, check=False).returncode == 0,
            seconds=20,
            what=f"{folder} is unmounted",
        )
    except AssertionError:
        subprocess.run([*command, "--lazy"], check=False)  # Nothing must stay behind.
        raise


def can_mount(folder: Path) -> bool:
    probe = folder / "probe"
    with suppress(OSError, subprocess.CalledProcessError), small_disk(probe, megabytes=1):
        return shutil.disk_usage(probe).total < 2 * 1024 * 1024
    return False


@contextmanager
def filled(folder: Path) -> Iterator[None]:
    """Fill the disk on which the folder is, to the last byte."""
    filler = folder / "filler"
    try:
        with suppress(OSError), filler.open("wb", buffering=0) as file:
            for size in (1024 * 1024, 4096, 1):
                with suppress(OSError):
                    while True:
                        file.write(b"\0" * size)
        yield
    finally:
        filler.unlink(missing_ok=True)
