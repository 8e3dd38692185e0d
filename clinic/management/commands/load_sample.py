"""Fill an empty site with a sample clinic, or take the sample away again."""

from argparse import ArgumentParser
from collections.abc import Iterable
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
)
from booking.sample import load_clinic
from content import sample as pages
from content.models import Page, Picture

# Rows that stand for something by themselves. Everything else is a part of one of these.
INDEPENDENT: tuple[type[models.Model], ...] = (
    Appointment, Clinic, Closure, Location, Message, Page, Patient, Picture, Practitioner, Room, Service,
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
            made += pages.load_pages(
                services=Service.objects.all(), practitioners=Practitioner.objects.all(), pictures=pictures, now=now
            )
            SampleRow.objects.bulk_create(
                [SampleRow(content_type=ContentType.objects.get_for_model(row), object_id=row.pk) for row in made],
                ignore_conflicts=True,
            )
        self.stdout.write(f"The sample clinic is loaded ({len(made)} new rows)." if made else "Nothing was missing.")

    def remove(self) -> None:
        gone = 0
        kept: list[str] = []
        files: list[Any] = []
        with transaction.atomic():
            # The newest first: what refers to something was made after it.
            for mark in SampleRow.objects.select_related("content_type").order_by("-pk"):
                model = mark.content_type.model_class()
                row = model._default_manager.filter(pk=mark.object_id).first() if model else None
                if row is None:
                    mark.delete()
                    continue
                needed_by = real_dependants(row)
                if needed_by:
                    if isinstance(row, INDEPENDENT):
                        kept.append(f"{row._meta.verbose_name} “{row}”, because of {needed_by}")
                    continue
                files += uploads_of(row)
                row.delete()
                mark.delete()
                gone += 1
            transaction.on_commit(lambda: [file.delete(save=False) for file in files])
        self.stdout.write(f"{gone} sample rows are gone.")
        for line in kept:
            self.stdout.write(f"Kept: {line}.")


def add_photos(practitioners: Iterable[Practitioner]) -> None:
    """Give each new sample practitioner the portrait that was drawn for them."""
    for practitioner in practitioners:
        portrait = pages.drawing(practitioner.slug)
        if portrait is not None:
            practitioner.photo.save(portrait.name, portrait)


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


def real_dependants(row: models.Model) -> str:
    """What real thing would go, or would stop it, if this row were deleted: "" when nothing would."""
    collector = NestedObjects(using=router.db_for_write(type(row), instance=row))
    collector.collect([row])
    others = [other for model in collector.data for other in collector.data[model] if other != row]
    others += list(collector.protected)
    for other in others:
        if isinstance(other, INDEPENDENT) and not is_marked(other):
            return f"{other._meta.verbose_name} “{other}”"
    if collector.protected:
        # A sample row that had to stay keeps what it refers to.
        return "other rows that stay"
    return ""


def is_marked(row: models.Model) -> bool:
    kind = ContentType.objects.get_for_model(row)
    return SampleRow.objects.filter(content_type=kind, object_id=row.pk).exists()


def uploads_of(row: models.Model) -> list[Any]:
    """The files that belong to this row alone."""
    fields = [field for field in row._meta.get_fields() if isinstance(field, models.FileField)]
    return [getattr(row, field.name) for field in fields if getattr(row, field.name)]
