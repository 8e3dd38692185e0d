"""The code of an earlier commit in a folder of its own, with the requirements that it names."""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / "var" / "older-code"  # Git ignores it. Delete it whenever you like.


class CannotRun(Exception):
    """Raised with a sentence when the commit is not in the history, or its requirements cannot be installed."""


@dataclass(frozen=True)
class Code:
    """A checkout, and the Python that runs it."""

    folder: Path
    python: Path

    @property
    def gunicorn_config(self) -> str:
        # Where release 0.1.0 has it, and where it is since.
        return next(path for path in ("clinic/ops/gunicorn.py", "clinic/gunicorn.py") if (self.folder / path).exists())


THIS = Code(ROOT, Path(sys.executable))


def commit_before_newest_migration() -> str:
    """Return what the main line was before the newest migration landed there."""
    return _git("log", "-1", "--first-parent", "-m", "--format=%H", "--", "*/migrations/0*.py").split()[0] + "^"


def checkout(commit: str, *, with_requirements: bool) -> Code:
    """Write out that commit's files, and install its requirements if they are not this environment's."""
    sha = _git("rev-parse", "--verify", f"{commit}^{{commit}}").strip()
    folder = KEPT / sha[:12]
    code, python = folder / "code", folder / "venv" / "bin" / "python"
    if not (folder / "complete").exists():
        shutil.rmtree(folder, ignore_errors=True)
        code.mkdir(parents=True)
        archive = subprocess.run(["git", "archive", sha], cwd=ROOT, capture_output=True, check=True)
        subprocess.run(["tar", "--extract", f"--directory={code}"], input=archive.stdout, check=True)
        if with_requirements:
            _install(folder / "venv", code / "requirements-postgres.txt")
        (folder / "complete").touch()
    return Code(code, python if with_requirements else THIS.python)


def _install(venv: Path, requirements: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    pip = [venv / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    result = subprocess.run([*pip, "--require-hashes", "-r", requirements], capture_output=True, text=True, check=False)
    if result.returncode:
        raise CannotRun(f"The requirements of the earlier release cannot be installed: {result.stderr[-300:]}")


def _git(*arguments: str) -> str:
    result = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    if result.returncode or not result.stdout.strip():
        raise CannotRun(f"git {' '.join(arguments)} finds nothing: this needs the project's history.")
    return result.stdout
