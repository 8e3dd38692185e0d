"""Rate limits: fixed windows for each network and e-mail address; staff are exempt."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User

from booking import rate_limits
from booking.models import RateLimitBucket
from booking.rate_limits import RateLimitExceeded, client_network
from clinic.accounts.second_factor import ADDED_KEY

HOUR = timedelta(hours=1)
DEFAULT_LIMITS = dict(settings.BOOKING_LIMITS)


@pytest.fixture(autouse=True)
def three_an_hour(settings):
    settings.BOOKING_LIMITS = settings.BOOKING_LIMITS | {"contact": (3, HOUR), "waitlist by e-mail": (1, HOUR)}


def consume_until_exceeded(address, now):
    """Consume until the limit is reached; returns the count that was allowed and ``retry_after``."""
    for count in range(100):
        try:
            rate_limits.consume("contact", address, now=now)
        except RateLimitExceeded as reached:
            return count, reached.retry_after
    raise AssertionError("There was no limit.")


@pytest.mark.django_db
def test_the_limit_is_reached_and_retry_after_is_the_rest_of_the_window(now):
    rate_limits.consume("contact", "203.0.113.9", now=now - 20 * timedelta(minutes=1))
    assert consume_until_exceeded("203.0.113.9", now) == (2, timedelta(minutes=40))


@pytest.mark.django_db
def test_a_new_window_starts_when_the_old_one_has_ended(now):
    consume_until_exceeded("203.0.113.9", now)
    assert consume_until_exceeded("203.0.113.9", now + HOUR - timedelta(seconds=1)) == (0, timedelta(seconds=1))
    assert consume_until_exceeded("203.0.113.9", now + HOUR) == (3, HOUR)


@pytest.mark.django_db
def test_each_address_has_its_own_bucket(now):
    consume_until_exceeded("203.0.113.9", now)
    assert consume_until_exceeded("203.0.113.10", now) == (3, HOUR)


@pytest.mark.django_db
def test_each_kind_has_its_own_bucket(now):
    consume_until_exceeded("203.0.113.9", now)
    rate_limits.consume("hold", "203.0.113.9", now=now)
    assert RateLimitBucket.objects.get(kind="hold").used == 1


@pytest.mark.django_db
def test_a_refund_can_be_used_again(now):
    for _ in range(3):
        rate_limits.consume("contact", "203.0.113.9", now=now)
    rate_limits.refund("contact", "203.0.113.9", now=now)
    assert consume_until_exceeded("203.0.113.9", now) == (1, HOUR)


@pytest.mark.django_db
def test_a_refund_never_exceeds_what_was_consumed(now):
    rate_limits.refund("contact", "203.0.113.9", now=now)
    rate_limits.consume("contact", "203.0.113.9", now=now)
    for _ in range(5):
        rate_limits.refund("contact", "203.0.113.9", now=now)
    assert consume_until_exceeded("203.0.113.9", now) == (3, HOUR)


@pytest.mark.django_db
def test_the_table_contains_no_addresses(now):
    rate_limits.consume("contact", "203.0.113.9", now=now)
    rate_limits.consume("waitlist by e-mail", "alice@patients.example", now=now)
    stored = " ".join(str(value) for row in RateLimitBucket.objects.values_list() for value in row)
    assert "203.0" not in stored
    assert "alice" not in stored


@pytest.mark.django_db
def test_one_address_has_another_key_for_each_kind():
    assert rate_limits.bucket_key("contact", "203.0.113.9") != rate_limits.bucket_key("hold", "203.0.113.9")


@pytest.mark.django_db
def test_the_worker_deletes_expired_buckets(now):
    rate_limits.consume("contact", "203.0.113.9", now=now - HOUR)
    rate_limits.consume("contact", "203.0.113.10", now=now)
    assert rate_limits.delete_expired_buckets(now=now) == 1
    assert [row.key for row in RateLimitBucket.objects.all()] == [rate_limits.bucket_key("contact", "203.0.113.10")]


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", "unknown"),
        ("unix:", "unknown"),
        ("203.0.113.9:4711", "unknown"),
    ],
)
def test_a_household_s_ipv6_addresses_count_as_one(address, network):
    assert client_network(address) == network


def request_from(user, address="203.0.113.9"):
    return SimpleNamespace(META={"REMOTE_ADDR": address}, user=user, session={})


@pytest.mark.django_db
def test_an_email_address_has_one_bucket_for_all_networks(now):
    nobody = AnonymousUser()
    rate_limits.consume_for_request(request_from(nobody), "waitlist", email="alice@patients.example", now=now)
    with pytest.raises(RateLimitExceeded) as refusal:
        rate_limits.consume_for_request(
            request_from(nobody, "198.51.100.1"), "waitlist", email="ALICE@patients.example", now=now
        )
    assert refusal.value.kind == "waitlist by e-mail"


@pytest.mark.django_db
def test_a_visitor_over_the_limit_does_not_consume_the_email_bucket(now, settings):
    settings.BOOKING_LIMITS = settings.BOOKING_LIMITS | {"waitlist": (1, HOUR), "waitlist by e-mail": (2, HOUR)}
    visitor = request_from(AnonymousUser())
    rate_limits.consume_for_request(visitor, "waitlist", email="alice@patients.example", now=now)
    for _ in range(3):
        with pytest.raises(RateLimitExceeded) as refusal:
            rate_limits.consume_for_request(visitor, "waitlist", email="alice@patients.example", now=now)
        assert refusal.value.kind == "waitlist"
    assert RateLimitBucket.objects.get(kind="waitlist by e-mail").used == 1


@pytest.mark.django_db
def test_a_request_for_an_exhausted_email_address_still_counts_for_the_network(now, settings):
    settings.BOOKING_LIMITS = settings.BOOKING_LIMITS | {"waitlist": (3, HOUR), "waitlist by e-mail": (1, HOUR)}
    visitor, kinds = request_from(AnonymousUser()), []
    rate_limits.consume_for_request(visitor, "waitlist", email="alice@patients.example", now=now)
    for _ in range(3):
        with pytest.raises(RateLimitExceeded) as refusal:
            rate_limits.consume_for_request(visitor, "waitlist", email="alice@patients.example", now=now)
        kinds.append(refusal.value.kind)
    assert kinds == ["waitlist by e-mail", "waitlist by e-mail", "waitlist"]


@pytest.mark.django_db
def test_both_are_counted_by_one_statement(now, django_assert_max_num_queries):
    visitor = request_from(AnonymousUser())
    with django_assert_max_num_queries(3) as queries:  # Including BEGIN and COMMIT on SQLite.
        rate_limits.consume_for_request(visitor, "waitlist", email="alice@patients.example", now=now)
    assert len([query for query in queries.captured_queries if "booking_allowance" in query["sql"]]) == 1


@pytest.mark.django_db
def test_staff_are_never_counted(now):
    desk = User(username="desk", is_staff=True)
    for _ in range(10):
        rate_limits.consume_for_request(request_from(desk), "contact", now=now)
        rate_limits.consume_for_request(request_from(desk), "waitlist", email="alice@patients.example", now=now)
    assert not RateLimitBucket.objects.exists()


@pytest.mark.django_db
def test_a_staff_login_without_its_second_factor_is_counted_like_a_visitor(now, settings):
    settings.STAFF_SECOND_FACTOR = True
    desk = User.objects.create(username="desk", is_staff=True)
    for _ in range(3):
        rate_limits.consume_for_request(request_from(desk), "contact", now=now)
    with pytest.raises(rate_limits.RateLimitExceeded):
        rate_limits.consume_for_request(request_from(desk), "contact", now=now)
    app = Authenticator.objects.create(user=desk, type=Authenticator.Type.TOTP, data={"secret": "JBSWY3DPEHPK3PXP"})
    with pytest.raises(rate_limits.RateLimitExceeded):
        rate_limits.consume_for_request(request_from(desk), "contact", now=now)
    request = request_from(desk)
    request.session[ADDED_KEY] = [app.pk]
    rate_limits.consume_for_request(request, "contact", now=now)


@pytest.mark.django_db
def test_an_exception_inside_consuming_is_refunded(now):
    visitor = request_from(AnonymousUser())
    for _ in range(10):
        with (
            pytest.raises(LookupError),
            rate_limits.consuming(visitor, "waitlist", email="a@patients.example", now=now),
        ):
            raise LookupError
    rate_limits.consume_for_request(visitor, "waitlist", email="a@patients.example", now=now)


def test_the_manual_documents_each_limit():
    manual = (settings.BASE_DIR / "docs" / "operations" / "limits.md").read_text()
    documented = {
        "hold": ("times chosen", "100 an hour"),
        "hold by e-mail": ("times chosen", "10 an hour"),
        "book": ("visits booked", "20 a day"),
        "book by e-mail": ("visits booked", "12 a day"),
        "link": ("open nothing", "30 an hour"),
        "lost link": ("lost my link", "10 an hour"),
        "lost link by e-mail": ("lost my link", "3 an hour"),
        "form": ("pages of health forms", "200 an hour"),
        "read a calendar": ("own calendars", "30 an hour"),
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
    for kind, (row, words) in documented.items():
        amount, window = DEFAULT_LIMITS[kind]
        assert words in {f"{amount} {spans[window]}", f"{amount} for one name"}
        assert any(row in line and words in line for line in rows), kind
    # Not in the manual, because users do not notice them: one-time codes, and page feedback once a day.
    assert set(documented) == set(DEFAULT_LIMITS) - {"code once", "helped"}


@pytest.mark.parametrize(
    ("network", "site"),
    [
        ("2001:db8:1:2::/64", "2001:db8:1::/48"),
        ("2001:db8:1:ffff::/64", "2001:db8:1::/48"),
        ("2001:db8:2::/64", "2001:db8:2::/48"),
        ("203.0.113.9", ""),
        ("unknown", ""),
        ("", ""),
    ],
)
def test_networks_of_ipv6_are_counted_with_their_neighbours_as_well(network, site):
    assert rate_limits.site_network(network) == site


@pytest.mark.django_db
def test_a_wide_ipv6_network_has_four_times_the_limit_of_a_household(now):
    visitors = [request_from(AnonymousUser(), f"2001:db8:1:{number:x}::1") for number in range(13)]
    for visitor in visitors[:12]:
        rate_limits.consume_for_request(visitor, "contact", now=now)
    with pytest.raises(RateLimitExceeded):
        rate_limits.consume_for_request(visitors[12], "contact", now=now)
    with pytest.raises(RateLimitExceeded):
        rate_limits.consume_for_request(request_from(AnonymousUser(), "2001:db8:1:ffff::1"), "contact", now=now)
    rate_limits.consume_for_request(request_from(AnonymousUser(), "2001:db8:2::1"), "contact", now=now)
    rate_limits.refund_for_request(visitors[0], "contact", now=now)
    rate_limits.consume_for_request(visitors[12], "contact", now=now)


@pytest.mark.django_db
def test_a_household_of_ipv6_keeps_its_own_limit(now):
    visitor = request_from(AnonymousUser(), "2001:db8:1:2::1")
    for _ in range(3):
        rate_limits.consume_for_request(visitor, "contact", now=now)
    with pytest.raises(RateLimitExceeded):
        rate_limits.consume_for_request(request_from(AnonymousUser(), "2001:db8:1:2:ffff::9"), "contact", now=now)
