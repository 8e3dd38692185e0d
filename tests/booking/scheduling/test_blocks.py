"""Blocked time: what is written, what it stops, what it releases, who may do it, and how it is taken back."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.contrib.auth.models import Permission

from booking import scheduling
from booking.models import Appointment, Closure, Status, TimeOff, WaitlistOffer
from booking.scheduling import Actor, BlockSpan, NotBlocked, SlotTaken
from booking.scheduling.appointments import hold as holding
from tests.support import factories

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 23)  # Monday; it is 8:00 a.m.
TEN = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)
AFTERNOON = BlockSpan(TODAY, time(13), TODAY, None)
MORNING = BlockSpan(TODAY, time(9), TODAY, time(12))


@pytest.fixture
def boss(django_user_model):
    return Actor.staff(django_user_model.objects.create_superuser("boss"))


def block(practitioner, by, now, span=MORNING, **fields):
    return scheduling.block_time(practitioners=[practitioner], span=span, by=by, now=now, **fields)


def starts(service, now, practitioner):
    slots = scheduling.available_slots(
        service=service, now=now, first_on=TODAY, last_on=TODAY, practitioner=practitioner
    )
    return [slot.starts_at for slot in slots]


def test_nobody_can_book_in_blocked_time(clinic, service, practitioner, boss, now):
    assert TEN in starts(service, now, practitioner)
    row = block(practitioner, boss, now, kind="sick", note="Flu").time_off[0]
    row.refresh_from_db()
    assert (row.kind, row.note, row.created_by, row.batch is not None) == ("sick", "Flu", boss.user, True)
    assert TEN not in starts(service, now, practitioner)
    assert starts(service, now, practitioner)  # The afternoon.


def test_several_people_and_weeks_are_one_batch(clinic, service, practitioner, boss, now):
    other = factories.make_practitioner([service])
    made = scheduling.block_time(practitioners=[practitioner, other], span=MORNING, by=boss, now=now, weeks=3)
    rows = TimeOff.objects.filter(batch=made.batch)
    assert sorted(set(rows.values_list("starts_on", flat=True))) == [TODAY + timedelta(weeks=week) for week in range(3)]
    assert rows.count() == 6


def test_removing_a_batch_removes_its_blocks_and_no_visit(clinic, service, practitioner, location, boss, now):
    visit = factories.make_appointment(practitioner=practitioner, service=service, location=location, starts_at=TEN)
    other = TimeOff.objects.create(practitioner=practitioner, starts_on=TODAY, ends_on=TODAY)
    made = block(practitioner, boss, now, weeks=2)
    assert scheduling.remove_batch(batch=made.batch, by=boss) == 2
    assert list(TimeOff.objects.all()) == [other]
    visit.refresh_from_db()
    assert visit.status == Status.BOOKED


def test_visits_inside_are_those_that_overlap_and_are_not_over(clinic, service, practitioner, location, boss, now):
    def visit(hour, **fields):
        starts_at = TEN.replace(hour=hour)
        common = {"practitioner": practitioner, "service": service, "location": location}
        return factories.make_appointment(**common | {"starts_at": starts_at} | fields)

    inside = [visit(15), visit(17, status="arrived")]
    visit(18)  # It begins when the block ends.
    visit(16, status="cancelled")
    visit(16, practitioner=factories.make_practitioner([service]))
    rows = block(practitioner, boss, now).time_off
    assert scheduling.visits_inside(scheduling.absences_of(rows), now=now) == inside


def test_a_hold_inside_is_released_and_cannot_be_booked(clinic, service, practitioner, location, boss, now):
    hold = scheduling.hold(
        service=service, starts_at=TEN, holder="me", by=Actor.patient(), now=now, location=location
    )  # fmt: skip
    assert block(practitioner, boss, now).released == 1
    hold.refresh_from_db()
    assert (hold.status, hold.events.last().actor) == (Status.EXPIRED, boss.user)
    details = scheduling.PatientDetails(name="Al", email="al@patients.example", phone="+14035550123")
    with pytest.raises(SlotTaken):
        scheduling.book(hold=hold, details=details, submission_key="k", by=Actor.patient(), now=now)


def test_an_offer_inside_is_withdrawn_and_its_person_keeps_waiting(clinic, service, practitioner, location, boss, now):
    entry = scheduling.join(wish=factories.make_wish(service, location, last_on=TODAY), now=now)
    assert scheduling.offer_available_slots(now=now) == 1
    everything = BlockSpan(TODAY, None, TODAY, None)
    assert block(practitioner, boss, now, span=everything).released == 1
    entry.refresh_from_db()
    assert (WaitlistOffer.objects.get().state, entry.is_waiting) == ("withdrawn", True)


def test_a_visitor_who_comes_second_cannot_hold_blocked_time(
    clinic, service, practitioner, location, boss, now, just_before_the_lock
):
    just_before_the_lock(holding, lambda: block(practitioner, boss, now))
    with pytest.raises(SlotTaken):
        scheduling.hold(service=service, starts_at=TEN, holder="me", by=Actor.patient(), now=now, location=location)
    assert not Appointment.objects.exists()


@pytest.mark.parametrize(
    ("span", "weeks"),
    [
        (BlockSpan(TODAY, time(12), TODAY, time(12)), 1),
        (BlockSpan(TODAY, time(12), TODAY, time(9)), 1),
        (BlockSpan(TODAY, None, TODAY - timedelta(days=1), None), 1),
        (BlockSpan(date(1, 1, 1), None, date(1, 1, 1), None), 1),
        (BlockSpan(date(9999, 12, 31), None, date(9999, 12, 31), None), 1),
        (BlockSpan(TODAY, None, TODAY + timedelta(days=400), None), 1),
        (BlockSpan(TODAY, None, TODAY + timedelta(days=7), None), 2),
        (MORNING, 0),
        (MORNING, 27),
    ],
)
def test_an_impossible_span_is_refused(clinic, practitioner, boss, now, span, weeks):
    with pytest.raises(NotBlocked):
        block(practitioner, boss, now, span=span, weeks=weeks)
    assert not TimeOff.objects.exists()


def test_a_whole_closed_day_is_closed_everywhere_once(clinic, practitioner, location, boss, now):
    other = factories.make_location()
    Closure.objects.create(location=other, on=TODAY, name="Founders Day")
    span = BlockSpan(TODAY, None, TODAY + timedelta(days=1), None)
    made = scheduling.close_clinic(span=span, name="Flood", by=boss, now=now)
    assert sorted(Closure.objects.values_list("on", "name")) == [
        (TODAY, "Flood"), (TODAY, "Founders Day"), (TODAY + timedelta(days=1), "Flood"),
        (TODAY + timedelta(days=1), "Flood"),
    ]  # fmt: skip
    assert scheduling.remove_batch(batch=made.batch, by=boss) == 3
    assert Closure.objects.get().name == "Founders Day"
    for wrong in ({"span": MORNING, "name": "Flood"}, {"span": span, "name": ""}):
        with pytest.raises(NotBlocked):
            scheduling.close_clinic(**wrong, by=boss, now=now)


def test_a_practitioner_blocks_their_own_time_only(clinic, service, practitioner, boss, now, django_user_model):
    user = django_user_model.objects.create_user("steve")
    user.user_permissions.add(Permission.objects.get(codename="block_own_time"))
    own = factories.make_practitioner([service], user=user)
    steve = Actor.staff(user)
    row = block(own, steve, now).time_off[0]
    of_boss = block(practitioner, boss, now)
    refused = [
        lambda: block(practitioner, steve, now),
        lambda: scheduling.block_time(practitioners=[own, practitioner], span=MORNING, by=steve, now=now),
        lambda: scheduling.close_clinic(span=BlockSpan(TODAY, None, TODAY, None), name="x", by=steve, now=now),
        lambda: scheduling.remove_batch(batch=of_boss.batch, by=steve),
        lambda: scheduling.remove_block(time_off=of_boss.time_off[0], by=steve),
        lambda: scheduling.change_block(time_off=of_boss.time_off[0], span=AFTERNOON, by=steve, now=now),
        lambda: block(own, Actor.patient(), now),
    ]
    for command in refused:
        with pytest.raises(NotBlocked):
            command()
    assert TimeOff.objects.count() == 2
    scheduling.remove_block(time_off=row, by=steve)
    assert TimeOff.objects.get() == of_boss.time_off[0]


def test_a_block_is_changed_and_one_that_is_gone_is_not(clinic, service, practitioner, boss, now):
    row = block(practitioner, boss, now).time_off[0]
    scheduling.change_block(time_off=row, span=AFTERNOON, by=boss, now=now, kind="course", note="First aid")
    assert TEN in starts(service, now, practitioner)
    changed = TimeOff.objects.get()
    assert (changed.start_time, changed.end_time, changed.kind, changed.note) == (time(13), None, "course", "First aid")
    scheduling.remove_block(time_off=row, by=boss)
    with pytest.raises(NotBlocked):
        scheduling.change_block(time_off=row, span=AFTERNOON, by=boss, now=now)
