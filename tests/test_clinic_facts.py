"""What pages say of the clinic alone is made once, and anew the moment that any of it changes."""

import pytest
from django.template import Context, RequestContext, Template

from booking.context import facts_of
from booking.models import Clinic, Practitioner, Service
from content.models import Menu
from tests.journey import make_small_clinic, text_of

ONCE = Template('{% load clinic_facts %}{% from_facts "part" key %}{{ said }}{% end_from_facts %}')


@pytest.fixture
def request_of_a_page(db, rf):
    return lambda: rf.get("/")


def made(request, **said):
    return ONCE.render(RequestContext(request, said))


def test_a_part_is_made_once_while_the_facts_and_its_values_are_the_same(request_of_a_page):
    facts_of(request_of_a_page()).made.clear()
    assert made(request_of_a_page(), said="<first>") == "&lt;first&gt;"
    assert made(request_of_a_page(), said="second") == "&lt;first&gt;"
    assert made(request_of_a_page(), said="third", key=["here"]) == "third"
    Clinic.objects.create(name="Another")
    assert made(request_of_a_page(), said="fourth") == "fourth"
    assert ONCE.render(Context({"said": "without a request"})) == "without a request"


def test_a_booking_page_tells_each_change_at_once(client, db, stopped_clock):
    make_small_clinic()

    def page():
        return text_of(client.get("/book/assessment/?visit=new"))

    assert "403-555-0142" not in page()
    Clinic.objects.update(phone="+14035550142")
    assert "Call (403) 555-0142" in page()
    Clinic.objects.update(phone="+14035550143")
    assert "(403) 555-0142" not in page()
    Service.objects.filter(slug="assessment").update(name="A look at your back")
    Practitioner.objects.filter(slug="amara-okafor").update(name="Amara Renamed")
    assert "A look at your back" in page()
    Menu.objects.get(kind=Menu.Kind.LAST).entries.all().delete()
    assert 'href="/privacy/"' not in page().partition("<footer")[2]


def test_the_footer_marks_the_page_that_it_stands_on(client, db, stopped_clock):
    make_small_clinic()
    marked = '<a href="/book/" aria-current="page">'
    assert marked in text_of(client.get("/book/"))
    assert marked not in text_of(client.get("/book/assessment/?visit=new"))
    assert marked in text_of(client.get("/book/"))
