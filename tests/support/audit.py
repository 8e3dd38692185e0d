"""Look up known vulnerabilities of locked requirements: audit.py REQUIREMENTS, with pip-audit's own Python.

Exits with 0 if none is known, 1 if one is, and 3 if it was not run: the service on the internet did not know or answer
about some package. (pip-audit by itself then exits with 0 and says that no vulnerability is known.)
"""

import json
import subprocess
import sys
from typing import Any

NONE_KNOWN, KNOWN, NOT_RUN = 0, 1, 3
ASK = ["-m", "pip_audit", "--require-hashes", "--disable-pip", "--progress-spinner", "off", "--format", "json"]


def ask(requirements: str) -> tuple[list[dict[str, Any]], str]:
    """pip-audit's findings by package; or none, and why not."""
    command = [sys.executable, *ASK, "--requirement", requirements]
    result = subprocess.run(command, capture_output=True, text=True)
    try:
        return json.loads(result.stdout)["dependencies"], ""
    except (ValueError, KeyError):
        lines = result.stderr.strip().splitlines()
        return [], lines[-1] if lines else "pip-audit said nothing"


def verdict(packages: list[dict[str, Any]], problem: str = "") -> tuple[int, list[str]]:
    """The exit code, and what to print."""
    known = [
        f"{package['name']} {package['version']}: {found['id']}, fixed in {', '.join(found['fix_versions']) or 'none'}"
        for package in packages
        for found in package.get("vulns", [])
    ]
    unknown = [package["name"] for package in packages if "skip_reason" in package]
    lines = [*known]
    if unknown:
        lines.append(f"not run: {len(unknown)} of {len(packages)} packages could not be looked up ({unknown[0]}, ...)")
    elif not packages:
        lines.append(f"not run: {problem or 'no packages'}")
    elif not known:
        lines.append(f"No known vulnerability in {len(packages)} packages.")
    if known:
        return KNOWN, lines
    return (NOT_RUN if unknown or not packages else NONE_KNOWN), lines


if __name__ == "__main__":
    code, lines = verdict(*ask(sys.argv[1]))
    print(*lines, sep="\n")
    sys.exit(code)
