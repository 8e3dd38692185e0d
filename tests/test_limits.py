"""Limits: what each address may do in how long, agreed by all workers, and never at the clinic's cost."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User

from booking import limits
from booking.limits import LimitReached, network_of
from booking.models import Allowance

HOUR = timedelta(hours=1)
DEFAULT_LIMITS = dict(settings.BOOKING_LIMITS)


@pytest.fixture(autouse=True)
def three_an_hour(settings):
    settings.BOOKING_LIMITS = settings.BOOKING_LIMITS | {"contact": (3, HOUR), "waitlist by e-mail": (1, HOUR)}


def spend_until_refused(who, now):
    """How many were allowed, and how long until the next."""
    for done in range(100):
        try:
            limits.spend("contact", who, now=now)
        except LimitReached as reached:
            return done, reached.retry_after
    raise AssertionError("There was no limit.")


@pytest.mark.django_db
def test_an_allowance_ends_and_says_how_long_to_wait(now):
    limits.spend("contact", "203.0.113.9", now=now - 20 * timedelta(minutes=1))
    assert spend_until_refused("203.0.113.9", now) == (2, timedelta(minutes=40))


@pytest.mark.django_db
def test_a_new_stretch_begins_when_the_old_one_has_ended(now):
    spend_until_refused("203.0.113.9", now)
    assert spend_until_refused("203.0.113.9", now + HOUR - timedelta(seconds=1)) == (0, timedelta(seconds=1))
    assert spend_until_refused("203.0.113.9", now + HOUR) == (3, HOUR)


@pytest.mark.django_db
def test_one_address_uses_up_nobody_else_s_allowance(now):
    spend_until_refused("203.0.113.9", now)
    assert spend_until_refused("203.0.113.10", now) == (3, HOUR)


@pytest.mark.django_db
def test_one_kind_uses_up_no_other(now):
    spend_until_refused("203.0.113.9", now)
    limits.spend("hold", "203.0.113.9", now=now)
    assert Allowance.objects.get(kind="hold").used == 1


@pytest.mark.django_db
def test_what_is_given_back_can_be_used_again(now):
    for _ in range(3):
        limits.spend("contact", "203.0.113.9", now=now)
    limits.give_back("contact", "203.0.113.9", now=now)
    assert spend_until_refused("203.0.113.9", now) == (1, HOUR)


@pytest.mark.django_db
def test_nothing_is_given_back_that_was_not_used(now):
    limits.give_back("contact", "203.0.113.9", now=now)
    limits.spend("contact", "203.0.113.9", now=now)
    for _ in range(5):
        limits.give_back("contact", "203.0.113.9", now=now)
    assert spend_until_refused("203.0.113.9", now) == (3, HOUR)


@pytest.mark.django_db
def test_no_address_stands_in_the_table(now):
    limits.spend("contact", "203.0.113.9", now=now)
    limits.spend("waitlist by e-mail", "alice@patients.example", now=now)
    stored = " ".join(str(value) for row in Allowance.objects.values_list() for value in row)
    assert "203.0" not in stored
    assert "alice" not in stored


@pytest.mark.django_db
def test_one_address_has_another_key_for_each_kind():
    assert limits.key_of("contact", "203.0.113.9") != limits.key_of("hold", "203.0.113.9")


@pytest.mark.django_db
def test_the_worker_forgets_what_no_longer_counts(now):
    limits.spend("contact", "203.0.113.9", now=now - HOUR)
    limits.spend("contact", "203.0.113.10", now=now)
    assert limits.sweep(now=now) == 1
    assert [row.key for row in Allowance.objects.all()] == [limits.key_of("contact", "203.0.113.10")]


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("unix:", ""),
        ("203.0.113.9:4711", ""),
    ],
)
def test_a_household_s_ipv6_addresses_count_as_one(address, network):
    assert network_of(address) == network


def request_from(user, address="203.0.113.9"):
    return SimpleNamespace(META={"REMOTE_ADDR": address}, user=user)


@pytest.mark.django_db
def test_an_e_mail_address_has_an_allowance_of_its_own_from_everywhere(now):
    nobody = AnonymousUser()
    limits.spend_for(request_from(nobody), "waitlist", email="alice@patients.example", now=now)
    with pytest.raises(LimitReached) as refusal:
        limits.spend_for(request_from(nobody, "198.51.100.1"), "waitlist", email="ALICE@patients.example", now=now)
    assert refusal.value.kind == "waitlist by e-mail"


@pytest.mark.django_db
def test_who_may_do_no_more_uses_up_nobody_s_e_mail_allowance(now, settings):
    settings.BOOKING_LIMITS = settings.BOOKING_LIMITS | {"waitlist": (1, HOUR), "waitlist by e-mail": (2, HOUR)}
    visitor = request_from(AnonymousUser())
    limits.spend_for(visitor, "waitlist", email="alice@patients.example", now=now)
    for _ in range(3):
        with pytest.raises(LimitReached) as refusal:
            limits.spend_for(visitor, "waitlist", email="alice@patients.example", now=now)
        assert refusal.value.kind == "waitlist"
    assert Allowance.objects.get(kind="waitlist by e-mail").used == 1


@pytest.mark.django_db
def test_who_tries_an_address_that_is_used_up_is_counted(now, settings):
    settings.BOOKING_LIMITS = settings.BOOKING_LIMITS | {"waitlist": (3, HOUR), "waitlist by e-mail": (1, HOUR)}
    visitor, kinds = request_from(AnonymousUser()), []
    limits.spend_for(visitor, "waitlist", email="alice@patients.example", now=now)
    for _ in range(3):
        with pytest.raises(LimitReached) as refusal:
            limits.spend_for(visitor, "waitlist", email="alice@patients.example", now=now)
        kinds.append(refusal.value.kind)
    assert kinds == ["waitlist by e-mail", "waitlist by e-mail", "waitlist"]


@pytest.mark.django_db
def test_both_are_counted_by_one_statement(now, django_assert_max_num_queries):
    visitor = request_from(AnonymousUser())
    with django_assert_max_num_queries(3) as asked:  # With a beginning and an end on SQLite.
        limits.spend_for(visitor, "waitlist", email="alice@patients.example", now=now)
    assert len([query for query in asked.captured_queries if "booking_allowance" in query["sql"]]) == 1


@pytest.mark.django_db
def test_staff_are_never_counted(now):
    desk = User(username="desk", is_staff=True)
    for _ in range(10):
        limits.spend_for(request_from(desk), "contact", now=now)
        limits.spend_for(request_from(desk), "waitlist", email="alice@patients.example", now=now)
    assert not Allowance.objects.exists()


@pytest.mark.django_db
def test_what_is_refused_inside_costs_nothing(now):
    visitor = request_from(AnonymousUser())
    for _ in range(10):
        with pytest.raises(LookupError), limits.spending(visitor, "waitlist", email="a@patients.example", now=now):
            raise LookupError
    limits.spend_for(visitor, "waitlist", email="a@patients.example", now=now)


def test_the_manual_says_what_is_limited():
    manual = (settings.BASE_DIR / "docs" / "deployment.md").read_text()
    said = {
        "hold": ("times chosen", "100 an hour"),
        "book": ("visits booked", "20 a day"),
        "book by e-mail": ("visits booked", "12 a day"),
        "link": ("open nothing", "30 an hour"),
        "lost link": ("lost my link", "10 an hour"),
        "lost link by e-mail": ("lost my link", "3 an hour"),
        "waitlist": ("waitlist entries", "10 an hour"),
        "waitlist by e-mail": ("waitlist entries", "6 a day"),
        "contact": ("messages to the clinic", "10 an hour"),
        "login": ("failed logins", "50 in 15 minutes"),
        "login by name": ("failed logins", "10 for one name"),
        "login of one account": ("one account", "50 an hour"),
        "second factor": ("second step", "10 in 15 minutes"),
        "password link": ("password links", "10 an hour"),
        "password link by e-mail": ("password links", "3 an hour"),
    }
    spans = {HOUR: "an hour", 24 * HOUR: "a day", HOUR / 4: "in 15 minutes"}
    rows = [line for line in manual.splitlines() if line.startswith("|")]
    for kind, (row, words) in said.items():
        amount, window = DEFAULT_LIMITS[kind]
        assert words in {f"{amount} {spans[window]}", f"{amount} for one name"}
        assert any(row in line and words in line for line in rows), kind
    # A code that works once, and one thanks a page and day, are no limits that anybody meets.
    assert set(said) == set(DEFAULT_LIMITS) - {"code once", "helped"}
