"""No time is ever sold twice: real worker processes, raced over HTTP, on the database of this run.

Thirty-two visitors and three people at the desk want the same starts at the same instant: they hold,
let holds lapse, book, book with a double click, move, cancel and overbook. Then the database is held
against what everybody was told. The same load on the site without its lock, and on a database without
its guards, says that the race is real and what each of the two is worth.
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
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from booking import scheduling
from booking.availability import resolve
from booking.constraints import NoOverlap
from booking.models import (
    Appointment,
    AppointmentEvent,
    Location,
    Practitioner,
    Service,
    Status,
)
from tests import make, race_site
from tests.race_books import (
    check_books,
    check_every_heart_was_sold,
    double_bookings,
    ever_sold,
    is_open,
    overbooked_by_accident,
    too_close,
    was_sold,
)
from tests.race_people import Browser, Ledger, Staff, Visitor, Wish

pytestmark = [pytest.mark.prove, pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")]

VISITORS, DESKS, FOR_ONE_START = 32, 3, 4
CONTESTS_A_ROUND = VISITORS // FOR_ONE_START
ROUNDS, CONTROL_ROUNDS = 26, 5
MOST_ROUNDS_UNGUARDED = 40  # Five have sold four times twice, and thirty-six times: a moment decides.
AT_ONCE, TRIES = 64, 100
QUARTER = timedelta(minutes=15)
SITE, WITHOUT_LOCK = "clinic.wsgi", "tests.race_control"
Kind = AppointmentEvent.Kind


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("race")
    race_site.build_files(made)
    return made


@pytest.fixture
def url(folder, tmp_path, django_db_blocker):
    """A database of the test's own, with a clinic that four people and three rooms share."""
    with django_db_blocker.unblock(), race_site.own_database(tmp_path) as address, race_site.connected(address):
        call_command("migrate", verbosity=0)
        make_busy_clinic()
        yield address


def make_busy_clinic():
    make.make_clinic()
    place = make.make_location()
    for _ in range(3):
        make.make_room(place)
    common = {"step": QUARTER, "lead_time": timedelta(0), "horizon_days": 60}
    services = [
        make.make_service(slug="short", name="Short", duration=timedelta(minutes=30), **common),
        make.make_service(slug="usual", name="Usual", duration=timedelta(minutes=45), needs_room=True, **common),
        make.make_service(
            slug="long", name="Long", duration=timedelta(hours=1), needs_room=True, buffer_after=QUARTER, **common
        ),
    ]
    for number in range(4):
        person = make.make_practitioner(services, name=f"Person {number}", slug=f"person-{number}", position=number)
        make.make_hours(person, place, weekdays=range(7), start_time=time(8), end_time=time(20))
    get_user_model().objects.create_superuser("desk")


def drop_guards():
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
    """One start that two want exactly, and what two others want across it."""

    wishes: tuple[Wish, ...]

    @property
    def heart(self):
        return self.wishes[0]


