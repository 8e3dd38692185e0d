"""Waitlist: entries, offers and responses."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from booking import scheduling, tokens
from booking.messages.delivery.staleness import is_still_true
from booking.models import (
    Appointment,
    AppointmentEvent,
    Clinic,
    Closure,
    HoursOverride,
    Message,
    Status,
    TimeOff,
    WaitlistEntry,
    WaitlistOffer,
)
from booking.scheduling import Actor, NotBookable, OfferGone, PatientDetails
from booking.scheduling.waitlist import offers
from booking.scheduling.waitlist.entries import transfer_entries
from booking.scheduling.waitlist.matching import FreeSlot
from tests.support import factories

pytestmark = pytest.mark.django_db
PATIENT, SYSTEM = Actor.patient(), Actor.system()
# Monday, November 23, 2026 in Alberta (UTC-06). The only hours there are: Tuesday, one assessment of 45 minutes.
TEN = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)
TUESDAY_NINE = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Small:
    """A clinic with one location, one practitioner and one available slot: Tuesday at nine."""

    def __init__(self, **service):
        factories.make_clinic()
        self.place = factories.make_location(slug="okotoks")
        self.service = factories.make_service(slug="assessment", **service)
        self.steve = factories.make_practitioner([self.service], name="Steve Hansen", slug="steve")
        self.hours = factories.make_hours(
            self.steve, self.place, weekdays=[1], start_time=time(9), end_time=time(9, 45)
        )
        # The Tuesday after is taken, so that one week is all there is.
        self.opens_only(date(2026, 11, 24))

    def opens_only(self, day):
        for hours in self.hours:
            hours.starts_on = hours.ends_on = day
            hours.save()

    def join(self, name="Alice", now=TEN, **fields):
        wish = {"name": name, "email": f"{name.lower()}@patients.example"} | fields
        place = wish.pop("location", self.place)
        return scheduling.join(wish=factories.make_wish(self.service, place, **wish), now=now)

    def taken(self, **fields):
        return factories.make_appointment(
            service=self.service, location=self.place, practitioner=self.steve, starts_at=TUESDAY_NINE, **fields
        )


@pytest.fixture
def small():
    return Small()


def offered(now=TEN):
    """Run the worker's waitlist tasks. Returns (name, start) of the new offers."""
    before = set(WaitlistOffer.objects.values_list("pk", flat=True))
    scheduling.settle_waitlist(now=now)
    scheduling.offer_available_slots(now=now)
    made = WaitlistOffer.objects.exclude(pk__in=before).order_by("pk")
    return list(made.values_list("entry__name", "starts_at"))


def offer_of(name):
    return WaitlistOffer.objects.select_related("appointment", "entry").get(entry__name=name)


def accept(offer, now=TEN, **fields):
    told = {"date_of_birth": None, "reminders": True, "notice_version": "2026-11-01"} | fields
    return scheduling.accept(offer=offer, by=PATIENT, now=now, **told)


def sent(offer):
    offer.messages.update(state="sent", sent_at=TEN)


