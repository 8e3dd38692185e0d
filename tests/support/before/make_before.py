"""Create data of release 0.1.0 (commit 05971f0), for the tests of upgrades.

Run it in a checkout of that commit, once for each database:

    git worktree add /tmp/before 05971f0
    cd /tmp/before
    PYTHONPATH=. python THIS_FILE /tmp/before-out                                  # SQLite
    PYTHONPATH=. python tests/on_postgresql.py python THIS_FILE /tmp/before-out    # PostgreSQL

It uses the names of that commit: do not apply later renames here.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import time_machine

OUT = Path(sys.argv[1]).resolve()
IS_POSTGRESQL = "postgres" in os.environ.get("DATABASE_URL", "")
VAR = OUT / ("postgresql" if IS_POSTGRESQL else "sqlite")
NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)  # Monday, 8:00 a.m. in Alberta

shutil.rmtree(VAR, ignore_errors=True)
VAR.mkdir(parents=True)
os.environ |= {
    "VAR_DIR": str(VAR),
    "SECRET_KEY": "the-key-of-a-test-database-and-of-no-site-anywhere",
    "SITE_URL": "http://127.0.0.1:8000",
    "DJANGO_SETTINGS_MODULE": "clinic.settings",
    "CONFIRMATION_DELAY_SECONDS": "0",
}


def main() -> None:
    import django

    django.setup()
    from django.core.management import call_command

    with time_machine.travel(NOW, tick=False) as clock:
        call_command("migrate", verbosity=0)
        call_command("load_sample", verbosity=0)
        facts = {"now": NOW.isoformat()}
        facts |= staff_and_roles()
        facts |= pages()
        facts |= appointments(clock)
        facts |= waitlist(clock)
        facts |= feed()
        send_everything(clock)
        facts |= links()
    write_facts(facts)


def staff_and_roles() -> dict:
    """Three logins, and a role that was renamed, lost one permission and got another."""
    from django.contrib.auth import get_user_model
    from django.contrib.auth.models import Group, Permission

    people = get_user_model().objects
    owner = people.create_superuser("owner", email="owner@dynamic-physio.example", password="a-long-password-1")
    editor = people.create_user("editor", email="editor@dynamic-physio.example", password="a-long-password-2")
    desk = people.create_user("desk", email="desk@dynamic-physio.example", password="a-long-password-3")
    for user in (editor, desk):
        user.is_staff = True
        user.save()
    owner.groups.add(Group.objects.get(name="Owner"))
    editor.groups.add(Group.objects.get(name="Editor"))
    reception = Group.objects.get(name="Front desk")
    desk.groups.add(reception)
    reception.permissions.remove(Permission.objects.get(codename="add_waitlistentry"))
    reception.permissions.add(Permission.objects.get(codename="view_notice"))
    reception.name = "Reception"
    reception.save()
    return {
        "role_renamed_to": reception.name,
        "permission_taken_away": "booking.add_waitlistentry",
        "permission_added": "content.view_notice",
    }


def pages() -> dict:
    """A page that was published twice, one with a new slug, and a draft with a preview link."""
    from content.previews import token_for
    from django.contrib.auth import get_user_model
    from django.urls import reverse
    from django.utils import timezone

    from content.models import Page
    from content.publishing import publish

    owner = get_user_model().objects.get(username="owner")
    back_pain = Page.objects.get(kind=Page.Kind.TREATMENT, slug="dry-needling-for-back-pain")
    before = back_pain.title
    back_pain.title = "Back pain and dry needling, our second wording"
    back_pain.save()
    publish(back_pain, by=owner, now=timezone.now(), note="A new title", override_reason="A test of upgrades")
    moved = Page.objects.get(kind=Page.Kind.TREATMENT, slug="trans-non-binary-intersex-pelvic-health")
    old_address = moved.get_absolute_url()
    moved.slug = "pelvic-health"
    moved.save()
    draft = Page.objects.get(kind=Page.Kind.TREATMENT, slug="dry-needling")
    draft.lede = "A draft that no reader has seen yet."
    draft.save()
    return {
        "first_title": before,
        "second_title": back_pain.title,
        "old_address": old_address,
        "new_address": moved.get_absolute_url(),
        "preview": reverse("content:preview", args=[token_for(draft)]),
        "draft_lede": draft.lede,
    }


def appointments(clock) -> dict:
    """Twenty appointments booked online: one rescheduled, one cancelled, one that the clinic has asked to move."""
    from django.utils import timezone

    from booking import scheduling
    from booking.models import Clinic, Service
    from booking.scheduling import Actor, PatientDetails

    Clinic.objects.update(notices="at_once", visits_ahead_per_email=8)
    notice = Clinic.objects.get().collection_notice_version
    services = list(Service.objects.filter(is_active=True, needs_room=True)[:2]) or list(Service.objects.all()[:2])
    booked = []
    for number in range(20):
        clock.shift(timedelta(minutes=1))
        service = services[number % len(services)]
        today = timezone.localdate()
        openings = scheduling.available_slots(
            service=service, now=timezone.now(), first_on=today, last_on=today + timedelta(days=14)
        )
        opening = openings[number * 2]
        hold = scheduling.hold(
            service=service,
            starts_at=opening.starts_at,
            location=_location(opening.location_id),
            holder=f"visitor-{number}",
            by=Actor.patient(),
            now=timezone.now(),
        )
        details = PatientDetails(
            name=f"Person {number:02}",
            email=f"person{number:02}@patients.example",
            phone=f"+1403555{100 + number:04}",
            is_first_visit=number % 2 == 0,
            notice_version=notice,
        )
        booked.append(
            scheduling.book(
                hold=hold, details=details, submission_key=f"form-{number}", by=Actor.patient(), now=timezone.now()
            )
        )
    clock.shift(timedelta(minutes=5))
    send_everything(clock)
    *_, moved, asked_to_move, cancelled = sorted(booked, key=lambda appointment: appointment.starts_at)
    later = scheduling.available_slots(
        service=moved.service,
        now=timezone.now(),
        first_on=timezone.localdate() + timedelta(days=10),
        last_on=timezone.localdate() + timedelta(days=18),
        practitioner=moved.practitioner,
    )[0]
    scheduling.reschedule(appointment=moved, starts_at=later.starts_at, by=Actor.patient(), now=timezone.now())
    scheduling.cancel(appointment=cancelled, by=Actor.patient(), now=timezone.now())
    from django.contrib.auth import get_user_model

    staff = Actor.staff(get_user_model().objects.get(username="desk"))
    scheduling.ask_to_move(appointment=asked_to_move, by=staff, now=timezone.now())
    return {"moved": moved.reference, "cancelled": cancelled.reference, "asked_to_move": asked_to_move.reference}


def _location(pk: int):
    from booking.models import Location

    return Location.objects.get(pk=pk)


def waitlist(clock) -> dict:
    """Two waitlist entries; the first has an open offer."""
    from django.utils import timezone

    from booking import scheduling
    from booking.models import Clinic, Service, WaitlistEntry, WaitlistOffer
    from booking.scheduling import WaitlistRequest

    service = Service.objects.filter(is_active=True).first()
    today = timezone.localdate()
    for number, name in enumerate(["Wendy Waits", "Paul Patient"]):
        scheduling.join(
            wish=WaitlistRequest(
                service=service,
                location=_location(1),
                practitioner=None,
                first_on=today,
                last_on=today + timedelta(days=14),
                parts=frozenset({"morning", "afternoon", "evening"}),
                is_first_visit=False,
                name=name,
                email=f"waits{number}@patients.example",
                phone=f"+1403555{150 + number:04}",
                notice_version=Clinic.objects.get().collection_notice_version,
            ),
            now=timezone.now(),
        )
    clock.shift(timedelta(hours=2))  # Offers leave between 8 a.m. and 8 p.m.
    scheduling.offer_available_slots(now=timezone.now())
    offer = WaitlistOffer.objects.filter(state="open").order_by("pk").first()
    assert offer is not None, "Nothing was offered."
    return {"entries": WaitlistEntry.objects.count(), "offered_to": offer.entry.name}


def feed() -> dict:
    import uuid

    from booking.models import Practitioner
    from booking.tokens import feed_url

    practitioner = Practitioner.objects.filter(is_active=True).order_by("pk").first()
    assert practitioner is not None
    Practitioner.objects.filter(pk=practitioner.pk).update(feed_uid=uuid.UUID(int=7))
    practitioner.refresh_from_db()
    return {"feed": urlsplit(feed_url(practitioner)).path, "feed_of": practitioner.name}


def send_everything(clock) -> None:
    from django.utils import timezone

    from booking import messages

    while messages.send_due(now=timezone.now(), limit=200):
        clock.shift(timedelta(seconds=1))


def links() -> dict:
    """The status and the final URL of each link in the mails."""
    import email
    from email.policy import default

    from django.conf import settings
    from django.test import Client
    from django.utils import timezone

    results = {}
    for path in sorted((VAR / "mail").glob("*.eml")):
        mail = email.message_from_bytes(path.read_bytes(), policy=default)
        text = mail.get_body(("plain",)).get_content()
        for address in re.findall(rf"{re.escape(settings.SITE_URL)}(/[^\s>)\]]*)", text):
            address = address.rstrip(".,")
            if address not in results:
                response = Client(headers={"host": urlsplit(settings.SITE_URL).netloc}).get(address, follow=True)
                end = response.redirect_chain[-1][0] if response.redirect_chain else address
                results[address] = [response.status_code, end]
    return {"links": results, "looked_at": timezone.now().isoformat()}


def write_facts(facts: dict) -> None:
    from django.conf import settings
    from django.db import connection
    from django.utils import timezone

    facts["secret_key"] = settings.SECRET_KEY
    (VAR / "facts.json").write_text(json.dumps(facts, indent=1) + "\n")
    if IS_POSTGRESQL:
        dump = subprocess.run(
            ["pg_dump", "--no-owner", "--no-privileges", "--inserts", os.environ["DATABASE_URL"]],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        (VAR / "clinic.sql").write_text(dump.stdout)
    else:
        with connection.cursor() as cursor:
            cursor.execute("VACUUM INTO %s", [str(VAR / "before.sqlite3")])
    print(f"Written on {timezone.now():%Y-%m-%d} to {VAR}")


main()
