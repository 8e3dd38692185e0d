"""Pages of retention and disposal: periods, who is due, review, removal and the certificate."""

from datetime import date, timedelta

import pytest
import time_machine
from django.contrib.auth.models import Group
from django.test import Client

from booking import scheduling
from booking.models import (
    DISPOSED_NAME,
    AccessLogEntry,
    Appointment,
    ChangeLogEntry,
    Disposal,
    Patient,
    RetentionPeriods,
)
from booking.privacy.disposal import due_patients
from booking.scheduling import Actor
from tests.support import factories
from tests.support.journey import words_of

PRIVACY = "/desk/privacy/"
RETENTION, DUE = f"{PRIVACY}retention/", f"{PRIVACY}due/"
DAY = timedelta(days=1)
ELEVEN_YEARS = timedelta(days=11 * 366)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stopped_clock")]


@pytest.fixture
def officer(client, django_user_model):
    """A client logged in as the privacy officer, whom no other role helps."""
    user = django_user_model.objects.create_user("dana", password="x", is_staff=True, first_name="Dana")
    user.groups.add(Group.objects.get(name="Privacy officer"))
    client.force_login(user)
    client.user = user
    return client


@pytest.fixture
def ten_years(db):
    return RetentionPeriods.objects.create(pk=1, patients_years=10)


def make_seen(now, ago=ELEVEN_YEARS, *, ends=timedelta(0), name="Alice Martin", **fields):
    """A patient whose only visit ended ``ago``."""
    patient = factories.make_patient(name=name, **fields)
    visit = factories.make_appointment(patient=patient, status="fulfilled", starts_at=now - ago - timedelta(minutes=45))
    assert visit.ends_at == now - ago
    return patient


def due_names(now):
    return [row.patient.name for row in due_patients(now=now)]


# The periods


def test_the_periods_are_off_and_proposals_fill_no_field(officer):
    page = officer.get(RETENTION)
    assert {field.value() for field in page.context["form"]} == {None}
    assert "Suggested: 10 years." in words_of(page)
    assert "College" in words_of(page)


def test_periods_are_saved_and_logged(officer):
    officer.post(RETENTION, {"patients_years": "10", "contact_days": "30"})
    periods = RetentionPeriods.objects.get()
    assert (periods.patients_years, periods.contact_days, periods.access_log_years) == (10, 30, None)
    assert ChangeLogEntry.objects.get().actor == officer.user


def test_a_period_can_be_switched_off_again(officer, ten_years):
    officer.post(RETENTION, {"patients_years": "", "initial-patients_years": "10"})
    ten_years.refresh_from_db()
    assert ten_years.patients_years is None


@pytest.mark.parametrize(
    ("field", "value"),
    [("patients_years", "1"), ("minors_until_age", "17"), ("contact_days", "0"), ("waitlist_days", "x")],
)
def test_a_period_that_is_too_short_is_refused(officer, field, value):
    page = officer.post(RETENTION, {field: value})
    assert page.status_code == 422
    assert field in page.context["form"].errors
    assert not RetentionPeriods.objects.exists()


# Who is due


def test_without_a_period_nobody_is_due(officer, now):
    make_seen(now)
    assert due_names(now) == []
    assert "No period is set" in words_of(officer.get(DUE))


def test_due_are_those_whose_last_appointment_is_longer_ago(now, ten_years):
    ten = now.replace(year=2016)
    make_seen(now, now - ten + timedelta(seconds=1), name="A second over")
    make_seen(now, now - ten, name="Just not over")
    twice = make_seen(now, name="Came again")
    factories.make_appointment(patient=twice, status="cancelled", starts_at=now - DAY)
    assert due_names(now) == ["A second over"]


def test_a_patient_without_appointments_is_due_by_the_day_they_were_added(now, ten_years):
    for name, ago in (("Long ago", ELEVEN_YEARS), ("Recently", DAY)):
        Patient.objects.filter(pk=factories.make_patient(name=name).pk).update(created_at=now - ago)
    assert due_names(now) == ["Long ago"]


