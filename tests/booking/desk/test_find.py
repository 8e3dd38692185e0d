"""Find a patient: by parts of the name, phone, email or reference, with where they are; the words are in no log."""

import html
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext

from booking.models import AccessLogEntry
from tests.support import factories

FIND, LIST, TO_BOOK, DUPLICATES = "/desk/find/", "/desk/find/list/", "/desk/find/to-book/", "/desk/find/duplicates/"
NINE = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)  # 9:00 a.m. in Alberta on Monday, November 23; it is 8:00.


@pytest.fixture
def steve(location):
    service = factories.make_service()
    return factories.make_practitioner([service], name="Steve Hansen")


@pytest.fixture
def make_visit(steve, location):
    def make_visit(patient, starts_at=NINE, **fields):
        fields = {"practitioner": steve, "location": location} | fields
        return factories.make_appointment(patient=patient, starts_at=starts_at, **fields)

    return make_visit


@pytest.fixture
def hannah():
    return factories.make_patient(name="Hannah Redcrow", phone="+14035550158", email="hannah@patients.example")


@pytest.fixture
def as_practitioner(client, django_user_model, steve):
    user = django_user_model.objects.create_user("steve", password="x", is_staff=True)
    user.groups.add(Group.objects.get(name="Practitioner"))
    steve.user = user
    steve.save()
    client.force_login(user)
    return client


def words_of(response):
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode())))


def found_by(client, words):
    result = client.post(LIST, {"words": words}).context["result"]
    return [row.patient.name for row in result.rows] if result else None


@pytest.mark.parametrize(
    "words", ["red", "REDCROW hannah", "hann red", "0158", "403-555-0158", "hannah@pat", "Hánnah", " \u200bhannah "]
)
def test_a_patient_is_found_by_parts_of_name_phone_and_email(admin_client, hannah, words):
    factories.make_patient(name="Cal Smith", phone="+14030158999", email="cal@patients.example")
    assert found_by(admin_client, words) == ["Hannah Redcrow"]


def test_a_patient_is_found_by_the_reference_of_a_visit(admin_client, hannah, make_visit):
    reference = make_visit(hannah).reference
    for words in (reference, reference.lower(), f"{reference[:4]} {reference[4:]}"):
        assert found_by(admin_client, words) == ["Hannah Redcrow"]


@pytest.mark.parametrize("words", ["", "r", " ", "\x00", "x" * 101])
def test_too_little_too_much_and_nonsense_search_nothing(admin_client, hannah, words):
    assert found_by(admin_client, words) is None
    assert admin_client.post(FIND, {"words": words}).status_code in {200, 422}
    assert not AccessLogEntry.objects.exists()


def test_names_that_begin_with_the_words_come_first(admin_client, hannah):
    factories.make_patient(name="Alfredsson Nora")
    factories.make_patient(name="Redding Cal")
    assert found_by(admin_client, "red") == ["Redding Cal", "Hannah Redcrow", "Alfredsson Nora"]


def test_more_than_a_few_are_cut_and_said_to_be(admin_client):
    for number in range(9):
        factories.make_patient(name=f"Olsen {number}")
    response = admin_client.post(LIST, {"words": "olsen"})
    assert len(response.context["result"].rows) == 8
    assert "There are more." in words_of(response)
    assert AccessLogEntry.objects.get().count == 8


def test_a_row_says_where_the_patient_is(admin_client, make_visit):
    names = ["Ann Here", "Ben Here", "Cat Here", "Dan Here", "Eve Here"]
    ann, ben, cat, dan, _eve = [factories.make_patient(name=name) for name in names]
    make_visit(ann, NINE - timedelta(hours=2), status="arrived")
    make_visit(ann, NINE + timedelta(days=1))
    make_visit(ben, NINE + timedelta(days=10), status="booked")
    make_visit(ben, NINE - timedelta(days=10), status="fulfilled")
    make_visit(cat, NINE - timedelta(days=70), status="fulfilled")
    make_visit(cat, NINE + timedelta(days=1), status="cancelled")
    make_visit(dan, NINE + timedelta(hours=5))
    lines = [row.line for row in admin_client.post(LIST, {"words": "here"}).context["result"].rows]
    assert lines == [
        "Here now, 7:00 a.m. with Steve",
        "Next: Thu, Dec 3, 9:00 a.m. with Steve",
        "Last seen Sep 14 by Steve, nothing ahead",
        "Today, 2:00 p.m. with Steve",
        "No visits yet",
    ]


def test_a_merged_patient_is_not_found(admin_client, hannah):
    factories.make_patient(name="Hanna Redcrow", merged_into=hannah)
    assert found_by(admin_client, "redcrow") == ["Hannah Redcrow"]


