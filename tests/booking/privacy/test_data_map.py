"""The data map names every field of the database that may hold personal data."""

from collections import Counter
from io import StringIO
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import call_command

from booking.models import RetentionPeriods
from booking.privacy.data_map import ENTRIES, NOT_PERSONAL, PERIODS
from clinic.accounts.roles import ROLES

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[3]
OURS = {"booking", "content", "clinic"}
OF_LOGINS = {"account", "mfa", "admin", "sessions"}  # And auth.User; groups, permissions and types hold nobody's data.


def fields_in_the_database() -> set[tuple[str, str]]:
    models = [
        model
        for model in apps.get_models()
        if not model._meta.proxy and (model._meta.app_label in OURS | OF_LOGINS or model._meta.label == "auth.User")
    ]
    return {
        (model._meta.label, field.name)
        for model in models
        for field in (*model._meta.concrete_fields, *model._meta.many_to_many)
    }


def test_every_field_is_in_the_data_map_or_reviewed_as_not_personal():
    personal = {(entry.model, entry.field) for entry in ENTRIES}
    assert sorted(fields_in_the_database() - personal - NOT_PERSONAL) == []


def test_no_field_is_in_the_data_map_twice_or_also_reviewed_as_not_personal():
    listed = Counter((entry.model, entry.field) for entry in ENTRIES) + Counter(NOT_PERSONAL)
    assert [field for field, count in listed.items() if count > 1] == []


def test_the_data_map_names_no_field_that_does_not_exist():
    personal = {(entry.model, entry.field) for entry in ENTRIES}
    assert sorted((personal | NOT_PERSONAL) - fields_in_the_database()) == []


def test_who_sees_it_are_shipped_roles():
    named = {role for entry in ENTRIES for role in entry.roles}
    assert named - set(ROLES) == {"Everybody", "Nobody"}


def test_every_retention_period_is_one_of_the_data_map():
    settings = {field.name for field in RetentionPeriods._meta.concrete_fields} - {"id", "backup_days"}
    assert {name for names in PERIODS.values() for name in names} == settings
    assert set(PERIODS) <= {entry.kept for entry in ENTRIES}


def test_the_page_in_the_docs_is_the_data_map():
    printed = StringIO()
    call_command("data_map", stdout=printed)
    page = (ROOT / "docs" / "privacy" / "data-map.md").read_text(encoding="utf-8")
    assert page == printed.getvalue(), "Write it anew: manage.py data_map --write"
