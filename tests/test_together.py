"""Rows of several tables in one query are the rows that each table would give by itself."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest
from django.db.models import F, Value

from booking.models import Clinic, HoursOverride, Location, OpeningHours, Practitioner, Service
from booking.together import Part, Word, fetch, instant
from content.models import Page, Picture
from tests import make
from tests.make_content import make_page, make_picture

pytestmark = pytest.mark.django_db


def values_of(row):
    return {f.attname: getattr(row, f.attname) for f in row._meta.concrete_fields}


@pytest.mark.parametrize(
    "make_row",
    [
        make.make_clinic,
        lambda: make.make_location(latitude=Decimal("50.72550"), longitude=Decimal("-113.97490")),
        lambda: make.make_service(price=Decimal("97.50"), duration=timedelta(days=0, hours=1, minutes=5), step=None),
        lambda: make.make_practitioner(photo="people/nobody.jpg", pronouns="they/them «ü» \"'\\"),
        make_picture,
        lambda: make_page(edited_at=datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC), is_published=False),
    ],
    ids=["clinic", "location", "service", "practitioner", "picture", "page"],
)
def test_every_field_comes_back_as_the_model_has_it(make_row):
    row = make_row()
    model = type(row)

    (found,) = fetch(rows=model.objects.all())["rows"]

    assert values_of(found) == values_of(model.objects.get())
    assert not found._state.adding


def test_many_tables_cost_one_query(django_assert_num_queries):
    make.make_clinic()
    location = make.make_location()
    OpeningHours.objects.create(location=location, weekday=0, opens="09:00", closes="17:30")
    make.make_service()

    with django_assert_num_queries(1):
        found = fetch(
            clinics=Clinic.objects.all(),
            places=Location.objects.all(),
            hours=OpeningHours.objects.all(),
            services=Service.objects.all(),
            people=Practitioner.objects.none(),
            pictures=Picture.objects.filter(pk__in=[]),
        )

    assert {name: len(rows) for name, rows in found.items()} == {
        "clinics": 1, "places": 1, "hours": 1, "services": 1, "people": 0, "pictures": 0,
    }  # fmt: skip
    assert found["hours"][0].closes.isoformat() == "17:30:00"


def test_nothing_asked_costs_nothing(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert fetch(people=Practitioner.objects.none()) == {"people": []}
    assert fetch(people=Practitioner.objects.filter(pk__in=[])) == {"people": []}


def test_rows_stand_in_their_model_s_order():
    for position, name in ((2, "A"), (1, "B"), (1, "A")):
        make.make_service(position=position, name=name)

    found = fetch(services=Service.objects.all())["services"]

    assert found == list(Service.objects.all())


def test_rows_without_a_value_in_their_order_stand_before_those_with_one():
    person, place = make.make_practitioner(), make.make_location()
    hours = {"start_time": time(9), "end_time": time(12)}
    days = [
        (date(2026, 12, 24), hours),
        (date(2026, 12, 24), {}),
        (date(2026, 12, 28), hours),
        (date(2026, 12, 25), {}),
    ]
    for on, times in days:
        HoursOverride.objects.create(practitioner=person, location=place, on=on, **times)

    found = fetch(rows=HoursOverride.objects.all())["rows"]

    assert [(row.on.day, row.start_time) for row in found] == [(28, time(9)), (25, None), (24, None), (24, time(9))]


def test_only_what_was_asked_is_fetched():
    make.make_practitioner(name="Steve Hansen", bio="Long")

    (found,) = fetch(people=Part(Practitioner.objects.all(), ["name"]))["people"]

    assert found.get_deferred_fields() >= {"bio", "slug"}
    assert (found.name, found.bio) == ("Steve Hansen", "Long")


def test_more_than_fields_can_be_asked():
    make_page(kind="fees", is_published=False)

    (found,) = fetch(pages=Part(Page.objects.all(), ["title"], {"sort": F("kind"), "is_one": Value(1)}))["pages"]

    assert (found.sort, found.is_one) == ("fees", 1)


def test_an_instant_that_is_none_is_an_error():
    with pytest.raises(ValueError, match="not an instant"):
        instant("yesterday")


@pytest.mark.parametrize("word", ["two words", "it's", "", "größer"])
def test_only_a_plain_word_stands_in_a_query_itself(word):
    with pytest.raises(ValueError, match="not one plain word"):
        Word(word)
