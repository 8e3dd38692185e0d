"""Public pages: content, visibility and query counts."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.contrib.contenttypes.models import ContentType
from django.test import Client
from django.urls import reverse

from booking.models import PractitionerService, SampleRow
from clinic.ops.environment.media import bucket_storage
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
from tests.support import factories
from tests.support.content_factories import (
    make_page,
    make_picture,
    make_revision,
    make_section,
    make_site,
    make_sources,
    picture_upload,
    publish_drafts,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stopped_clock")]
SPECIAL = ["home", "treatments", "team", "fees", "contact", "privacy", "accessibility"]


def text_of(client: Client, address: str, status: int = 200) -> str:
    """Publish all drafts, then return the page's HTML with collapsed white space."""
    publish_drafts()
    response = client.get(address)
    assert response.status_code == status
    return " ".join(response.content.decode().split())


def queries(client, django_assert_max_num_queries, address):
    publish_drafts()
    client.get(address)  # Warm caches of the process, such as content types.
    with django_assert_max_num_queries(100) as counted:
        assert client.get(address).status_code == 200
    return len(counted)


@pytest.mark.parametrize("kind", SPECIAL)
def test_every_special_page_has_its_url(client, kind):
    address = make_site()[kind].get_absolute_url()

    html = text_of(client, address)

    assert html.count("<h1") == 1
    assert "style=" not in html
    assert "<script>" not in html
    assert 'lang="en-CA"' in html
    assert f'<link rel="canonical" href="http://127.0.0.1:8000{address}">' in html


@pytest.mark.parametrize("kind", [kind for kind in SPECIAL if kind != "home"])
def test_an_unpublished_page_is_404(client, home_page, kind):
    page = make_page(kind=kind, is_published=False)

    assert page.title not in text_of(client, reverse(f"content:{kind}"), status=404)


@pytest.mark.parametrize("address", ["/contact/", "/fees/", "/treatments/one/"])
def test_the_postal_code_is_never_broken_over_two_lines(client, address):
    factories.make_location()
    make_site()
    make_page(slug="one")
    publish_drafts()
    html = client.get(address).content.decode()
    assert "T1S\N{NO-BREAK SPACE}1A1" in html
    assert "T1S 1A1" not in re.sub(r"<script.*?</script>", "", html, flags=re.DOTALL)


def test_a_scheduled_page_appears_at_its_go_live_time(client, home_page, now):
    page = make_page(goes_live_at=now + timedelta(minutes=1))
    assert page.title not in text_of(client, page.get_absolute_url(), status=404)

    with time_machine.travel(now + timedelta(minutes=1), tick=False):
        assert page.title in text_of(client, page.get_absolute_url())


@pytest.mark.parametrize(
    "address", ["/treatments/no-such/", "/team/no-such/", "/treatments/UPPER%00/", "/team/%E2%80%AE/"]
)
def test_an_unknown_address_is_404(client, home_page, address):
    assert client.get(address).status_code in {400, 404}


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_pages_allow_only_safe_methods(client, method):
    make_site()

    assert getattr(client, method)("/fees/").status_code == 405


def test_a_treatment_shows_the_duration_price_and_next_slot_of_its_service(client):
    service = factories.make_service(name="Back assessment", slug="back-assessment", price="97.50")
    factories.make_hours(factories.make_practitioner([service]), factories.make_location())
    page = make_page(service=service, booking_label="Book Your Back Assessment", performed_by="Somebody", referral="No")

    html = text_of(client, page.get_absolute_url())

    assert "45 minutes" in html
    assert "$97.50" in html
    assert "Today, 10:30 a.m." in html  # It is 8:00, with two hours of notice; visits begin at 9:00.
    address = f"/book/back-assessment/?from={page.slug}"
    assert f'<a class="button button--large" href="{address}">Book Your Back Assessment</a>' in html


def test_a_service_that_cannot_be_booked_online_has_no_booking_button(client):
    factories.make_clinic()
    service = factories.make_service(booked_by="staff")
    factories.make_practitioner([service])
    page = make_page(service=service)
    CallToAction.objects.create(parent=page, region="main", label="Schedule Now", service=service)

    html = text_of(client, page.get_absolute_url())

    assert "Schedule Now" not in html
    assert html.count("can't be booked online right now") == 2
    assert service.get_absolute_url() not in html


def test_a_call_to_action_leads_to_its_service(client):
    service = factories.make_service(slug="dry-needling")
    factories.make_practitioner([service])
    page = make_page()
    CallToAction.objects.create(parent=page, region="main", label="Schedule Now", service=service)

    link = f'<a class="button" href="/book/dry-needling/?from={page.slug}">Schedule Now</a>'
    assert link in text_of(client, page.get_absolute_url())


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


def test_the_table_of_contents_has_unique_anchors(client):
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