class TestJoin:
    def test_an_entry_keeps_what_was_asked_and_no_more(self, small):
        entry = small.join(practitioner=small.steve, parts=frozenset({"morning", "evening"}), contact_name="Bea")
        assert (entry.name, entry.contact_name, entry.email, str(entry.phone), entry.notice_version) == (
            "Alice", "Bea", "alice@patients.example", "+14035550123", "2026-11-01",
        )  # fmt: skip
        assert (entry.mornings, entry.afternoons, entry.evenings) == (True, False, True)
        assert (entry.practitioner, entry.created_at, entry.is_waiting) == (small.steve, TEN, True)

    def test_the_same_person_with_the_same_criteria_has_one_entry(self, small):
        first = small.join()
        assert small.join("alice", now=TEN + HOUR) == first
        assert WaitlistEntry.objects.count() == 1

    def test_the_link_comes_again_but_once_a_day(self, small):
        for hours in (0, 1, 9, 30):
            small.join(now=TEN + hours * HOUR, first_on=date(2026, 11, 25))
        assert Message.objects.filter(kind="waitlist_joined").count() == 2

    @pytest.mark.parametrize(
        "other",
        [
            {"name": "Bob"},
            {"email": "other@patients.example"},
            {"last_on": date(2026, 12, 8)},
            {"parts": frozenset({"morning"})},
        ],
        ids=lambda other: next(iter(other)),
    )
    def test_another_person_or_another_wish_is_another_entry(self, small, other):
        small.join(email="alice@patients.example")
        small.join(**({"email": "alice@patients.example"} | other))
        assert WaitlistEntry.objects.count() == 2

    def test_who_books_by_phone_only_joins_as_always_and_is_offered_nothing(self, small):
        factories.make_patient(name="Alice", email="alice@patients.example", books_by_phone_only=True)
        assert small.join().is_waiting
        assert offered() == []

    def test_who_has_left_can_join_again(self, small):
        scheduling.leave(entry=small.join(), by=PATIENT, now=TEN)
        assert small.join(now=TEN + HOUR).is_waiting
        assert WaitlistEntry.objects.count() == 2

    def test_the_database_itself_keeps_a_wish_from_standing_twice(self, small):
        entry = small.join()
        entry.pk, entry.uid, entry._state.adding = None, "c0ffee00-0000-4000-8000-000000000000", True
        with pytest.raises(IntegrityError), transaction.atomic():
            entry.save(force_insert=True)

    @pytest.mark.parametrize(
        ("service", "wish"),
        [
            ({}, {"first_on": date(2026, 11, 22)}),
            ({}, {"last_on": date(2027, 1, 23)}),
            ({}, {"first_on": date(2026, 12, 8)}),
            ({}, {"parts": frozenset()}),
            ({}, {"parts": frozenset({"night"})}),
            ({"booked_by": "staff"}, {}),
            ({"is_active": False}, {}),
            ({"audience": "new"}, {"is_first_visit": False}),
            ({"needs_needling_authorisation": True}, {}),
        ],
        ids=[
            "past",
            "beyond the horizon",
            "backwards",
            "no part",
            "odd part",
            "staff only",
            "gone",
            "for new",
            "needling",
        ],
    )
    def test_what_can_never_be_offered_is_refused(self, service, wish):
        small = Small(**service)
        with pytest.raises(NotBookable):
            small.join(**wish)
        assert not WaitlistEntry.objects.exists()
        assert not Message.objects.exists()

    def test_a_person_who_takes_no_new_patients_is_no_choice_for_one(self, small):
        small.steve.takes_new_patients = False
        small.steve.save()
        with pytest.raises(NotBookable):
            small.join(practitioner=small.steve)
        assert small.join(practitioner=small.steve, is_first_visit=False)


