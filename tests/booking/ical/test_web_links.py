"""Web calendar links contain the right instant and no data about the patient."""

from datetime import UTC, datetime, timedelta
from html import unescape
from urllib.parse import parse_qsl, unquote, urlsplit
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from booking import tokens
from booking.ical.web_links import web_calendars
from booking.models import Clinic
from tests.conftest import NOW
from tests.support import factories
from tests.support.journey import NINE, book, make_small_clinic

HOSTILE = 'A&B "Physio" <b>?x=1#y %41 + 100 %; \r\nX: y 50/50 Łódź 膝 👩\u200d⚕️'


def query_params(address):
    """The decoded query parameters of a link."""
    return dict(parse_qsl(urlsplit(address).query, strict_parsing=True, separator="&"))


def links(visit, clinic):
    return {each.name: each.address for each in web_calendars(visit, clinic)}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("zone", "local", "utc"),
    [
        # Ontario and Newfoundland have DST; Alberta no longer does.
        ("America/Edmonton", datetime(2026, 11, 24, 11, 15), "2026-11-24T17:15:00Z"),
        ("America/Toronto", datetime(2026, 10, 31, 9, 0), "2026-10-31T13:00:00Z"),
        ("America/Toronto", datetime(2026, 11, 1, 9, 0), "2026-11-01T14:00:00Z"),
        ("America/St_Johns", datetime(2027, 3, 14, 9, 0), "2027-03-14T11:30:00Z"),
        ("America/Toronto", datetime(2026, 11, 1, 1, 30, fold=1), "2026-11-01T06:30:00Z"),
        ("America/Edmonton", datetime(2026, 12, 31, 23, 30), "2027-01-01T05:30:00Z"),
    ],
)
def test_times_are_in_utc_across_dst_changes(zone, local, utc):
    place = factories.make_location(time_zone=zone, time_zone_label="Local time")
    starts_at = local.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    visit = factories.make_appointment(location=place, starts_at=starts_at)
    urls = links(visit, factories.make_clinic())
    ends = (starts_at + visit.service.duration).strftime("%Y-%m-%dT%H:%M:%SZ")

    google = query_params(urls["Google Calendar"])
    assert google["dates"] == f"{utc}/{ends}".replace("-", "").replace(":", "")
    outlook = query_params(urls["Outlook"])
    assert (outlook["startdt"], outlook["enddt"]) == (utc, ends)


@pytest.mark.django_db
def test_a_hostile_name_stays_in_its_own_parameter():
    clinic, place = factories.make_clinic(name=HOSTILE), factories.make_location(street=HOSTILE)
    visit = factories.make_appointment(location=place)
    shown = " ".join(HOSTILE.split())
    google, outlook = map(query_params, links(visit, clinic).values())

    assert set(google) == {"action", "text", "dates", "details", "location"}
    assert set(outlook) == {"path", "rru", "subject", "startdt", "enddt", "body", "location"}
    assert google["text"] == outlook["subject"] == f"Appointment at {shown}"
    assert google["location"].startswith(shown)
    for address in links(visit, clinic).values():
        assert address.isascii()
        assert not set(address) & set("\"'<>+ \r\n#")


@given(name=st.text(max_size=120))
@hypothesis_settings(max_examples=60, deadline=None)
def test_any_clinic_name_gives_a_valid_url(name):
    place = make_unsaved_location()
    visit = make_unsaved_visit(place)
    for each in web_calendars(visit, Clinic(name=name, phone="+14035550100")):
        assert each.address.isascii()
        assert urlsplit(each.address).fragment == ""
        assert set(query_params(each.address)) >= {"location"}


def make_unsaved_location():
    from booking.models import Location

    return Location(name="Okotoks", street="1 Elm", city="Okotoks", province="AB", postal_code="T1S 1A1")


def make_unsaved_visit(place):
    from booking.models import Appointment, Service

    starts = datetime(2026, 11, 24, 17, 15, tzinfo=UTC)
    local = starts.astimezone(place.zone)
    return Appointment(
        service=Service(), location=place, starts_at=starts, ends_at=starts + timedelta(hours=1), local_on=local.date(),
        local_time=local.time(),
    )  # fmt: skip


@pytest.fixture
def alice(db, stopped_clock):
    clinic = make_small_clinic()
    client = Client()
    return clinic, client, book(client)


def calendars_on(page):
    part = page.split('id="calendar"')[1].split("</ul>")[0] if 'id="calendar"' in page else ""
    addresses = [unescape(each.split('"')[0]) for each in part.split('href="')[1:]]
    return [address for address in addresses if address.startswith("https:")], part


def test_both_pages_have_the_links_without_a_referrer(alice):
    _clinic, client, visit = alice
    done = client.get("/book/done/").content.decode()
    client.get(f"/appointment/{tokens.manage_token(visit)}/")
    manage = client.get("/appointment/").content.decode()

    for page in (done, manage):
        addresses, part = calendars_on(page)
        hosts = [urlsplit(address).netloc for address in addresses]
        assert hosts == ["calendar.google.com", "outlook.live.com"]
        assert part.count('rel="noopener noreferrer external" referrerpolicy="no-referrer"') == 2
        assert "Google and Outlook links" in page
        assert "/appointment/calendar.ics?reference=" in page
    assert calendars_on(done)[0] == calendars_on(manage)[0]


def test_the_file_is_offered_beside_the_links(alice):
    _clinic, client, visit = alice
    part = calendars_on(client.get("/book/done/").content.decode())[1]
    file = f"/appointment/calendar.ics?reference={visit.reference}"
    assert f'href="{file}"' in part
    assert client.get(file).headers["Content-Disposition"] == 'attachment; filename="appointment.ics"'


def test_they_contain_neither_the_service_nor_the_patient_nor_a_link(alice):
    clinic, client, visit = alice
    text = unquote(" ".join(calendars_on(client.get("/book/done/").content.decode())[0]))
    patient = visit.patient
    secrets = [
        patient.name, patient.email, str(patient.phone), patient.phone.as_national, visit.reference, visit.uid.hex,
        str(visit.uid), tokens.manage_token(visit), clinic.assessment.name, visit.practitioner.name, "assessment",
        "needling", "/appointment/",
    ]  # fmt: skip
    assert [secret for secret in secrets if secret.lower() in text.lower()] == []
    assert "Tuesday, November 24, 2026 at 9:00 a.m." in text


@pytest.mark.parametrize("fields", [{"status": "cancelled"}, {"asked_to_move_at": NOW}], ids=["cancelled", "to move"])
def test_a_cancelled_or_moving_appointment_has_no_links(db, stopped_clock, fields):
    factories.make_clinic()
    visit = factories.make_appointment(starts_at=NINE, **fields)
    client = Client()
    client.get(f"/appointment/{tokens.manage_token(visit)}/")
    assert calendars_on(client.get("/appointment/").content.decode())[0] == []