def plan(rounds, dice):
    """Contests of each round: both halves of a four-hour stretch, everybody in each, one start for anyone."""
    place = Location.objects.get()
    first_on = timezone.now().astimezone(place.zone).date() + timedelta(days=3)
    planned = []
    for number in range(rounds):
        day = first_on + timedelta(days=number // 3)
        opens = resolve(day, time(8 + 4 * (number % 3)), place.zone)
        round_of_contests = []
        for index in range(CONTESTS_A_ROUND):
            who = "" if index % 4 == 3 else f"person-{index % 4}"
            start = opens + index // 4 * timedelta(hours=2) + dice.choice([1, 2]) * QUARTER
            heart = Wish("usual", who, start)
            round_of_contests.append(
                Contest(
                    (
                        heart,
                        heart,
                        Wish("long", who, start + dice.choice([-1, 1]) * QUARTER),
                        Wish("short", who, start + dice.choice([-1, 1, 2]) * QUARTER),
                    )
                )
            )
        planned.append(round_of_contests)
    return planned


def storm(port, rounds, is_enough=lambda: False):
    """Race every contest, or until it is enough; what everybody was told, and the contests."""
    ledger, planned = Ledger(), plan(rounds, Random(rounds))
    enough, over, raced = threading.Event(), threading.Event(), []

    def before_a_round():
        """Told before anybody is let go, so all of them stop at the same round."""
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
                # Somebody else holds it: perhaps they let it go.
                clock.sleep(1 - attempt)
        return visitor

    def desk_at_work(number):
        dice = Random(-1 - number)
        desk = Staff(number, port, ledger, dice, sessions[number])
        for contests in planned:
            wish = dice.choice(dice.choice(contests).wishes)
            practitioner = people[wish.practitioner or dice.choice(sorted(people))]
            local, chance = wish.start.astimezone(zone), dice.random()
            start_together.wait(timeout=300)
            if over.is_set():
                break
            if chance < 0.5:
                # Some for a day that nobody races for, so that bookings of both kinds succeed.
                away = timedelta(days=30 if chance > 0.3 else 0)
                desk.book(services[wish.service], practitioner, local + away, insists=chance < 0.2)
            elif page := desk.some_visit(local - timedelta(days=dice.randrange(2))):
                if chance < 0.85:
                    # Here as well: a move to a day that is raced for may be refused each time.
                    away = timedelta(days=dice.choice([0, 30]))
                    desk.move(page, practitioner, local + away, wish.start + away)
                else:
                    desk.cancel(page)

    def at_work(work, number):
        try:
            return work(number)
        except threading.BrokenBarrierError:
            raise  # Somebody else's failure; theirs says what it was.
        except BaseException:
            start_together.abort()
            raise

    with ThreadPoolExecutor(VISITORS + DESKS) as pool:
        jobs = [pool.submit(at_work, visitor_at_work, number) for number in range(VISITORS)]
        jobs += [pool.submit(at_work, desk_at_work, number) for number in range(DESKS)]
        while not all(job.done() for job in jobs):
            clock.sleep(1)
            let_a_hold_lapse(lapsing)
            if is_enough():
                enough.set()
        failures = [job.exception() for job in jobs if job.exception()]
        for failure in failures:
            if not isinstance(failure, threading.BrokenBarrierError):
                raise failure
        visitors = [job.result() for job in jobs[:VISITORS]]
    return ledger, raced, visitors


def let_a_hold_lapse(dice):
    """End somebody's hold before its time."""
    now = timezone.now()
    live = Appointment.objects.filter(status=Status.HELD, hold_expires_at__gt=now)
    if keys := list(live.order_by("pk").values_list("pk", flat=True)):
        live.filter(pk=dice.choice(keys)).update(hold_expires_at=now - timedelta(seconds=1))


def sell_the_rest(visitors, contests):
    """Hearts that nobody got in the storm are raced again, four visitors each, until none is left."""
    for _ in range(8):
        sold = ever_sold()
        left = [contest.heart for contest in contests if not was_sold(contest.heart, sold) and is_open(contest.heart)]
        if not left:
            return
        with ThreadPoolExecutor(VISITORS) as pool:
            list(pool.map(lambda pair: pair[0].book(pair[1]), zip(visitors, (left * VISITORS)[:VISITORS], strict=True)))


def say(title, ledger, contests):
    """What happened, for whoever runs the proof with -s."""
    print(f"\n{title} ({connection.vendor}): {len(contests)} contested starts, {len(ledger.answers)} forms sent")
    print(ledger.table())
    print(f"{len(ledger.booked):6}  booked; {len(double_bookings())} double bookings")


# The proofs


def test_real_workers_never_sell_a_time_twice_and_lose_nothing(url, folder):
    with race_site.served(url, folder, SITE) as port:
        ledger, contests, visitors = storm(port, ROUNDS)
        sell_the_rest(visitors, contests)
    scheduling.expire_holds(now=timezone.now())
    say("The site", ledger, contests)
    assert len(contests) >= 200
    assert double_bookings() == []
    assert overbooked_by_accident() == []
    assert too_close() == []
    check_books(ledger)
    assert not Appointment.objects.filter(status=Status.HELD).exists()
    check_every_heart_was_sold(contests)
    # A race in which one of these never happened would have proved less than it says.
    met = {what for what, status in ledger.answers if status == 302}
    assert met >= {"hold", "book", "book, sent twice at once", "move", "cancel", "staff book", "staff move"}
    assert ledger.count("hold", 409) >= 100
    assert ledger.count("move", 409)
    assert ledger.count("staff book", 409)
    assert AppointmentEvent.objects.filter(kind=Kind.EXPIRED).exists()
    assert ledger.overbooked


def test_of_sixty_four_who_want_one_time_at_once_exactly_one_gets_it_a_hundred_times_over(url, folder):
    place = Location.objects.get()
    first_on = timezone.now().astimezone(place.zone).date() + timedelta(days=3)
    hours = [time(hour) for hour in range(8, 20)]
    # Three people, as there are three rooms: whoever wants a time, it is that person's to give.
    offered = product(range(TRIES), hours, ("person-0", "person-1", "person-2"))
    wishes = [
        Wish("usual", person, resolve(first_on + timedelta(days=day), hour, place.zone))
        for day, hour, person in islice(offered, TRIES)
    ]
    start_together = threading.Barrier(AT_ONCE)
    with race_site.served(url, folder, SITE) as port:

        def tries(number):
            answers = []
            for turn, wish in enumerate(wishes):
                # Each try is another visitor's, from an address of its own.
                browser = Browser(port, f"127.{16 + turn}.0.{number + 1}", Ledger(), {"csrf": "0" * 32})
                start_together.wait(timeout=300)
                sent = {"start": wish.instant, "csrfmiddlewaretoken": "0" * 32}
                path = f"/book/{wish.service}/?visit=new&practitioner={wish.practitioner}"
                answers.append(browser.post(path, sent, expected=(302, 409), what="hold").status)
            return answers

        with ThreadPoolExecutor(AT_ONCE) as pool:
            told = list(pool.map(tries, range(AT_ONCE)))
    assert [sum(status == 302 for status in turn) for turn in zip(*told, strict=True)] == [1] * TRIES
    held = Appointment.objects.filter(status=Status.HELD).values_list("starts_at", "practitioner__slug")
    assert sorted(held) == sorted((wish.start, wish.practitioner) for wish in wishes)


def test_without_its_lock_and_the_databases_guards_the_site_sells_times_twice(url, folder):
    drop_guards()
    sold_twice = set()

    def is_enough():
        pairs = [(key, one, two) for key, one, two in double_bookings() if one.status == two.status == Status.BOOKED]
        # Kept, as somebody may cancel one of the two.
        sold_twice.update((key, one.pk, two.pk) for key, one, two in pairs)
        return len(sold_twice) >= 5

    with race_site.served(url, folder, WITHOUT_LOCK) as port:
        ledger, contests, _ = storm(port, MOST_ROUNDS_UNGUARDED, is_enough)
    say("Without lock and guards", ledger, contests)
    assert is_enough()


def test_with_only_the_lock_off_the_database_still_refuses(url, folder):
    with race_site.served(url, folder, WITHOUT_LOCK) as port:
        ledger, contests, _ = storm(port, CONTROL_ROUNDS)
    say("Without lock", ledger, contests)
    assert double_bookings() == []
    assert ledger.count("hold", 409)


def test_with_only_the_guards_gone_the_lock_still_holds(url, folder):
    drop_guards()
    with race_site.served(url, folder, SITE) as port:
        ledger, contests, _ = storm(port, CONTROL_ROUNDS)
    say("Without guards", ledger, contests)
    assert double_bookings() == []
    assert too_close() == []
