"""make audit: a service that could not be asked is never taken for good news."""

import pytest

from tests.support.audit import KNOWN, NONE_KNOWN, NOT_RUN, verdict

pytestmark = pytest.mark.once

CLEAN = {"name": "django", "version": "5.2.19", "vulns": []}
VULNERABLE = {"name": "pillow", "version": "12.0", "vulns": [{"id": "PYSEC-2026-1", "fix_versions": ["12.1"]}]}
SKIPPED = {"name": "nh3", "skip_reason": "Dependency not found on PyPI and could not be audited: nh3 (0.3.8)"}


@pytest.mark.parametrize(
    ("packages", "code", "last"),
    [
        ([CLEAN], NONE_KNOWN, "No known vulnerability in 1 packages."),
        ([CLEAN, VULNERABLE], KNOWN, "pillow 12.0: PYSEC-2026-1, fixed in 12.1"),
        ([CLEAN, SKIPPED], NOT_RUN, "not run: 1 of 2 packages could not be looked up (nh3, ...)"),
        ([VULNERABLE, SKIPPED], KNOWN, "not run: 1 of 2 packages could not be looked up (nh3, ...)"),
    ],
)
def test_a_package_that_could_not_be_looked_up_is_not_called_safe(packages, code, last):
    result, lines = verdict(packages)
    assert (result, lines[-1]) == (code, last)


def test_without_an_answer_nothing_was_run():
    assert verdict([], "Failed to resolve the service's name") == (
        NOT_RUN,
        ["not run: Failed to resolve the service's name"],
    )
