"""The calendar stays up to date: the version, the refresh, and what both write."""

from datetime import date, timedelta

import pytest
import time_machine
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from booking import scheduling
from booking.models import (
    AccessLogEntry,
    AccessLogPerson,
    Appointment,
    Closure,
    HoursOverride,
    PatientNote,
    RunningLate,
    TimeOff,
    WorkingHours,
)
from booking.scheduling import Actor
from clinic.accounts.idle_sessions import SEEN
from tests.booking.desk.conftest import MINUTES, NINE, words_of
from tests.support import factories

DESK, VERSION = "/desk/", "/desk/version/"
REFRESH = "X-Desk-Refresh"


@pytest.fixture
def desk(client, django_user_model):
    """A client logged in with the role Front desk."""
    user = django_user_model.objects.create_user("rita", password="x", is_staff=True)
    user.groups.add(Group.objects.get(name="Front desk"))
    client.force_login(user)
    client.get(DESK)
    return client


def version_of(client):
    return client.get(VERSION).content.decode()


# The version


def test_the_version_is_not_sent_again_while_nothing_changes(desk, make_visit):
    make_visit()
    first = desk.get(VERSION)
    again = desk.get(VERSION, headers={"If-None-Match": first["ETag"]})
    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")
    assert len(first.content) + len(str(first.headers)) < 1024
    assert desk.get(DESK).context["page"].version == first.content.decode()


