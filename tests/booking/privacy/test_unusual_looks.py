"""The filters for unusual looks, on both databases: own family name, no visit, at night, many in an hour, a reason."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from booking.models import AccessLogEntry, AccessLogPerson
from booking.privacy.date_range import DateRange
from booking.privacy.unusual_looks import MAX_DAYS, Unusual, unusual_looks
from tests.support import factories

pytestmark = pytest.mark.django_db

EDMONTON = ZoneInfo("America/Edmonton")
NOVEMBER = DateRange(date(2026, 11, 1), date(2026, 11, 30), EDMONTON)
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=EDMONTON)


@pytest.fixture
def steve(django_user_model):
    return django_user_model.objects.create_user("steve", last_name="Lefebvre", is_staff=True)


def look(staff, *patients, at=NOON, kind="record", reason=""):
    entry = AccessLogEntry.objects.create(at=at, staff=staff, kind=kind, page="/x/", count=len(patients), reason=reason)
    for patient in patients:
        AccessLogPerson.objects.create(entry=entry, at=at, patient=patient)
    return entry


def found(kind, period=NOVEMBER):
    return list(unusual_looks(AccessLogEntry.objects.order_by("pk"), kind, period))


@pytest.mark.parametrize(
    ("name", "is_family"),
    [
        ("Anne Lefebvre", True),
        ("ANNE LÉFEBVRE", True),
        ("Lefebvre", True),
        ("Anne Lefebvre Roy", False),
        ("Anne De-Lefebvre", True),  # A hyphen separates words.
        ("Anne Lefebvres", False),
        ("Anne Mclefebvre", False),
    ],
)
def test_own_family_name_is_the_last_word_of_the_patients_name_without_case_and_accents(steve, name, is_family):
    patient = factories.make_patient(name=name, preferred_name="Jo Lefebvre", contact_name="Max Lefebvre")
    entry = look(steve, factories.make_patient(name="Owen Petrie"), patient, kind="day")
    assert found(Unusual.FAMILY) == ([entry] if is_family else [])


def test_a_family_name_of_several_words_and_none_at_all(steve, django_user_model):
    steve.last_name = "van der Berg"
    steve.save()
    nameless = django_user_model.objects.create_user("desk", is_staff=True)
    patient = factories.make_patient(name="Anne Van der Berg")
    entry = look(steve, patient)
    look(nameless, patient, factories.make_patient(name=""))
    assert found(Unusual.FAMILY) == [entry]


@pytest.mark.parametrize(("days", "is_unusual"), [(-91, True), (-89, False), (0, False), (89, False), (91, True)])
def test_a_practitioner_opens_a_record_without_a_visit_within_90_days(steve, days, is_unusual):
    person = factories.make_practitioner(user=steve)
    visit = factories.make_appointment(practitioner=person, starts_at=NOON + timedelta(days=days))
    entry = look(steve, visit.patient)
    assert found(Unusual.NO_VISIT) == ([entry] if is_unusual else [])


def test_a_visit_with_someone_else_does_not_count_and_one_of_the_surviving_patient_does(steve):
    person = factories.make_practitioner(user=steve)
    elsewhere = look(steve, factories.make_appointment(starts_at=NOON).patient)
    merged = factories.make_patient(
        merged_into=factories.make_appointment(practitioner=person, starts_at=NOON + timedelta(hours=2)).patient
    )
    look(steve, merged)
    assert found(Unusual.NO_VISIT) == [elsewhere]


def test_only_opened_records_and_only_those_of_practitioners_count_as_without_a_visit(steve, django_user_model):
    factories.make_practitioner(user=steve)
    desk = django_user_model.objects.create_user("desk", is_staff=True)
    patient = factories.make_patient()
    look(steve, patient, kind="search")
    look(desk, patient)
    assert found(Unusual.NO_VISIT) == []


@pytest.mark.parametrize(
    ("clock", "is_night"),
    [("21:59", False), ("22:00", True), ("23:59", True), ("00:00", True), ("05:59", True), ("06:00", False)],
)
@pytest.mark.parametrize("day", [date(2026, 7, 7), date(2026, 11, 10)], ids=["summer", "winter"])
def test_night_is_from_ten_to_six_in_the_clinics_time(steve, clock, is_night, day):
    at = datetime.combine(day, time.fromisoformat(clock), EDMONTON)
    entry = look(steve, at=at)
    period = DateRange(day - timedelta(days=1), day, EDMONTON)
    assert found(Unusual.NIGHT, period) == ([entry] if is_night else [])


def test_the_night_of_a_day_ends_the_next_morning(steve):
    tuesday = DateRange(date(2026, 11, 24), date(2026, 11, 24), EDMONTON)
    hours = [datetime(2026, 11, day, hour, tzinfo=EDMONTON) for day, hour in [(24, 5), (24, 22), (25, 5), (25, 22)]]
    entries = [look(steve, at=at) for at in hours]
    assert found(Unusual.NIGHT, tuesday) == entries[1:3]


def test_the_night_of_a_clock_change_is_that_of_the_wall_clock(steve):
    toronto = ZoneInfo("America/Toronto")  # It goes back an hour at 2 a.m. on November 1.
    night = DateRange(date(2026, 10, 31), date(2026, 10, 31), toronto)
    inside = look(steve, at=datetime(2026, 11, 1, 5, 59, tzinfo=toronto))
    look(steve, at=datetime(2026, 11, 1, 6, 0, tzinfo=toronto))
    assert found(Unusual.NIGHT, night) == [inside]


def test_the_longest_period_of_nights_is_one_query(steve, django_assert_num_queries):
    last_on = date(2026, 11, 30)
    year = DateRange(last_on - timedelta(days=MAX_DAYS - 1), last_on, EDMONTON)
    entry = look(steve, at=datetime(2026, 11, 24, 23, tzinfo=EDMONTON))
    with django_assert_num_queries(1):
        assert found(Unusual.NIGHT, year) == [entry]


def test_many_are_more_than_thirty_patients_of_one_login_within_an_hour(steve, django_user_model):
    other = django_user_model.objects.create_user("maya", is_staff=True)
    patients = [factories.make_patient() for _ in range(31)]
    for number, patient in enumerate(patients[:30]):
        look(steve, patient, at=NOON + timedelta(minutes=number))
    look(steve, patients[0], at=NOON + timedelta(minutes=31))  # The same one again.
    look(steve, patients[30], at=NOON + timedelta(minutes=32), kind="day")
    look(other, patients[30], at=NOON + timedelta(minutes=33))
    assert found(Unusual.MANY) == []
    last = look(steve, patients[30], at=NOON + timedelta(minutes=59))
    assert found(Unusual.MANY) == [last]
    look(steve, patients[30], at=NOON + timedelta(minutes=61))  # The first two are more than an hour ago.
    assert found(Unusual.MANY) == [last]


def test_a_reason_is_found_and_the_period_holds_for_each_filter(steve):
    factories.make_practitioner(user=steve)
    patient = factories.make_patient(name="Anne Lefebvre")
    fields = {"reason": "I cover for Mei Lin."}
    inside = look(steve, patient, at=datetime(2026, 11, 30, 23, 59, tzinfo=EDMONTON), **fields)
    look(steve, patient, at=datetime(2026, 12, 2, 0, 0, tzinfo=EDMONTON), **fields)
    look(steve, patient, at=datetime(2026, 10, 31, 21, 59, tzinfo=EDMONTON), **fields)
    for kind in (Unusual.REASON, Unusual.FAMILY, Unusual.NO_VISIT, Unusual.NIGHT):
        assert found(kind) == [inside], kind
