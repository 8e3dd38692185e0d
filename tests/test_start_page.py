"""The staff's start page: what waits, most urgent first, in words for a front desk, at a constant cost."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from booking.models import Message, SampleRow
from tests import make
from tests.make_content import make_page

pytestmark = pytest.mark.django_db


def lines(client):
    return client.get("/admin/").context["notes"]


def fill(number):
    """So many visits, messages that could not be sent, drafts and reviews that are due."""
    service = make.make_service()
    location = make.make_location()
    at = timezone.now() + timedelta(minutes=10)
    for _ in range(number):
        person = make.make_practitioner([service])
        make.make_appointment(service=service, location=location, practitioner=person, starts_at=at)
        today = timezone.localdate()
        make_page(
            is_published=False,
            edited_at=timezone.now(),
            reviewed_by=person,
            last_reviewed_on=today - timedelta(days=400),
            next_review_on=today - timedelta(days=1),
        )
        key = f"contact-{person.pk}"
        Message.objects.create(key=key, kind="contact", state="parked", due_at=at, content={"name": "x"})


def test_it_costs_the_same_with_one_of_each_and_with_four(stopped_clock, admin_client):
    make.make_clinic()
    fill(1)
    admin_client.get("/admin/")
    with CaptureQueriesContext(connection) as one:
        first = lines(admin_client)
    fill(3)
    with CaptureQueriesContext(connection) as four:
        second = lines(admin_client)
    assert len(second) == len(first) >= 4
    assert len(four) == len(one)


def test_what_is_broken_comes_first(stopped_clock, admin_client):
    make.make_clinic()
    fill(1)
    tones = [note.tone for note in lines(admin_client)]
    assert tones == sorted(tones, key=["rose", "straw", "sky"].index)
    assert tones[0] == "rose"


def test_a_line_shows_its_number_and_keeps_it_in_its_heading(stopped_clock, admin_client):
    make.make_clinic()
    fill(2)
    parked = next(note for note in lines(admin_client) if "could not be sent" in note.heading)
    assert (parked.heading, parked.count, parked.what) == (
        "2 messages could not be sent",
        "2",
        "messages could not be sent",
    )
    assert f'<a href="{parked.link}">' in admin_client.get("/admin/").content.decode()


def test_the_words_are_for_people_at_a_front_desk(stopped_clock, admin_client):
    from django.contrib.contenttypes.models import ContentType

    clinic = make.make_clinic()
    SampleRow.objects.create(content_type=ContentType.objects.get_for_model(clinic), object_id=clinic.pk)
    fill(1)
    said = " ".join(f"{note.heading} {note.text}" for note in lines(admin_client))
    assert "The sample clinic is still here" in said
    assert not {"row", "rows", "load_sample", "--remove", "command"} & set(said.lower().split())


@pytest.mark.parametrize(
    ("permission", "expected"),
    [
        ("view_appointment", {"visit"}),
        ("view_message", {"could not be sent"}),
        ("view_page", {"draft", "review"}),
    ],
)
def test_everybody_sees_what_their_role_may_and_no_more(stopped_clock, client, django_user_model, permission, expected):
    make.make_clinic()
    fill(1)
    person = django_user_model.objects.create_user("bob", password="x", is_staff=True)
    person.user_permissions.add(Permission.objects.get(codename=permission))
    client.force_login(person)
    subjects = {"visit", "could not be sent", "draft", "review"}
    headings = " ".join(note.heading for note in lines(client))
    assert {subject for subject in subjects if subject in headings} == expected
