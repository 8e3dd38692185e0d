"""The search finds what readers see, the instant they see it, and nothing else; on both databases alike."""

from datetime import timedelta
from html import unescape

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from booking.models import Service
from content.models import CallToAction, Page, Questions, Signpost, SnippetHere
from content.publishing import call_off, publish, unpublish
from content.search.finding import search
from tests import make
from tests.conftest import NOW
from tests.make_content import make_page, make_revision, make_section, make_site

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stopped_clock")]


def found(question, now=NOW):
    """The addresses of the first ten, in their order."""
    return [result.address for result in search(question, page="", now=now).results]


@pytest.fixture
def knee():
    page = make_page(title="Knee pain", slug="knee", lede="For sore knees.")
    make_section(page, heading="Who comes", body="<p>Runners and <b>gardeners</b> with an aching kneecap.</p>")
    make_revision(page)
    return page


# What can be found


@pytest.mark.parametrize("question", ["knee", "sore", "who comes", "gardener", "RUNNERS", "kneecap aching"])
def test_a_page_is_found_by_title_first_sentence_headings_and_text(knee, question):
    assert found(question) == ["/treatments/knee/"]


def test_the_draft_is_not_found(knee):
    Page.objects.filter(pk=knee.pk).update(title="Marmalade")
    make_section(knee, body="<p>Trombone.</p>")
    make_page(title="Saxophone", is_published=False)

    assert [found(word) for word in ("marmalade", "trombone", "saxophone")] == [[], [], []]
    assert found("knee") == ["/treatments/knee/"]


def test_visits_people_and_questions_are_found_where_they_stand(knee):
    service = make.make_service(name="Gait check", slug="gait-check", summary="How you walk.")
    make.make_practitioner([service], name="Zoë Łukasz", slug="zoe", bio="She plays the tuba.")
    Questions.objects.create(
        parent=knee,
        region="main",
        heading="Good to know",
        items=[{"question": "May I swim?", "answer": "Yes, **do**."}],
    )
    make_revision(knee)

    assert found("gait walk") == ["/book/gait-check/"]
    assert found("tuba") == ["/team/zoe/"]
    assert found("zoe lukasz") == ["/team/zoe/", "/book/gait-check/"]
    assert found("swim") == ["/treatments/knee/#good-to-know"]


def test_a_visit_that_cannot_be_booked_and_somebody_who_left_are_not_found():
    offered, closed, staffed = (make.make_service(name=name) for name in ("Offered", "Closed", "Staffed"))
    person = make.make_practitioner([offered, closed, staffed], name="Quentin")
    make.make_service(name="Nobodys")
    assert [found(word)[0] for word in ("closed", "staffed")] == [closed.get_absolute_url(), staffed.get_absolute_url()]

    closed.is_active = False
    closed.save()
    staffed.booked_by = Service.BookedBy.STAFF
    staffed.save()
    assert found("offered")[0] == offered.get_absolute_url()
    assert [found(word) for word in ("closed", "nobodys")] == [[], []]
    assert staffed.get_absolute_url() not in found("staffed")

    person.is_active = False
    person.save()
    assert found("quentin") == found("offered") == []


def test_the_contact_page_is_found_by_what_is_said_of_the_place():
    make_site()
    make.make_location(parking_notes="Behind the bakery.", step_free_notes="A gentle slope leads in.")

    assert found("bakery") == found("slope") == ["/contact/"]


# In the instant


def test_publishing_and_hiding_count_at_once(knee):
    found("knee")
    Page.objects.filter(pk=knee.pk).update(title="Elbow pain")
    publish(knee, by=None, now=NOW, override_reason="A test")
    assert (found("elbow"), found("sore")) == (["/treatments/knee/"], ["/treatments/knee/"])

    unpublish(knee, by=None, now=NOW, override_reason="A test")
    assert found("elbow") == found("sore") == []


def test_what_is_scheduled_is_found_from_its_instant_on(knee):
    later = NOW + timedelta(hours=3)
    Page.objects.filter(pk=knee.pk).update(title="Elbow pain")
    publish(knee, by=None, now=NOW, goes_live_at=later, override_reason="A test")

    assert (found("elbow"), found("knee")) == ([], ["/treatments/knee/"])
    assert found("elbow", later - timedelta(microseconds=1)) == []
    assert found("elbow", later) == ["/treatments/knee/"]


