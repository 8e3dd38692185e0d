"""Filters of the access log for looks that are unusual, which does not mean that they are wrong."""

from collections.abc import Callable
from datetime import timedelta

from django.contrib.auth import get_user_model
from django.db import models
from django.db.models import Count, DateTimeField, Exists, ExpressionWrapper, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Left, StrIndex
from django.utils.translation import gettext_lazy as _

from booking.models import AccessLogEntry, AccessLogPerson, Appointment, Patient
from booking.privacy.date_range import DateRange
from booking.text_cleaning import normalize_for_search

Entries = QuerySet[AccessLogEntry]
APART = timedelta(days=90)
HOUR = timedelta(hours=1)
MANY = 30  # patients' records in an hour
MAX_DAYS = 366  # of a period


class Unusual(models.TextChoices):
    """The filters."""

    FAMILY = "family", _("Own family name")
    NO_VISIT = "no_visit", _("No visit within 90 days")
    NIGHT = "night", _("At night")
    MANY = "many", _("Many in an hour")
    REASON = "reason", _("Opened with a reason")


EXPLANATIONS = {
    Unusual.FAMILY: _("The last word of a patient's name is the staff member's own last name."),
    Unusual.NO_VISIT: _(
        "A practitioner opened a record, and the patient has no appointment with them in the 90 days before or after."
    ),
    Unusual.NIGHT: _("Between 10 p.m. and 6 a.m. in the clinic's time, in the nights that begin on these days."),
    Unusual.MANY: _("One login had opened the records of more than 30 patients in the hour up to then."),
    Unusual.REASON: _("A practitioner wrote a reason to open the record of someone else's patient."),
}


def within(entries: Entries, period: DateRange) -> Entries:
    """The entries of a period."""
    if starts_at := period.starts_at:
        entries = entries.filter(at__gte=starts_at)
    if ends_at := period.ends_at:
        entries = entries.filter(at__lt=ends_at)
    return entries


def unusual_looks(entries: Entries, kind: str, period: DateRange) -> Entries:
    """The entries that a filter selects. At most ``MAX_DAYS`` days, both ends set."""
    if kind == Unusual.NIGHT:
        return _at_night(entries, period)
    return _FILTERS[kind](within(entries, period))


def _at_night(entries: Entries, period: DateRange) -> Entries:
    is_night = Q(pk__in=[])
    for begins, ends in period.nights():
        is_night |= Q(at__gte=begins, at__lt=ends)
    return entries.filter(is_night)


def _own_family_name(entries: Entries) -> Entries:
    """Compare the normalized names. The name is the first line of a patient's search key."""
    patients = Patient.objects.annotate(name_line=Left("search_key", StrIndex("search_key", Value("\n"))))
    staff = get_user_model().objects.filter(pk__in=entries.order_by().values("staff")).exclude(last_name="")
    is_family = Q(pk__in=[])
    for pk, last_name in staff.values_list("pk", "last_name"):
        if word := normalize_for_search(last_name):
            has_name = Q(name_line=f"{word}\n") | Q(name_line__endswith=f" {word}\n")
            is_family |= Q(patient__in=patients.filter(has_name).order_by().values("pk"), entry__staff=pk)
    return entries.filter(pk__in=AccessLogPerson.objects.filter(is_family).values("entry"))


def _without_a_visit(entries: Entries) -> Entries:
    visits = Appointment.objects.filter(
        Q(patient=OuterRef("patient")) | Q(patient=OuterRef("patient__merged_into")),
        practitioner__user=OuterRef("entry__staff"),
        starts_at__gte=_moved("at", -APART),
        starts_at__lte=_moved("at", APART),
    )
    people = AccessLogPerson.objects.filter(
        ~Exists(visits),
        patient__isnull=False,
        entry__kind=AccessLogEntry.Kind.RECORD,
        entry__staff__practitioner__isnull=False,
    )
    return entries.filter(pk__in=people.values("entry"))


def _many_in_an_hour(entries: Entries) -> Entries:
    records = AccessLogPerson.objects.filter(
        entry__staff=OuterRef("staff"),
        entry__kind=AccessLogEntry.Kind.RECORD,
        entry__at__gt=_moved("at", -HOUR),
        entry__at__lte=OuterRef("at"),
    )
    count = records.order_by().values("entry__staff").annotate(n=Count("patient", distinct=True)).values("n")
    rows = entries.filter(kind=AccessLogEntry.Kind.RECORD)
    return rows.annotate(records_in_hour=Subquery(count)).filter(records_in_hour__gt=MANY)


def _with_a_reason(entries: Entries) -> Entries:
    return entries.exclude(reason="")


def _moved(field: str, by: timedelta) -> ExpressionWrapper:
    return ExpressionWrapper(OuterRef(field) + Value(by), output_field=DateTimeField())


_FILTERS: dict[str, Callable[[Entries], Entries]] = {
    Unusual.FAMILY: _own_family_name,
    Unusual.NO_VISIT: _without_a_visit,
    Unusual.MANY: _many_in_an_hour,
    Unusual.REASON: _with_a_reason,
}
