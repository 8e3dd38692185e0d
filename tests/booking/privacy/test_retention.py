"""Retention periods: off by default, applied once a day by the worker, each with a certificate."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.management import CommandError, call_command

from booking import messages, scheduling
from booking.models import (
    AccessLogEntry,
    AccessLogPerson,
    ChangeLogEntry,
    Disposal,
    Message,
    RetentionPeriods,
    WaitlistEntry,
)
from booking.privacy.retention import apply_periods, expiry, save_periods
from booking.scheduling import Actor
from booking.worker import clock_guard, loop
from booking.worker.periodic_tasks import periodic_tasks
from tests.support import factories

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def set_periods(**values):
    RetentionPeriods.objects.update_or_create(pk=1, defaults=values)


def make_view(at, people=2):
    entry = AccessLogEntry.objects.create(at=at, kind="record", page="/desk/", count=people)
    for _ in range(people):
        AccessLogPerson.objects.create(entry=entry, at=at, patient=factories.make_patient())
    return entry


def make_message(at, kind="contact", **fields):
    return Message.objects.create(
        key=f"{kind}-{at.isoformat()}", kind=kind, state="sent", sent_at=at, due_at=at, **fields
    )


def make_ended_entry(at, name="Alice Martin"):
    service, location = factories.make_service(), factories.make_location()
    factories.make_hours(factories.make_practitioner([service]), location)
    wish = factories.make_wish(service, location, name=name, first_on=at.date(), last_on=at.date())
    entry = scheduling.join(wish=wish, now=at)
    scheduling.leave(entry=entry, by=Actor.patient(), now=at)
    return entry


def test_without_periods_nothing_goes_and_nothing_is_certified(now):
    make_view(now - 9000 * DAY)
    make_message(now - 300 * DAY)
    set_periods()
    assert apply_periods(now=now) == []
    assert (AccessLogEntry.objects.count(), Message.objects.count(), Disposal.objects.count()) == (1, 1, 0)


def test_the_access_log_goes_up_to_the_end_of_its_period_with_a_certificate(now):
    set_periods(access_log_years=10, backup_days=30)
    make_view(now.replace(year=2016) - timedelta(seconds=1))
    kept = make_view(now.replace(year=2016))
    (certificate,) = apply_periods(now=now)
    assert [AccessLogEntry.objects.get(), {row.entry for row in AccessLogPerson.objects.all()}] == [kept, {kept}]
    assert (certificate.kind, certificate.by, certificate.counts) == ("period", None, {"access_log": 1})
    assert certificate.rule == "Access log: 10 years"
    assert str(certificate.in_backups_until) == "2026-12-23"
    assert certificate.items.get().log_before == now.replace(year=2016)


def test_a_long_log_goes_in_several_runs(now, monkeypatch):
    monkeypatch.setattr(expiry, "BATCH", 2)
    monkeypatch.setattr(expiry, "LIMIT", 5)
    set_periods(access_log_years=2)
    for days in range(5):
        make_view(now - (1000 + days) * DAY, people=1)
    counts = [[row.counts for row in apply_periods(now=now + run * DAY)] for run in range(3)]
    assert counts == [[{"access_log": 4}], [{"access_log": 1}], []]


def test_contact_messages_and_requests_for_a_link_go_after_their_period(now):
    set_periods(contact_days=7)
    for kind in ("contact", "lost_link"):
        make_message(now - 7 * DAY - timedelta(seconds=1), kind, content={"email": "alice@patients.example"})
        make_message(now - 7 * DAY, kind)
    make_message(now - 8 * DAY, "daily_summary")
    (certificate,) = apply_periods(now=now)
    assert certificate.counts == {"contact_messages": 2}
    assert Message.objects.filter(sent_at=now - 7 * DAY).count() == 2
    assert Message.objects.filter(kind="daily_summary").exists()


def test_of_messages_about_appointments_only_technical_words_go_once_those_are_over(now):
    set_periods(message_days=30)
    over = factories.make_appointment(starts_at=now - 31 * DAY)
    ahead = factories.make_appointment(starts_at=now + DAY)
    words = {"last_error": "550 alice@patients.example", "provider_id": "SM1", "content": {"sequence": 0}}
    for days, visit in ((40, over), (41, ahead), (20, over)):
        make_message(now - days * DAY, "confirmation", appointment=visit, **words)
    make_message(now - 31 * DAY, "daily_summary")
    (certificate,) = apply_periods(now=now)
    assert certificate.counts == {"message_texts": 2}
    left = Message.objects.order_by("sent_at").values_list("kind", "last_error", "content")
    assert list(left) == [
        ("confirmation", words["last_error"], {"sequence": 0}),
        ("confirmation", "", {"sequence": 0}),
        ("confirmation", words["last_error"], {"sequence": 0}),
    ]
    assert apply_periods(now=now) == []


def test_waitlist_entries_go_after_their_period_and_the_history_forgets_their_names(now, admin_user):
    set_periods(waitlist_days=10)
    old, recent = make_ended_entry(now - 11 * DAY), make_ended_entry(now - 9 * DAY, name="Bo Chen")
    LogEntry.objects.create(
        user=admin_user,
        content_type=ContentType.objects.get_for_model(WaitlistEntry),
        object_id=str(old.pk),
        object_repr=str(old),
        action_flag=2,
    )
    (certificate,) = apply_periods(now=now)
    assert certificate.counts == {"waitlist": 1, "messages": 1, "admin_log": 1}
    assert WaitlistEntry.objects.get() == recent
    assert LogEntry.objects.get().object_repr == ""


@pytest.mark.parametrize("is_set", [True, False])
def test_a_period_takes_the_place_of_the_fixed_one(now, is_set):
    set_periods(contact_days=200 if is_set else None, waitlist_days=200 if is_set else None)
    make_message(now - 31 * DAY)
    make_ended_entry(now - 91 * DAY)
    messages.delete_old_bodies(now=now)
    scheduling.delete_old_entries(now=now)
    assert Message.objects.filter(kind="contact").exists() == is_set
    assert WaitlistEntry.objects.exists() == is_set


def test_the_worker_applies_the_periods_once_a_day(now, monkeypatch):
    task = periodic_tasks["retention periods"]
    assert (task.seconds, task.needs_clock) == (24 * 3600, True)
    monkeypatch.setattr(loop, "periodic_tasks", {task.name: task})
    set_periods(contact_days=30)
    make_message(now - 31 * DAY)
    call_command("work", "--once")
    assert not Message.objects.exists()
    assert Disposal.objects.get().counts == {"contact_messages": 1}


def test_nothing_goes_while_the_clock_is_wrong(now, monkeypatch, settings):
    settings.CLOCK_TOLERANCE = timedelta(minutes=5)
    monkeypatch.setattr(clock_guard, "database_now", lambda: now - 4000 * DAY)
    task = periodic_tasks["retention periods"]
    monkeypatch.setattr(loop, "periodic_tasks", {task.name: task})
    set_periods(contact_days=30, access_log_years=10)
    make_message(now - 31 * DAY)
    make_view(now - 3999 * DAY)
    with pytest.raises(CommandError, match="clock reads"):
        call_command("work", "--once")
    assert (Message.objects.count(), AccessLogEntry.objects.count()) == (1, 1)


def test_a_changed_period_is_in_the_change_log(admin_user, now):
    by = Actor.staff(admin_user)
    assert save_periods({"contact_days": 30, "patients_years": None}, by=by)
    assert not save_periods({"contact_days": 30}, by=by)
    entry = ChangeLogEntry.objects.get()
    assert (entry.model, entry.actor, entry.before, entry.after) == (
        "booking.retentionperiods", admin_user, {"contact_days": None}, {"contact_days": 30},
    )  # fmt: skip
