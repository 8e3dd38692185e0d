"""The public pages: what is shown, what is live, and what it costs."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.contenttypes.models import ContentType
from django.test import Client
from django.urls import reverse

from booking.models import PractitionerService, SampleRow
from content.models import (
    CallToAction,
    CareCard,
    LeadList,
    Page,
    PersonCard,
    PlacedPicture,
    RiskTable,
    Section,
    Signpost,
)
from tests import make
from tests.make_content import make_page, make_picture, make_section, make_site, make_sources, publish_drafts

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stopped_clock")]
SPECIAL = ["home", "treatments", "team", "fees", "contact", "privacy", "accessibility"]


def text_of(client: Client, address: str, status: int = 200) -> str:
    """What the page says once its draft is out, with runs of white space as a browser reads them: as one space."""
    publish_drafts()
    response = client.get(address)
    assert response.status_code == status
    return " ".join(response.content.decode().split())


def queries(client, django_assert_max_num_queries, address):
    publish_drafts()
    client.get(address)  # Content types and the like are looked up once a process.
    with django_assert_max_num_queries(100) as counted:
        assert client.get(address).status_code == 200
    return len(counted)


@pytest.mark.parametrize("kind", SPECIAL)
def test_every_special_page_has_its_address(client, kind):
    make_site()

    html = text_of(client, reverse(f"content:{kind}"))

    assert html.count("<h1") == 1
    assert "style=" not in html
    assert "<script>" not in html
    assert 'lang="en-CA"' in html
    assert f'<link rel="canonical" href="http://127.0.0.1:8000{reverse(f"content:{kind}")}">' in html


@pytest.mark.parametrize("kind", [kind for kind in SPECIAL if kind != "home"])
def test_an_unpublished_page_is_not_there(client, kind):
    page = make_page(kind=kind, is_published=False)

    assert page.title not in text_of(client, reverse(f"content:{kind}"), status=404)


def test_home_survives_an_empty_database(client):
    assert "This site is being set up" in text_of(client, "/")


def test_a_page_appears_when_its_time_has_come(client, now):
    page = make_page(goes_live_at=now + timedelta(minutes=1))
    assert page.title not in text_of(client, page.get_absolute_url(), status=404)

    with time_machine.travel(now + timedelta(minutes=1), tick=False):
        assert page.title in text_of(client, page.get_absolute_url())


@pytest.mark.parametrize(
    "address", ["/treatments/no-such/", "/team/no-such/", "/treatments/UPPER%00/", "/team/%E2%80%AE/"]
)
def test_an_unknown_address_is_404(client, address):
    assert client.get(address).status_code in {400, 404}


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_pages_only_read(client, method):
    make_site()

    assert getattr(client, method)("/fees/").status_code == 405


def test_the_facts_are_the_service_s_own(client):
    service = make.make_service(name="Back assessment", slug="back-assessment", price="97.50")
    make.make_hours(make.make_practitioner([service]), make.make_location())
    page = make_page(service=service, booking_label="Book Your Back Assessment", performed_by="Somebody", referral="No")

    html = text_of(client, page.get_absolute_url())

    assert "45 minutes" in html
    assert "$97.50" in html
    assert "Monday 23 November, 10:30 am" in html  # It is 8:00, with two hours of notice; visits begin at 9:00.
    assert '<a class="button" href="/book/back-assessment/">Book Your Back Assessment</a>' in html


def test_a_service_that_cannot_be_booked_online_asks_for_a_call(client):
    make.make_clinic()
    service = make.make_service(booked_by="staff")
    make.make_practitioner([service])
    page = make_page(service=service)
    CallToAction.objects.create(parent=page, region="main", label="Schedule Now", service=service)

    html = text_of(client, page.get_absolute_url())

    assert "Schedule Now" not in html
    assert html.count("cannot be booked online just now") == 2
    assert service.get_absolute_url() not in html


def test_a_call_to_action_leads_to_its_service(client):
    service = make.make_service(slug="dry-needling")
    make.make_practitioner([service])
    page = make_page()
    CallToAction.objects.create(parent=page, region="main", label="Schedule Now", service=service)

    assert '<a class="button" href="/book/dry-needling/">Schedule Now</a>' in text_of(client, page.get_absolute_url())


def test_previous_and_next_follow_the_order_inside_a_topic(client):
    last = make_page(title="Last", position=30)
    first = make_page(title="First", position=10)
    middle = make_page(title="Middle", position=20)
    make_page(title="Hidden", position=15, is_published=False)
    make_page(title="Elsewhere", position=16, topic="Other")

    html = text_of(client, middle.get_absolute_url())

    pager = html[html.index('class="pager"') :]
    assert f'href="{first.get_absolute_url()}" rel="prev"' in pager
    assert f'href="{last.get_absolute_url()}" rel="next"' in pager
    assert 'rel="prev"' not in text_of(client, first.get_absolute_url())


def test_contents_list_the_sections_once_each(client):
    page = make_page()
    make_section(page, heading="Risks")
    make_section(page, heading="Risks", level=3)
    make_section(page, heading="Sources")
    make_section(page, heading="שלום")
    make_sources(page, "George 2021")

    html = text_of(client, page.get_absolute_url())

    contents = html[html.index('class="toc__list"') : html.index("</nav>", html.index('class="toc__list"'))]
    assert [part.split('"')[0] for part in contents.split('href="')[1:]] == [
        "#risks",
        "#sources-2",
        "#section",
        "#sources",
    ]
    ids = [part.split('"')[0] for part in html.split(' id="')[1:]]
    assert len(ids) == len(set(ids))


def test_citations_lead_to_numbered_sources(client):
    page = make_page()
    make_section(page, body="<p>It may help [2] and [9].</p>")
    LeadList.objects.create(parent=page, region="main", items=[{"lead": "", "body": "Rarely [1]."}])
    RiskTable.objects.create(
        parent=page,
        region="main",
        caption="Out of 100",
        rows=[{"effect": "A bruise", "how_often": "8 in 100", "sources": "1, 2"}],
    )
    make_sources(page, "George 2021", "WHO 2023")

    html = text_of(client, page.get_absolute_url())

    assert html.count('href="#source-1"') == 2
    assert html.count('href="#source-2"') == 2
    assert "[9]" in html
    assert '<li id="source-2"> WHO 2023 </li>' in html


def test_a_person_card_leads_to_the_contact_form(client):
    person = make.make_practitioner(slug="steve-hansen", name="Steve Hansen")
    page = make_page()
    PersonCard.objects.create(parent=page, region="main", practitioner=person, label="Contact Me")

    html = text_of(client, page.get_absolute_url())

    assert 'href="/contact/?to=steve-hansen" >Contact Me' in html
    assert "Physiotherapist" in html


def test_every_treatment_can_be_said_not_to_help(client):
    page = make_page(slug="dry-needling")

    assert 'href="/contact/?page=/treatments/dry-needling/"' in text_of(client, page.get_absolute_url())


def test_a_review_is_named_only_when_there_was_one(client, now):
    person = make.make_practitioner(name="Amara Okafor")
    page = make_page()
    assert "Not yet clinically reviewed." in text_of(client, page.get_absolute_url())

    clinic = make.make_clinic()
    SampleRow.objects.create(content_type=ContentType.objects.get_for_model(clinic), object_id=clinic.pk)
    assert "sample content, not yet clinically reviewed" in text_of(client, page.get_absolute_url())

    on = now.date()
    Page.objects.update(reviewed_by=person, last_reviewed_on=on, next_review_on=on + timedelta(days=365))
    html = text_of(client, page.get_absolute_url())
    assert "Clinically reviewed by" in html
    assert "Last reviewed on 23 November 2026. Next review due by 23 November 2027." in html


@pytest.mark.parametrize(("is_https", "is_sample"), [(True, True), (True, False), (False, True)])
def test_pages_ask_not_to_be_indexed_while_the_sample_clinic_stands_on_a_public_address(
    client, settings, is_https, is_sample
):
    settings.IS_HTTPS = is_https
    clinic = make.make_clinic()
    if is_sample:
        SampleRow.objects.create(content_type=ContentType.objects.get_for_model(clinic), object_id=clinic.pk)

    asks = '<meta name="robots" content="noindex">' in text_of(client, make_page().get_absolute_url())
    assert asks == (is_https and is_sample)


def test_a_practitioner_shows_only_what_they_may_do(client):
    needling = make.make_service(name="Dry needling", needs_needling_authorisation=True)
    follow_up = make.make_service(name="Follow-up")
    person = make.make_practitioner([needling, follow_up], authorised_for_needling=False)

    html = text_of(client, person.get_absolute_url())

    assert "Dry needling" not in html
    assert f'href="{follow_up.get_absolute_url()}?practitioner={person.slug}"' in html


def test_choosing_a_time_with_somebody_shows_their_times_alone(client):
    service = make.make_service(name="Follow-up")
    location = make.make_location()
    person, other = make.make_practitioner([service], name="Steve"), make.make_practitioner([service], name="Amara")
    make.make_hours(person, location)
    make.make_hours(other, location)

    page = text_of(client, person.get_absolute_url())
    link = next(part for part in page.split('href="') if part.startswith(service.get_absolute_url())).split('"')[0]
    times = text_of(client, link)

    assert "with Steve" in times
    assert "with Amara" not in times


def test_somebody_who_left_is_no_longer_shown(client):
    make_site()
    person = make.make_practitioner(name="Gone Away", is_active=False)

    text_of(client, person.get_absolute_url(), status=404)
    assert "Gone Away" not in text_of(client, "/team/")


def test_who_left_is_named_but_not_linked(client):
    person = make.make_practitioner(name="Gone Away", is_active=False)
    page = make_page(written_by=person)
    PersonCard.objects.create(parent=page, region="main", practitioner=person)

    html = text_of(client, page.get_absolute_url())

    assert "Written by Gone Away, physiotherapist." in html
    assert f'href="{person.get_absolute_url()}"' not in html
    assert "Contact me" not in html


def test_a_signpost_to_a_page_that_is_not_published_is_left_out(client):
    page, hidden = make_page(), make_page(is_published=False)
    Signpost.objects.create(parent=page, region="main", title="There", page=hidden)

    assert "There" not in text_of(client, page.get_absolute_url())


def test_fees_show_the_span_where_people_ask_different_ones(client):
    make_site()
    service = make.make_service(name="Assessment", price="140")
    make.make_practitioner([service])
    other = make.make_practitioner([service])
    PractitionerService.objects.filter(practitioner=other).update(own_price="120", own_duration=timedelta(hours=1))

    html = text_of(client, "/fees/")

    assert "$120 to $140" in html
    assert "45 minutes to 1 hour" in html


@pytest.mark.parametrize("address", ["/treatments/back/", "/treatments/"])
def test_a_treatment_states_the_span_of_those_who_do_it(client, address):
    make_page(kind="treatments")
    service = make.make_service(price="140", needs_needling_authorisation=True)
    for price, minutes, authorised in (("120", 60, True), ("110", 50, True), ("90", 30, False)):
        make.make_practitioner([service], authorised_for_needling=authorised)
        PractitionerService.objects.filter(own_price=None).update(
            own_price=price, own_duration=timedelta(minutes=minutes)
        )
    make_page(service=service, slug="back")

    html = text_of(client, address)

    assert "$110 to $120" in html
    assert "50 minutes to 1 hour" in html


def many_blocks(page, picture, service, person, number):
    for _ in range(number):
        make_section(page)
        CareCard.objects.create(parent=page, region="main", heading="Call 911 if", items=[{"text": "pain"}])
        CallToAction.objects.create(parent=page, region="main", label="Book", service=service)
        PersonCard.objects.create(parent=page, region="main", practitioner=person)
        PlacedPicture.objects.create(parent=page, region="main", picture=picture, is_decorative=True)
        Signpost.objects.create(parent=page, region="main", title="There", page=page)
        make_sources(page, "George 2021")


def test_a_longer_page_costs_no_more_queries(client, django_assert_max_num_queries):
    make.make_clinic()
    service = make.make_service()
    person = make.make_practitioner([service])
    make.make_hours(person, make.make_location())
    page = make_page(service=service, written_by=person)
    many_blocks(page, make_picture(), service, person, 1)
    with_one = queries(client, django_assert_max_num_queries, page.get_absolute_url())

    many_blocks(page, make_picture(), make.make_service(), make.make_practitioner(), 2)

    assert queries(client, django_assert_max_num_queries, page.get_absolute_url()) == with_one
    assert Section.objects.count() == 3


@pytest.mark.parametrize("address", ["/", "/treatments/", "/team/", "/fees/", "/contact/", "/sitemap.xml"])
def test_more_people_services_and_pages_cost_no_more_queries(client, django_assert_max_num_queries, address):
    make_site()
    make.make_clinic()
    location = make.make_location()

    def add(number):
        for _ in range(number):
            service = make.make_service()
            make.make_hours(make.make_practitioner([service], photo="people/nobody.jpg"), location)
            make_page(service=service, hero_picture=make_picture(), hero_alt="A drawing")

    add(1)
    with_one = queries(client, django_assert_max_num_queries, address)
    add(2)

    assert queries(client, django_assert_max_num_queries, address) == with_one


def test_the_sitemap_tells_when_words_last_changed(client):
    make_page(slug="dry-needling")
    make_page(slug="hidden", is_published=False)
    make.make_practitioner(slug="steve-hansen")

    xml = text_of(client, "/sitemap.xml")

    page = "<loc>http://127.0.0.1:8000/treatments/dry-needling/</loc><lastmod>2026-01-05T15:00:00+00:00</lastmod>"
    assert page in xml
    assert "hidden" not in xml
    assert "<loc>http://127.0.0.1:8000/team/steve-hansen/</loc></url>" in xml


def test_robots_points_at_the_sitemap(client):
    response = client.get("/robots.txt")

    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert "Sitemap: http://127.0.0.1:8000/sitemap.xml" in response.content.decode()
    assert "Disallow: /appointment/" in response.content.decode()


def test_a_persons_page_says_when_they_are_free_next_and_leads_there(client):
    location = make.make_location()
    service = make.make_service(name="Back assessment", slug="back")
    steve, amara = make.make_practitioner([service]), make.make_practitioner([service])
    make.make_hours(steve, location, weekdays=[2])  # Wednesdays; Amara works today.
    make.make_hours(amara, location, weekdays=[0])

    html = text_of(client, steve.get_absolute_url())

    assert "Wednesday 25 November, 9:00 am</time>" in html
    assert f'href="/book/back/?practitioner={steve.slug}" >Book with {steve.name}</a>' in html


def test_a_person_nobody_can_book_online_has_no_next_free_time(client):
    person = make.make_practitioner([make.make_service(booked_by="staff")])

    assert "next-free" not in text_of(client, person.get_absolute_url())