class TestOffers:
    def test_a_free_time_goes_to_who_joined_first_and_to_nobody_else(self, small):
        small.join("Bob", now=TEN - HOUR)
        small.join("Alice", now=TEN - 2 * HOUR)
        assert offered() == [("Alice", TUESDAY_NINE)]
        assert offered() == []

    def test_an_offer_is_a_hold_with_its_own_end_and_an_event(self, small):
        small.join()
        offered()
        hold = offer_of("Alice").appointment
        assert (hold.status, hold.starts_at, hold.hold_expires_at, hold.patient) == (
            "held",
            TUESDAY_NINE,
            TEN + HOUR,
            None,
        )
        assert hold.is_first_visit is True
        event = AppointmentEvent.objects.get()
        assert (event.kind, event.actor_kind, event.note) == ("held", "system", "Offered to the waitlist")
        assert scheduling.next_slot(service=small.service, now=TEN) is None

    def test_the_clinic_sets_the_lifetime_of_an_offer(self, small):
        Clinic.objects.update(waitlist_offer_lasts=timedelta(minutes=30))
        small.join()
        offered()
        assert offer_of("Alice").expires_at == TEN + timedelta(minutes=30)

    def test_a_taken_time_is_offered_to_nobody(self, small):
        small.taken()
        small.join()
        assert offered() == []

    @pytest.mark.parametrize(
        "freed_by", ["cancel", "move", "staff release", "expiry", "time off", "new hours", "closure"]
    )
    def test_whatever_frees_a_time_it_is_offered(self, small, freed_by):
        small.join()
        user = make_user()
        if freed_by == "cancel":
            visit = small.taken()
            undo = lambda: scheduling.cancel(appointment=visit, by=Actor.staff(user), now=TEN)  # noqa: E731
        elif freed_by == "move":
            visit = small.taken()
            undo = lambda: scheduling.reschedule(  # noqa: E731
                appointment=visit,
                starts_at=TUESDAY_NINE + 3 * HOUR,
                by=Actor.staff(user),
                now=TEN,
                exemption=scheduling.Exemption("After work", {scheduling.StaffRule.HOURS}),
            )
        elif freed_by == "staff release":
            hold = small.taken(status="held", hold_expires_at=TEN + HOUR)
            undo = lambda: scheduling.release(appointment=hold, by=PATIENT, now=TEN)  # noqa: E731
        elif freed_by == "expiry":
            hold = small.taken(status="held", hold_expires_at=TEN + timedelta(seconds=1))
            undo = lambda: Appointment.objects.update(hold_expires_at=TEN)  # noqa: E731
        elif freed_by == "time off":
            away = TimeOff.objects.create(
                practitioner=small.steve, starts_on=date(2026, 11, 24), ends_on=date(2026, 11, 24)
            )
            undo = away.delete
        elif freed_by == "closure":
            closed = Closure.objects.create(location=small.place, on=date(2026, 11, 24), name="Storm")
            undo = closed.delete
        else:
            small.opens_only(date(2025, 11, 25))
            undo = lambda: HoursOverride.objects.create(  # noqa: E731
                practitioner=small.steve,
                location=small.place,
                on=date(2026, 11, 24),
                start_time=time(9),
                end_time=time(9, 45),
            )
        assert offered() == []
        undo()
        assert offered() == [("Alice", TUESDAY_NINE)]

    @pytest.mark.parametrize(
        "wish",
        [
            {"first_on": date(2026, 11, 25)},
            {"last_on": date(2026, 11, 23)},
            {"parts": frozenset({"afternoon", "evening"})},
            {"location": "other"},
            {"practitioner": "other"},
        ],
        ids=["later days", "earlier days", "other part", "other place", "other person"],
    )
    def test_what_does_not_suit_goes_to_the_next(self, small, wish):
        if wish.get("location"):
            wish = {"location": factories.make_location()}
        if wish.get("practitioner"):
            wish = {"practitioner": factories.make_practitioner([small.service])}
        small.join("Alice", now=TEN - HOUR, **wish)
        small.join("Bob")
        assert offered() == [("Bob", TUESDAY_NINE)]

    def test_two_times_go_to_two_people_in_the_order_they_joined(self, small):
        factories.make_hours(small.steve, small.place, weekdays=[1], start_time=time(13), end_time=time(13, 45))
        for number, name in enumerate(["Alice", "Bob", "Cleo"]):
            small.join(name, now=TEN - HOUR + timedelta(minutes=number))
        one_pm = TUESDAY_NINE + 4 * HOUR
        assert offered()[:2] == [("Alice", TUESDAY_NINE), ("Bob", one_pm)]

    def test_the_order_holds_across_visits_that_want_the_same_hour(self, small):
        other = factories.make_service(slug="other", duration=timedelta(minutes=30))
        small.steve.services.add(other)
        scheduling.join(
            wish=factories.make_wish(other, small.place, name="Zed", email="z@patients.example"), now=TEN - HOUR
        )
        small.join("Alice")
        assert offered() == [("Zed", TUESDAY_NINE)]

    def test_one_person_has_one_offer_at_a_time_whatever_they_wait_for(self, small):
        factories.make_hours(small.steve, small.place, weekdays=[1], start_time=time(13), end_time=time(13, 45))
        small.join("Alice", parts=frozenset({"morning"}))
        small.join("Alice", parts=frozenset({"afternoon"}), now=TEN)
        assert offered() == [("Alice", TUESDAY_NINE)]

    def test_a_new_patient_is_not_offered_somebody_who_takes_none(self, small):
        small.join("Alice", now=TEN - HOUR)
        small.join("Bob", is_first_visit=False)
        small.steve.takes_new_patients = False
        small.steve.save()
        assert offered() == [("Bob", TUESDAY_NINE)]

    def test_a_withdrawn_service_is_offered_to_nobody(self, small):
        small.join()
        small.service.is_active = False
        small.service.save()
        assert offered() == []

    def test_the_number_of_queries_does_not_depend_on_the_number_of_entries(self, small):
        small.taken()
        counts = []
        for names in (["Alice"], ["Bob", "Cleo", "Dan", "Eve"]):
            for name in names:
                small.join(name)
            with CaptureQueriesContext(
                connection,
            ) as asked:
                scheduling.settle_waitlist(now=TEN)
                scheduling.offer_available_slots(now=TEN)
            counts.append(len(asked))
        assert counts[0] == counts[1] <= 15

    def test_an_empty_waitlist_runs_few_queries(self, small):
        with CaptureQueriesContext(connection) as asked:
            scheduling.settle_waitlist(now=TEN)
            scheduling.offer_available_slots(now=TEN)
        assert len(asked) <= 4


