"""A practitioner's own hours, time off, calendar feed, and the draft of their team page."""

import io
import re
from datetime import date, time

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from booking import tokens
from booking.models import Break, HoursOverride, Practitioner, PractitionerDraft, TimeOff
from tests.support import factories

pytestmark = pytest.mark.django_db
ME, PAGE, FEED = "/desk/me/", "/desk/me/page/", "/desk/me/feed/"


@pytest.fixture
def maya(location, django_user_model):
    user = django_user_model.objects.create_user("maya", password="x", is_staff=True)
    user.groups.add(Group.objects.get(name="Practitioner"))
    maya = factories.make_practitioner(name="Maya Okafor", user=user, bio="Runs.", languages="French")
    factories.make_hours(maya, location, weekdays=[0, 2], end_time=time(12))
    return maya


@pytest.fixture
def phone(client, maya):
    client.force_login(maya.user)
    return client


def words_of(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def picture(name="me.jpg", size=(200, 200), kind="JPEG"):
    data = io.BytesIO()
    Image.new("RGB", size, "green").save(data, kind)
    return SimpleUploadedFile(name, data.getvalue(), content_type="image/jpeg")


def write_draft(phone, **fields):
    return phone.post(PAGE, {"summary": "", "bio": "", "languages": "", "pronouns": ""} | fields)


def test_own_hours_and_time_off_ahead_are_listed_and_nobody_elses(phone, maya, location):
    Break.objects.create(practitioner=maya, weekday=0, start_time=time(10), end_time=time(10, 15))
    HoursOverride.objects.create(practitioner=maya, location=location, on=date(2026, 12, 1), note="Course")
    TimeOff.objects.create(
        practitioner=maya, starts_on=date(2026, 12, 22), ends_on=date(2026, 12, 24), kind="vacation", note="Banff"
    )
    TimeOff.objects.create(practitioner=maya, starts_on=date(2026, 11, 1), ends_on=date(2026, 11, 2), note="Over")
    other = factories.make_practitioner(name="Steve Hansen")
    TimeOff.objects.create(practitioner=other, starts_on=date(2026, 12, 1), ends_on=date(2026, 12, 2), note="Surgery")
    words = words_of(phone.get(ME))
    assert "Monday 9:00 a.m. to 12:00 p.m. Break 10:00 a.m. to 10:15 a.m." in words
    assert "Tue, Dec 1: day off (Course)" in words
    assert "Tue, Dec 22 to Thu, Dec 24 · Vacation · Banff" in words
    assert "Over" not in words
    assert "Surgery" not in words


def test_the_own_feed_is_made_replaced_and_revoked(phone, maya):
    assert "webcal" not in phone.get(ME).content.decode()
    phone.post(FEED, {"change": "renew"})
    maya.refresh_from_db()
    first = tokens.feed_url(maya)
    assert first in phone.get(ME).content.decode()
    phone.post(FEED, {"change": "renew"})
    maya.refresh_from_db()
    assert tokens.feed_url(maya) not in {"", first}
    phone.post(FEED, {"change": "revoke"})
    maya.refresh_from_db()
    assert maya.feed_uid is None
    entries = LogEntry.objects.filter(object_id=str(maya.pk)).order_by("pk")
    assert [entry.change_message for entry in entries] == [
        "The calendar has a new address.",
        "The calendar has a new address.",
        "The calendar's address is revoked.",
    ]
    assert phone.post(FEED, {"change": "\x00"}).status_code == 400


# The draft of the own page


def test_the_form_begins_with_what_the_page_says(phone):
    form = phone.get(PAGE).context["form"]
    assert (form["bio"].value(), form["languages"].value()) == ("Runs.", "French")
    assert not PractitionerDraft.objects.exists()


def test_a_draft_changes_no_page_and_only_one_that_was_sent_reaches_the_office(phone, maya, admin_client):
    write_draft(phone, bio="Runs and skis.", save="1")
    draft = PractitionerDraft.objects.get()
    assert (draft.bio, draft.state) == ("Runs and skis.", "writing")
    assert "draft of a team page" not in words_of(admin_client.get("/admin/"))
    write_draft(phone, bio="Runs, skis.", send="1")
    draft.refresh_from_db()
    assert (draft.bio, draft.state) == ("Runs, skis.", "sent")
    maya.refresh_from_db()
    assert maya.bio == "Runs."
    words = words_of(admin_client.get("/admin/"))
    assert "1 draft of a team page" in words
    assert "Maya Okafor" in words


@pytest.mark.parametrize(
    ("field", "value"),
    [("summary", "x" * 201), ("bio", "x" * 5001), ("pronouns", "she\x00her"), ("languages", "a\nb")],
)
def test_what_cannot_be_saved_is_refused_with_the_text_kept(phone, field, value):
    response = write_draft(phone, **{"summary": "Kept words"} | {field: value})
    assert response.status_code == 422
    assert field in response.context["form"].errors
    assert field == "summary" or "Kept words" in response.content.decode()
    assert not PractitionerDraft.objects.exists()


@pytest.mark.parametrize(
    "upload",
    [
        SimpleUploadedFile("me.jpg", b"<svg onload=alert(1)>", content_type="image/jpeg"),
        picture(size=(20, 20)),
        SimpleUploadedFile("me.jpg", b""),
    ],
    ids=["no picture", "too small", "empty"],
)
def test_a_photo_is_checked_as_the_offices_is(phone, upload):
    assert write_draft(phone, photo=upload).status_code == 422
    assert not PractitionerDraft.objects.exists()


def test_only_a_practitioner_with_the_permission_writes_a_draft(phone, client, maya, admin_client):
    assert admin_client.get(PAGE).status_code == 403  # No practitioner.
    Group.objects.get(name="Practitioner").permissions.remove(
        *Group.objects.get(name="Practitioner").permissions.filter(codename="change_own_page")
    )
    assert phone.get(PAGE).status_code == 403
    assert "My team page" not in words_of(phone.get(ME))


# The office looks at it


def review(client, maya, **fields):
    address = f"/admin/booking/practitioner/{maya.pk}/draft/"
    seen = client.get(address).context["seen"]
    return client.post(address, {"seen": seen} | fields)


def test_the_office_compares_and_publishes(phone, maya, admin_client):
    write_draft(phone, bio="Runs, skis.", languages="French", photo=picture(), send="1")
    words = words_of(admin_client.get(f"/admin/booking/practitioner/{maya.pk}/draft/"))
    assert "Runs." in words
    assert "Runs, skis." in words
    assert review(admin_client, maya, publish="1").status_code == 302
    maya = Practitioner.objects.get(pk=maya.pk)
    assert maya.bio == "Runs, skis."
    assert maya.photo.name.startswith("people/")
    assert (maya.focal_x, maya.focal_y) == (50, 30)
    assert not PractitionerDraft.objects.exists()
    assert "draft: bio, photo." in LogEntry.objects.latest("pk").change_message


def test_the_office_sends_back_with_a_word_that_the_practitioner_reads(phone, maya, admin_client):
    write_draft(phone, bio="Best in town!", send="1")
    assert review(admin_client, maya, back="1", reply="").status_code == 422
    review(admin_client, maya, back="1", reply="No praise, please.")
    assert "No praise, please." in words_of(phone.get(ME))
    assert "draft of a team page" not in words_of(admin_client.get("/admin/"))
    write_draft(phone, bio="Runs.", save="1")
    assert PractitionerDraft.objects.get().state == "returned"
    write_draft(phone, bio="Runs.", send="1")
    draft = PractitionerDraft.objects.get()
    assert (draft.state, draft.reply) == ("sent", "")


def test_a_draft_that_changed_since_it_was_shown_is_not_published(phone, maya, admin_client):
    write_draft(phone, bio="First", send="1")
    response = admin_client.post(
        f"/admin/booking/practitioner/{maya.pk}/draft/", {"seen": "2020-01-01T00:00:00+00:00", "publish": "1"}
    )
    assert response.status_code == 409
    maya.refresh_from_db()
    assert maya.bio == "Runs."


def test_a_draft_that_is_being_written_is_nobody_elses(phone, maya, admin_client):
    write_draft(phone, bio="First", save="1")
    assert admin_client.get(f"/admin/booking/practitioner/{maya.pk}/draft/").status_code == 404
