"""A practitioner's calendar feed: their visits, in no words that tell more, for whoever has its present address."""

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
from booking.feeds import initials
from booking.models import Patient, Practitioner
from tests import make


@pytest.fixture(autouse=True)
def clinic(db, stopped_clock):
    return make.make_clinic()


@pytest.fixture
def steve(clinic):
    return make.make_practitioner([make.make_service()], feed_uid=uuid.uuid4())


@pytest.fixture
def visit(steve, location):
    return make.make_appointment(practitioner=steve, location=location)


def path_of(practitioner):
    return re.sub("^https?://[^/]+", "", tokens.feed_url(practitioner))


def entries(client, practitioner):
    response = client.get(path_of(practitioner))
    assert response.status_code == 200
    return icalendar.Calendar.from_ical(response.content).walk("VEVENT")


def test_a_visit_is_an_entry_with_initials_and_nothing_about_what_it_is_for(client, steve, visit):
    (entry,) = entries(client, steve)
    assert (entry["SUMMARY"], entry.decoded("DTSTART"), entry.decoded("DTEND")) == (
        "Visit: A. M.", visit.starts_at, visit.ends_at,
    )  # fmt: skip
    content = client.get(path_of(steve)).content.decode()
    for private in (visit.service.name, "Alice", "403", "patients.example"):
        assert private not in content


def test_names_are_the_practitioner_s_own_choice(client, steve, visit):
    Practitioner.objects.update(feed_shows_names=True)
    assert entries(client, steve)[0]["SUMMARY"] == "Visit: Alice Martin"


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


def test_it_holds_own_visits_from_thirty_days_back_and_all_ahead(client, steve, visit, location, now):
    def at(days, **fields):
        return make.make_appointment(
            **{"practitioner": steve, "location": location, "starts_at": now + timedelta(days=days)} | fields
        )

    at(-31)
    wanted = [at(-29, status="fulfilled"), visit, at(3, status="arrived"), at(400)]
    at(5, status="cancelled")
    at(6, status="held")
    make.make_appointment(location=location)
    assert [entry.decoded("DTSTART") for entry in entries(client, steve)] == [one.starts_at for one in wanted]


def test_its_entries_are_not_those_of_the_patient_s_mail(client, steve, visit):
    """Who gets both has two entries: calendars that find one UID twice take one away."""
    (entry,) = entries(client, steve)
    assert entry["UID"] != str(visit.uid)
    visit.sequence += 1
    visit.starts_at += timedelta(hours=1)
    visit.ends_at += timedelta(hours=1)
    visit.save()
    (moved,) = entries(client, steve)
    assert (moved["UID"], moved["SEQUENCE"]) == (entry["UID"], 1)


def test_an_unchanged_calendar_is_answered_in_short(client, steve, visit):
    first = client.get(path_of(steve))
    again = client.get(path_of(steve), headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    Patient.objects.update(name="Bo Chen")
    changed = client.get(path_of(steve), headers={"If-None-Match": first["ETag"]})
    assert (changed.status_code, changed["ETag"] != first["ETag"]) == (200, True)


def test_nothing_keeps_it_and_no_session_begins(client, steve, visit):
    response = client.get(path_of(steve))
    assert (response["Cache-Control"], response["X-Robots-Tag"]) == ("no-store", "noindex")
    assert response["Content-Type"] == "text/calendar; charset=utf-8"
    assert not response.cookies


def test_a_revoked_or_replaced_address_opens_nothing(client, steve, visit):
    old = path_of(steve)
    for uid in (None, uuid.uuid4()):
        Practitioner.objects.filter(pk=steve.pk).update(feed_uid=uid)
        assert client.get(old).status_code == 404
    steve.refresh_from_db()
    assert client.get(path_of(steve)).status_code == 200
    Practitioner.objects.update(is_active=False)
    assert client.get(path_of(steve)).status_code == 404


@pytest.mark.parametrize("token", ["x", "A" * 43, "A" * 44, "%00" * 43, "١" * 43, "../admin", "A" * 4000])
def test_addresses_that_were_never_one_open_nothing(client, visit, token):
    assert client.get(f"/calendar/{token}.ics").status_code == 404


def test_what_is_stored_opens_nothing(client, steve, visit):
    """Whoever reads the database has the identifier, and not our key."""
    other = tokens._encode(steve.feed_uid.bytes + b"0" * 16)
    assert client.get(f"/calendar/{other}.ics").status_code == 404
    assert client.get(f"/calendar/{tokens.manage_token(visit)}.ics").status_code == 404


def test_it_can_only_be_read(client, steve, visit):
    assert [getattr(client, verb)(path_of(steve)).status_code for verb in ("post", "put", "delete")] == [405] * 3
    assert client.head(path_of(steve)).status_code == 200


def test_a_hostile_name_bends_no_line(client, steve, visit):
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
        make.make_appointment(
            practitioner=steve, location=location, starts_at=now + timedelta(days=days),
            patient=make.make_patient(), room=make.make_room(location),
        )  # fmt: skip
    assert count() == once == 3


# In the office


def office_page(practitioner):
    return f"/admin/booking/practitioner/{practitioner.pk}/feed/"


def test_staff_make_replace_and_revoke_an_address(admin_client, client, visit, steve):
    Practitioner.objects.update(feed_uid=None)
    assert "There is no address yet." in admin_client.get(office_page(steve)).content.decode()
    seen = []
    for _ in range(2):
        admin_client.post(office_page(steve), {"renew": "x"})
        steve.refresh_from_db()
        assert tokens.feed_url(steve) in admin_client.get(office_page(steve)).content.decode()
        seen.append(path_of(steve))
    assert [Client().get(path).status_code for path in seen] == [404, 200]
    admin_client.post(office_page(steve), {"revoke": "x"})
    assert Client().get(seen[1]).status_code == 404


def test_looking_changes_nothing_and_others_may_not_look(admin_client, steve):
    before = steve.feed_uid
    admin_client.get(office_page(steve), {"renew": "x"})
    user = get_user_model().objects.create_user("desk", is_staff=True)
    stranger = Client()
    stranger.force_login(user)
    assert stranger.get(office_page(steve)).status_code == 403
    assert stranger.post(office_page(steve), {"renew": "x"}).status_code == 403
    Practitioner.objects.filter(pk=steve.pk).update(user=user)
    assert stranger.get(office_page(steve)).status_code == 200
    steve.refresh_from_db()
    assert steve.feed_uid == before