class TestUnderTheLock:
    """offer() checks again under the lock, and returns None if the slot or the entry is gone."""

    def offer(self, small, entry, starts_at=TUESDAY_NINE):
        free = FreeSlot(starts_at, small.place.pk, (small.steve.pk,))
        return offers.offer(entry=entry, slot=free, lifetime=HOUR, now=TEN)

    def test_to_somebody_who_waits(self, small):
        assert self.offer(small, small.join()).state == "open"

    def test_not_to_somebody_who_has_just_left(self, small):
        entry = small.join()
        scheduling.leave(entry=WaitlistEntry.objects.get(), by=PATIENT, now=TEN)
        assert self.offer(small, entry) is None

    def test_not_to_somebody_who_has_just_been_offered_another_time(self, small):
        factories.make_hours(small.steve, small.place, weekdays=[1], start_time=time(13), end_time=time(13, 45))
        entry = small.join()
        assert self.offer(small, entry)
        assert self.offer(small, entry, TUESDAY_NINE + 4 * HOUR) is None
        assert offer_of("Alice").state == "open"

    def test_not_the_same_time_again(self, small):
        entry = small.join()
        scheduling.decline(offer=self.offer(small, entry), by=PATIENT, now=TEN)
        assert self.offer(small, entry) is None

    def test_not_a_time_that_somebody_has_just_taken(self, small):
        entry = small.join()
        small.taken()
        assert self.offer(small, entry) is None

    def test_not_a_second_time_to_the_same_person_for_another_wish(self, small):
        factories.make_hours(small.steve, small.place, weekdays=[1], start_time=time(13), end_time=time(13, 45))
        one, two = small.join(), small.join(last_on=date(2026, 12, 1))
        assert self.offer(small, one)
        assert self.offer(small, two, TUESDAY_NINE + 4 * HOUR) is None


