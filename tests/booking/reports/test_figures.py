"""Figures about visits agree with a model that counts them one by one."""

import random
from collections import Counter
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from booking.models import (
    Appointment,
    AppointmentEvent,
    CancelReason,
    HoursOverride,
    Message,
    TimeOff,
    WaitlistEntry,
    WaitlistOffer,
)
from booking.reports import online_booking, visits
from booking.reports.periods import ReportPeriod
from booking.reports.report import Report
from booking.reports.scope import Scope
from booking.reports.small_numbers import Hidden
from tests.support import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stopped_clock")]

ZONE = ZoneInfo("America/Edmonton")
NOVEMBER = ReportPeriod(date(2026, 11, 1), date(2026, 11, 30), 1)
STATUSES = ["booked", "arrived", "fulfilled", "cancelled", "noshow", "held", "unconfirmed", "expired"]


def scope(period=NOVEMBER, location=None):
    return Scope(period, location, ZONE)


def make_random_visits(rng, number, location):
    """Visits in three months with two practitioners and two services, on any of their days and hours."""
    services = [
        factories.make_service(name=name, price=price) for name, price in (("Back", "140"), ("Follow-up", "90"))
    ]
    people = [factories.make_practitioner(services, name=name) for name in ("Amara Okafor", "Steve Hansen")]
    other = factories.make_location(slug="other")
    patients, reasons = [factories.make_patient() for _ in range(number // 3)], [None, *CancelReason.objects.all()[:2]]
    visits = []
    for _ in range(number):
        status = rng.choice(STATUSES)
        starts_at = datetime(2026, 10, 1, 9, tzinfo=ZONE) + timedelta(days=rng.randrange(92), hours=rng.randrange(8))
        visit = factories.make_appointment(
            service=rng.choice(services), practitioner=rng.choice(people), location=rng.choice([location, other]),
            starts_at=starts_at, status=status, is_first_visit=rng.choice([True, False, None]),
            overbooked_reason="Random", **({} if status in {"held", "expired"} else {"patient": rng.choice(patients)}),
            cancel_category=rng.choice(reasons) if status == "cancelled" else None,
            asked_to_move_at=rng.choice([None, None, starts_at]),
            attendance_confirmed_at=rng.choice([None, starts_at]),
        )  # fmt: skip
        if status == "cancelled":  # Some twice: the last one counts.
            for hours in rng.choice([[2], [50], [60, 3]]):
                AppointmentEvent.objects.create(
                    appointment=visit, kind="cancelled", at=starts_at - timedelta(hours=hours), actor_kind="patient"
                )
        visits.append(visit)
    return visits


def counted(visits, period=NOVEMBER, location=None):
    """The visits of a period, one by one."""
    agreed = {"booked", "arrived", "fulfilled", "cancelled", "noshow"}
    return [
        visit
        for visit in visits
        if visit.status in agreed
        and period.first_on <= visit.local_on <= period.last_on
        and location in (None, visit.location)
    ]


def is_new(visit):
    """As the patient said, but once for each patient: the earliest one that was not cancelled."""
    if not visit.is_first_visit or visit.patient is None:
        return visit.is_first_visit
    said = visit.patient.appointments.filter(
        is_first_visit=True, status__in=["booked", "arrived", "fulfilled", "noshow"]
    )
    return not any((other.starts_at, other.pk) < (visit.starts_at, visit.pk) for other in said)


def is_late(visit):
    return visit.events.order_by("at").last().at > visit.changes_until


def expected_row(visits):
    outcome = Counter()
    for visit in visits:
        if visit.status == "cancelled":
            outcome["late" if is_late(visit) else "early"] += 1
        else:
            outcome[{"arrived": "held", "fulfilled": "held", "noshow": "missed"}.get(visit.status, "open")] += 1
    said = Counter(is_new(visit) for visit in visits if visit.status != "cancelled")
    names = [outcome[name] for name in ("held", "missed", "early", "late", "open")]
    return [len(visits), *names, said[True], said[False], said[None]]


def agrees(shown, expected):
    """Whether a row shows these numbers, hiding 1 to 4."""
    return all(
        cell == number if isinstance(cell, int) else number > 0 for cell, number in zip(shown, expected, strict=True)
    ) and all(isinstance(cell, Hidden) for cell, number in zip(shown, expected, strict=True) if 0 < number < 5)


@pytest.mark.parametrize("seed", range(4))
def test_visits_by_person_and_service_agree_with_the_model(location, seed):
    made = make_random_visits(random.Random(seed), 220, location)
    for place in (None, location):
        table = Report(scope(location=place)).outcomes
        model = counted(made, location=place)
        pairs = sorted({(visit.practitioner.name, visit.service.name) for visit in model})
        assert [tuple(row[:2]) for row in table.body] == pairs
        for row in table.body:
            own = [v for v in model if (v.practitioner.name, v.service.name) == tuple(row[:2])]
            assert agrees(row[2:11], expected_row(own)), row
            fees = sum((Decimal(v.price) for v in own if v.status in {"arrived", "fulfilled"}), Decimal(0))
            assert row[11] == fees or isinstance(row[3], Hidden)
        assert agrees(table.foot[2:11], expected_row(model))


@pytest.mark.parametrize("seed", range(3))
def test_weeks_months_and_reasons_agree_with_the_model(location, seed):
    made = make_random_visits(random.Random(seed), 150, location)
    report = Report(scope())
    for row, span in zip(report.weeks.body, report.spans, strict=True):
        own = counted(made, span)
        kinds = Counter({"arrived": "fulfilled"}.get(visit.status, visit.status) for visit in own)
        expected = [kinds["fulfilled"], kinds["noshow"], kinds["cancelled"]]
        assert agrees(row[1:], [*expected, sum(expected)])
    cancelled = [visit for visit in counted(made) if visit.status == "cancelled"]
    for reason, early, late in report.reasons.body:
        own = [v for v in cancelled if (str(v.cancel_category) if v.cancel_category else "No reason given") == reason]
        assert agrees([early, late], [sum(not is_late(v) for v in own), sum(map(is_late, own))])
    for row, month in zip(report.new_patients.rows, report.months, strict=True):
        new = [v for v in counted(made, month) if is_new(v) and v.status != "cancelled"]
        assert agrees(row[1:], [len(new)])


class TestNewPatients:
    def make(self, location, day, **fields):
        starts_at = datetime(2026, 11, day, 9, tzinfo=ZONE)
        return factories.make_appointment(location=location, starts_at=starts_at, is_first_visit=True, **fields)

    def new_and_returning(self):
        totals = visits.VisitNumbers(visits.visit_groups(scope())).row()
        return totals[6], totals[7]

    def test_who_books_six_visits_in_one_form_is_one_new_patient(self, location):
        patient = factories.make_patient()
        for day in range(2, 8):
            self.make(location, day, patient=patient, booked_from="back")
        assert self.new_and_returning() == (1, 5)
        Appointment.objects.update(created_at=datetime(2026, 11, 2, 9, tzinfo=ZONE))
        assert [row.first for row in online_booking.origins(scope())] == [1]
        assert visits.totals_of(visits.day_groups(scope(), [NOVEMBER]), NOVEMBER).new == 1

    def test_the_next_visit_is_the_first_one_if_that_was_cancelled(self, location):
        patient = factories.make_patient()
        for day, status in ((2, "cancelled"), (3, "expired"), (4, "booked"), (5, "booked")):
            self.make(location, day, patient=patient, status=status)
        assert self.new_and_returning() == (1, 1)

    def test_two_visits_at_one_time_and_those_of_others_count_once_each(self, location):
        patient = factories.make_patient()
        for who in (patient, patient, factories.make_patient()):
            self.make(location, 2, patient=who, practitioner=factories.make_practitioner())
        assert self.new_and_returning() == (2, 1)

    def test_who_came_new_in_an_earlier_month_is_new_no_more(self, location):
        patient = factories.make_patient()
        for month in (10, 11):
            factories.make_appointment(
                location=location, starts_at=datetime(2026, month, 5, 9, tzinfo=ZONE), patient=patient,
                is_first_visit=True,
            )  # fmt: skip
        assert self.new_and_returning() == (0, 1)


def test_the_month_that_is_shown_hides_its_new_patients_as_the_table_of_visits_does(location):
    service = factories.make_service()
    person = factories.make_practitioner([service])
    for number in range(12):
        factories.make_appointment(
            service=service, practitioner=person, location=location, is_first_visit=number >= 3,
            patient=factories.make_patient(), starts_at=datetime(2026, 11, 2 + number, 9, tzinfo=ZONE),
        )  # fmt: skip
    report = Report(scope())
    assert report.visit_totals["returning"] == Hidden.UNDER_5
    assert report.visit_totals["new"] == report.new_patients.rows[-1][1] == Hidden.NOT_SHOWN


def test_a_location_shows_its_own_visits(location):
    service, other = factories.make_service(), factories.make_location(slug="other")
    for place, number in ((location, 6), (other, 9)):
        person = factories.make_practitioner([service])
        for day in range(number):
            starts_at = datetime(2026, 11, 2 + day, 9, tzinfo=ZONE)
            factories.make_appointment(service=service, practitioner=person, location=place, starts_at=starts_at)
    assert [Report(scope(location=place)).visit_totals["booked"] for place in (location, other, None)] == [6, 9, 15]


def test_the_fees_of_a_row_are_hidden_with_its_number_of_held_visits(location):
    service = factories.make_service(price="140")
    for name, number in (("Amara", 8), ("Jo", 7), ("Steve", 3)):
        person = factories.make_practitioner([service], name=name)
        for day in range(number):
            factories.make_appointment(
                service=service, practitioner=person, location=location, status="fulfilled",
                starts_at=datetime(2026, 11, 2 + day, 9, tzinfo=ZONE),
            )  # fmt: skip
    table = Report(scope()).outcomes
    assert {row[0]: row[11] for row in table.body} == {"Amara": 1120, "Jo": "not shown", "Steve": "under 5"}
    assert table.foot[11] == 2520


class TestTimeFilled:
    def test_it_is_booked_time_over_open_time_without_time_off_and_closed_days(self, location):
        service = factories.make_service(duration=timedelta(hours=1))
        person = factories.make_practitioner([service], name="Steve Hansen")
        factories.make_hours(person, location)  # 8 hours, Monday to Friday: 21 days in November 2026.
        TimeOff.objects.create(practitioner=person, starts_on=date(2026, 11, 2), ends_on=date(2026, 11, 3))
        HoursOverride.objects.create(practitioner=person, location=location, on=date(2026, 11, 4))  # No hours.
        for day in range(5, 11):
            starts_at = datetime(2026, 11, day, 9, tzinfo=ZONE)
            factories.make_appointment(service=service, practitioner=person, location=location, starts_at=starts_at)
        assert Report(scope()).time.rows == [["Steve Hansen", "144", "6", "4%"], ["Everyone", "144", "6", "4%"]]

    def test_who_has_left_counts_with_their_visits(self, location):
        person = factories.make_practitioner(name="Old Hand", is_active=False)
        for day in range(5, 11):
            starts_at = datetime(2026, 11, day, 9, tzinfo=ZONE)
            factories.make_appointment(practitioner=person, location=location, starts_at=starts_at)
        assert Report(scope()).time.rows[0] == ["Old Hand", "0", "4.5", None]


def test_reminders_offers_and_promises_are_counted(location):
    service = factories.make_service()
    person = factories.make_practitioner([service])
    entry = None
    for day in range(2, 13):
        at = datetime(2026, 11, day, 9, tzinfo=ZONE)
        visit = factories.make_appointment(
            service=service, practitioner=person, location=location, starts_at=at, attendance_confirmed_at=at
        )
        for number in range(2):  # Two reminders of one visit are one.
            Message.objects.create(
                key=f"{day}-{number}",
                kind="reminder",
                appointment=visit,
                due_at=at,
                state="sent",
                sent_at=at,
                channel="text",
            )
        Message.objects.create(
            key=f"{day}", kind="confirmation", appointment=visit, due_at=at, state="sent", sent_at=at
        )
        entry = WaitlistEntry.objects.create(
            service=service, location=location, first_on=at.date(), last_on=at.date(), name="Al", phone="+14035550123",
            created_at=at, wish_key=f"wish-{day}", person_key="x",
        )  # fmt: skip
        state = "accepted" if day % 2 else "lapsed"
        WaitlistOffer.objects.create(
            entry=entry, appointment=visit, state=state, starts_at=at, offered_at=at, expires_at=at + timedelta(hours=1)
        )
    numbers = [row[1] for row in Report(scope()).messages.rows]
    assert numbers == [0, 11, 11, 11, 5]