def test_citations_link_to_numbered_sources(client):
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
    person = factories.make_practitioner(slug="steve-hansen", name="Steve Hansen")
    page = make_page()
    make_page(kind="contact")
    PersonCard.objects.create(parent=page, region="main", practitioner=person, label="Contact Me")

    html = text_of(client, page.get_absolute_url())

    assert 'href="/contact/?to=steve-hansen" >Contact Me' in html
    assert "Physiotherapist" in html


def test_every_treatment_links_to_the_feedback_form(client):
    page = make_page(slug="dry-needling")
    make_page(kind="contact")

    assert 'href="/contact/?page=/treatments/dry-needling/"' in text_of(client, page.get_absolute_url())


def test_a_review_is_shown_only_if_there_was_one(client, now):
    person = factories.make_practitioner(name="Amara Okafor")
    page = make_page()
    assert "Not yet clinically reviewed." in text_of(client, page.get_absolute_url())

    clinic = factories.make_clinic()
    SampleRow.objects.create(content_type=ContentType.objects.get_for_model(clinic), object_id=clinic.pk)
    assert "sample content, not yet clinically reviewed" in text_of(client, page.get_absolute_url())

    on = now.date()
    Page.objects.update(reviewed_by=person, last_reviewed_on=on, next_review_on=on + timedelta(days=365))
    html = text_of(client, page.get_absolute_url())
    assert "Clinically reviewed by" in html
    assert "Last reviewed on November 23, 2026. Next review due by November 23, 2027." in html


@pytest.mark.parametrize(("is_https", "is_sample"), [(True, True), (True, False), (False, True)])
def test_pages_are_noindex_while_sample_content_is_served_over_https(client, settings, is_https, is_sample):
    settings.IS_HTTPS = is_https
    clinic = factories.make_clinic()
    if is_sample:
        SampleRow.objects.create(content_type=ContentType.objects.get_for_model(clinic), object_id=clinic.pk)

    is_noindex = '<meta name="robots" content="noindex">' in text_of(client, make_page().get_absolute_url())
    assert is_noindex == (is_https and is_sample)


def test_a_practitioner_page_lists_only_authorised_services(client):
    needling = factories.make_service(name="Dry needling", needs_needling_authorisation=True)
    follow_up = factories.make_service(name="Follow-up")
    person = factories.make_practitioner([needling, follow_up], authorised_for_needling=False)

    html = text_of(client, person.get_absolute_url())

    assert "Dry needling" not in html
    assert f'href="{follow_up.get_absolute_url()}?practitioner={person.slug}&amp;from=team"' in html


def test_booking_links_of_a_practitioner_show_only_their_slots(client):
    service = factories.make_service(name="Follow-up")
    location = factories.make_location()
    person, other = (
        factories.make_practitioner([service], name="Steve"),
        factories.make_practitioner([service], name="Amara"),
    )
    factories.make_hours(person, location)
    factories.make_hours(other, location)

    page = text_of(client, person.get_absolute_url())
    link = next(part for part in page.split('href="') if part.startswith(service.get_absolute_url())).split('"')[0]
    times = text_of(client, link)

    assert "with Steve" in times
    assert "with Amara" not in times


def test_an_inactive_practitioner_has_no_page(client):
    make_site()
    person = factories.make_practitioner(name="Gone Away", is_active=False)

    text_of(client, person.get_absolute_url(), status=404)
    assert "Gone Away" not in text_of(client, "/team/")


def test_an_inactive_author_is_named_but_not_linked(client):
    person = factories.make_practitioner(name="Gone Away", is_active=False)
    page = make_page(written_by=person)
    PersonCard.objects.create(parent=page, region="main", practitioner=person)

    html = text_of(client, page.get_absolute_url())

    assert "Written by Gone Away, physiotherapist." in html
    assert f'href="{person.get_absolute_url()}"' not in html
    assert "Contact me" not in html


def test_a_signpost_to_an_unpublished_page_is_left_out(client):
    page, hidden = make_page(), make_page(is_published=False)
    Signpost.objects.create(parent=page, region="main", title="There", page=hidden)

    assert "There" not in text_of(client, page.get_absolute_url())


@pytest.mark.parametrize(("for_returning", "query"), [(False, ""), (True, "visit=returning&amp;")])
def test_a_signpost_for_returning_patients_opens_their_times(client, for_returning, query):
    page, service = make_page(), factories.make_service(slug="follow-up", audience="anyone")
    factories.make_practitioner([service])
    fields = {"title": "There", "service": service, "for_returning": for_returning}
    Signpost.objects.create(parent=page, region="main", **fields)
    make_revision(page)

    assert f'href="/book/follow-up/?{query}from={page.slug}">There' in text_of(client, page.get_absolute_url())


def test_fees_show_the_range_of_prices_and_durations(client):
    make_site()
    service = factories.make_service(name="Assessment", price="140")
    factories.make_practitioner([service])
    other = factories.make_practitioner([service])
    PractitionerService.objects.filter(practitioner=other).update(own_price="120", own_duration=timedelta(hours=1))

    html = text_of(client, "/fees/")

    assert "$120 to $140" in html
    assert "45 minutes to 1 hour" in html


