"""No slot is ever booked twice: concurrent HTTP requests to real worker processes.

Thirty-two visitors and three staff members compete for the same slots: they hold, let holds expire, book, book with a
double click, reschedule, cancel and overbook. Then the database is compared with the responses. Control runs without
the site's lock, and without the database's constraints, show that the race is real and what each of the two prevents.
"""

import threading
import time as clock
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import time, timedelta
from itertools import islice, product
from random import Random

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.utils import timezone

from booking import scheduling
from booking.availability import instant_at
from booking.constraints import NoOverlap
from booking.models import (
    Appointment,
    AppointmentEvent,
    Location,
    Practitioner,
    Service,
    Status,
)
from tests.proofs import race_site
from tests.proofs.race_books import (
    check_books,
    check_every_heart_was_sold,
    double_bookings,
    ever_sold,
    is_open,
    overbooked_by_accident,
    too_close,
    was_sold,
)
from tests.proofs.race_people import Browser, Ledger, Staff, Visitor, Wish
from tests.support import factories

pytestmark = [
    pytest.mark.prove,
    pytest.mark.usefixtures("running_clock"),
    pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning"),
]

VISITORS, DESKS, FOR_ONE_START = 32, 3, 4
CONTESTS_A_ROUND = VISITORS // FOR_ONE_START
ROUNDS, CONTROL_ROUNDS = 26, 5
MOST_ROUNDS_UNGUARDED = 40  # The number of double bookings varies: 5 rounds have given 4, and 36.
AT_ONCE = 64
QUARTER = timedelta(minutes=15)
SITE, WITHOUT_LOCK = "clinic.wsgi", "tests.proofs.race_control"
Kind = AppointmentEvent.Kind


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    directory = tmp_path_factory.mktemp("race")
    race_site.build_files(directory)
    return directory


@pytest.fixture
def url(folder, tmp_path, django_db_blocker):
    """A new database with a clinic of four practitioners and three rooms."""
    with django_db_blocker.unblock(), race_site.migrated_database(tmp_path) as address, race_site.connected(address):
        make_busy_clinic()
        yield address


def make_busy_clinic():
    # All visitors come from loopback addresses, and compete for every time of a day.
    factories.make_clinic(own_networks="127.0.0.0/8", unverified_share=100)
    place = factories.make_location()
    for _ in range(3):
        factories.make_room(place)
    common = {"step": QUARTER, "lead_time": timedelta(0), "horizon_days": 60}
    services = [
        factories.make_service(slug="short", name="Short", duration=timedelta(minutes=30), **common),
        factories.make_service(slug="usual", name="Usual", duration=timedelta(minutes=45), needs_room=True, **common),
        factories.make_service(
            slug="long", name="Long", duration=timedelta(hours=1), needs_room=True, buffer_after=QUARTER, **common
        ),
    ]
    for number in range(4):
        person = factories.make_practitioner(
            services, name=f"Person {number}", slug=f"person-{number}", position=number
        )
        factories.make_hours(person, place, weekdays=range(7), start_time=time(8), end_time=time(20))
    get_user_model().objects.create_superuser("desk")


def drop_constraints():
    guards = [guard for guard in Appointment._meta.constraints if isinstance(guard, NoOverlap)]
    if connection.vendor == "postgresql":
        with connection.schema_editor() as editor:
            for guard in guards:
                editor.remove_constraint(Appointment, guard)
    else:
        with connection.cursor() as cursor:
            for guard in guards:
                for trigger in guard.trigger_names():
                    cursor.execute(f"DROP TRIGGER {trigger}")


# The load


@dataclass(frozen=True)
class Contest:
    """Four wishes: two for the same slot (the heart), and two for slots that overlap it."""

    wishes: tuple[Wish, ...]

    @property
    def heart(self):
        return self.wishes[0]


