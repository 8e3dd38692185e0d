"""The last run of the automated accessibility checks that passed, which the accessibility statement names.

``make accessibility-date`` runs them and writes the file; nothing else does.
"""

import json
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

FILE = Path(__file__).with_name("accessibility_check.json")


@dataclass(frozen=True)
class AccessibilityCheck:
    """When every public page last passed, and which version of the site that was."""

    checked_on: date
    version: str


def last_check(file: Path = FILE) -> AccessibilityCheck | None:
    """Return the last run that passed, or None if none has been recorded."""
    if not file.exists():
        return None
    data = json.loads(file.read_text(encoding="utf-8"))
    return AccessibilityCheck(date.fromisoformat(data["checked_on"]), str(data["version"]))


def write_check(check: AccessibilityCheck, file: Path = FILE) -> None:
    data = asdict(check) | {"checked_on": check.checked_on.isoformat()}
    file.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")
