"""Custom wording of emails: placeholders, validation and preview. Facts cannot be removed."""

from html import unescape

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.html import escape

from booking.messages.rendering.email import render
from booking.messages.rendering.preview import preview_email
from booking.messages.rendering.wording import DEFAULT_WORDING
from booking.models import Appointment, Message, MessageWording, Patient
from booking.models.message_wording import CUSTOMIZABLE_KINDS, make_missing_wordings, placeholders
from tests.support.factories import (
    make_appointment,
    make_clinic,
    make_hours,
    make_location,
    make_practitioner,
    make_service,
)

PARTS = ("subject", "heading", "opening", "closing")


@pytest.fixture
def clinic(db):
    """A clinic with a practitioner who offers a service."""
    clinic = make_clinic()
    person = make_practitioner([make_service(name="Dry needling", slug="dry-needling")])
    make_hours(person, make_location())
    return clinic


def wording_of(kind) -> MessageWording:
    return MessageWording.objects.get(kind=kind)


def confirmation():
    about = make_appointment()
    return Message(key="confirmation", kind="confirmation", appointment=about, content={"sequence": 0})


def mistakes(wording, field) -> str:
    with pytest.raises(ValidationError) as refused:
        wording.full_clean()
    return " ".join(refused.value.message_dict[field])


def refusals(wording) -> dict:
    try:
        wording.clean()
    except ValidationError as refused:
        return refused.message_dict
    return {}


# Rendered wording


def test_each_kind_of_mail_to_patients_has_a_row_of_its_own(db):
    assert set(MessageWording.objects.values_list("kind", flat=True)) == set(CUSTOMIZABLE_KINDS) == set(DEFAULT_WORDING)


def test_rows_that_are_missing_come_back_and_words_that_stand_are_left(db):
    MessageWording.objects.filter(kind="reminder").delete()
    MessageWording.objects.filter(kind="confirmation").update(heading="See you")
    make_missing_wordings("default")
    assert wording_of("reminder").heading == ""
    assert wording_of("confirmation").heading == "See you"
    assert MessageWording.objects.count() == len(CUSTOMIZABLE_KINDS)


@pytest.mark.parametrize("kind", CUSTOMIZABLE_KINDS)
def test_our_own_words_use_only_what_staff_could_use(kind, db):
    assert refusals(MessageWording(kind=kind, **{part: getattr(DEFAULT_WORDING[kind], part) for part in PARTS})) == {}


@pytest.mark.parametrize("kind", CUSTOMIZABLE_KINDS)
def test_every_placeholder_is_filled_in_every_part_of_every_kind(kind, clinic):
    wording = wording_of(kind)
    for part in PARTS:
        setattr(wording, part, f"{part}: " + " | ".join(f"{{{name}}}" for name in placeholders(kind, part)))
    wording.full_clean()
    mail = preview_email(wording, now=timezone.now())
    html = mail.alternatives[0][0]
    assert mail.subject.startswith("subject: ")
    for part in PARTS[1:]:
        assert f"{part}: " in html
    assert "opening: " in mail.body
    assert "closing: " in mail.body
    assert "{" not in mail.subject + mail.body


def test_a_clinics_words_stand_in_place_of_ours_and_the_facts_stay(clinic):
    MessageWording.objects.filter(kind="confirmation").update(
        subject="We look forward to {when}", heading="Thank you", opening="See you at {place}.", closing="Bring water."
    )
    message = confirmation()
    mail = render(message, now=timezone.now())
    html = mail.alternatives[0][0]
    assert mail.subject.startswith("We look forward to ")
    for words in ("Thank you", f"See you at {message.appointment.location.address}.", "Bring water."):
        assert words in html
    assert "Your appointment is booked" not in html
    assert message.appointment.reference in mail.body
    assert "/appointment/" in mail.body


def test_what_is_left_empty_stays_as_we_wrote_it(clinic):
    MessageWording.objects.filter(kind="confirmation").update(heading="Thank you")
    mail = render(confirmation(), now=timezone.now())
    assert mail.subject.startswith("Appointment at ")
    assert "is booked." in mail.body


def test_words_are_text_and_never_markup(clinic):
    hostile = '<script>alert(1)</script> & <a href="https://evil.example">press</a>'
    MessageWording.objects.filter(kind="confirmation").update(heading=hostile, opening=hostile, closing=hostile)
    html = render(confirmation(), now=timezone.now()).alternatives[0][0]
    assert "<script>" not in html
    assert '<a href="https://evil' not in html
    assert html.count(escape(hostile)) == 3


def test_a_name_with_braces_is_only_a_name(clinic):
    message = confirmation()
    Patient.objects.filter(pk=message.appointment.patient_id).update(
        name="{clinic.email}", preferred_name="{0.__class__}"
    )
    message.appointment.refresh_from_db()
    body = render(message, now=timezone.now()).body
    assert "{0.__class__}" in body


