"""The table of environment variables lists what the code reads, and nothing else."""

import re

import pytest

from clinic.ops import first_setup
from tests.support.environment_variables import ROOT, variables_read

pytestmark = pytest.mark.once

TABLE = ROOT / "docs" / "operations" / "configuration.md"
# Set by the site for its own processes, and a password that only a file may hold.
INTERNAL = {"PROMETHEUS_MULTIPROC_DIR", "SETUP_PASSWORD"}


def variables_of_the_table() -> set[str]:
    rows = re.findall(r"^\| (`[A-Z][^|]*) \|", TABLE.read_text(encoding="utf-8"), re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`([A-Z0-9_]+)`", row)}


def test_the_table_lists_the_variables_that_the_code_reads():
    asked_by_setup = {question.variable for question in first_setup.QUESTIONS}
    assert variables_of_the_table() == (variables_read() | asked_by_setup) - INTERNAL