class TestOfferHours:
    """Offers fit between 8:00 and 20:00 local time (Alberta is UTC-06) and end before the lead time."""

    @pytest.mark.parametrize(
        ("clock", "goes_out"),
        [
            (datetime(2026, 11, 23, 13, 59, 59, tzinfo=UTC), False),
            (datetime(2026, 11, 23, 14, 0, tzinfo=UTC), True),
            (datetime(2026, 11, 24, 1, 0, tzinfo=UTC), True),
            (datetime(2026, 11, 24, 1, 0, 1, tzinfo=UTC), False),
            (datetime(2026, 11, 24, 5, 0, tzinfo=UTC), False),
        ],
        ids=["before 8", "at 8", "until 8 p.m. sharp", "a second past 8 p.m.", "at night"],
    )
    def test_offers_go_out_and_end_by_day(self, small, clock, goes_out):
        small.join()
        assert offered(clock) == ([("Alice", TUESDAY_NINE)] if goes_out else [])

    def test_the_clock_is_the_places_own(self, small):
        far = factories.make_location(time_zone="Pacific/Auckland")
        factories.make_hours(small.steve, far, weekdays=range(7), start_time=time(9), end_time=time(9, 45))
        scheduling.join(wish=factories.make_wish(small.service, far, first_on=date(2026, 11, 24)), now=TEN)
        assert offered(TEN) == []  # 5 a.m. in Auckland
        assert [name for name, _ in offered(TEN + 3 * HOUR)] == ["Alice Martin"]

    @pytest.mark.parametrize(("seconds", "goes_out"), [(0, True), (1, False)], ids=["just in time", "a second late"])
    def test_the_whole_offer_lies_before_the_lead_time(self, seconds, goes_out):
        small = Small(lead_time=timedelta(hours=20))
        small.join()
        now = TUESDAY_NINE - 21 * HOUR + timedelta(seconds=seconds)
        assert offered(now) == ([("Alice", TUESDAY_NINE)] if goes_out else [])


class TestResponses:
    def test_accepted_it_is_an_appointment_with_all_that_follows(self, small):
        entry = small.join(contact_name="Bea")
        offered()
        made = accept(offer_of("Alice"), reminders=False, date_of_birth=date(1980, 11, 24))
        entry.refresh_from_db()
        assert (made.status, made.starts_at, made.is_first_visit, made.reminders) == (
            "booked",
            TUESDAY_NINE,
            True,
            False,
        )
        patient = made.patient
        assert (patient.name, patient.contact_name, patient.email, patient.date_of_birth) == (
            "Alice", "Bea", "alice@patients.example", date(1980, 11, 24),
        )  # fmt: skip
        assert list(AppointmentEvent.objects.order_by("pk").values_list("kind", "actor_kind")) == [
            ("held", "system"),
            ("booked", "patient"),
        ]
        assert set(made.messages.values_list("kind", flat=True)) == {"confirmation", "clinic_notice"}
        assert (entry.outcome, entry.ended_at) == ("booked", TEN)

    def test_accepting_twice_is_one_appointment(self, small):
        small.join()
        offered()
        offer = offer_of("Alice")
        assert accept(offer) == accept(offer)
        assert Message.objects.filter(kind="confirmation").count() == 1

    @pytest.mark.parametrize("how", ["late", "passed", "left", "expired by somebody"])
    def test_what_is_gone_cannot_be_accepted(self, small, how):
        entry = small.join()
        offered()
        offer, now = offer_of("Alice"), TEN
        if how == "late":
            now = TEN + HOUR
        elif how == "passed":
            scheduling.decline(offer=offer, by=PATIENT, now=TEN)
        elif how == "left":
            scheduling.leave(entry=entry, by=PATIENT, now=TEN)
        else:
            Appointment.objects.update(status=Status.EXPIRED)
        with pytest.raises(OfferGone):
            accept(offer, now=now)
        assert not Appointment.objects.filter(status="booked").exists()

    def test_passed_on_it_goes_to_the_next_at_once_and_never_back(self, small):
        small.join("Alice", now=TEN - HOUR)
        small.join("Bob")
        offered()
        scheduling.decline(offer=offer_of("Alice"), by=PATIENT, now=TEN)
        assert offered() == [("Bob", TUESDAY_NINE)]
        scheduling.decline(offer=offer_of("Bob"), by=PATIENT, now=TEN)
        assert offered() == []
        assert WaitlistEntry.objects.waiting().count() == 2

    def test_unanswered_it_goes_to_the_next_after_its_hour(self, small):
        small.join("Alice", now=TEN - HOUR)
        small.join("Bob")
        offered()
        assert offered(TEN + HOUR - timedelta(seconds=1)) == []
        assert offered(TEN + HOUR) == [("Bob", TUESDAY_NINE)]
        assert offer_of("Alice").state == "lapsed"

    def test_a_start_declined_for_one_entry_is_not_offered_for_another_of_the_same_person(self, small):
        small.join("Alice")
        small.join("Alice", last_on=date(2026, 12, 1))
        offered()
        scheduling.decline(offer=WaitlistOffer.objects.get(), by=PATIENT, now=TEN)
        assert offered() == []

    def test_an_offer_given_up_tells_why_in_its_events(self, small):
        small.join("Alice", now=TEN - HOUR)
        small.join("Bob")
        offered()
        scheduling.decline(offer=offer_of("Alice"), by=PATIENT, now=TEN)
        offered()
        offered(TEN + HOUR)
        kinds = AppointmentEvent.objects.order_by("pk").values_list("kind", "actor_kind")
        assert list(kinds) == [("held", "system"), ("released", "patient"), ("held", "system"), ("expired", "system")]

    def test_a_hold_that_the_worker_or_another_visitor_has_expired_lapses_all_the_same(self, small):
        small.join()
        offered()
        scheduling.expire_holds(now=TEN + HOUR)
        assert scheduling.settle_waitlist(now=TEN + HOUR) == (1, 0)
        assert offer_of("Alice").state == "lapsed"


