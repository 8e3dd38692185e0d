"""A practitioner's calendar feed: their appointments with minimal data, for holders of the current URL."""

import re
import uuid
from datetime import timedelta

import icalendar
import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from booking import tokens
from booking.calendars.practitioner_feed import initials
from booking.models import Patient, Practitioner
from tests.support import factories


@pytest.fixture(autouse=True)
def clinic(db, stopped_clock):
    return factories.make_clinic()


@pytest.fixture
def steve(clinic):
    return factories.make_practitioner([factories.make_service()], feed_uid=uuid.uuid4())


@pytest.fixture
def visit(steve, location):
    return factories.make_appointment(practitioner=steve, location=location)


def path_of(practitioner):
    return re.sub("^https?://[^/]+", "", tokens.feed_url(practitioner))


def entries(client, practitioner):
    response = client.get(path_of(practitioner))
    assert response.status_code == 200
    return icalendar.Calendar.from_ical(response.content).walk("VEVENT")


def test_an_entry_has_the_patient_s_initials_and_not_the_service(client, steve, visit):
    (entry,) = entries(client, steve)
    assert (entry["SUMMARY"], entry.decoded("DTSTART"), entry.decoded("DTEND")) == (
        "Visit: A. M.", visit.starts_at, visit.ends_at,
    )  # fmt: skip
    content = client.get(path_of(steve)).content.decode()
    for private in (visit.service.name, "Alice", "403", "patients.example"):
        assert private not in content


def test_names_are_shown_if_the_practitioner_chose_them(client, steve, visit):
    Practitioner.objects.update(feed_shows_names=True)
    assert entries(client, steve)[0]["SUMMARY"] == "Visit: Alice Martin"


def test_switching_a_login_off_closes_the_practitioner_s_feed(client, steve, visit):
    steve.user = get_user_model().objects.create_user("steve", is_staff=True)
    steve.save()
    assert entries(client, steve)
    get_user_model().objects.filter(pk=steve.user.pk).update(is_active=False)
    assert client.get(path_of(steve)).status_code == 404
    get_user_model().objects.filter(pk=steve.user.pk).update(is_active=True)
    assert entries(client, steve)


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("Alice Martin", "A. M."),
        ("Zoë O\u2019Brien-Łuk", "Z. O."),
        ("王小明", "王."),
        ("a b c d", "A. B. C."),
        ("7", ""),
    ],
)
@pytest.mark.once
def test_initials(name, short):
    assert initials(Patient(name=name)) == short


def test_it_contains_own_visits_of_the_last_thirty_days_and_the_future(client, steve, visit, location, now):
    def make_visit(days, **fields):
        return factories.make_appointment(
            **{"practitioner": steve, "location": location, "starts_at": now + timedelta(days=days)} | fields
        )

    make_visit(-31)
    expected = [make_visit(-29, status="fulfilled"), visit, make_visit(3, status="arrived"), make_visit(400)]
    make_visit(5, status="cancelled")
    make_visit(6, status="held")
    factories.make_appointment(location=location)
    assert [entry.decoded("DTSTART") for entry in entries(client, steve)] == [visit.starts_at for visit in expected]


def test_its_uids_differ_from_those_in_the_patient_s_email(client, steve, visit):
    """Calendars that contain both must have two entries: they remove one of two with the same UID."""
    (entry,) = entries(client, steve)
    assert entry["UID"] != str(visit.uid)
    visit.sequence += 1
    visit.starts_at += timedelta(hours=1)
    visit.ends_at += timedelta(hours=1)
    visit.save()
    (moved,) = entries(client, steve)
    assert (moved["UID"], moved["SEQUENCE"]) == (entry["UID"], 1)


