"""The command take_over: what it says, what it refuses, and what it does with each message."""

import io
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from booking import messages
from booking.models import Message, SiteIdentity
from booking.site_identity import current_place
from tests.support import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stopped_clock")]
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def copy(now):
    SiteIdentity.objects.update(database="sqlite 1/2", token="a", recorded_at=now - DAY)
    factories.make_clinic()
    factories.make_location(time_zone="America/Toronto")


def take_over(**options) -> str:
    output = io.StringIO()
    call_command("take_over", stdout=output, **({"yes": True} | options))
    return output.getvalue()


def refusal(**options) -> str:
    with pytest.raises(CommandError) as refused:
        take_over(**options)
    return str(refused.value)


def make_message(**fields) -> Message:
    return Message.objects.create(**{"key": f"contact-{Message.objects.count()}", "kind": "contact"} | fields)


def is_mute() -> bool:
    return SiteIdentity.objects.get().database != current_place().database


@pytest.mark.usefixtures("copy")
class TestTime:
    @pytest.mark.parametrize(
        ("text", "ago"),
        [("2026-11-23T08:30", 30), ("2026-11-23 08:30", 30), ("2026-11-23T13:30Z", 30), ("now", 0)],
    )
    def test_it_is_in_the_clinics_zone_unless_it_names_another(self, text, ago, now):
        take_over(sent_until=text)
        assert SiteIdentity.objects.get().sent_until == now - ago * MINUTE

    def test_it_is_never_in_the_future(self):
        assert "2026-11-23 09:01 EST is in the future" in refusal(sent_until="2026-11-23T09:01")
        assert is_mute()

    @pytest.mark.parametrize("text", ["yesterday", "2026-13-01", "06:30"])
    def test_anything_else_is_refused(self, text):
        assert "is no time" in refusal(sent_until=text)
        assert is_mute()

    def test_without_one_it_says_what_it_knows_and_writes_nothing(self, now):
        make_message(due_at=now - HOUR, state="sent", sent_at=now - HOUR)
        output = io.StringIO()
        with pytest.raises(CommandError, match="--sent-until"):
            call_command("take_over", stdout=output)
        assert "its newest message was sent on 2026-11-23 08:00 EST" in output.getvalue()
        assert is_mute()


@pytest.mark.usefixtures("copy")
class TestAsking:
    def test_it_lists_the_messages_by_kind(self, now):
        make_message(due_at=now - HOUR)
        make_message(due_at=now - HOUR)
        make_message(due_at=now - HOUR, kind="daily_summary")
        make_message(due_at=now)
        said = take_over(sent_until=(now - MINUTE).isoformat(), dry_run=True)
        assert "  From the contact form: 2\n  Daily booking summary: 1\n" in said
        assert "nothing was written" in said
        assert is_mute()
        assert set(Message.objects.values_list("state", flat=True)) == {"waiting"}

    def test_without_a_terminal_it_does_nothing(self, monkeypatch):
        monkeypatch.setattr("sys.stdin", io.StringIO())
        assert "no terminal to ask on" in refusal(sent_until="now", yes=False)
        assert is_mute()

    @pytest.mark.parametrize(("answer", "stays_mute"), [("", True), ("n", True), ("y", False), ("Yes", False)])
    def test_it_asks(self, answer, stays_mute, monkeypatch):
        monkeypatch.setattr("sys.stdin", type("Terminal", (io.StringIO,), {"isatty": lambda self: True})())
        monkeypatch.setattr("builtins.input", lambda question: answer)
        take_over(sent_until="now", yes=False)
        assert is_mute() == stays_mute


class TestTheSiteItself:
    @pytest.fixture(autouse=True)
    def _site(self, now):
        place = current_place()
        SiteIdentity.objects.update(database=place.database, site_url=place.site_url, token="a")
        make_message(due_at=now - HOUR)

    def test_it_is_refused(self):
        assert "nothing to take over" in refusal(sent_until="now")
        assert Message.objects.get().state == "waiting"

    def test_unless_whoever_knows_better_forces_it(self):
        take_over(sent_until="now", force=True)
        assert Message.objects.get().state == "withheld"

    def test_a_take_over_that_was_done_is_done(self, now):
        SiteIdentity.objects.update(database="sqlite 1/2")
        time = (now - 2 * HOUR).isoformat()
        take_over(sent_until=time)
        before = SiteIdentity.objects.values().get()
        assert "Nothing is left to do." in take_over(sent_until=time)
        assert SiteIdentity.objects.values().get() == before