def test_what_was_called_off_never_comes(knee):
    later = NOW + timedelta(hours=3)
    Page.objects.filter(pk=knee.pk).update(title="Elbow pain")
    publish(knee, by=None, now=NOW, goes_live_at=later, override_reason="A test")
    found("knee")
    call_off(knee, by=None, now=NOW)

    assert (found("elbow", later), found("knee", later)) == ([], ["/treatments/knee/"])


def test_a_new_slug_is_where_the_result_leads(knee):
    found("knee")
    knee.slug = "sore-knees"
    knee.save()

    assert found("knee") == ["/treatments/sore-knees/"]


def test_what_a_page_names_counts_as_it_is_today(knee):
    snippet = make_page(kind="snippet", lede="")
    make_section(snippet, body="<p>Accordion.</p>")
    make_revision(snippet)
    other = make_page(title="Other", slug="other")
    SnippetHere.objects.create(parent=knee, region="main", snippet=snippet)
    Signpost.objects.create(parent=knee, region="main", title="Harpsichord", page=other)
    CallToAction.objects.create(parent=knee, region="main", label="Go", service=make.make_service())
    make_revision(knee)
    assert found("accordion") == found("harpsichord") == ["/treatments/knee/"]

    make_revision(snippet, is_public=False)
    unpublish(other, by=None, now=NOW)
    assert found("accordion") == found("harpsichord") == []


def test_a_person_who_is_renamed_is_found_by_the_new_name_alone():
    person = make.make_practitioner(name="Quentin", slug="q")
    assert found("quentin") == ["/team/q/"]
    person.name = "Rosalind"
    person.save()

    assert (found("quentin"), found("rosalind")) == ([], ["/team/q/"])


def test_an_index_that_older_code_wrote_is_made_anew(knee, monkeypatch):
    found("knee")
    monkeypatch.setattr("content.search.index.SHAPE", 9)
    with CaptureQueriesContext(connection) as counted:
        found("knee")
    assert any("INSERT" in query["sql"] for query in counted)


# The order


def test_a_word_counts_by_where_it_stands():
    places = {"body": {}, "heading": {}, "lede": {"lede": "About zithers."}, "title": {"title": "Zithers"}}
    pages = {name: make_page(slug=name, **fields) for name, fields in places.items()}
    make_section(pages["body"], heading="One", body="<p>A zither.</p>")
    make_section(pages["heading"], heading="Zithers", body="<p>Two.</p>")
    for page in pages.values():
        make_revision(page)

    assert found("zither") == [f"/treatments/{name}/" for name in ("title", "lede", "heading", "body")]


def test_of_things_with_the_words_in_their_titles_pages_come_first():
    service = make.make_service(name="Zither visit", slug="zither-visit")
    make.make_practitioner([service], name="Zither Jones", slug="jones")
    make_page(title="Living with a zither", slug="zither", lede="Nothing else.")

    assert found("zither") == ["/treatments/zither/", "/book/zither-visit/", "/team/jones/"]


# Words


@pytest.mark.parametrize(
    "question", ["zoe", "ZOË", "Zoe\u0308", "obrien", "O\u2019Brien", "o'brien", "zoë o’b", "lukasz", "Łukasz"]
)
def test_accents_case_and_apostrophes_do_not_matter(question):
    make.make_practitioner(name="Zoë O’Brien Łukasz", slug="zoe")
    assert found(question) == ["/team/zoe/"]


@pytest.mark.parametrize("question", ["physio", "sports physio", "need", "needling", "needles", "kne"])
def test_the_last_word_may_be_a_beginning_and_any_word_another_form(question):
    make_page(title="Physiotherapy for sports", slug="one", lede="A needle, a knee.")
    assert found(question) == ([] if question == "need" else ["/treatments/one/"])


@pytest.mark.parametrize(
    ("typed", "stands"),
    [("appointments", "visit"), ("price", "fees"), ("wheelchair", "steps"), ("physio", "therapist")],
)
def test_what_visitors_call_otherwise_is_found(typed, stands):
    page = make_page(title="One", slug="one")
    make_section(page, body=f"<p>This is about {stands}.</p>")
    make_revision(page)
    make_page(title="Two", slug="two")
    [result] = search(typed, page="", now=NOW).results

    assert result.address == "/treatments/one/"
    assert [piece.text for piece in result.excerpt if piece.is_marked] == [stands]


def test_a_word_that_is_whole_is_not_taken_for_the_beginning_of_its_stem():
    make_page(title="Feelings", slug="feel")
    make_page(title="Fees", slug="fees", lede="Money.")
    assert found("fees") == ["/treatments/fees/"]


