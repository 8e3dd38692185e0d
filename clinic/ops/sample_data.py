"""Mark sample rows, plan which of them can be removed and which are kept for what reason, and remove them."""

import hashlib
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.db import models, transaction
from django.db.models import Min
from django.utils import timezone

from booking.models import (
    Appointment,
    Clinic,
    Insurer,
    IntakeForm,
    IntakeFormVersion,
    Location,
    Message,
    Patient,
    Practitioner,
    PractitionerService,
    Room,
    SampleRow,
    Service,
    WaitlistEntry,
)
from clinic.ops import sample_fingerprints
from clinic.ops.sample_fingerprints import OWNED_BY, fingerprints, parts_of
from content.blocks import page_content
from content.models import (
    MenuEntry,
    Page,
    PageFeedback,
    Picture,
    PlaceMap,
    Review,
    Revision,
    SearchSynonym,
    SlugRedirect,
)

# Models whose rows are planned one by one, in the order of deletion: referring rows before the rows they refer to.
INDEPENDENT: tuple[type[models.Model], ...] = (
    Message, Appointment, WaitlistEntry, Patient, PlaceMap, SearchSynonym, MenuEntry, Page, Picture, Practitioner,
    Service, IntakeForm, Location, Insurer, Clinic,
)  # fmt: skip
# Models of records about a row, which are deleted with it.
RECORDS: frozenset[type[models.Model]] = frozenset({IntakeFormVersion, Revision, Review, PageFeedback})
CHANGED = "changed since it was loaded"
IN_DOUBT = "loaded by an earlier release, and may have been changed since"

Key = tuple[type[models.Model], Any]


class PlanChanged(Exception):
    """Raised when the plan is no longer the one that was shown."""


@dataclass(frozen=True)
class KeptRow:
    """A sample row that is not removed. ``is_own``: somebody changed it, so it is no longer sample data."""

    row: models.Model
    reason: str
    is_own: bool = False

    @property
    def kind(self) -> str:
        return str(self.row._meta.verbose_name)


@dataclass(frozen=True)
class RemovalPlan:
    """The rows that removal deletes and keeps, in the reverse order of ``INDEPENDENT``: the clinic first."""

    going: list[models.Model]
    kept: list[KeptRow]

    @property
    def digest(self) -> str:
        """A hash that is equal for equal plans."""
        keys = [sorted(str(_key(row)) for row in rows) for rows in (self.going, [kept.row for kept in self.kept])]
        return hashlib.sha256(repr(keys).encode()).hexdigest()

    @property
    def going_by_kind(self) -> list[tuple[str, list[models.Model]]]:
        """Groups of rows of one model, each with its label, such as ("2 rooms", [...])."""
        return [(_counted(list(rows)), rows) for rows in _by_kind(self.going)]


def real_rows() -> list[str]:
    """Describe the rows that are not sample data, such as "2 rooms", one string for each model."""
    labels = []
    for model in INDEPENDENT:
        marked = SampleRow.objects.filter(content_type=ContentType.objects.get_for_model(model)).values("object_id")
        rows = model._default_manager.exclude(pk__in=marked)
        if model is MenuEntry:
            rows = rows.exclude(page=None)  # Every site has links to its fixed places.
        count = rows.count()
        if count:
            names = model._meta
            labels.append(f"{count} {names.verbose_name if count == 1 else names.verbose_name_plural}")
    return labels


def mark(rows: Iterable[models.Model]) -> None:
    """Mark rows that were just loaded as sample data, with their fingerprints."""
    rows = list(rows)
    by_row = fingerprints(_reload([row for row in rows if isinstance(row, INDEPENDENT)]))
    by_key = {_key(row): fingerprint for row, fingerprint in by_row.items()}
    SampleRow.objects.bulk_create(
        [
            SampleRow(
                content_type=ContentType.objects.get_for_model(row),
                object_id=row.pk,
                fingerprint=by_key.get(_key(row), ""),
            )
            for row in rows
        ],
        update_conflicts=True,
        unique_fields=["content_type", "object_id"],
        update_fields=["fingerprint"],
    )


def plan() -> RemovalPlan:
    """Decide which sample rows to remove, and keep the rest: changed rows, and all rows that kept or real rows need."""
    marked = _MarkedRows()
    kept = {key: KeptRow(marked.rows[key], reason, is_own) for key, reason, is_own in _changed(marked)}
    for key, reason in _referenced_by_real_rows(marked):
        kept.setdefault(key, KeptRow(marked.rows[key], reason))
    queue = deque(kept)
    while queue:
        holder = kept[queue.popleft()]
        for key in marked.references(holder):
            if key in marked.rows and key not in kept:
                kept[key] = KeptRow(marked.rows[key], f"{_label(holder.row)} needs it")
                queue.append(key)
    keys = sorted(marked.rows, key=lambda key: (-INDEPENDENT.index(key[0]), key[1]))
    return RemovalPlan(
        going=[marked.rows[key] for key in keys if key not in kept],
        kept=[kept[key] for key in keys if key in kept],
    )