class TestUnanswered:
    def lapse(self, small, times, is_sent=True):
        for number in range(times):
            day = date(2026, 11, 24) + timedelta(days=7 * number)
            small.opens_only(day)
            now = TEN + timedelta(days=7 * number)
            scheduling.settle_waitlist(now=now)
            assert scheduling.offer_available_slots(now=now) == 1
            if is_sent:
                sent(WaitlistOffer.objects.get(state="open"))
            scheduling.settle_waitlist(now=now + HOUR)

    def test_after_three_in_a_row_we_stop_asking(self, small):
        entry = small.join(last_on=date(2027, 1, 20))
        self.lapse(small, 2)
        entry.refresh_from_db()
        assert (entry.unanswered, entry.is_waiting) == (2, True)
        WaitlistOffer.objects.all().delete()
        self.lapse(small, 1)
        entry.refresh_from_db()
        assert (entry.unanswered, entry.outcome) == (3, "unanswered")

    def test_declining_resets_the_count_of_unanswered_offers(self, small):
        entry = small.join()
        self.lapse(small, 1)
        small.opens_only(date(2026, 12, 1))
        scheduling.offer_available_slots(now=TEN + timedelta(days=7))
        scheduling.decline(offer=WaitlistOffer.objects.get(state="open"), by=PATIENT, now=TEN + timedelta(days=7))
        entry.refresh_from_db()
        assert (entry.unanswered, entry.is_waiting) == (0, True)

    def test_an_offer_whose_email_was_never_sent_does_not_count(self, small):
        entry = small.join()
        self.lapse(small, 1, is_sent=False)
        entry.refresh_from_db()
        assert entry.unanswered == 0