def test_without_javascript_a_page_shows_the_same_rows(admin_client, hannah):
    assert "Find a patient" in words_of(admin_client.get(FIND))
    response = admin_client.post(FIND, {"words": "red"})
    page = response.content.decode()
    assert "Hannah Redcrow" in page
    assert f'href="/desk/?do=book&amp;patient={hannah.pk}"' in page
    assert "New patient “red”" in page
    assert 'value="red"' in page
    assert "No one found." in words_of(admin_client.post(FIND, {"words": "nobody"}))


def test_the_box_stands_on_every_desk_page_of_those_who_may_see_patients(admin_client, client, django_user_model):
    for address in ("/desk/", FIND):
        assert 'action="/desk/find/"' in admin_client.get(address).content.decode()
    user = django_user_model.objects.create_user("vera", password="x", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_appointment"))
    client.force_login(user)
    assert 'action="/desk/find/"' not in client.get("/desk/").content.decode()
    for address in (FIND, LIST, TO_BOOK, DUPLICATES):
        assert client.post(address, {"words": "red"}).status_code == 403


def test_who_may_not_book_is_offered_no_booking(client, django_user_model, hannah):
    user = django_user_model.objects.create_user("vera", password="x", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_appointment", "view_patient"]))
    client.force_login(user)
    page = client.post(LIST, {"words": "red"}).content.decode()
    assert "Hannah Redcrow" in page
    assert "do=book" not in page
    assert "New patient" not in page


@pytest.mark.parametrize("address", [FIND, LIST, TO_BOOK])
def test_each_search_is_recorded_with_whom_it_showed_and_without_its_words(admin_client, admin_user, hannah, address):
    admin_client.post(address, {"words": "redcr"})
    admin_client.post(address, {"words": "nobody"})
    first, second = AccessLogEntry.objects.order_by("pk")
    assert (first.kind, first.staff, first.count) == ("search", admin_user, 1)
    assert [person.patient for person in first.people.all()] == [hannah]
    assert (second.kind, second.count) == ("search", 0)
    assert "redcr" not in str(AccessLogEntry.objects.values())


def test_the_words_are_taken_from_no_address(admin_client, hannah):
    assert "Hannah" not in admin_client.get(FIND, {"words": "red"}).content.decode()
    for address in (LIST, TO_BOOK, DUPLICATES):
        assert admin_client.get(address, {"words": "red"}).status_code == 405


def test_a_practitioner_finds_their_own_patients_of_two_years_only(as_practitioner, make_visit, location):
    own, former, others = [factories.make_patient(name=f"{name} Olsen") for name in ("Own", "Former", "Other")]
    make_visit(own, NINE - timedelta(days=700), status="fulfilled")
    make_visit(former, NINE - timedelta(days=740), status="fulfilled")
    maya = factories.make_practitioner(name="Maya Okafor")
    reference = make_visit(others, practitioner=maya).reference
    make_visit(own, NINE + timedelta(days=1), practitioner=maya)
    response = as_practitioner.post(LIST, {"words": "olsen"})
    assert [row.patient for row in response.context["result"].rows] == [own]
    assert "Last seen December 23, 2024 by Steve" in words_of(response)
    assert "Maya" not in words_of(response)
    assert found_by(as_practitioner, reference) == []
    assert as_practitioner.post(TO_BOOK, {"words": "olsen"}).status_code == 403
    assert as_practitioner.post(DUPLICATES, {"name": "Other Olsen"}).status_code == 403


def test_possible_duplicates_are_named_while_typing(admin_client, hannah):
    response = admin_client.post(DUPLICATES, {"name": "Hanna Redcrow", "phone": "403"})
    assert "Use Hannah Redcrow" in words_of(response)
    response = admin_client.post(DUPLICATES, {"name": "Bob", "phone": "403-555-0158"})
    assert "same phone or email" in words_of(response)
    assert words_of(admin_client.post(DUPLICATES, {"name": "Bob\x00", "phone": "9" * 500})).strip() == ""
    assert [entry.count for entry in AccessLogEntry.objects.order_by("pk")] == [1, 1, 0]


def test_the_query_count_does_not_grow_with_those_found(admin_client, make_visit, hannah):
    def count():
        with CaptureQueriesContext(connection) as queries:
            admin_client.post(LIST, {"words": "red"})
        return len(queries)

    make_visit(hannah)
    few = count()
    for number in range(6):
        make_visit(factories.make_patient(name=f"Fred {number}"), NINE + timedelta(days=number + 1))
    assert count() == few <= 12
