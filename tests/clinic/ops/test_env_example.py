"""deploy/env.example lists every variable that the code reads, and no other."""

import re
from pathlib import Path

import pytest

from tests.support.environment_variables import ROOT, variables_read

pytestmark = pytest.mark.once

EXAMPLE = ROOT / "deploy" / "env.example"
# Read by compose.yaml and deploy/systemd/ themselves.
OF_THE_UNITS = {"DRAIN_SECONDS"}
# Set by the site for its own processes, or for one run of "manage.py setup".
INTERNAL = {"PROMETHEUS_MULTIPROC_DIR", "SETUP_PASSWORD", "SETUP_PASSWORD_FILE"}


def variables_of(path: Path) -> list[str]:
    """Return the variables of an environment file, set or commented out, in their order."""
    return re.findall(r"^#?([A-Z][A-Z0-9_]*)=", path.read_text(encoding="utf-8"), re.MULTILINE)


def test_the_example_lists_every_variable_that_the_code_reads():
    assert variables_read() - INTERNAL - set(variables_of(EXAMPLE)) == set()


def test_the_example_lists_no_variable_that_nothing_reads():
    assert set(variables_of(EXAMPLE)) - variables_read() - OF_THE_UNITS == set()


def test_the_example_lists_each_variable_once():
    assert len(variables_of(EXAMPLE)) == len(set(variables_of(EXAMPLE)))


def test_the_example_holds_no_secret():
    """A variable that may stand in a file is a secret: nobody shall copy an example of one."""
    text = EXAMPLE.read_text(encoding="utf-8")
    secrets = [name.removesuffix("_FILE") for name in variables_of(EXAMPLE) if name.endswith("_FILE")]
    assert secrets
    assert [name for name in secrets if not re.search(rf"^#{name}=$", text, re.MULTILINE)] == []


def test_the_reader_finds_variables_however_they_are_read():
    assert {"SITE_URL", "STAFF_IDLE_MINUTES", "PAGE_CACHE", "DEFAULT_FROM_EMAIL", "WEB_WORKERS"} <= variables_read()