def test_only_the_last_word_may_be_a_beginning(knee):
    assert search("kn sore", page="", now=NOW).is_part


def test_all_words_first_and_some_words_if_nothing_has_all(knee):
    make_page(title="Hip pain", slug="hip")
    both = search("hip knee", page="", now=NOW)

    assert (both.is_part, {result.address for result in both.results}) == (
        True,
        {"/treatments/hip/", "/treatments/knee/"},
    )
    assert not search("knee pain", page="", now=NOW).is_part
    assert found("knee pain") == ["/treatments/knee/"]


@pytest.mark.parametrize(
    ("typed", "meant"), [("gardners", "gardeners"), ("kene", "knee"), ("runers", "runners"), ("kneecaap", "kneecap")]
)
def test_a_slip_leads_to_what_was_meant(knee, typed, meant):
    answer = search(typed, page="", now=NOW)
    assert (answer.instead, [result.address for result in answer.results]) == (meant, ["/treatments/knee/"])


def test_a_slip_beside_a_good_word_is_offered_for_correction(knee, client):
    page = client.get("/search/?q=knee+gardners").content.decode()
    assert 'Did you mean <a href="/search/?q=knee%20gardeners">knee gardeners</a>?' in page


@pytest.mark.parametrize("question", ["xqzwv", "a", "the", "what is it", "日本語", "🦴", "  ", "-", '"', "*", "١٢٣"])
def test_what_says_nothing_finds_nothing_and_helps(knee, client, question):
    response = client.get("/search/", {"q": question})
    page = response.content.decode()
    assert (response.status_code, "<ol" in page.split("<main")[1].split("</nav>")[1]) == (200, False)
    assert 'href="/treatments/"' in page.split("<main")[1]
    assert 'href="/contact/"' in page.split("<main")[1]


HOSTILE = [
    '"', "'", "''", '"knee', "knee*", "knee OR", "OR", "AND NOT", "NEAR(knee, 5)", "title:knee", "^knee", "knee:*",
    "!knee", "knee & | !", "(((", "knee)", "\\", "%", "_", "--", ";DROP TABLE content_searchentry", "\0", "kn\0ee",
    "\ud800", "\ufffe", "\u202eeenk", "knee\u200b", "<script>alert(1)</script>", "&lt;b&gt;", "x" * 10_000,
    "knee " * 2_000, "ß" * 500, "ﷺ" * 300, "👩‍👩‍👧‍👦 knee", "колено", "膝", "ركبة", "<->", "knee <2> pain", "$1",
    "{}", "%s", "{0}", "1e400", "0x1f", "knee's", "../..", "http://knee.example/a?b=c", "a@b.example", "-knee",
]  # fmt: skip


@pytest.mark.parametrize("question", HOSTILE, ids=range(len(HOSTILE)))
def test_nothing_that_is_typed_is_an_error(knee, client, question):
    from urllib.parse import quote

    asked = quote(question, errors="surrogatepass")
    for address in (
        f"/search/?q={asked}",
        f"/search/?q={asked}&page=999999999999999999999",
        f"/search/?q=x&page={asked}",
    ):
        response = client.get(address)
        assert response.status_code == 200
        page = response.content.decode()
        assert "<script>" not in page
        assert "\0" not in page


@pytest.mark.parametrize(
    "question", ['"knee', "knee OR", "(knee)", "knee:*", "knee\0", "<b>knee</b>", "!knee", "👩‍⚕️ knee"]
)
def test_signs_around_a_word_mean_nothing(knee, question):
    assert found(question) == ["/treatments/knee/"]


# The page


def test_the_words_are_marked_and_everything_is_escaped(knee, client):
    Page.objects.filter(pk=knee.pk).update(title="Knee <i>pain</i>", lede="For <b>knees</b> & hips.")
    make_revision(Page.objects.get(pk=knee.pk))
    page = client.get("/search/", {"q": "knees<script>"}).content.decode()

    assert '<a href="/treatments/knee/">Knee &lt;i&gt;pain&lt;/i&gt;</a>' in page
    assert "For &lt;b&gt;<mark>knees</mark>&lt;/b&gt; &amp; hips." not in page  # The tags' letters are words.
    assert "<mark>" in page
    assert "<script>" not in page
    assert 'value="knees&lt;script&gt;"' in page


