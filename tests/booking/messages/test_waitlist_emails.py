"""E-mails to people on the waitlist: content, privacy, staleness."""

import re
from datetime import date, timedelta

import pytest
from django.core import mail
from django.core.management import CommandError, call_command

from booking import messages, scheduling, tokens
from booking.messages.rendering.email import render
from booking.models import Message, WaitlistEntry, WaitlistOffer
from booking.scheduling import Actor
from tests.booking.messages.test_emails import HOSTILE, html_of, parsed, text_of
from tests.conftest import NOW
from tests.support import factories
from tests.support.journey import make_small_clinic

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stopped_clock")]
PATIENT = Actor.patient()


@pytest.fixture
def clinic(settings):
    settings.SITE_URL = "https://clinic.example"
    return make_small_clinic()


def join(clinic, **fields):
    wish = {"first_on": date(2026, 11, 24), "parts": frozenset({"morning"})} | fields
    return scheduling.join(wish=factories.make_wish(clinic.assessment, clinic.location, **wish), now=NOW)


def written(kind, **filters):
    message = Message.objects.select_related("waitlist_entry", "waitlist_offer__entry").get(kind=kind, **filters)
    return parsed(render(message, now=NOW))


def offered(clinic, **fields):
    entry = join(clinic, **fields)
    assert scheduling.offer_available_slots(now=NOW) == 1
    return entry


def test_joining_is_confirmed_with_the_wish_and_the_link(clinic):
    entry = join(clinic, practitioner=clinic.steve)
    text = text_of(written("waitlist_joined"))
    for words in (
        "Hello Alice,",
        "You're on the waitlist at Dynamic Physiotherapy.",
        "Steve Hansen",
        "Tuesday, November 24, 2026 to Monday, December 7, 2026",
        "Mornings (before 12:00 p.m.)",
        "We'll hold it for 1 hour, between 8:00 a.m. and 8:00 p.m.",
        f"https://clinic.example/waitlist/{tokens.waitlist_token(entry)}/",
    ):
        assert words in text


def test_an_offer_says_what_until_when_and_how_to_answer(clinic):
    entry = offered(clinic)
    read = written("waitlist_offer")
    # Python 3.13 keeps the space of a folded line in front of it.
    assert read["Subject"].strip() == "A time opened up at Dynamic Physiotherapy: Tuesday, November 24, 9:00 a.m."
    assert read["To"] == "alice@patients.example"
    assert "Tuesday, November 24, 2026 at 9:00 a.m." in text_of(read)
    for words in (
        "Physiotherapy assessment, 45 minutes",
        "Steve Hansen, Physiotherapist",
        "$140",
        "until 9:00 a.m. on Monday, November 23",
        f"https://clinic.example/waitlist/{tokens.waitlist_token(entry, to_offer=True)}/",
        f"https://clinic.example/waitlist/{tokens.waitlist_token(entry)}/",
        "we'll offer it to the next person, and you'll stay on the waitlist",
    ):
        assert words in text_of(read)
        assert words in " ".join(re.sub(r"<[^>]+>", " ", html_of(read)).split()) or "http" in words or "(" in words


@pytest.mark.parametrize("kind", ["waitlist_joined", "waitlist_offer"])
def test_subjects_and_addresses_name_no_treatment_and_no_patient(clinic, kind):
    clinic.assessment.name, clinic.assessment.slug = "Pelvic health assessment", "pelvic-health-assessment"
    clinic.assessment.save()
    offered(clinic)
    read = written(kind)
    links = re.findall(r"https?://\S+", text_of(read))
    for words in ("pelvic", "alice", "assessment"):
        assert words not in read["Subject"].lower()
        assert not any(words in link.lower() for link in links)


@pytest.mark.parametrize("kind", ["waitlist_joined", "waitlist_offer"])
def test_hostile_input_adds_no_header_and_no_markup(clinic, kind):
    offered(clinic)
    WaitlistEntry.objects.update(name=HOSTILE, contact_name=HOSTILE)
    read = written(kind)
    assert [name for name in read if name.lower() == "bcc"] == []
    assert "<script>" not in html_of(read)


@pytest.mark.parametrize("kind", ["waitlist_joined", "waitlist_offer"])
def test_a_name_that_is_an_advertisement_is_not_greeted(clinic, kind):
    offered(clinic, name="Win at www.evil.example now", contact_name="")
    assert "evil" not in text_of(written(kind))


def test_the_patient_is_greeted_when_somebody_else_asked(clinic):
    offered(clinic, contact_name="Bea Martin")
    for kind in ("waitlist_joined", "waitlist_offer"):
        assert "Hello Alice," in text_of(written(kind))
    assert "Alice is on the waitlist" in text_of(written("waitlist_joined"))


def test_the_last_offer_before_we_stop_says_so(clinic):
    offered(clinic)
    WaitlistEntry.objects.update(unanswered=2)
    assert "If you don't answer this one, we'll take you off the waitlist." in text_of(written("waitlist_offer"))


@pytest.mark.parametrize("why", ["left", "lapsed", "passed", "accepted"])
def test_an_offer_that_is_gone_is_not_sent(clinic, why):
    entry = offered(clinic)
    offer = WaitlistOffer.objects.select_related("appointment__location", "entry").get()
    now = NOW
    if why == "left":
        scheduling.leave(entry=entry, by=PATIENT, now=NOW)
    elif why == "lapsed":
        now = NOW + timedelta(hours=1)
    elif why == "passed":
        scheduling.decline(offer=offer, by=PATIENT, now=NOW)
    else:
        scheduling.accept(
            offer=offer, date_of_birth=None, reminders=True, notice_version="", by=PATIENT, now=NOW
        )  # fmt: skip
    messages.send_due(now=now)
    assert Message.objects.get(kind="waitlist_offer").state == "dropped"


def test_a_confirmation_of_a_place_that_was_left_is_not_sent(clinic):
    scheduling.leave(entry=join(clinic), by=PATIENT, now=NOW)
    messages.send_due(now=NOW)
    assert Message.objects.get().state == "dropped"
    assert mail.outbox == []


def test_the_worker_offers_sends_lets_lapse_and_goes_on(clinic, caplog):
    caplog.set_level("INFO", logger="booking")
    join(clinic)
    call_command("work", "--once")
    assert [sent.subject.split(":")[0] for sent in mail.outbox] == [
        "You're on the waitlist at Dynamic Physiotherapy",
        "A time opened up at Dynamic Physiotherapy",
    ]
    assert "Waitlist: 1 offered, 0 offers lapsed, 0 entries ended." in caplog.text
    assert "Alice" not in caplog.text


def test_while_no_mail_leaves_nothing_is_offered(clinic, monkeypatch):
    from booking.worker import loop

    join(clinic)
    monkeypatch.setattr(loop, "OFFER_INTERVAL", 0.0)
    worker = loop.Worker()

    def away(**kwargs):
        raise messages.SmtpUnavailable("The email server can't be reached.")

    monkeypatch.setattr(messages, "send_batch", away)
    with pytest.raises(CommandError, match="can't be reached"):
        worker.work_once()  # Detects that the server is unavailable, but may have made one offer by then.
    WaitlistOffer.objects.all().delete()
    worker.work_once()
    assert not WaitlistOffer.objects.exists()


def test_the_worker_deletes_ended_entries(clinic):
    entry = join(clinic)
    WaitlistEntry.objects.filter(pk=entry.pk).update(ended_at=NOW - timedelta(days=91), outcome="left")
    call_command("work", "--once")
    assert not WaitlistEntry.objects.exists()