@pytest.mark.parametrize("address", ["/treatments/back/", "/treatments/"])
def test_a_treatment_shows_the_range_of_its_authorised_practitioners(client, address):
    make_page(kind="treatments")
    service = factories.make_service(price="140", needs_needling_authorisation=True)
    for price, minutes, authorised in (("120", 60, True), ("110", 50, True), ("90", 30, False)):
        factories.make_practitioner([service], authorised_for_needling=authorised)
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


def test_more_blocks_cost_no_more_queries(client, django_assert_max_num_queries):
    factories.make_clinic()
    service = factories.make_service()
    person = factories.make_practitioner([service])
    factories.make_hours(person, factories.make_location())
    page = make_page(service=service, written_by=person)
    many_blocks(page, make_picture(), service, person, 1)
    with_one = queries(client, django_assert_max_num_queries, page.get_absolute_url())

    many_blocks(page, make_picture(), factories.make_service(), factories.make_practitioner(), 2)

    assert queries(client, django_assert_max_num_queries, page.get_absolute_url()) == with_one
    assert Section.objects.count() == 3


def test_six_pictures_cost_no_more_queries_than_one(client, django_assert_max_num_queries):
    factories.make_clinic()
    page = make_page(hero_picture=make_picture(), hero_alt="A path")

    def add(number):
        for _ in range(number):
            PlacedPicture.objects.create(parent=page, region="main", picture=make_picture(), is_decorative=True)

    add(1)
    with_one = queries(client, django_assert_max_num_queries, page.get_absolute_url())
    add(5)

    assert queries(client, django_assert_max_num_queries, page.get_absolute_url()) == with_one


def test_no_page_asks_the_storage(client, settings):
    """The storage may be another machine, and it may be away."""
    factories.make_clinic()
    make_site()
    person = factories.make_practitioner([factories.make_service()], photo=picture_upload())
    page = make_page(hero_picture=make_picture(), hero_alt="A path")
    dead = bucket_storage("s3://key:secret@127.0.0.1:9/bucket?tls=off")
    settings.STORAGES = settings.STORAGES | {"default": dead}

    for address in ("/", "/team/", "/treatments/", page.get_absolute_url(), person.get_absolute_url()):
        assert "/media/" in text_of(client, address), address


@pytest.mark.parametrize("address", ["/", "/treatments/", "/team/", "/fees/", "/contact/", "/sitemap.xml"])
def test_more_people_services_and_pages_cost_no_more_queries(client, django_assert_max_num_queries, address):
    make_site()
    factories.make_clinic()
    location = factories.make_location()

    def add(number):
        for _ in range(number):
            service = factories.make_service()
            factories.make_hours(factories.make_practitioner([service], photo="people/nobody.jpg"), location)
            make_page(service=service, hero_picture=make_picture(), hero_alt="A drawing")

    add(1)
    with_one = queries(client, django_assert_max_num_queries, address)
    add(2)

    assert queries(client, django_assert_max_num_queries, address) == with_one


def test_the_sitemap_has_the_date_of_the_last_change(client):
    make_page(slug="dry-needling")
    make_page(slug="hidden", is_published=False)
    factories.make_practitioner(slug="steve-hansen")

    xml = text_of(client, "/sitemap.xml")

    page = "<loc>http://127.0.0.1:8000/treatments/dry-needling/</loc><lastmod>2026-01-05T15:00:00+00:00</lastmod>"
    assert page in xml
    assert "hidden" not in xml
    assert "<loc>http://127.0.0.1:8000/team/steve-hansen/</loc></url>" in xml


def test_robots_txt_names_the_sitemap(client):
    response = client.get("/robots.txt")

    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert "Sitemap: http://127.0.0.1:8000/sitemap.xml" in response.content.decode()
    assert "Disallow: /appointment/" in response.content.decode()


def test_a_practitioner_page_shows_and_links_their_next_slot(client):
    location = factories.make_location()
    service = factories.make_service(name="Back assessment", slug="back")
    steve, amara = factories.make_practitioner([service]), factories.make_practitioner([service])
    factories.make_hours(steve, location, weekdays=[2])  # Wednesdays; Amara works today.
    factories.make_hours(amara, location, weekdays=[0])

    html = text_of(client, steve.get_absolute_url())

    assert "Wednesday, November 25, 9:00 a.m.</time>" in html
    assert f'href="/book/back/?practitioner={steve.slug}&amp;from=team" >Book with {steve.name}</a>' in html


def test_a_practitioner_who_cannot_be_booked_online_has_no_next_slot(client):
    person = factories.make_practitioner([factories.make_service(booked_by="staff")])

    assert "next-slot" not in text_of(client, person.get_absolute_url())