class TestEnds:
    def test_leaving_frees_what_was_offered(self, small):
        entry = small.join("Alice", now=TEN - HOUR)
        small.join("Bob")
        offered()
        assert scheduling.leave(entry=entry, by=PATIENT, now=TEN).outcome == "left"
        assert offer_of("Alice").state == "withdrawn"
        assert offered() == [("Bob", TUESDAY_NINE)]

    def test_staff_can_end_an_entry_and_leaving_again_changes_nothing(self, small):
        entry = small.join()
        scheduling.leave(entry=entry, by=Actor.staff(make_user()), now=TEN)
        assert scheduling.leave(entry=entry, by=PATIENT, now=TEN + HOUR).outcome == "staff"
        assert entry.ended_at == TEN

    def test_an_entry_ends_when_its_days_are_past_on_the_places_clock(self, small):
        entry = small.join(last_on=date(2026, 11, 23))
        assert scheduling.settle_waitlist(now=datetime(2026, 11, 24, 5, 59, tzinfo=UTC)) == (0, 0)
        assert scheduling.settle_waitlist(now=datetime(2026, 11, 24, 6, 0, tzinfo=UTC)) == (0, 1)
        entry.refresh_from_db()
        assert entry.outcome == "passed"

    def test_who_books_the_visit_in_another_way_waits_no_more(self, small):
        entry = small.join("Alice")
        offered()
        factories.make_hours(small.steve, small.place, weekdays=[2])
        hold = scheduling.hold(
            service=small.service, starts_at=TUESDAY_NINE + timedelta(days=1), holder="me", by=PATIENT, now=TEN,
            location=small.place,
        )  # fmt: skip
        details = PatientDetails(
            name="ALICE", email="Alice@patients.example", phone="+14035550199", is_first_visit=True
        )
        scheduling.book(hold=hold, details=details, submission_key="k", by=PATIENT, now=TEN)
        Appointment.objects.filter(pk=hold.pk).update(created_at=TEN)
        scheduling.settle_waitlist(now=TEN)
        entry.refresh_from_db()
        assert (entry.outcome, offer_of("Alice").state) == ("booked", "withdrawn")

    @pytest.mark.parametrize("lapsed", [False, True], ids=["live hold", "lapsed hold"])
    def test_who_held_a_time_then_joined_and_then_booked_it_waits_no_more(self, small, lapsed):
        hold = scheduling.hold(
            service=small.service, starts_at=TUESDAY_NINE, holder="me", by=PATIENT, now=TEN, location=small.place
        )  # fmt: skip
        Appointment.objects.update(created_at=TEN)
        entry = small.join("Alice", now=TEN + timedelta(minutes=1))
        booked_at = TEN + timedelta(minutes=30 if lapsed else 5)
        details = PatientDetails(
            name="Alice", email="alice@patients.example", phone="+14035550123", is_first_visit=True
        )
        scheduling.book(hold=hold, details=details, submission_key="k", by=PATIENT, now=booked_at)
        scheduling.settle_waitlist(now=booked_at)
        entry.refresh_from_db()
        assert entry.outcome == "booked"

    def test_a_visit_booked_before_joining_and_moved_since_ends_nothing(self, small):
        small.opens_only(date(2026, 11, 24))
        factories.make_hours(small.steve, small.place, weekdays=[2])
        hold = scheduling.hold(
            service=small.service, starts_at=TUESDAY_NINE, holder="me", by=PATIENT, now=TEN, location=small.place
        )  # fmt: skip
        details = PatientDetails(
            name="Alice", email="alice@patients.example", phone="+14035550123", is_first_visit=True
        )
        visit = scheduling.book(hold=hold, details=details, submission_key="k", by=PATIENT, now=TEN)
        Appointment.objects.update(created_at=TEN, cancellation_window=timedelta(0))
        entry = small.join("Alice", now=TEN + timedelta(minutes=1))
        scheduling.reschedule(
            appointment=Appointment.objects.get(pk=visit.pk),
            starts_at=TUESDAY_NINE + timedelta(days=1),
            by=PATIENT,
            now=TEN + HOUR,
        )  # fmt: skip
        scheduling.settle_waitlist(now=TEN + HOUR)
        entry.refresh_from_db()
        assert entry.is_waiting

    @pytest.mark.parametrize("other", ["earlier booking", "somebody else", "another visit", "cancelled"])
    def test_other_bookings_end_nothing(self, small, other):
        entry = small.join("Alice")
        visit = small.taken(patient=factories.make_patient(name="Alice", email="alice@patients.example"))
        Appointment.objects.update(created_at=TEN)
        if other == "earlier booking":
            Appointment.objects.update(created_at=TEN - HOUR)
        elif other == "somebody else":
            visit.patient.name = "Bea"
            visit.patient.save()
        elif other == "another visit":
            Appointment.objects.update(service=factories.make_service())
        else:
            Appointment.objects.update(status="cancelled")
        scheduling.settle_waitlist(now=TEN)
        entry.refresh_from_db()
        assert entry.is_waiting

    def test_ended_entries_are_deleted_after_ninety_days_with_offers_and_messages(self, small):
        small.join("Alice", now=TEN - HOUR)
        offered()
        scheduling.leave(entry=WaitlistEntry.objects.get(), by=PATIENT, now=TEN)
        small.join("Bob")
        assert scheduling.delete_old_entries(now=TEN + timedelta(days=90)) == 0
        assert scheduling.delete_old_entries(now=TEN + timedelta(days=90, seconds=1)) == 1
        assert list(WaitlistEntry.objects.values_list("name", flat=True)) == ["Bob"]
        assert not WaitlistOffer.objects.exists()
        assert Message.objects.count() == 1

    def test_deleting_an_old_hold_keeps_its_offer(self, small):
        small.join()
        offered()
        scheduling.decline(offer=offer_of("Alice"), by=PATIENT, now=TEN)
        Appointment.objects.update(updated_at=TEN - timedelta(days=8))
        assert scheduling.delete_old_holds(now=TEN) == 1
        assert offer_of("Alice").appointment is None
        assert offered() == []

    def test_holds_of_open_offers_are_not_deleted(self, small):
        small.join()
        offered()
        Appointment.objects.update(status=Status.EXPIRED, updated_at=TEN - timedelta(days=8))
        assert scheduling.delete_old_holds(now=TEN) == 0
        scheduling.settle_waitlist(now=TEN)
        assert scheduling.delete_old_holds(now=TEN) == 1


