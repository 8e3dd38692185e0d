"""Run a Dockerfile's steps without a container engine: in a folder that stands for the root file system.

Absolute paths of the image are replaced by paths in that folder. All stages are built at the same place, because a
virtual environment cannot be moved; a stage that is done is renamed. What only root can do in an image (packages,
users) is left out and counted.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parents[2]
# Folders of the image that exist in the test's folder; all others (/usr/bin, /dev) are the machine's.
IMAGE_PATHS = re.compile(r"(?<![\w./])/(?=(?:srv|opt|var/lib/clinic|var/www|run/clinic|etc/nginx)\b)")
NEEDS_ROOT = {"apt-get", "rm", "groupadd", "useradd"}
BUILDER = 10002  # The user of the build's steps; the site's user is in the Dockerfile.


@dataclass
class Stage:
    name: str
    base: str
    steps: list[tuple[str, str]] = field(default_factory=list)

    def last(self, instruction: str) -> str:
        """Return the value of the last such instruction, which is the one that counts."""
        return [value for name, value in self.steps if name == instruction][-1]

    def command(self, instruction: str) -> list[str]:
        """Return the words of a CMD or HEALTHCHECK in exec form."""
        words = json.loads(self.last(instruction)[self.last(instruction).index("[") :])
        return [str(word) for word in words]


def parse(path: Path) -> dict[str, Stage]:
    """Return the stages of a Dockerfile by name."""
    text = re.sub(r"(?m)^\s*#.*\n", "", path.read_text(encoding="utf-8"))
    text = text.replace("\\\n", " ")
    arguments: dict[str, str] = {}
    stages: dict[str, Stage] = {}
    stage: Stage | None = None
    for line in filter(None, map(str.strip, text.splitlines())):
        instruction, _, value = line.partition(" ")
        value = re.sub(r"\s+", " ", value.strip())
        if instruction == "FROM":
            base, _, name = value.partition(" AS ")
            stage = stages[name] = Stage(name, re.sub(r"\$\{(\w+)\}", lambda found: arguments[found[1]], base))
        elif stage is None:
            key, _, default = value.partition("=")
            arguments[key] = default
        else:
            stage.steps.append((instruction, value))
    return stages


def context_files() -> list[str]:
    """Return the project's files that .dockerignore lets into the image."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout.splitlines()  # fmt: skip
    rules = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    return [name for name in listed if (ROOT / name).is_file() and not is_ignored(name, rules)]


def is_ignored(name: str, rules: list[str]) -> bool:
    """Whether the last rule that matches a file, or a folder above it, leaves it out."""
    paths = [name, *map(str, PurePosixPath(name).parents)]
    ignored = False
    for rule in rules:
        pattern = rule.removeprefix("!").removeprefix("**/")
        candidates = [PurePosixPath(path).name for path in paths] if "**/" in rule else paths
        if any(fnmatch(candidate, pattern) for candidate in candidates):
            ignored = not rule.startswith("!")
    return ignored


@dataclass
class Builder:
    """Builds stages in ``folder``: the one in the making, or built last, is in ``folder/root``."""

    folder: Path
    stages: dict[str, Stage]
    left_out: list[str] = field(default_factory=list)

    @property
    def root(self) -> Path:
        return self.folder / "root"

    def in_root(self, text: str) -> str:
        """Replace the image's paths in a command or a value."""
        return IMAGE_PATHS.sub(f"{self.root}/", text)

    def build(self, name: str, arguments: dict[str, str] | None = None) -> dict[str, str]:
        """Run a stage's steps and return the environment of its commands."""
        stage, workdir = self.stages[name], self.root
        if not self.root.exists():
            for top in ("srv", "opt", "var/lib", "var/www", "run", "etc/nginx"):
                (self.root / top).mkdir(parents=True)
            _change_owner(self.root, BUILDER)
        environment = base_environment(self.folder)
        for instruction, value in stage.steps:
            if instruction == "ARG":
                key, _, default = value.partition("=")
                environment[key] = (arguments or {}).get(key, default.strip('"'))
            elif instruction == "ENV":
                for key, text in (pair.split("=", 1) for pair in shlex.split(value)):
                    environment[key] = self.in_root(re.sub(r"\$\{(\w+)\}", lambda found: environment[found[1]], text))
            elif instruction == "WORKDIR":
                workdir = Path(self.in_root(value))
                workdir.mkdir(parents=True, exist_ok=True)
                _change_owner(workdir, BUILDER)
            elif instruction == "COPY":
                self._copy(value, workdir)
            elif instruction == "RUN":
                self._run(value, workdir, environment)
        return environment

    def set_aside(self, name: str) -> None:
        """Make room for the next stage, which may copy from this one."""
        self.root.rename(self.folder / name)

    def _copy(self, value: str, workdir: Path) -> None:
        *sources, target = value.split()
        to = Path(self.in_root(target)) if target.startswith("/") else workdir / target
        if sources[0].startswith("--from="):
            origin = self.folder / sources.pop(0).removeprefix("--from=")
            for source in sources:  # Hard links: thousands of files, and nobody changes the stage that is done.
                subprocess.run(["cp", "-a", "--link", origin / source.lstrip("/"), to], check=True)
        else:
            allowed = context_files()
            for source in sources:
                wanted = [name for name in allowed if source == "." or name == source]
                assert wanted, f"COPY {source}: .dockerignore lets nothing of it in"
                for name in wanted:
                    is_folder = source == "." or target.endswith("/")
                    file = to / (name if source == "." else Path(name).name) if is_folder else to
                    file.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(ROOT / name, file)
        _change_owner(to, BUILDER)

    def _run(self, value: str, workdir: Path, environment: dict[str, str]) -> None:
        commands, kept = value.split(" && "), []
        for command in commands:
            program = shlex.split(command)[0]
            if program in NEEDS_ROOT:
                self.left_out.append(program)
            elif program == "install":
                self._install(shlex.split(self.in_root(command)))
            else:
                kept.append(self.in_root(command))
        if kept:
            script = " && ".join(kept)
            subprocess.run([*as_user(BUILDER), "sh", "-ec", script], cwd=workdir, env=environment, check=True)

    def _install(self, words: list[str]) -> None:
        """``install -d -o clinic -g clinic``, by the user's number: the machine has no such user."""
        uid = self.stages["run"].last("USER").split(":")[0]
        if os.geteuid() == 0:
            subprocess.run([uid if word == "clinic" else word for word in words], check=True)
            return
        kept = [word for number, word in enumerate(words) if not {word, words[number - 1]} & {"-o", "-g"}]
        subprocess.run(kept, check=True)


def base_environment(folder: Path) -> dict[str, str]:
    """What a base image sets, and how this machine reaches its package index."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name.startswith(("PIP_", "SSL_")) or name.lower().endswith("_proxy")
    }
    return inherited | {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(folder), "LANG": "C.UTF-8"}


def as_user(uid: int) -> list[str]:
    """Return a prefix that runs a command as another user without any right of root."""
    if os.geteuid() != 0:
        return []
    return [
        "setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "--no-new-privs", "--inh-caps=-all",
        "--bounding-set=-all",
    ]  # fmt: skip


def make_read_only(folder: Path) -> None:
    """Take the files from the site's user, as in an image whose root file system is read-only."""
    _change_owner(folder, 0)
    subprocess.run(["chmod", "-R", "a-w,a+rX", folder], check=True)


def _change_owner(path: Path, uid: int) -> None:
    if os.geteuid() == 0:
        subprocess.run(["chown", "-R", f"{uid}:{uid}", path], check=True)
