"""Fill an empty site with a sample clinic, or take the sample away again."""

from argparse import ArgumentParser
from collections.abc import Iterable
from itertools import chain
from typing import Any

from django.contrib.admin.utils import NestedObjects
from django.contrib.contenttypes.models import ContentType
from django.core.management.base import BaseCommand, CommandError
from django.db import models, router, transaction
from django.utils import timezone

from booking.models import (
    Appointment,
    Clinic,
    Closure,
    Location,
    Message,
    Patient,
    Practitioner,
    Room,
    SampleRow,
    Service,
    WaitlistEntry,
)
from booking.sample import load_clinic
from content import sample as pages
from content.models import FormerAddress, Page, Picture
from content.models.revision import Record

# Rows that stand for something by themselves. Everything else is a part of one of these.
INDEPENDENT: tuple[type[models.Model], ...] = (
    Appointment, Clinic, Closure, Location, Message, Page, Patient, Picture, Practitioner, Room, Service,
    WaitlistEntry,
)  # fmt: skip


class Command(BaseCommand):
    help = "Load the sample clinic into an empty database, or --remove it and leave what is real."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--remove", action="store_true", help="Take the sample away; real rows stay.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["remove"]:
            self.remove()
        else:
            self.load()

    def load(self) -> None:
        real = real_rows()
        if real:
            raise CommandError(
                f"This database holds real data ({', '.join(real)}). The sample clinic was not loaded, "
                "and nothing was changed."
            )
        now = timezone.now()
        with transaction.atomic():
            made = list(load_clinic(timezone.localdate()))
            add_photos(row for row in made if isinstance(row, Practitioner))
            pictures = pages.load_pictures()
            made += pictures
            made += pages.load_maps(locations=[row for row in made if isinstance(row, Location)], pictures=pictures)
            made += pages.load_pages(
                services=Service.objects.all(), practitioners=Practitioner.objects.all(), pictures=pictures, now=now
            )
            SampleRow.objects.bulk_create(
                [SampleRow(content_type=ContentType.objects.get_for_model(row), object_id=row.pk) for row in made],
                ignore_conflicts=True,
            )
        self.stdout.write(f"The sample clinic is loaded ({len(made)} new rows)." if made else "Nothing was missing.")

    def remove(self) -> None:
        with transaction.atomic():
            found = [(mark.pk, marked_row(mark)) for mark in SampleRow.objects.select_related("content_type")]
            rows = [row for _mark, row in found if row is not None]
            kept = needed_by_real_rows([row for row in rows if isinstance(row, INDEPENDENT)])
            going = [row for row in rows if owner_of(row) not in kept]
            count, files = len(going), [file for row in going for file in uploads_of(row)]
            known = set(FormerAddress.objects.values_list("pk", flat=True))
            delete_all(going)
            FormerAddress.objects.exclude(pk__in=known).delete()  # Nobody has to be told where the sample has been.
            SampleRow.objects.filter(pk__in=[mark for mark, row in found if row is None or is_gone(row)]).delete()
            transaction.on_commit(lambda: [file.delete(save=False) for file in files])
        self.stdout.write(f"{count} sample rows are gone.")
        for row, reason in kept.items():
            self.stdout.write(f"Kept: {row._meta.verbose_name} “{row}”, because of {reason}.")


def add_photos(practitioners: Iterable[Practitioner]) -> None:
    """Give each new sample practitioner the portrait that was drawn for them."""
    for practitioner in practitioners:
        portrait = pages.drawing(practitioner.slug)
        if portrait is not None:
            practitioner.photo.save(str(portrait.name), portrait)


def real_rows() -> list[str]:
    """What in the database is not sample data, in words for a person."""
    found = []
    for model in INDEPENDENT:
        marked = SampleRow.objects.filter(content_type=ContentType.objects.get_for_model(model)).values("object_id")
        count = model._default_manager.exclude(pk__in=marked).count()
        if count:
            names = model._meta
            found.append(f"{count} {names.verbose_name if count == 1 else names.verbose_name_plural}")
    return found


def marked_row(mark: SampleRow) -> models.Model | None:
    """The row a mark is for, or None when somebody has deleted it."""
    model = mark.content_type.model_class()
    return model._default_manager.filter(pk=mark.object_id).first() if model else None


def is_gone(row: models.Model) -> bool:
    return row.pk is None or not type(row)._default_manager.filter(pk=row.pk).exists()


def owner_of(row: models.Model) -> models.Model:
    """The independent row that this one is a part of: a block's page, hours' practitioner."""
    while not isinstance(row, INDEPENDENT):
        names = [name for name in ("parent", "page", "practitioner", "location") if hasattr(row, name)]
        above = getattr(row, names[0]) if names else None
        if above is None:
            break
        row = above
    return row


def needed_by_real_rows(rows: list[models.Model]) -> dict[models.Model, str]:
    """Which of these sample rows have to stay, and what for: something real, or that has to stay, refers to them."""
    kept: dict[models.Model, str] = {}
    grew = True
    while grew:
        grew = False
        for row in rows:
            if row in kept:
                continue
            going_too, in_the_way = dependants_of(row)
            # A marked part, such as "this person offers this service", may go with either of its sides.
            holding = [part for part in going_too if not is_marked(part)] + in_the_way
            for other in map(owner_of, holding):
                if other != row and (other in kept or (isinstance(other, INDEPENDENT) and not is_marked(other))):
                    kept[row] = f"{other._meta.verbose_name} “{other}”"
                    grew = True
                    break
    return kept


def dependants_of(row: models.Model) -> tuple[list[models.Model], list[models.Model]]:
    """What would go with this row, and what would stop it from going."""
    collector = NestedObjects(using=router.db_for_write(type(row), instance=row))
    collector.collect([row])
    going_too = [other for found in collector.data.values() for other in found if other != row]
    return going_too, list(collector.protected)


def delete_all(rows: list[models.Model]) -> None:
    """Delete rows that refer to one another: what refers goes before what is referred to."""
    for row in rows:
        for dependant in chain(*dependants_of(row)):
            if not isinstance(dependant, (*INDEPENDENT, Record)):  # A record goes with what it is about.
                dependant.delete()
    left = [row for row in rows if isinstance(row, INDEPENDENT)]
    while left:
        waiting = []
        for row in left:
            try:
                with transaction.atomic():
                    row.delete()
            except models.ProtectedError:
                waiting.append(row)
        if len(waiting) == len(left):
            raise CommandError(f"“{waiting[0]}” cannot be deleted: something still refers to it. Nothing was removed.")
        left = waiting


def is_marked(row: models.Model) -> bool:
    kind = ContentType.objects.get_for_model(row)
    return SampleRow.objects.filter(content_type=kind, object_id=row.pk).exists()


def uploads_of(row: models.Model) -> list[Any]:
    """The files that belong to this row alone."""
    fields = [field for field in row._meta.get_fields() if isinstance(field, models.FileField)]
    return [getattr(row, field.name) for field in fields if getattr(row, field.name)]