class TestCorrectedAddress:
    """Staff correct an address: waiting entries are updated, and joining again finds the same entry."""

    def mend(self, email):
        patient = factories.make_patient(name="Alice", email="alice@patients.example")
        patient.email = email
        transfer_entries(name="Alice", email="alice@patients.example", to=patient)

    def test_the_person_and_the_wish_are_known_under_the_new_address(self, small):
        entry = small.join()
        self.mend("alice@mended.example")
        assert small.join(email="alice@mended.example") == entry

    def test_the_link_that_went_to_the_wrong_address_opens_nothing_any_more(self, small):
        token = tokens.waitlist_token(small.join())
        self.mend("alice@mended.example")
        assert tokens.waitlist_entry_for(token) is None

    def test_a_link_stays_good_where_the_address_was_right(self, small):
        entry = small.join()
        self.mend("alice@patients.example")
        assert tokens.waitlist_entry_for(tokens.waitlist_token(entry)) == (entry, False)

    def test_two_that_become_the_same_wish_are_both_kept(self, small):
        small.join()
        small.join(email="alice@mended.example")
        self.mend("alice@mended.example")
        assert WaitlistEntry.objects.waiting().count() == 2
        assert len(set(WaitlistEntry.objects.values_list("person_key", flat=True))) == 1


def make_user():
    from django.contrib.auth.models import User

    return User.objects.create_superuser("desk", "desk@clinic.example", "long-enough-to-pass")


def test_an_offers_message_is_queued_with_it_and_fits_only_while_it_stands(small):
    small.join()
    offered()
    message = Message.objects.get(kind="waitlist_offer")
    assert (message.due_at, message.waitlist_offer.entry.name) == (TEN, "Alice")
    assert is_still_true(message, now=TEN)
    assert not is_still_true(message, now=TEN + HOUR)