@pytest.mark.usefixtures("copy")
class TestMessages:
    @pytest.fixture
    def visit(self, now):
        return factories.make_appointment(starts_at=now + 3 * DAY)

    def test_a_message_to_be_tried_again_later_stays_and_leases_end(self, now):
        retried = make_message(due_at=now, attempts=4, leased_until=now + MINUTE)
        take_over(sent_until=(now - MINUTE).isoformat())
        retried.refresh_from_db()
        assert (retried.state, retried.leased_until) == ("waiting", None)

    def test_a_leased_message_that_was_due_is_withheld_with_a_reason(self, now):
        leased = make_message(due_at=now - HOUR, leased_until=now + MINUTE)
        take_over(sent_until="now")
        leased.refresh_from_db()
        assert (leased.state, leased.leased_until) == ("withheld", None)
        assert "Due before 2026-11-23 09:00" in leased.last_error
        assert len(leased.last_error) <= Message._meta.get_field("last_error").max_length

    def test_what_was_queued_here_is_sent_from_here(self, now):
        """After a failover, patients book before the operator comes."""
        SiteIdentity.objects.update(muted_place=str(current_place()), muted_at=now - HOUR)
        old, new = make_message(due_at=now), make_message(due_at=now)
        Message.objects.filter(pk=old.pk).update(created_at=now - 2 * HOUR)
        take_over(sent_until="now")
        assert dict(Message.objects.values_list("pk", "state")) == {old.pk: "withheld", new.pk: "waiting"}

    def test_parked_sent_and_dropped_messages_stay(self, now):
        states = {"parked", "dropped"}
        for state in states:
            make_message(due_at=now - HOUR, state=state)
        make_message(due_at=now - HOUR, state="sent", sent_at=now - HOUR)
        take_over(sent_until="now")
        assert set(Message.objects.values_list("state", flat=True)) == states | {"sent"}

    def test_the_address_of_who_asked_for_links_goes(self, now):
        asked = make_message(due_at=now - HOUR, kind="lost_link", content={"email": "a@patients.example"})
        take_over(sent_until="now")
        asked.refresh_from_db()
        assert (asked.state, asked.content) == ("withheld", {})

    def test_a_text_that_the_site_before_has_asked_about_is_not_asked_about_again(self, now):
        text = {"channel": "text", "state": "sent", "sent_at": now - HOUR, "due_at": now - HOUR, "provider_id": "SM1"}
        asked = make_message(delivery_check_at=now - 2 * MINUTE, **text)
        later = make_message(delivery_check_at=now + MINUTE, **text)
        said = take_over(sent_until=(now - MINUTE).isoformat())
        assert "Text messages that will not be asked about: 1." in said
        asked.refresh_from_db()
        later.refresh_from_db()
        assert (asked.delivery, asked.delivery_check_at) == ("unconfirmed", None)
        assert (later.delivery, later.delivery_check_at) == ("", now + MINUTE)

    def test_a_withheld_reminder_never_comes_back_by_itself(self, visit, now):
        messages.enqueue_booking(visit, now=now - 9 * DAY)
        Message.objects.filter(kind="reminder").update(due_at=now - HOUR)
        take_over(sent_until="now")
        assert messages.repair_after_clock_jump(now=now) == 0
        messages.requeue_after_undo(visit, now=now)
        assert set(Message.objects.exclude(due_at__gt=now).values_list("state", flat=True)) == {"withheld"}

    def test_staff_can_send_it_again(self, visit, now):
        messages.enqueue_booking(visit, now=now - HOUR)
        take_over(sent_until="now")
        confirmation = Message.objects.get(kind="confirmation")
        assert messages.can_resend(confirmation, now=now)
        assert messages.resend(confirmation, now=now)
        assert Message.objects.filter(kind="confirmation", state="waiting").count() == 1

    def test_a_patient_whose_confirmation_was_withheld_is_told_of_a_move_as_a_move(self, visit, now):
        messages.enqueue_booking(visit, now=now - HOUR)
        take_over(sent_until="now")
        visit.sequence += 1
        visit.save()
        messages.enqueue_reschedule(visit, now=now)
        assert Message.objects.filter(kind="rescheduled", state="waiting").exists()

    def test_withheld_messages_are_deleted_like_dropped_ones(self, now):
        make_message(due_at=now - 31 * DAY)
        take_over(sent_until="now")
        assert messages.delete_old_bodies(now=timezone.now()) == 1