def test_who_waits_has_something_ahead_or_was_merged_is_not_due(now, ten_years, location, admin_user):
    waiting, unknown, ahead, merged = (
        make_seen(now, name=name, email=f"{name}@x.example") for name in ("Wa Iting", "Un Known", "Ah Ead", "Mer Ged")
    )
    wish = {"service": factories.make_service(), "location": location, "phone": "+14035550199"}
    factories.make_hours(factories.make_practitioner([wish["service"]]), location)
    by = Actor.staff(admin_user)
    scheduling.add_caller(wish=factories.make_wish(**wish, name="Another"), by=by, now=now, patient=waiting)
    scheduling.join(wish=factories.make_wish(**wish, name="un known", email=unknown.email.upper()), now=now)
    factories.make_appointment(patient=ahead, starts_at=now + DAY)
    keep = make_seen(now, name="Ke Ept")
    scheduling.merge(keep=keep, merged=merged, take=[], by=by, now=now)
    assert due_names(now) == ["Ke Ept"]


@pytest.mark.parametrize(
    ("born_on", "until", "is_due"),
    [
        ("1997-11-22", 18, True),  # 18 at the visit.
        ("1998-11-24", 18, False),  # 28 tomorrow.
        ("1998-11-23", 18, True),  # 28 today.
        ("1998-11-23", 20, False),
        ("1998-11-23", None, False),
        ("1980-01-01", None, True),
        (None, 18, True),
    ],
)
def test_for_a_minor_the_years_count_from_a_birthday(now, ten_years, born_on, until, is_due):
    ten_years.minors_until_age = until
    ten_years.save()
    born = date.fromisoformat(born_on) if born_on else None
    make_seen(now, now - now.replace(year=2015), date_of_birth=born)
    assert bool(due_names(now)) == is_due


# Two steps


@pytest.fixture
def due_pair(now, ten_years):
    return [make_seen(now, name=name, email=f"{name[0]}@x.example") for name in ("Alice Martin", "Bo Chen")]


def review(client, *patients):
    return client.post(f"{DUE}review/", {"patient": [patient.pk for patient in patients]})


def confirm(client, page, **extra):
    data = {"patient": [row.patient.pk for row in page.context["rows"]], "seen": page.context["review"].version}
    return client.post(f"{DUE}dispose/", data | {"sure": "yes"} | extra)


def test_the_list_and_the_review_are_logged_with_whom_they_name(officer, due_pair):
    officer.get(DUE)
    page = review(officer, due_pair[0])
    assert "Alice Martin" in words_of(page)
    assert "Bo Chen" not in words_of(page)
    assert "be undone" in words_of(page)
    shown = [set(entry.people.values_list("patient", flat=True)) for entry in AccessLogEntry.objects.order_by("pk")]
    assert shown == [{patient.pk for patient in due_pair}, {due_pair[0].pk}]
    assert Patient.objects.current().count() == 2


def test_those_who_were_ticked_are_disposed_of_with_a_certificate(officer, due_pair, now):
    response = confirm(officer, review(officer, due_pair[0]))
    certificate = Disposal.objects.get()
    assert response.url == f"{PRIVACY}certificates/{certificate.pk}/"
    assert (certificate.kind, certificate.by, certificate.at) == ("people", officer.user, now)
    assert [patient.name for patient in Patient.objects.order_by("pk")] == [DISPOSED_NAME, "Bo Chen"]
    assert Appointment.objects.filter(status="fulfilled").count() == 2
    shown = officer.get(response.url)
    assert dict(shown.context["kinds"])["Appointments made anonymous"] == 1
    page = words_of(shown)
    assert "10 years after the last appointment" in page
    assert "Dana" in page
    assert not {"Alice", "Martin"} & set(page.split())
    assert str(certificate.pk) in officer.get(f"{PRIVACY}certificates/").content.decode()


def test_without_the_tick_nothing_goes(officer, due_pair):
    page = confirm(officer, review(officer, *due_pair), sure="")
    assert page.status_code == 422
    assert "Tick the box" in words_of(page)
    assert Patient.objects.current().count() == 2


