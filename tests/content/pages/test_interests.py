"""Interests of people who are named on a treatment page: each declares them, or that there are none."""

from datetime import date

import pytest

from tests.support import factories
from tests.support.content_factories import make_page, make_revision, make_sources

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stopped_clock")]
REVIEWED = {"last_reviewed_on": date(2026, 9, 1), "next_review_on": date(2027, 9, 1)}


@pytest.fixture
def steve():
    factories.make_clinic()
    return factories.make_practitioner(name="Steve Hansen")


@pytest.fixture
def mei():
    return factories.make_practitioner(name="Mei Lin Tran", declared_interests="Paid by <b>Needles & Co.</b> to teach.")


def review_line(client, page):
    """The text of the review line, still escaped."""
    html = client.get(page.get_absolute_url()).content.decode()
    return " ".join(html.split('id="review"')[1].split("</div>")[0].split())


@pytest.mark.parametrize("has_sources", [True, False])
def test_author_and_reviewer_each_declare_theirs(client, steve, mei, has_sources):
    page = make_page(written_by=steve, reviewed_by=mei, **REVIEWED, is_published=False)
    if has_sources:
        make_sources(page, "George 2021")
    make_revision(page)
    written, reviewed = review_line(client, page).split("Clinically reviewed by")
    assert written.split("Interests:")[1].startswith(" none declared.")
    assert "Interests: Paid by &lt;b&gt;Needles &amp; Co.&lt;/b&gt; to teach." in reviewed


def test_who_wrote_and_reviewed_a_page_declares_them_once(client, steve):
    line = review_line(client, make_page(written_by=steve, reviewed_by=steve, **REVIEWED))
    assert line.count("Interests:") == 1


def test_a_page_that_names_no_one_says_nothing_of_interests(client, steve):
    assert "Interests" not in review_line(client, make_page())


def test_a_person_s_own_page_says_so_too(client, steve, mei):
    def declared(person):
        html = client.get(person.get_absolute_url()).content.decode()
        return html.split("<dt>Declared interests</dt>")[1].split("<dd>")[1].split("</dd>")[0]

    assert declared(steve) == "None"
    assert declared(mei) == "Paid by &lt;b&gt;Needles &amp; Co.&lt;/b&gt; to teach."


def test_they_are_edited_in_the_office_and_shown_at_once(admin_client, client, steve):
    page = make_page(written_by=steve)
    assert "none declared" in review_line(client, page)
    address = f"/admin/booking/practitioner/{steve.pk}/change/"
    form = admin_client.get(address).context["adminform"].form
    values = {name: form.initial.get(name) for name in form.fields if name != "photo"}
    data = {name: "" if value is None else value for name, value in values.items()}
    data |= {"travel_time": "30 minutes", "takes_new_patients": "on", "is_active": "on"}
    for formset in admin_client.get(address).context["inline_admin_formsets"]:
        prefix = formset.formset.prefix
        data |= {f"{prefix}-TOTAL_FORMS": "0", f"{prefix}-INITIAL_FORMS": "0"}
    response = admin_client.post(address, data | {"declared_interests": "  Owns shares of Needles & Co. "})
    assert response.status_code == 302, response.context["adminform"].form.errors
    assert "Interests: Owns shares of Needles &amp; Co." in review_line(client, page)