@transaction.atomic
def remove(expected_digest: str = "") -> RemovalPlan:
    """Delete the sample rows that can be removed, and unmark those that were changed.

    Picture files are deleted after the commit. Raises PlanChanged if ``expected_digest`` is that of another plan.
    """
    for model, ids in _marked_ids().items():
        list(model._default_manager.select_for_update().filter(pk__in=ids).order_by("pk"))
    current = plan()
    if expected_digest and current.digest != expected_digest:
        raise PlanChanged
    redirects = set(SlugRedirect.objects.values_list("pk", flat=True))
    _delete(current.going)
    SlugRedirect.objects.exclude(pk__in=redirects).delete()  # Removed sample pages need no redirects.
    own = [kept.row for kept in current.kept if kept.is_own]
    for row in [*own, *(part for parts in parts_of(own).values() for part in parts)]:
        kind = ContentType.objects.get_for_model(row)
        SampleRow.objects.filter(content_type=kind, object_id=row.pk).delete()
    _delete_dangling_marks()
    return current


class _MarkedRows:
    """The marked rows of ``INDEPENDENT`` models, with their fingerprints, parts and references."""

    def __init__(self) -> None:
        self.rows: dict[Key, models.Model] = {}
        self.fingerprints: dict[Key, str] = {}
        self.parts_marked: set[Key] = set()
        for mark in SampleRow.objects.select_related("content_type"):
            model = mark.content_type.model_class()
            if model in INDEPENDENT:
                self.fingerprints[model, mark.object_id] = mark.fingerprint
            elif model is not None:
                self.parts_marked.add((model, mark.object_id))
        for model in INDEPENDENT:
            ids = [pk for kind, pk in self.fingerprints if kind is model]
            self.rows |= {(model, pk): row for pk, row in model._default_manager.in_bulk(ids).items()}
        self.parts = parts_of(self.rows.values())
        pages = [pk for model, pk in self.rows if model is Page]
        self.in_revisions: dict[Any, set[Key]] = _references_of_revisions(pages)

    def references(self, holder: KeptRow) -> Iterator[Key]:
        """Yield the keys of the rows that a kept row and its parts refer to.

        A PractitionerService counts only if its practitioner was changed: otherwise it is deleted with the service.
        """
        row = holder.row
        yield from _references(row)
        for part in self.parts[row]:
            if holder.is_own or holder.reason == IN_DOUBT or not isinstance(part, PractitionerService):
                yield from _references(part)
        if isinstance(row, Page):
            yield from self.in_revisions.get(row.pk, ())


def _changed(marked: _MarkedRows) -> Iterator[tuple[Key, str, bool]]:
    """Yield the key, the reason and ``is_own`` of each row that was changed or has a part that is not sample data."""
    current = fingerprints(row for key, row in marked.rows.items() if marked.fingerprints[key])
    unmarked_kinds = set(page_content.KINDS.values())
    without = [row for key, row in marked.rows.items() if not marked.fingerprints[key]]
    portable = fingerprints(without, loaded_on=_first_loaded_on()) if without else {}
    for key, row in marked.rows.items():
        added = [p for p in marked.parts[row] if type(p) not in unmarked_kinds and _key(p) not in marked.parts_marked]
        if added:
            yield key, f"{_label(added[0])} is the clinic's own", True
        elif row in current and current[row] != marked.fingerprints[key]:
            yield key, CHANGED, True
        elif row in portable and portable[row] not in sample_fingerprints.EARLIER:
            yield key, IN_DOUBT, False


def _referenced_by_real_rows(marked: _MarkedRows) -> Iterator[tuple[Key, str]]:
    """Yield the key of each sample row that a row outside the sample refers to, and the reason."""
    for label in ("booking", "content"):
        for model in apps.get_app_config(label).get_models():
            for field in model._meta.concrete_fields:
                if not isinstance(field, models.ForeignKey) or field.remote_field.on_delete is models.SET_NULL:
                    continue
                target: Any = field.related_model._meta.concrete_model
                ids = [pk for kind, pk in marked.rows if kind is target]
                if not ids or OWNED_BY.get(model) == field.name or model in RECORDS:
                    continue
                real = _real(model, marked).filter(**{f"{field.name}__in": ids}).order_by()
                firsts = dict(real.values_list(field.attname).annotate(Min("pk")))
                holders = model._default_manager.in_bulk(firsts.values())
                for pk, first in firsts.items():
                    yield (target, pk), f"{_label(holders[first])} needs it"