def test_an_unchanged_feed_returns_304(client, steve, visit):
    first = client.get(path_of(steve))
    again = client.get(path_of(steve), headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    Patient.objects.update(name="Bo Chen")
    changed = client.get(path_of(steve), headers={"If-None-Match": first["ETag"]})
    assert (changed.status_code, changed["ETag"] != first["ETag"]) == (200, True)


def test_it_is_not_cached_or_indexed_and_starts_no_session(client, steve, visit):
    response = client.get(path_of(steve))
    assert (response["Cache-Control"], response["X-Robots-Tag"]) == ("no-store", "noindex")
    assert response["Content-Type"] == "text/calendar; charset=utf-8"
    assert not response.cookies


def test_a_revoked_or_replaced_url_returns_404(client, steve, visit):
    old = path_of(steve)
    for uid in (None, uuid.uuid4()):
        Practitioner.objects.filter(pk=steve.pk).update(feed_uid=uid)
        assert client.get(old).status_code == 404
    steve.refresh_from_db()
    assert client.get(path_of(steve)).status_code == 200
    Practitioner.objects.update(is_active=False)
    assert client.get(path_of(steve)).status_code == 404


@pytest.mark.parametrize("token", ["x", "A" * 43, "A" * 44, "%00" * 43, "١" * 43, "../admin", "A" * 4000])
def test_an_invalid_token_returns_404(client, visit, token):
    assert client.get(f"/calendar/{token}.ics").status_code == 404


def test_a_token_cannot_be_made_from_stored_data(client, steve, visit):
    """The database contains feed_uid, but not SECRET_KEY."""
    other = tokens.encode(steve.feed_uid.bytes + b"0" * 16)
    assert client.get(f"/calendar/{other}.ics").status_code == 404
    assert client.get(f"/calendar/{tokens.manage_token(visit)}.ics").status_code == 404


def test_it_can_only_be_read(client, steve, visit):
    assert [getattr(client, verb)(path_of(steve)).status_code for verb in ("post", "put", "delete")] == [405] * 3
    assert client.head(path_of(steve)).status_code == 200


def test_a_hostile_name_cannot_inject_a_line(client, steve, visit):
    Practitioner.objects.update(feed_shows_names=True)
    Patient.objects.update(name="Eve\r\nATTENDEE:mailto:x@evil.example\r\n")
    (entry,) = entries(client, steve)
    assert "ATTENDEE" not in entry
    assert entry["SUMMARY"] == "Visit: Eve ATTENDEE:mailto:x@evil.example"


def test_ten_visits_need_as_many_queries_as_one(client, steve, visit, location, now):
    def count():
        with CaptureQueriesContext(connection) as queries:
            entries(client, steve)
        return len(queries)

    once = count()
    for days in range(3, 12):
        factories.make_appointment(
            practitioner=steve, location=location, starts_at=now + timedelta(days=days),
            patient=factories.make_patient(), room=factories.make_room(location),
        )  # fmt: skip
    assert count() == once == 7  # Four of them write the access log: two, and a savepoint around them.


# In the admin


def admin_page(practitioner):
    return f"/admin/booking/practitioner/{practitioner.pk}/feed/"


def test_staff_can_create_replace_and_revoke_the_url(admin_client, client, visit, steve):
    Practitioner.objects.update(feed_uid=None)
    assert "There's no address yet." in admin_client.get(admin_page(steve)).content.decode()
    paths = []
    for _ in range(2):
        admin_client.post(admin_page(steve), {"renew": "x"})
        steve.refresh_from_db()
        assert tokens.feed_url(steve) in admin_client.get(admin_page(steve)).content.decode()
        paths.append(path_of(steve))
    assert [Client().get(path).status_code for path in paths] == [404, 200]
    admin_client.post(admin_page(steve), {"revoke": "x"})
    assert Client().get(paths[1]).status_code == 404


def test_a_get_request_changes_nothing_and_others_are_forbidden(admin_client, steve):
    before = steve.feed_uid
    admin_client.get(admin_page(steve), {"renew": "x"})
    user = get_user_model().objects.create_user("desk", is_staff=True)
    stranger = Client()
    stranger.force_login(user)
    assert stranger.get(admin_page(steve)).status_code == 403
    assert stranger.post(admin_page(steve), {"renew": "x"}).status_code == 403
    Practitioner.objects.filter(pk=steve.pk).update(user=user)
    assert stranger.get(admin_page(steve)).status_code == 200
    steve.refresh_from_db()
    assert steve.feed_uid == before
