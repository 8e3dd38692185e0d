"""The commands in the docs: fenced blocks marked ``console`` (or ``sh``), as shell scripts."""

import re
from dataclasses import dataclass
from pathlib import Path

RUN = {"console", "sh", "shell", "bash"}
_FENCE = re.compile(r"^(?P<indent> *)```(?P<mark>\S*) *\n(?P<body>.*?)^(?P=indent)``` *$", re.MULTILINE | re.DOTALL)
_CONTAINER = re.compile(r"docker compose (?:run|exec)(?: -\S+)* \w+ (?P<command>(?:python|pg_dump|tar|psql)\b.*)")
_TRANSIENT_UNIT = re.compile(r"systemd-run(?: --\S+)* (?P<command>/srv/clinic/.*)")


@dataclass(frozen=True)
class Block:
    line: int
    mark: str
    commands: list[str]


def blocks_of(page: Path) -> list[Block]:
    """Return a page's fenced blocks; a command that goes on in the next line (backslash) is one command."""
    text = page.read_text(encoding="utf-8")
    blocks = []
    for found in _FENCE.finditer(text):
        body = re.sub(f"(?m)^{found['indent']}", "", found["body"]).replace("\\\n", " ")
        commands = [line.removeprefix("$ ") for line in body.splitlines() if line.strip() and not line.startswith("#")]
        blocks.append(Block(text.count("\n", 0, found.start()) + 1, found["mark"], commands))
    return blocks


def command_within(command: str) -> str:
    """Return what a command does on this machine: without sudo, and what would run in a container or a unit."""
    command = command.replace("| sudo ", "| ").removeprefix("sudo ")
    for wrapper in (_CONTAINER, _TRANSIENT_UNIT):
        if found := wrapper.fullmatch(command):
            command = found["command"]
    return re.sub(r"^python(?= manage\.py)", ".venv/bin/python", command)
