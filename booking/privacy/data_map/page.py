"""Write the data map as a Markdown page."""

from collections.abc import Iterator
from itertools import groupby

from django.utils import translation

from booking.models import RetentionPeriods
from booking.privacy.data_map import PERIODS, SECTIONS, Entry, Kept

_INTRODUCTION = """\
# Data map

As we understand it; confirm with counsel. Written by `manage.py data_map --write` from `booking/privacy/data_map/`;
change it there.

Every field of the database that holds personal data: whose it is, what it is for, who sees it, and how long it is kept.

- **Who sees it** names the shipped roles (*Roles* in the office). A practitioner sees their own patients, and another
  after giving a reason, which is logged. The privacy officer sees patients' data in an export, and the logs. Patients
  see their own visit by the link in their email. Who runs the server can read all of it.
- A log on the server names logins by number, and never a patient. Backups hold what the database held.
"""


def data_map_page() -> str:
    """The whole page. It depends on the code only."""
    with translation.override("en-ca"):
        parts = [_INTRODUCTION, "\n".join(_periods())]
        for title, entries in SECTIONS.items():
            parts.append(f"## {title}\n")
            for model, of_model in groupby(entries, key=lambda entry: entry.model):
                parts.append("\n".join(_table(model, list(of_model))))
    return "\n".join(parts)


def _periods() -> Iterator[str]:
    settings = {field.name: field.verbose_name for field in RetentionPeriods._meta.concrete_fields}
    yield "## How long\n"
    yield "| kept | how long | set under *Retention periods* |"
    yield "| --- | --- | --- |"
    for kept in Kept:
        labels = [str(settings[name]) for name in PERIODS.get(kept, ())]
        yield f"| {_name(kept)} | {kept.value} | {'; '.join(labels)} |"
    yield "\nA period that is not set never ends, but where the table says otherwise.\n"


def _table(model: str, entries: list[Entry]) -> Iterator[str]:
    yield f"### {model}\n"
    yield "| field | whose | what it is | what for | who sees it | kept |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for row, same in groupby(entries, key=_cells):
        fields = ", ".join(f"`{entry.field}`" for entry in same)
        yield f"| {fields} | {' | '.join(row)} |"
    yield ""


def _cells(entry: Entry) -> tuple[str, ...]:
    return entry.whose.value, entry.what, entry.purpose, ", ".join(entry.roles), _name(entry.kept)


def _name(kept: Kept) -> str:
    return kept.name.lower().replace("_", " ")
