"""The list of pages: a tree, flat while it is searched or filtered; what waits for the person who looks."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from content.models import Questions, ReviewRequest
from tests.support import factories
from tests.support.content_factories import LONG_AGO, make_page, make_revision, make_section

pytestmark = pytest.mark.django_db
LIST = "/admin/content/page/"


@pytest.fixture
def staff(client):
    def enter(role):
        user = get_user_model().objects.create_user(role.split()[-1].lower(), is_staff=True, first_name=role)
        user.groups.add(Group.objects.get(name=role))
        client.force_login(user)
        return user

    return enter


def rows(response):
    return [(row.group, row.page.title, row.is_below) for row in response.context["cl"].rows]


def titles(response):
    return [row.page.title for row in response.context["cl"].rows]


def waiting(response):
    return [str(choice["display"]) for choice in response.context["cl"].waiting][1:]


@pytest.fixture
def pages(db):
    about = make_page(kind="page", slug="about-us", title="About us")
    make_page(kind="page", slug="insurance", title="Insurance", position=5)
    make_page(kind="page", slug="faq", title="FAQ", parent=about, position=2)
    make_page(kind="page", slug="careers", title="Careers", parent=about, position=1)
    make_page(title="Dry needling", topic="Needling", position=1)
    make_page(title="Back pain", topic="Needling", position=0)
    make_page(title="Pelvic health", topic="Pelvic health")
    make_page(kind="fees", title="Fees")
    make_page(kind="home", title="Welcome")


def test_pages_stand_in_a_tree(admin_client, pages):
    assert rows(admin_client.get(LIST)) == [
        ("Fixed pages", "Welcome", False),
        ("", "Fees", False),
        ("Treatments: Needling", "Back pain", False),
        ("", "Dry needling", False),
        ("Treatments: Pelvic health", "Pelvic health", False),
        ("Ordinary pages", "About us", False),
        ("", "Careers", True),
        ("", "FAQ", True),
        ("", "Insurance", False),
    ]


def test_found_pages_are_listed_flat(admin_client, pages):
    assert rows(admin_client.get(f"{LIST}?q=careers")) == [("", "Careers", False)]
    assert rows(admin_client.get(f"{LIST}?kind=page"))[1] == ("", "Careers", False)


@pytest.mark.parametrize(
    "words", ["zither", "ZITHER careers", "jobs zither", "workplace", "about-us zither", "trombone?"]
)
def test_pages_are_found_by_all_their_words(admin_client, pages, words):
    page = make_page(
        kind="page", slug="jobs", title="Careers here", lede="A good workplace.", is_published=False,
        parent=make_page(kind="page", slug="more-about-us"),
    )  # fmt: skip
    make_section(page, heading="Zither", body="<p>Wanted.</p>")
    Questions.objects.create(parent=page, region="main", items=[{"question": "Trombone?", "answer": "No."}])
    make_section(make_page(title="Another"), heading="Trumpet")
    assert titles(admin_client.get(LIST, {"q": words})) == ["Careers here"]
    assert titles(admin_client.get(LIST, {"q": f"{words} nowhere"})) == []


def test_a_row_says_how_the_page_stands(admin_client, now):
    factories.make_location()
    user = get_user_model().objects.create_user("ed", first_name="Ed", last_name="Lee")
    make_page(title="A", topic="1", slug="a", edited_at=now, edited_by=user, next_review_on=None)
    reviewer = factories.make_practitioner()
    overdue = {"reviewed_by": reviewer, "last_reviewed_on": now.date() - timedelta(days=400)}
    make_page(title="B", topic="2", slug="b", next_review_on=now.date() - timedelta(days=1), **overdue)
    make_page(title="C", topic="3", slug="c", is_published=False)
    make_revision(make_page(title="D", topic="4", slug="d"), is_public=False, head={}, blocks=[])
    shown = admin_client.get(LIST).context["cl"].rows
    assert [(row.state, row.tone) for row in shown] == [
        ("Public, draft changed", "straw"), ("Public", "meadow"), ("Draft", "plain"), ("Hidden or scheduled", "plain"),
    ]  # fmt: skip
    assert [row.address for row in shown] == [f"/treatments/{slug}/" for slug in "abcd"]
    assert (shown[0].changed, shown[0].who) == ("Today, 8:00 a.m.", "Ed Lee")
    assert (shown[1].changed, shown[1].who) == ("January 5", "")
    assert [row.is_overdue for row in shown] == [False, True, False, False]
    assert shown[1].due == "November 22, 2026"
    assert "Overdue" in admin_client.get(LIST).content.decode()


def test_what_waits_for_an_editor_and_a_publisher(staff, client):
    editor = staff("Editor")
    mine = make_page(title="Mine", is_published=False, edited_by=editor)
    make_page(title="Mine, published", edited_by=editor)
    make_page(title="Another's", is_published=False)
    assert waiting(client.get(LIST)) == ["My drafts (1)", "For me to review (0)"]
    assert titles(client.get(f"{LIST}?waiting=mine")) == ["Mine"]
    # A filter that is not offered shows everything; it gives nothing away.
    assert len(titles(client.get(f"{LIST}?waiting=publish"))) == 3

    staff("Publisher")
    assert waiting(client.get(LIST)) == ["My drafts (0)", "For me to review (0)", "Ready to publish (2)"]
    assert set(titles(client.get(f"{LIST}?waiting=publish"))) == {"Mine", "Another's"}
    make_revision(mine, made_at=timezone.now())
    assert titles(client.get(f"{LIST}?waiting=publish")) == ["Another's"]


def test_what_waits_for_a_reviewer(staff, client):
    user = staff("Clinical reviewer")
    person, other = factories.make_practitioner(user=user), factories.make_practitioner()
    pages = [make_page(title=title) for title in ("For me", "Done", "Another's")]
    closed = {"closed_at": LONG_AGO, "outcome": "approved"}
    for page, reviewer, fields in zip(pages, (person, person, other), ({}, closed, {}), strict=True):
        ReviewRequest.objects.create(page=page, reviewer=reviewer, asked_by=user, asked_at=LONG_AGO, **fields)
    assert waiting(client.get(LIST))[1] == "For me to review (1)"
    assert titles(client.get(f"{LIST}?waiting=review")) == ["For me"]


@pytest.mark.parametrize("query", ["", "?q=page", "?waiting=mine", "?state=ahead"])
def test_the_list_costs_the_same_with_1_and_with_30_pages(admin_client, query):
    costs = set()
    for number in (1, 29):
        for _ in range(number):
            parent = make_page(kind="page")
            make_section(make_page(kind="page", parent=parent, is_published=False))
            make_page(topic="Needling")
        with CaptureQueriesContext(connection) as counted:
            assert admin_client.get(LIST + query).status_code == 200
        costs.add(len(counted))
    assert len(costs) == 1, costs
    assert max(costs) <= 30


def test_odd_filters_and_words_are_harmless(admin_client, pages):
    for query in ("?waiting=x", "?state=x", "?o=3", "?p=9", "?q=%25_%27", "?q=" + "a+" * 40):
        assert admin_client.get(LIST + query, follow=True).status_code == 200, query
    html = admin_client.get(f"{LIST}?q=<script>x</script>").content.decode()
    assert re.search(r"0 pages for “&lt;script&gt;", html)
