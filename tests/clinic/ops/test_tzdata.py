"""Time zone data comes from the pinned package, and stale data fails the system checks."""

import io
import zoneinfo
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError

from clinic import checks

EDMONTON = "America/Edmonton"


def test_the_systems_files_are_ignored():
    assert zoneinfo.TZPATH == ()


@pytest.mark.parametrize(("month", "offset"), [(1, -7), (7, -6), (11, -6), (12, -6)])
def test_alberta_stays_at_utc_minus_6_after_2026(month, offset):
    instant = datetime(2026, month, 15, 12, tzinfo=UTC)
    assert instant.astimezone(zoneinfo.ZoneInfo(EDMONTON)).utcoffset() == timedelta(hours=offset)


def test_current_data_passes():
    assert checks.zone_data_is_current(None) == []


def test_the_systems_path_is_reported(monkeypatch):
    monkeypatch.setattr(zoneinfo, "TZPATH", ("/usr/share/zoneinfo",))
    assert [error.id for error in checks.zone_data_is_current(None)] == ["clinic.E001"]


def test_stale_data_fails_the_checks(monkeypatch):
    # Denver still has the rules that Edmonton had before 2026.
    old = zoneinfo.ZoneInfo.no_cache("America/Denver")
    monkeypatch.setattr(zoneinfo, "ZoneInfo", lambda key: old)
    with pytest.raises(SystemCheckError, match="out of date"):
        call_command("check", stdout=io.StringIO(), stderr=io.StringIO())


def test_missing_data_is_reported(monkeypatch):
    def nothing(key):
        raise zoneinfo.ZoneInfoNotFoundError(key)

    monkeypatch.setattr(zoneinfo, "ZoneInfo", nothing)
    assert [error.id for error in checks.zone_data_is_current(None)] == ["clinic.E002"]