def test_an_excerpt_shows_the_words_where_they_stand_together():
    page = make_page(slug="long", lede="Zither.")
    filler = "Nothing to see in this sentence. " * 30
    make_section(page, body=f"<p>{filler}The zither and the tuba play. {filler}</p>")
    make_revision(page)
    [result] = search("tuba zither", page="", now=NOW).results

    text = "".join(piece.text for piece in result.excerpt)
    assert "The zither and the tuba play." in text
    assert text.startswith("… ")
    assert text.endswith(" …")
    assert [piece.text for piece in result.excerpt if piece.is_marked] == ["zither", "tuba"]
    assert len(text) < 210


def test_more_than_ten_results_go_on_further_pages(client):
    for number in range(23):
        make_page(title=f"Zither {number}", slug=f"zither-{number}")
    first, last = (client.get("/search/", {"q": "zither", "page": page}).content.decode() for page in ("", "3"))

    assert first.count('class="result"') == 10
    assert 'href="/search/?q=zither&amp;page=2" rel="next"' in first
    assert last.count('class="result"') == 3
    assert '<ol class="results" start="21">' in last
    assert "page 3 of 3" in " ".join(unescape(last).split())
    every = [found_on(client, page) for page in ("1", "2", "3")]
    assert len({address for addresses in every for address in addresses}) == 23


def found_on(client, page):
    return [
        result.address for result in client.get("/search/", {"q": "zither", "page": page}).context["answer"].results
    ]


def test_no_cache_no_search_engine_and_no_other_site_hears_of_it(client, knee):
    response = client.get("/search/", {"q": "knee"})
    page = response.content.decode()

    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Robots-Tag"] == "noindex"
    assert response.headers["Referrer-Policy"] == "same-origin"
    assert '<meta name="robots" content="noindex">' in page
    assert not hasattr(response, "keep")
    assert not response.cookies
    assert "csrfmiddlewaretoken" not in page
    assert client.post("/search/", {"q": "knee"}).status_code == 405


def test_the_page_works_on_an_empty_database(client):
    for address in ("/search/", "/search/?q=knee"):
        assert client.get(address).status_code == 200


@pytest.mark.parametrize("question", ["zither", "zither nowhere", "zihter", "xqzwv"])
def test_a_search_costs_the_same_queries_however_much_there_is(client, question):
    make.make_clinic()
    make.make_location()
    costs = set()
    for number in (1, 12):
        for _ in range(number):
            service = make.make_service(name="Zither visit")
            make.make_practitioner([service], name="Zither Jones", bio="A zither.")
            make_section(page := make_page(title="Zither"), body="<p>Zither.</p>")
            make_revision(page)
        client.get("/search/", {"q": question})
        with CaptureQueriesContext(connection) as counted:
            client.get("/search/", {"q": question})
        costs.add(len(counted))
    assert len(costs) == 1
    assert max(costs) <= 7


def test_a_search_that_fails_does_not_tell_the_logs_what_was_typed(client, knee, monkeypatch, caplog):
    def broken(*args, **kwargs):
        raise RuntimeError("Something broke")

    monkeypatch.setattr("content.search.finding.engines.find", broken)
    client.raise_request_exception = False
    with caplog.at_level("DEBUG"):
        assert client.get("/search/?q=gonorrhoea").status_code == 500
    assert "gonorrhoea" not in caplog.text


def test_the_clock_of_the_page_is_the_sites(knee, client):
    later = NOW + timedelta(hours=3)
    Page.objects.filter(pk=knee.pk).update(title="Elbow pain")
    publish(knee, by=None, now=NOW, goes_live_at=later, override_reason="A test")
    assert "/treatments/knee/" not in client.get("/search/?q=elbow").content.decode()
    with time_machine.travel(later, tick=False):
        assert "/treatments/knee/" in client.get("/search/?q=elbow").content.decode()


def test_both_databases_leave_out_the_same_words(knee):
    """PostgreSQL drops words of its own list; if ours lacked one, the two databases would find different things."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite drops none.")
    from content.search.terms import STOP_WORDS

    candidates = """
        i me my myself we our ours ourselves you your yours yourself yourselves he him his himself she her hers herself
        it its itself they them their theirs themselves what which who whom this that these those am is are was were be
        been being have has had having do does did doing a an the and but if or because as until while of at by for
        with about against between into through during before after above below to from up down in out on off over
        under again further then once here there when where why how all any both each few more most other some such no
        nor not only own same so than too very s t can will just don should now well still even also never first
    """.split()  # noqa: SIM905
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT word FROM unnest(%s::text[]) AS word WHERE to_tsvector('english', word) = ''", [candidates]
        )
        dropped = {row[0] for row in cursor.fetchall()}
    assert dropped - STOP_WORDS == set()