CHANGES = {
    "mark": lambda visit, user: scheduling.check_in(appointment=visit, by=Actor.staff(user), now=timezone.now()),
    "cancel": lambda visit, user: scheduling.cancel(appointment=visit, by=Actor.staff(user), now=timezone.now()),
    "late": lambda visit, user: [setattr(visit, "late_by", 10 * MINUTES), visit.save()],
    "note": lambda visit, user: PatientNote.objects.create(
        patient=visit.patient, author=user, text="x", created_at=timezone.now(), updated_at=timezone.now()
    ),
    "hold": lambda visit, user: factories.make_appointment(
        status="held", starts_at=NINE + timedelta(hours=2), hold_expires_at=timezone.now() + 9 * MINUTES
    ),
    "waitlist": lambda visit, user: scheduling.join(
        wish=factories.make_wish(visit.service, visit.location), now=timezone.now()
    ),
    "time off": lambda visit, user: TimeOff.objects.bulk_create(
        [TimeOff(practitioner=visit.practitioner, starts_on=visit.local_on, ends_on=visit.local_on)]
    ),
    "running late": lambda visit, user: RunningLate.objects.create(
        practitioner=visit.practitioner, on=visit.local_on, late_by=10 * MINUTES, said_at=timezone.now()
    ),
    "hours": lambda visit, user: WorkingHours.objects.first().delete(),
    "dated hours": lambda visit, user: HoursOverride.objects.create(
        practitioner=visit.practitioner, location=visit.location, on=visit.local_on
    ),
    "closure": lambda visit, user: Closure.objects.create(location=visit.location, on=visit.local_on, name="x"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_version_changes_with(change, desk, admin_user, make_visit):
    visit = make_visit()
    before = version_of(desk)
    with time_machine.travel(timezone.now() + timedelta(seconds=1), tick=False):
        assert version_of(desk) == before
        CHANGES[change](visit, admin_user)
        assert version_of(desk) != before


def test_the_version_changes_when_a_note_or_an_absence_goes(desk, admin_user, make_visit):
    visit = make_visit()
    rows = [
        CHANGES["note"](visit, admin_user),
        TimeOff.objects.create(practitioner=visit.practitioner, starts_on=visit.local_on, ends_on=visit.local_on),
    ]
    for row in rows:
        before = version_of(desk)
        row.delete()
        assert version_of(desk) != before


def later(minutes):
    return time_machine.travel(timezone.now() + minutes * MINUTES, tick=False)


def test_the_version_changes_when_a_hold_runs_out(desk, make_visit, now):
    make_visit(status="held", patient=None, hold_expires_at=now + MINUTES)
    before = version_of(desk)
    with later(2):
        after = version_of(desk)
    with later(3):
        assert version_of(desk) == after != before


def test_the_version_changes_every_five_minutes_as_gaps_begin_now(desk, maya):
    before = version_of(desk)
    with later(4):
        assert version_of(desk) == before
    with later(5):
        assert version_of(desk) != before


def test_the_version_takes_four_queries_and_writes_nothing(desk, make_visit, settings):
    make_visit()
    etag = desk.get(VERSION)["ETag"]
    session = dict(desk.session.items())
    rows = AccessLogEntry.objects.count()
    with CaptureQueriesContext(connection) as queries:
        assert desk.get(VERSION, headers={"If-None-Match": etag}).status_code == 304
    assert len(queries) <= 4
    assert all(query["sql"].startswith("SELECT") for query in queries)
    assert AccessLogEntry.objects.count() == rows
    assert dict(desk.session.items()) == session


def test_the_second_step_costs_no_more_queries(desk, settings):
    settings.STAFF_SECOND_FACTOR = True
    with CaptureQueriesContext(connection) as queries:
        assert desk.get(VERSION)["Location"] == "/staff/second-factor/"
    assert len(queries) <= 4


def test_the_version_needs_the_calendars_permission(client, django_user_model, db):
    assert client.get(VERSION).status_code == 302
    user = django_user_model.objects.create_user("eve", password="x", is_staff=True)
    client.force_login(user)
    assert client.get(VERSION).status_code == 403
    for codename in ("view_appointment", "view_own_day"):
        user.user_permissions.set([Permission.objects.get(codename=codename)])
        assert client.get(VERSION).status_code == 200
    assert client.post(VERSION).status_code == 405


# No activity


def test_polls_and_refreshes_do_not_put_off_the_idle_logout(desk, settings, maya):
    begun = desk.session[SEEN]
    with later(2):
        desk.get(VERSION)
        desk.get(DESK, headers={REFRESH: "1"})
        assert desk.session[SEEN] == begun
        desk.get(DESK)
        assert desk.session[SEEN] == begun + 120
    with later(3 + settings.STAFF_IDLE // MINUTES):
        assert desk.get(VERSION)["Location"].startswith("/staff/login/")


# The refresh


def first_entry(client, address=DESK):
    return str(client.get(address).context["first_entry"])


def test_a_refresh_sends_the_parts_that_may_change(desk, make_visit):
    make_visit()
    first = first_entry(desk)
    make_visit("Dev Ahmed", NINE + 60 * MINUTES)
    page = desk.get(DESK, headers={REFRESH: first}).content.decode()
    assert "Dev Ahmed" in page
    assert page.count('hx-swap-oob="true"') == 3
    assert "<html" not in page
    assert f'data-first-entry="{first}"' in page


def test_a_refresh_records_only_people_who_were_not_shown_yet(desk, make_visit):
    make_visit()
    first = first_entry(desk)
    rows = AccessLogEntry.objects.count()
    desk.get(DESK, headers={REFRESH: first})
    assert AccessLogEntry.objects.count() == rows
    new = make_visit("Dev Ahmed", NINE + 60 * MINUTES)
    for _ in range(2):
        desk.get(DESK, headers={REFRESH: first})
    assert AccessLogEntry.objects.count() == rows + 1
    assert [row.patient for row in AccessLogPerson.objects.filter(entry_id__gt=first)] == [new.patient]
    desk.get(DESK)
    assert AccessLogEntry.objects.latest("pk").count == 2


def test_a_refresh_that_names_no_recent_view_of_this_login_is_recorded_in_full(
    desk, admin_client, make_visit, now, settings
):
    make_visit()
    first_entry(desk)
    old = AccessLogEntry.objects.create(
        at=now - settings.STAFF_SESSION - MINUTES, staff_id=desk.session["_auth_user_id"], kind="day", page="/", count=0
    )
    for first in ("", "0", "x", "9" * 30, "-1", "\u0662", first_entry(admin_client), str(old.pk)):
        rows = AccessLogEntry.objects.count()
        assert desk.get(DESK, headers={REFRESH: first.encode()}).status_code == 200
        assert AccessLogEntry.objects.count() == rows + 1, first


def test_a_refresh_takes_no_undo_and_no_message_away(desk, make_visit):
    visit = make_visit()
    desk.post(f"{DESK}appointments/{visit.reference}/status/", {"status": "arrived"})
    desk.get(DESK, headers={REFRESH: "1"})
    assert "Undo" in words_of(desk.get(DESK))


# Login and old addresses


@pytest.fixture
def log_in(client, django_user_model):
    def log_in(role="", next_url=""):
        user = django_user_model.objects.create_user("sam", "sam@clinic.example", "a long word", is_staff=True)
        if role:
            user.groups.add(Group.objects.get(name=role))
        address = "/staff/login/" + (f"?next={next_url}" if next_url else "")
        return user, lambda: client.post(address, {"login": "sam", "password": "a long word", "next": next_url})

    return log_in


def test_the_calendar_is_the_first_page_of_who_may_see_it(log_in, db):
    _user, send = log_in("Front desk")
    assert send()["Location"] == DESK


def test_the_office_is_the_first_page_of_everyone_else(log_in, db):
    _user, send = log_in("Editor")
    assert send()["Location"] == "/admin/"


def test_a_practitioner_without_a_linked_login_goes_to_the_office(log_in, db):
    _user, send = log_in("Practitioner")
    assert send()["Location"] == "/admin/"


def test_a_linked_practitioner_begins_with_their_own_day(log_in, maya):
    user, send = log_in("Practitioner")
    maya.user = user
    maya.save()
    assert send()["Location"] == "/desk/my-day/"


def test_the_page_that_asked_for_the_login_comes_first(log_in, db):
    _user, send = log_in("Front desk", "/admin/booking/patient/")
    assert send()["Location"] == "/admin/booking/patient/"


def test_the_past_changes_the_version_too_when_a_command_marks_it(desk, admin_user, make_visit):
    visit = make_visit(starts_at=NINE - timedelta(days=9))
    before = version_of(desk)
    scheduling.fulfil(appointment=Appointment.objects.get(pk=visit.pk), by=Actor.staff(admin_user), now=timezone.now())
    assert version_of(desk) != before
    assert visit.local_on == date(2026, 11, 14)
