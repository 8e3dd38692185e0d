"""The next free time on a treatment page: a link to that very time, for whoever reads the page."""

import re
from datetime import timedelta
from html import unescape

import pytest

from content.models import Page, PersonCard
from tests.support import factories
from tests.support.content_factories import make_page, make_revision

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stopped_clock")]


@pytest.fixture
def location():
    return factories.make_location()


@pytest.fixture
def service():
    return factories.make_service(slug="back")


def working(service, location, *, weekdays=(0,), **fields):
    person = factories.make_practitioner([service], **fields)
    factories.make_hours(person, location, weekdays=list(weekdays))
    return person


def links(client, service, css="next-free"):
    """Return the address and the text of each link to a free time on a page about this service."""
    page = Page.objects.filter(service=service).first() or make_page(service=service)
    html = client.get(page.get_absolute_url()).content.decode()
    found = re.findall(rf'<a class="{css}" href="([^"]+)">(.*?)</a>', html, re.DOTALL)
    named = [(unescape(href), " ".join(re.sub(r"<[^>]+>", " ", text).split())) for href, text in found]
    assert all(f"from={page.slug}" in href for href, _ in named)  # The page that the visitor comes from.
    return [(re.sub(rf"[?&]from={page.slug}", "", href), text) for href, text in named]


def test_it_leads_to_that_very_time(client, service, location):
    working(service, location, name="Amara Okafor")

    address, text = links(client, service)[0]
    assert (address, text) == ("/book/back/?start=2026-11-23T16:30Z", "Next free, with Amara Okafor Today, 10:30 a.m.")
    assert client.get(address).status_code == 200


def test_the_hero_and_the_facts_name_the_same_time(client, service, location):
    working(service, location)
    assert len(set(links(client, service))) == 1


@pytest.mark.parametrize(
    ("weekday", "day"),
    [(1, "Tomorrow, 9:00 a.m."), (2, "Wednesday, November 25, 9:00 a.m.")],
    ids=["tomorrow", "later"],
)
def test_the_day_is_told_as_people_say_it(client, service, location, weekday, day):
    working(service, location, weekdays=[weekday])
    assert links(client, service)[0][1].endswith(day)


def test_two_who_are_free_are_both_named_and_three_are_not(client, service, location):
    for name in ("Amara", "Steve"):
        working(service, location, name=name)
    assert links(client, service)[0][1] == "Next free, with Amara or Steve Today, 10:30 a.m."
    working(service, location, name="Jordan")
    assert links(client, service)[0][1] == "Next free time Today, 10:30 a.m."


def test_somebody_who_is_free_later_is_not_named(client, service, location):
    working(service, location, name="Amara")
    working(service, location, name="Steve", weekdays=[2])
    assert links(client, service)[0][1] == "Next free, with Amara Today, 10:30 a.m."


def test_it_is_a_time_that_a_new_patient_can_book(client, service, location):
    working(service, location, takes_new_patients=False)
    working(service, location, name="Steve", weekdays=[2])

    address, text = links(client, service)[0]
    assert "with Steve Wednesday" in text
    assert client.get(f"{address}&visit=new").status_code == 200


class TestAServiceThatNewPatientsStartWithAnother:
    """A reader is taken for new: no public page says that they have been here before."""

    @pytest.fixture
    def first(self):
        return factories.make_service(slug="first")

    @pytest.fixture
    def needling(self, first):
        return factories.make_service(slug="needling", audience="returning", first_visit_service=first)

    def offer(self, location, name, services, weekday):
        person = factories.make_practitioner(services, name=name)
        factories.make_hours(person, location, weekdays=[weekday])
        return person

    def test_it_names_the_first_visit_with_somebody_who_does_both(self, client, location, first, needling):
        self.offer(location, "Jordan", [first], 0)
        self.offer(location, "Steve", [first, needling], 1)
        address, text = links(client, needling)[0]
        assert address == "/book/needling/?start=2026-11-24T15:00Z"
        assert text == "Next free assessment, with Steve Tomorrow, 9:00 a.m."
        page = client.get(address)
        assert (page.status_code, page.context["service"], page.context["page"].new_patient) == (200, first, True)

    def test_it_names_anybody_where_nobody_new_patients_may_see_does_both(self, client, location, first, needling):
        self.offer(location, "Jordan", [first], 0)
        steve = self.offer(location, "Steve", [first, needling], 1)
        steve.takes_new_patients = False
        steve.save()
        address, text = links(client, needling)[0]
        assert "with Jordan" in text
        assert client.get(address).status_code == 200

    def test_without_a_free_time_it_leads_to_the_waitlist_of_the_first_visit(self, client, location, first, needling):
        factories.make_practitioner([first, needling])
        address, text = links(client, needling)[0]
        assert (address, text) == ("/book/needling/", "Nothing available online right now Join the waitlist")
        assert client.get(address).context["waitlist_post_to"].startswith("/book/first/waitlist/")


def test_of_several_places_it_names_the_one_with_the_time(client, service, location):
    working(service, factories.make_location(slug="calgary"))
    assert links(client, service)[0][0].endswith("&location=calgary")


def test_without_a_free_time_it_leads_to_the_waitlist(client, service, location):
    factories.make_practitioner([service])

    address, text = links(client, service)[0]
    assert (address, text) == ("/book/back/waitlist/", "Nothing available online right now Join the waitlist")
    assert client.get(address).status_code == 200


def test_a_new_patient_reads_what_they_start_with(client, location):
    first = factories.make_service(slug="first", duration=timedelta(minutes=50), price="155.00")
    needling = factories.make_service(audience="returning", first_visit_service=first)
    working(needling, location)
    html = client.get(make_page(service=needling).get_absolute_url()).content.decode()

    text = " ".join(re.sub(r"<[^>]+>", "", html).split())
    assert "New here? You start with an assessment: 50 minutes, $155." in text
    assert 'href="/book/first/?visit=new&amp;from=' in html


def test_the_card_of_the_author_leads_to_their_own_next_time(client, service, location):
    working(service, location, name="Amara")
    steve = working(service, location, name="Steve", slug="steve", weekdays=[2])
    page = make_page(service=service, written_by=steve)
    PersonCard.objects.create(parent=page, region="main", practitioner=steve)
    make_revision(page)

    html = " ".join(client.get(page.get_absolute_url()).content.decode().split())
    card = html[html.index('class="person"') :]
    assert "Wrote this page." in card
    assert 'href="/book/back/?start=2026-11-25T15:00Z&amp;practitioner=steve&amp;from=' in card
    assert "Wednesday, November 25, 9:00 a.m." in card


def test_the_card_of_somebody_who_does_something_else_names_no_time(client, service, location):
    working(service, location)
    page = make_page(service=service)
    PersonCard.objects.create(parent=page, region="main", practitioner=factories.make_practitioner())
    make_revision(page)

    html = client.get(page.get_absolute_url()).content.decode()
    assert "Next free:" not in html[html.index('class="person"') :]