def _real(model: Any, marked: _MarkedRows) -> Any:
    """Return the rows of a model that are neither marked nor parts of marked rows."""
    rows = model._default_manager.all()
    owner = OWNED_BY.get(model)
    if owner is None:
        return rows.exclude(pk__in=[pk for kind, pk in marked.rows if kind is model])
    owner_model = model._meta.get_field(owner).related_model._meta.concrete_model
    return rows.exclude(**{f"{owner}__in": [pk for kind, pk in marked.rows if kind is owner_model]})


def _references(row: models.Model) -> Iterator[Key]:
    for field in row._meta.concrete_fields:
        if isinstance(field, models.ForeignKey) and (pk := getattr(row, field.attname)) is not None:
            yield field.related_model._meta.concrete_model, pk  # type: ignore[union-attr,misc]


def _references_of_revisions(pages: list[Any]) -> dict[Any, set[Key]]:
    """Map the ids of pages to the keys that their live and scheduled revisions refer to."""
    now = timezone.now()
    models_by_name = {model._meta.model_name: model for model in INDEPENDENT} | {"snippet": Page}
    references: dict[Any, set[Key]] = {}
    for revisions in (Revision.objects.live(at=now), Revision.objects.scheduled(at=now)):
        for revision in revisions.filter(page__in=pages):
            for name, ids in page_content.content_of_revision(revision).references.items():
                if name in models_by_name:
                    references.setdefault(revision.page_id, set()).update((models_by_name[name], pk) for pk in ids)
    return references


def _first_loaded_on() -> date:
    """Return the day on which the sample was loaded: the date of the first revision that no user made."""
    kind = ContentType.objects.get_for_model(Page)
    pages = SampleRow.objects.filter(content_type=kind).values("object_id")
    first = Revision.objects.filter(page__in=pages, made_by=None).aggregate(at=Min("made_at"))["at"]
    return timezone.localdate(first) if first else timezone.localdate()


def _delete(rows: list[models.Model]) -> None:
    by_model = {model: [row.pk for row in rows if type(row) is model] for model in INDEPENDENT}
    for block in page_content.KINDS.values():  # First, because blocks refer to other pages.
        block._default_manager.filter(parent__in=by_model[Page]).delete()
    for model in INDEPENDENT:
        if model is Service:
            _delete_services(set(by_model[Service]))
        if model is Location:
            Room.objects.filter(location__in=by_model[Location]).delete()
        model._default_manager.filter(pk__in=by_model[model]).delete()


def _delete_services(ids: set[int]) -> None:
    """Delete services, those that refer to another by ``first_visit_service`` before it."""
    while ids:
        referenced = ids.intersection(Service.objects.filter(pk__in=ids).values_list("first_visit_service", flat=True))
        Service.objects.filter(pk__in=ids - referenced or ids).delete()
        ids = referenced


def _marked_ids() -> dict[type[models.Model], list[int]]:
    ids: dict[type[models.Model], list[int]] = {}
    for kind, pk in SampleRow.objects.order_by("content_type").values_list("content_type", "object_id"):
        model = ContentType.objects.get_for_id(kind).model_class()
        if model is not None:
            ids.setdefault(model, []).append(pk)
    return ids


def _delete_dangling_marks() -> None:
    """Delete the marks whose rows no longer exist."""
    for model, ids in _marked_ids().items():
        existing = model._default_manager.filter(pk__in=ids).values("pk")
        kind = ContentType.objects.get_for_model(model)
        SampleRow.objects.filter(content_type=kind).exclude(object_id__in=existing).delete()


def _reload(rows: list[models.Model]) -> list[models.Model]:
    """Return the same rows, read from the database."""
    reloaded: list[models.Model] = []
    for model in INDEPENDENT:
        reloaded += model._default_manager.in_bulk([row.pk for row in rows if type(row) is model]).values()
    return reloaded


def _key(row: models.Model) -> Key:
    return row._meta.concrete_model or type(row), row.pk


def _label(row: models.Model) -> str:
    return f"{row._meta.verbose_name} “{row}”"


def _by_kind(rows: Iterable[models.Model]) -> list[list[models.Model]]:
    return [list(group) for _model, group in groupby(rows, key=type)]


def _counted(rows: list[models.Model]) -> str:
    names = rows[0]._meta
    return f"{len(rows)} {names.verbose_name if len(rows) == 1 else names.verbose_name_plural}"
