"""Databases of the benchmark: the sample is loaded once for each run, and each measurement gets a copy."""

import os
import secrets
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from bench.serving import HOST, ROOT, SITE_HOST

# Rows that bench.dataset creates.
SERVICE = "bench-visit"
WORKING_HOURS, OPENS_AT = 12, 14  # a day, from 8 a.m. in Alberta; UTC
TREATMENT = "/treatments/dry-needling-for-back-pain/"
SHORT_PAGE, LONG_PAGE = "bench-5-blocks", "bench-25-blocks"


@dataclass(frozen=True)
class Clinic:
    """A database, and the environment variables of a site that uses it."""

    environ: dict[str, str]
    people: int

    def python(self, *arguments: str) -> str:
        """Run Python in this clinic's environment, and return its output."""
        command = [sys.executable, *arguments]
        finished = subprocess.run(
            command, cwd=ROOT, env=os.environ | self.environ, check=True, stdout=subprocess.PIPE, text=True
        )
        return finished.stdout


class Clinics:
    """Creates clinics on the database server in DATABASE_URL, or as SQLite files in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.server = os.environ.get("DATABASE_URL", "")
        self.base = Clinic(self._environ("bench_sample"), people=0)
        self._create("bench_sample")
        for command in ("migrate", "build_static", "collectstatic --noinput"):
            self.base.python("manage.py", *command.split(), "--verbosity=0")
        self.base.python("-m", "bench.dataset", "sample")

    def clinic(self, *, people: int = 5, visits: int = 0, pages: int = 0) -> Clinic:
        """Create a copy of the sample with more practitioners and past appointments, and ``pages`` treatments."""
        name = f"bench_{secrets.token_hex(4)}"
        print(f"  a clinic of {people} people, {visits} visits, {pages} pages", file=sys.stderr, flush=True)
        self._create(name, template="bench_sample")
        clinic = Clinic(self._environ(name), people)
        clinic.python("-m", "bench.dataset", "grow", str(people), str(visits), str(pages))
        return clinic

    @property
    def is_postgresql(self) -> bool:
        return self.server.startswith("postgres")

    def _environ(self, name: str) -> dict[str, str]:
        url = f"sqlite:///{self.folder}/{name}.sqlite3"
        if self.is_postgresql:
            url = f"{self.server.rpartition('/')[0]}/{name}"
        return {
            "DATABASE_URL": url,
            "VAR_DIR": str(self.folder),
            "SITE_URL": f"http://{SITE_HOST}",
            "TRUSTED_PROXIES": HOST,
            "SECRET_KEY": "the key of a benchmark, which signs nothing real",
            "DJANGO_SETTINGS_MODULE": "clinic.settings",
        }

    def _create(self, name: str, template: str = "") -> None:
        if not self.is_postgresql:
            if template:
                shutil.copy(self.folder / f"{template}.sqlite3", self.folder / f"{name}.sqlite3")
            return
        import psycopg
        from psycopg import sql

        statement = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
        if template:
            statement += sql.SQL(" TEMPLATE {}").format(sql.Identifier(template))
        with psycopg.connect(self.server, autocommit=True) as connection:
            connection.execute(statement)
