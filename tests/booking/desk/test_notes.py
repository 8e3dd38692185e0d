"""Notes on the admin's start page: most urgent first, by permission, at a constant query count."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from booking.models import Message, SampleRow
from tests.support import factories
from tests.support.content_factories import make_page

pytestmark = pytest.mark.django_db


def notes(client):
    return client.get("/admin/").context["notes"]


def create_rows(number):
    """Create ``number`` visits, parked messages, drafts and due reviews."""
    service = factories.make_service()
    location = factories.make_location()
    at = timezone.now() + timedelta(minutes=10)
    for _ in range(number):
        practitioner = factories.make_practitioner([service])
        factories.make_appointment(service=service, location=location, practitioner=practitioner, starts_at=at)
        today = timezone.localdate()
        make_page(
            is_published=False,
            edited_at=timezone.now(),
            reviewed_by=practitioner,
            last_reviewed_on=today - timedelta(days=400),
            next_review_on=today - timedelta(days=1),
        )
        key = f"contact-{practitioner.pk}"
        Message.objects.create(key=key, kind="contact", state="parked", due_at=at, content={"name": "x"})


def test_the_query_count_does_not_grow_with_rows(admin_client):
    factories.make_clinic()
    create_rows(1)
    admin_client.get("/admin/")
    with CaptureQueriesContext(connection) as one:
        first = notes(admin_client)
    create_rows(3)
    with CaptureQueriesContext(connection) as four:
        second = notes(admin_client)
    assert len(second) == len(first) >= 4
    assert len(four) == len(one)


def test_failures_come_first(admin_client):
    factories.make_clinic()
    create_rows(1)
    tones = [note.tone for note in notes(admin_client)]
    assert tones == sorted(tones, key=["rose", "straw", "sky"].index)
    assert tones[0] == "rose"


def test_a_note_splits_the_count_from_its_heading(admin_client):
    factories.make_clinic()
    create_rows(2)
    parked = next(note for note in notes(admin_client) if "could not be sent" in note.heading)
    assert (parked.heading, parked.count, parked.what) == (
        "2 messages could not be sent",
        "2",
        "messages could not be sent",
    )
    assert f'<a href="{parked.link}">' in admin_client.get("/admin/").content.decode()


def test_notes_contain_no_technical_terms(admin_client):
    from django.contrib.contenttypes.models import ContentType

    clinic = factories.make_clinic()
    SampleRow.objects.create(content_type=ContentType.objects.get_for_model(clinic), object_id=clinic.pk)
    create_rows(1)
    text = " ".join(f"{note.heading} {note.text}" for note in notes(admin_client))
    assert "The sample clinic is still here" in text
    assert not {"row", "rows", "load_sample", "--remove", "command"} & set(text.lower().split())


@pytest.mark.parametrize(
    ("permission", "expected"),
    [
        ("view_appointment", {"visit"}),
        ("view_message", {"could not be sent"}),
        ("view_page", {"draft", "review"}),
    ],
)
def test_notes_are_limited_by_permission(client, django_user_model, permission, expected):
    factories.make_clinic()
    create_rows(1)
    user = django_user_model.objects.create_user("bob", password="x", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename=permission))
    client.force_login(user)
    subjects = {"visit", "could not be sent", "draft", "review"}
    headings = " ".join(note.heading for note in notes(client))
    assert {subject for subject in subjects if subject in headings} == expected


def headings(client):
    return [note.heading for note in notes(client)]


def waiting(**fields):
    now = timezone.now()
    fields = {"due_at": now, "content": {"name": "x"}, **fields}
    return Message.objects.create(key=f"contact-{Message.objects.count()}", kind="contact", state="waiting", **fields)


def test_mails_that_do_not_leave_are_shown_before_they_are_given_up(admin_client):
    factories.make_clinic()
    waiting(due_at=timezone.now() - timedelta(hours=3))  # The worker or the server is down: no attempt was counted.
    waiting(due_at=timezone.now() + timedelta(hours=2), attempts=5, last_error="The email server is busy (451).")
    note = next(note for note in notes(admin_client) if "waiting longer" in note.heading)
    assert (note.tone, note.heading) == ("rose", "2 messages waiting longer than usual")
    assert note.link.endswith("?state__exact=waiting")


def test_mails_that_will_leave_in_time_are_not_shown(admin_client):
    factories.make_clinic()
    waiting(due_at=timezone.now() - timedelta(minutes=14))
    waiting(due_at=timezone.now() + timedelta(days=3))  # A reminder.
    assert not [heading for heading in headings(admin_client) if "waiting longer" in heading]