def test_a_list_that_has_changed_since_is_shown_again(officer, due_pair, now):
    page = review(officer, *due_pair)
    factories.make_appointment(patient=due_pair[1], starts_at=now + DAY)
    again = confirm(officer, page)
    assert again.status_code == 409
    assert "no longer due" in words_of(again)
    assert [row.patient for row in again.context["rows"]] == due_pair[:1]
    assert Patient.objects.current().count() == 2
    assert confirm(officer, again).status_code == 302
    assert Patient.objects.current().get() == due_pair[1]


@pytest.mark.parametrize("ticked", [[], ["x"], ["0"], ["9" * 30]])
def test_nobody_ticked_is_said(officer, due_pair, ticked):
    page = officer.post(f"{DUE}review/", {"patient": ticked})
    assert page.status_code == 422
    assert "Choose at least one" in words_of(page)
    assert officer.post(f"{DUE}dispose/", {"patient": ticked, "sure": "yes"}).status_code == 409
    assert not Disposal.objects.exists()


# One person, at their request


def dispose_page(patient):
    return f"{PRIVACY}patients/{patient.pk}/dispose/"


def ask(client, patient, reason="", **extra):
    page = client.get(dispose_page(patient))
    seen = page.context["review"].version
    return client.post(dispose_page(patient), {"reason": reason, "sure": "on", "seen": seen} | extra)


def test_who_never_came_is_erased_at_once_without_a_reason(officer):
    patient = factories.make_patient()
    assert ask(officer, patient).status_code == 302
    assert Patient.objects.get().name == DISPOSED_NAME


def test_who_came_is_disposed_of_with_a_reason_that_names_nobody(officer, now):
    patient = make_seen(now, DAY)
    assert "reason" in ask(officer, patient).context["form"].errors
    names = ("Alice asked", "alice@patients.example wrote", "As martin Martin wished")
    for reason in (*names, "Called from (403) 555-0123", "Call 555 0123"):
        assert "reason" in ask(officer, patient, reason).context["form"].errors
    assert ask(officer, patient, "Asked in writing; counsel agrees").status_code == 302
    assert Disposal.objects.get().rule == "Asked in writing; counsel agrees"
    assert AccessLogEntry.objects.filter(kind="record", people__patient=patient).exists()


def test_an_appointment_ahead_is_said_before_anything_is_asked(officer):
    visit = factories.make_appointment()
    page = officer.get(dispose_page(visit.patient))
    assert "Ask the front desk to cancel it first" in words_of(page)
    assert page.context["review"] is None


def test_what_changed_since_the_page_is_looked_at_again(officer, now):
    patient = make_seen(now, DAY)
    page = ask(officer, patient, "Asked in writing", seen="earlier")
    assert page.status_code == 409
    assert "look again" in words_of(page)
    assert Patient.objects.get().name == "Alice Martin"


def test_a_patient_who_is_gone_has_no_such_page(officer):
    patient = factories.make_patient()
    ask(officer, patient)
    assert officer.get(dispose_page(patient)).status_code == 404


def test_the_session_of_who_disposes_forgets_the_person_too(officer, now):
    patient = make_seen(now, DAY)
    page = officer.get(dispose_page(patient))
    session = officer.session
    session["desk_undo"] = {"sentence": "Alice Martin's visit was moved.", "url": "/", "fields": {}, "back": ""}
    session.save()
    later = now + timedelta(minutes=5)  # By now, the request writes its session as well.
    with time_machine.travel(later, tick=False):
        data = {"reason": "Asked in writing", "sure": "on", "seen": page.context["review"].version}
        assert officer.post(dispose_page(patient), data).status_code == 302
    assert "desk_undo" not in officer.session
    assert "_auth_user_id" in officer.session


def test_a_login_with_the_name_of_the_person_stays_logged_in(officer, django_user_model, now):
    colleague = django_user_model.objects.create_user("alice", is_staff=True)
    client = Client()
    client.force_login(colleague)
    session = client.session
    session["account_authentication_methods"] = [{"method": "password", "at": 0.0, "username": "alice"}]
    session["desk_undo"] = {"sentence": "Alice Martin's visit was moved."}
    session.save()
    assert ask(officer, make_seen(now, DAY), "Asked in writing").status_code == 302
    assert "account_authentication_methods" in client.session
    assert "desk_undo" not in client.session