def plan(rounds, dice):
    """Return the contests of each round: in both halves of four hours, one for each practitioner or for anyone."""
    place = Location.objects.get()
    first_on = timezone.now().astimezone(place.zone).date() + timedelta(days=3)
    planned = []
    for number in range(rounds):
        day = first_on + timedelta(days=number // 3)
        opens = instant_at(day, time(8 + 4 * (number % 3)), place.zone)
        contests = []
        for index in range(CONTESTS_A_ROUND):
            practitioner = "" if index % 4 == 3 else f"person-{index % 4}"
            start = opens + index // 4 * timedelta(hours=2) + dice.choice([1, 2]) * QUARTER
            heart = Wish("usual", practitioner, start)
            contests.append(
                Contest(
                    (
                        heart,
                        heart,
                        Wish("long", practitioner, start + dice.choice([-1, 1]) * QUARTER),
                        Wish("short", practitioner, start + dice.choice([-1, 1, 2]) * QUARTER),
                    )
                )
            )
        planned.append(contests)
    return planned


def run_load(port, rounds, is_enough=lambda: False):
    """Run all rounds, or until ``is_enough()``. Return the ledger, the contests that were run, and the visitors."""
    ledger, planned = Ledger(), plan(rounds, Random(rounds))
    enough, over, raced = threading.Event(), threading.Event(), []

    def before_a_round():
        """The barrier's action, before it releases the threads: all of them stop after the same round."""
        if enough.is_set():
            over.set()
        else:
            raced.extend(planned[len(raced) // CONTESTS_A_ROUND])

    start_together = threading.Barrier(VISITORS + DESKS, action=before_a_round)
    zone = Location.objects.get().zone
    services = dict(Service.objects.values_list("slug", "pk"))
    people = dict(Practitioner.objects.values_list("slug", "pk"))
    lapsing = Random(7)
    sessions = []
    for _ in range(DESKS):
        client = Client()
        client.force_login(get_user_model().objects.get())
        sessions.append(client.cookies["session"].value)

    def visitor_at_work(number):
        dice = Random(number)
        visitor = Visitor(number, port, ledger, dice)
        for contests in planned:
            wish = contests[number // FOR_ONE_START].wishes[number % FOR_ONE_START]
            start_together.wait(timeout=300)
            if over.is_set():
                break
            if visitor.visits and dice.random() < 0.15:
                visitor.cancel(visitor.visits.pop(dice.randrange(len(visitor.visits))))
            like = [visit for visit in visitor.visits if visit.service == wish.service]
            if like and dice.random() < 0.3:
                visitor.move(dice.choice(like), wish.start)
                continue
            for attempt in range(2):
                if visitor.book(wish):
                    break
                # Another visitor holds it, and may let it expire.
                clock.sleep(1 - attempt)
        return visitor

    def desk_at_work(number):
        dice = Random(-1 - number)
        desk = Staff(number, port, ledger, dice, sessions[number])
        for contests in planned:
            wish = dice.choice(dice.choice(contests).wishes)
            slug = wish.practitioner or dice.choice(sorted(people))
            local, chance = wish.start.astimezone(zone), dice.random()
            start_together.wait(timeout=300)
            if over.is_set():
                break
            if chance < 0.5:
                # Some on an uncontested day, so that some bookings succeed.
                away = timedelta(days=30 if chance > 0.3 else 0)
                desk.book(services[wish.service], slug, local + away, insists=chance < 0.2)
            elif reference := desk.some_visit(local - timedelta(days=dice.randrange(2))):
                if chance < 0.85:
                    # Here as well.
                    away = timedelta(days=dice.choice([0, 30]))
                    desk.move(reference, slug, local + away, wish.start + away)
                else:
                    desk.cancel(reference)

    def at_work(work, number):
        try:
            return work(number)
        except threading.BrokenBarrierError:
            raise  # Another thread failed, and raises the cause.
        except BaseException:
            start_together.abort()
            raise

    with ThreadPoolExecutor(VISITORS + DESKS) as pool:
        jobs = [pool.submit(at_work, visitor_at_work, number) for number in range(VISITORS)]
        jobs += [pool.submit(at_work, desk_at_work, number) for number in range(DESKS)]
        while not all(job.done() for job in jobs):
            clock.sleep(1)
            expire_a_hold(lapsing)
            if is_enough():
                enough.set()
        failures = [job.exception() for job in jobs if job.exception()]
        for failure in failures:
            if not isinstance(failure, threading.BrokenBarrierError):
                raise failure
        visitors = [job.result() for job in jobs[:VISITORS]]
    return ledger, raced, visitors


def expire_a_hold(dice):
    """Expire a random hold."""
    now = timezone.now()
    live = Appointment.objects.filter(status=Status.HELD, hold_expires_at__gt=now)
    if keys := list(live.order_by("pk").values_list("pk", flat=True)):
        live.filter(pk=dice.choice(keys)).update(hold_expires_at=now - timedelta(seconds=1))


def book_the_rest(visitors, contests):
    """Book the slots of hearts that nobody got, with several visitors for each, until none is free."""
    for _ in range(8):
        sold = ever_sold()
        rest = [contest.heart for contest in contests if not was_sold(contest.heart, sold) and is_open(contest.heart)]
        if not rest:
            return
        with ThreadPoolExecutor(VISITORS) as pool:
            list(pool.map(lambda pair: pair[0].book(pair[1]), zip(visitors, (rest * VISITORS)[:VISITORS], strict=True)))


def print_summary(title, ledger, contests):
    """Print a summary, shown with -s."""
    print(f"\n{title} ({connection.vendor}): {len(contests)} contested starts, {len(ledger.answers)} forms sent")
    print(ledger.table())
    print(f"{len(ledger.booked):6}  booked; {len(double_bookings())} double bookings")


# The proofs


def test_real_workers_never_double_book_and_lose_nothing(url, folder):
    with race_site.served(url, folder, SITE) as port:
        ledger, contests, visitors = run_load(port, ROUNDS)
        book_the_rest(visitors, contests)
    scheduling.expire_holds(now=timezone.now())
    print_summary("The site", ledger, contests)
    assert len(contests) >= 200
    assert double_bookings() == []
    assert overbooked_by_accident() == []
    assert too_close() == []
    check_books(ledger)
    assert not Appointment.objects.filter(status=Status.HELD).exists()
    check_every_heart_was_sold(contests)
    # Every kind of request must have succeeded, and the contested ones must have failed.
    successful = {what for what, status in ledger.answers if status == 302}
    assert successful >= {"hold", "book", "book, sent twice at once", "move", "cancel", "staff book", "staff move"}
    assert ledger.count("hold", 409) >= 100
    assert ledger.count("move", 409)
    assert ledger.count("staff book", 409)
    assert AppointmentEvent.objects.filter(kind=Kind.EXPIRED).exists()
    assert ledger.overbooked


@pytest.mark.parametrize("tries", [15, pytest.param(100, marks=pytest.mark.long)])
def test_of_64_concurrent_visitors_exactly_one_gets_each_slot(url, folder, tries):
    place = Location.objects.get()
    first_on = timezone.now().astimezone(place.zone).date() + timedelta(days=3)
    hours = [time(hour) for hour in range(8, 20)]
    # Three practitioners, because there are three rooms: each slot depends on its practitioner alone.
    offered = product(range(tries), hours, ("person-0", "person-1", "person-2"))
    wishes = [
        Wish("usual", person, instant_at(first_on + timedelta(days=day), hour, place.zone))
        for day, hour, person in islice(offered, tries)
    ]
    start_together = threading.Barrier(AT_ONCE)
    with race_site.served(url, folder, SITE) as port:

        def attempts(number):
            statuses = []
            for turn, wish in enumerate(wishes):
                # Another visitor for each attempt, with their own network address.
                browser = Browser(port, f"127.{16 + turn}.0.{number + 1}", Ledger(), {"csrf": "0" * 32})
                start_together.wait(timeout=300)
                data = {"start": wish.instant, "csrfmiddlewaretoken": "0" * 32}
                path = f"/book/{wish.service}/?visit=new&practitioner={wish.practitioner}"
                statuses.append(browser.post(path, data, expected=(302, 409), what="hold").status)
            return statuses

        with ThreadPoolExecutor(AT_ONCE) as pool:
            results = list(pool.map(attempts, range(AT_ONCE)))
    assert [sum(status == 302 for status in turn) for turn in zip(*results, strict=True)] == [1] * tries
    held = Appointment.objects.filter(status=Status.HELD).values_list("starts_at", "practitioner__slug")
    assert sorted(held) == sorted((wish.start, wish.practitioner) for wish in wishes)


def test_without_lock_and_constraints_there_are_double_bookings(url, folder):
    drop_constraints()
    sold_twice = set()

    def is_enough():
        pairs = [pair for pair in double_bookings() if pair[1].status == pair[2].status == Status.BOOKED]
        # Collected, because one of the two may be cancelled later.
        sold_twice.update((key, first.pk, second.pk) for key, first, second in pairs)
        return len(sold_twice) >= 5

    with race_site.served(url, folder, WITHOUT_LOCK) as port:
        ledger, contests, _ = run_load(port, MOST_ROUNDS_UNGUARDED, is_enough)
    print_summary("Without lock and guards", ledger, contests)
    assert is_enough()


def test_without_the_lock_the_constraints_prevent_double_bookings(url, folder):
    with race_site.served(url, folder, WITHOUT_LOCK) as port:
        ledger, contests, _ = run_load(port, CONTROL_ROUNDS)
    print_summary("Without lock", ledger, contests)
    assert double_bookings() == []
    assert ledger.count("hold", 409)


def test_without_the_constraints_the_lock_prevents_double_bookings(url, folder):
    drop_constraints()
    with race_site.served(url, folder, SITE) as port:
        ledger, contests, _ = run_load(port, CONTROL_ROUNDS)
    print_summary("Without guards", ledger, contests)
    assert double_bookings() == []
    assert too_close() == []
