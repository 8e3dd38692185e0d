"""Visits by video: the meeting link is on the page of the appointment, and nowhere else."""

from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.core.exceptions import ValidationError
from django.utils import timezone

from booking import messages
from booking.ical.appointment import calendar_file
from booking.ical.web_links import web_calendars
from booking.models import Appointment, Clinic, Message, PractitionerService
from booking.tokens import manage_token
from tests.support import factories
from tests.support.content_factories import make_page
from tests.support.journey import NINE, book, text_of, words_of

pytestmark = pytest.mark.django_db
LINK = "https://meet.example/steve-room-77"
PLACE = "By video: see your appointment page"


@pytest.fixture
def video(clinic):
    service = clinic.assessment
    service.by_video, service.meeting_link = True, LINK
    service.save()
    return service


@pytest.fixture
def visit(client, video):
    return book(client)


def manage(client, visit):
    client.get(f"/appointment/{manage_token(visit)}/")
    return client.get("/appointment/")


def test_the_page_of_the_appointment_has_the_link_and_no_street(client, visit):
    page = text_of(manage(client, visit))
    assert f'href="{LINK}" rel="noopener noreferrer external" referrerpolicy="no-referrer"' in page
    assert "By video" in page
    assert "parking lot" not in page.split("</main>")[0]


def test_the_practitioners_own_link_comes_before_that_of_the_service(client, visit):
    PractitionerService.objects.filter(practitioner=visit.practitioner).update(
        own_meeting_link="https://meet.example/own"
    )
    page = text_of(manage(client, visit))
    assert "https://meet.example/own" in page
    assert LINK not in page


@pytest.mark.parametrize("state", ["cancelled", "over"])
def test_there_is_no_link_once_the_visit_is_cancelled_or_over(client, visit, state):
    if state == "cancelled":
        Appointment.objects.filter(pk=visit.pk).update(status="cancelled")
        assert LINK not in text_of(manage(client, visit))
    else:
        with time_machine.travel(visit.ends_at, tick=False):
            assert LINK not in text_of(manage(client, visit))


def test_the_link_is_there_while_the_visit_lasts(client, visit):
    with time_machine.travel(visit.starts_at + timedelta(minutes=5), tick=False):
        assert LINK in text_of(manage(client, visit))


def test_the_link_is_on_no_other_page_of_the_booking(client, video):
    pages = [client.get(path) for path in ("/book/", "/book/assessment/?visit=new")]
    visit = book(client)
    pages.append(client.get("/book/done/"))
    manage(client, visit)
    pages += [client.get(path) for path in ("/appointment/change/", "/appointment/cancel/")]
    for page in pages:
        assert page.status_code == 200
        assert LINK not in text_of(page)
    assert "The link is on your appointment page" in words_of(pages[2])


def test_the_link_is_on_no_public_page(client, video):
    for kind in ("home", "fees", "team", "contact"):
        make_page(kind=kind, slug="", title=kind, service=video)
        assert LINK not in text_of(client.get("/" if kind == "home" else f"/{kind}/"))
    assert LINK not in text_of(client.get("/search/?q=assessment"))


def test_no_message_and_no_calendar_has_the_link(client, visit):
    messages.send_due(now=NINE - timedelta(hours=12, minutes=30))
    assert {message.kind for message in Message.objects.filter(sent_at__isnull=False)} >= {"confirmation", "reminder"}
    for sent in mail.outbox:
        raw = sent.message().as_bytes().decode()
        bodies = [sent.body, *(str(part.get_payload(decode=True)) for part in sent.message().walk())]
        assert not any("meet.example" in text for text in [sent.subject, raw, *bodies])
    assert any("By video. The link is on your appointment page" in sent.body for sent in mail.outbox)
    visit = Appointment.objects.select_related("service", "location", "practitioner", "patient").get(pk=visit.pk)
    calendar = calendar_file(visit, now=timezone.now()).decode()
    assert f"LOCATION:{PLACE}" in calendar
    assert "meet.example" not in calendar
    assert not any("meet.example" in each.address for each in web_calendars(visit, Clinic.objects.get()))


def test_a_video_visit_needs_no_room(clinic):
    service = factories.make_service(needs_room=False)
    service.by_video, service.needs_room = True, True
    with pytest.raises(ValidationError, match="needs no room"):
        service.full_clean()


def test_a_service_with_appointments_does_not_become_a_video_visit(clinic):
    visit = factories.make_appointment(service=clinic.assessment)
    visit.service.by_video = True
    with pytest.raises(ValidationError, match="make a new service"):
        visit.service.full_clean()