# Validation


@pytest.mark.parametrize(
    "written",
    [
        "{name}",
        "{}",
        "{0}",
        "{clinic.email}",
        "{clinic[0]}",
        "{clinic!r}",
        "{clinic:>999999}",
        "{ clinic }",
        "{CLINIC}",
    ],
)
def test_a_placeholder_that_cannot_be_filled_is_refused_with_those_that_can(written, clinic):
    said = mistakes(MessageWording(kind="confirmation", opening=f"Hello {written}"), "opening")
    assert f"{written} can't be used here." in said
    assert "{practitioner}" in said


@pytest.mark.parametrize("written", ["{clinic", "clinic}", "{{clinic}", "{cli{nic}}"])
def test_a_lone_brace_is_refused(written, clinic):
    assert "{clinic}" in mistakes(MessageWording(kind="confirmation", heading=written), "heading")


@pytest.mark.parametrize("subject", ["Your {service}", "With {practitioner}", "At {place}"])
def test_a_subject_cannot_ask_for_what_others_should_not_read(subject, clinic):
    assert "can't be used here" in mistakes(MessageWording(kind="confirmation", subject=subject), "subject")


@pytest.mark.parametrize("subject", ["Your dry needling on {when}", "DRY-NEEDLING: {when}"])
def test_a_subject_that_names_a_treatment_is_refused(subject, clinic):
    assert "Dry needling" in mistakes(MessageWording(kind="confirmation", subject=subject), "subject")


def test_a_treatment_may_be_named_inside_the_mail(clinic):
    assert refusals(MessageWording(kind="reminder", opening="Your dry needling visit.")) == {}


# Admin


def address_of(wording, more="change/"):
    return f"/admin/booking/messagewording/{wording.pk}/{more}"


def test_staff_save_words_and_are_told_what_is_wrong(admin_client, clinic):
    wording = wording_of("reminder")
    typed = {"subject": "", "heading": "Until soon", "opening": "Until {tomorrow}", "closing": ""}
    refused = admin_client.post(address_of(wording), typed)
    assert "{tomorrow} can't be used here." in unescape(refused.content.decode())
    wording.refresh_from_db()
    assert wording.heading == ""

    assert admin_client.post(address_of(wording), typed | {"opening": "Until {when}"}).status_code == 302
    wording.refresh_from_db()
    assert (wording.heading, wording.opening) == ("Until soon", "Until {when}")


@pytest.mark.parametrize("kind", CUSTOMIZABLE_KINDS)
def test_a_preview_shows_unsaved_words_and_stores_and_sends_nothing(kind, admin_client, clinic, mailoutbox):
    wording = wording_of(kind)
    page = admin_client.post(address_of(wording, "preview/"), {"heading": "Words on trial"})
    assert page.status_code == 200
    assert (
        escape("<h1>Words on trial</h1>") in page.content.decode()
    )  # The whole e-mail, in the srcdoc attribute of the iframe.
    wording.refresh_from_db()
    assert wording.heading == ""
    assert (Message.objects.count(), Appointment.objects.count(), Patient.objects.count(), mailoutbox) == (0, 0, 0, [])


def test_a_preview_of_wrong_words_says_what_is_wrong(admin_client, clinic):
    page = admin_client.post(address_of(wording_of("reminder"), "preview/"), {"heading": "{oops}"})
    assert page.status_code == 422
    assert "{oops} can't be used here." in unescape(page.content.decode())


def test_a_preview_allows_the_mails_own_styles_and_no_others(admin_client, clinic):
    policy = admin_client.post(address_of(wording_of("reminder"), "preview/"), {}).headers["Content-Security-Policy"]
    styles = next(part for part in policy.split("; ") if part.startswith("style-src"))
    assert "'sha256-" in styles
    assert "unsafe-inline" not in policy


def test_a_preview_before_anybody_offers_a_visit_says_so(admin_client, db):
    make_clinic()
    page = admin_client.post(address_of(wording_of("reminder"), "preview/"), {}, follow=True)
    assert "No one offers a service yet" in page.content.decode()


def test_only_those_who_may_change_words_see_a_preview(client, django_user_model, clinic):
    client.force_login(django_user_model.objects.create_user("looker", is_staff=True))
    assert client.post(address_of(wording_of("reminder"), "preview/"), {}).status_code == 403


def test_no_row_can_be_added_or_deleted(admin_client, clinic):
    assert admin_client.get("/admin/booking/messagewording/add/").status_code == 403
    assert admin_client.get(address_of(wording_of("reminder"), "delete/")).status_code == 403
