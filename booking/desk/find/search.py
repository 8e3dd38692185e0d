"""Search for patients by name, phone, email or the reference of a visit, with what one needs to know on the phone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Case, Exists, IntegerField, OuterRef, Q, QuerySet, Subquery, Value, When
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext

from booking.formatting import clock, date_in_words, short_day
from booking.models import Appointment, AppointmentQuerySet, Patient, Status, is_reference
from booking.staff.access import own_practitioner, visible_visits
from booking.staff.search import phone_digits
from booking.text_cleaning import normalize_for_search

SHOWN = 8
SHORTEST = 2  # Fewer characters find too many.
LOCAL_NUMBER = 7  # Digits without the area code; fewer are the last ones.
OWN_PATIENTS_FOR = timedelta(days=730)  # How long after a visit a patient is still a practitioner's own.


@dataclass(frozen=True)
class FoundPatient:
    """A patient with the visit that says where they are: here now, the next one, or the last one."""

    patient: Patient
    today: date
    here: Appointment | None = None
    ahead: Appointment | None = None
    seen: Appointment | None = None

    @property
    def is_new_here(self) -> bool:
        """Whether the patient neither came nor will come so far."""
        return not (self.here or self.ahead or self.seen)

    @property
    def line(self) -> str:
        """Here now, 10:45 a.m. with Steve; Next: Thu, Dec 3, 4:30 p.m. with Steve; Last seen Sep 14, nothing ahead."""
        if visit := self.here:
            return gettext("Here now, %(time)s with %(person)s") % _words(visit)
        if (visit := self.ahead) and visit.local_on == self.today:
            return gettext("Today, %(time)s with %(person)s") % _words(visit)
        if visit := self.ahead:
            return gettext("Next: %(day)s, %(time)s with %(person)s") % _words(visit)
        if visit := self.seen:
            day = _past_day(visit.local_on, self.today)
            return gettext("Last seen %(day)s by %(person)s, nothing ahead") % {**_words(visit), "day": day}
        return gettext("No visits yet")


@dataclass(frozen=True)
class SearchResult:
    """The patients found; ``is_cut``: there are more than are shown."""

    words: str
    rows: Sequence[FoundPatient]
    is_cut: bool

    @property
    def patients(self) -> list[Patient]:
        return [row.patient for row in self.rows]


def may_find(request: HttpRequest) -> bool:
    """Whether the user may look for patients."""
    user = request.user
    return user.has_perm("booking.view_patient") or user.has_perm("booking.change_patient")


def search_patients(request: HttpRequest, words: str) -> SearchResult:
    """Find patients whom this request may show. Two queries, however many are found."""
    if len(words) < SHORTEST:
        return SearchResult(words, [], is_cut=False)
    matches = findable_patients(request).filter(_matches(request, words))
    found = list(_with_visits(request, matches).order_by(_rank(words), "name", "pk")[: SHOWN + 1])
    return SearchResult(words, _rows(found[:SHOWN]), is_cut=len(found) > SHOWN)


def found_patients(request: HttpRequest, patients: QuerySet[Patient]) -> list[FoundPatient]:
    """These patients with their visits."""
    return _rows(list(_with_visits(request, patients)))


def findable_patients(request: HttpRequest) -> QuerySet[Patient]:
    """All patients; for a practitioner's role those with a visit with them within two years, or ahead."""
    patients = Patient.objects.current()
    if own_practitioner(request) is None:
        return patients
    since = timezone.now() - OWN_PATIENTS_FOR
    visits = visible_visits(request).agreed().filter(patient=OuterRef("pk"), starts_at__gte=since)
    return patients.filter(Exists(visits))


def _matches(request: HttpRequest, words: str) -> Q:
    reference = words.replace(" ", "").upper()
    if is_reference(reference):
        visits = visible_visits(request).agreed().filter(reference=reference)
        match = Q(pk__in=visits.values("patient"))
    else:
        match = Q(pk__in=[])
    if digits := phone_digits(words):
        return match | (Q(phone__endswith=digits) if len(digits) < LOCAL_NUMBER else Q(phone__contains=digits))
    keys = normalize_for_search(words).split()
    return match | Q(*(Q(search_key__contains=key) for key in keys)) if keys else match


def _rank(words: str) -> Case:
    """Names that begin with the words come first, then those with a part that does."""
    key = normalize_for_search(words)
    return Case(
        When(search_key__startswith=key, then=Value(0)),
        When(search_key__contains=f" {key}", then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )


def _with_visits(request: HttpRequest, patients: QuerySet[Patient]) -> QuerySet[Patient]:
    """Annotate the primary keys of the visits that ``FoundPatient`` names."""
    now = timezone.now()
    visits = visible_visits(request).filter(patient=OuterRef("pk"))
    here = visits.filter(status=Status.ARRIVED, local_on=timezone.localdate(now))
    seen = visits.filter(status__in=[Status.ARRIVED, Status.FULFILLED], starts_at__lte=now)
    return patients.annotate(
        here_pk=_first(here.order_by("-starts_at")),
        ahead_pk=_first(visits.filter(status=Status.BOOKED, ends_at__gt=now).order_by("starts_at")),
        seen_pk=_first(seen.order_by("-starts_at")),
    )


def _first(visits: AppointmentQuerySet) -> Subquery:
    return Subquery(visits.values("pk")[:1])


def _rows(patients: Sequence[Patient]) -> list[FoundPatient]:
    names = ("here", "ahead", "seen")
    keys = {getattr(patient, f"{name}_pk") for patient in patients for name in names}
    visits = Appointment.objects.select_related("practitioner", "location").in_bulk(keys - {None})
    today = timezone.localdate()
    return [
        FoundPatient(patient, today, *(visits.get(getattr(patient, f"{name}_pk")) for name in names))
        for patient in patients
    ]


def _words(visit: Appointment) -> dict[str, str]:
    start: datetime = visit.local_start
    return {"day": short_day(start), "time": clock(start), "person": visit.practitioner.given_names}


def _past_day(day: date, today: date) -> str:
    """Sep 14; with the year if it is not this one."""
    return short_day(day).partition(", ")[2] if day.year == today.year else date_in_words(day)
