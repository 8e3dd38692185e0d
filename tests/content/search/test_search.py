"""Site search: finds published content only, at once, and alike on both databases."""

from datetime import timedelta
from html import unescape

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from booking.models import Service
from content.models import CallToAction, Page, Questions, SearchSynonym, Signpost, SnippetHere
from content.publishing.publish import cancel_schedule, publish, unpublish
from content.search.query import search
from tests.conftest import NOW
from tests.support import factories
from tests.support.content_factories import make_page, make_revision, make_section, make_site

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stopped_clock")]


def found(question, now=NOW):
    """Return the URLs of the first ten results, in order."""
    return [result.address for result in search(question, page="", now=now).results]


@pytest.fixture
def knee():
    page = make_page(title="Knee pain", slug="knee", lede="For sore knees.")
    make_section(page, heading="Who comes", body="<p>Runners and <b>gardeners</b> with an aching kneecap.</p>")
    make_revision(page)
    return page


# Documents


@pytest.mark.parametrize("question", ["knee", "sore", "who comes", "gardener", "RUNNERS", "kneecap aching"])
def test_a_page_is_found_by_title_lede_headings_and_text(knee, question):
    assert found(question) == ["/treatments/knee/"]


def test_drafts_are_not_found(knee):
    Page.objects.filter(pk=knee.pk).update(title="Marmalade")
    make_section(knee, body="<p>Trombone.</p>")
    make_page(title="Saxophone", is_published=False)

    assert [found(word) for word in ("marmalade", "trombone", "saxophone")] == [[], [], []]
    assert found("knee") == ["/treatments/knee/"]


def test_services_practitioners_and_questions_are_found_with_their_urls(knee):
    service = factories.make_service(name="Gait check", slug="gait-check", summary="How you walk.")
    factories.make_practitioner([service], name="Zoë Łukasz", slug="zoe", bio="She plays the tuba.")
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


def test_unbookable_services_and_inactive_practitioners_are_not_found():
    offered, closed, staffed = (factories.make_service(name=name) for name in ("Offered", "Closed", "Staffed"))
    person = factories.make_practitioner([offered, closed, staffed], name="Quentin")
    factories.make_service(name="Nobodys")
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


def test_the_contact_page_is_found_by_notes_of_the_location():
    make_site()
    factories.make_location(parking_notes="Behind the bakery.", step_free_notes="A gentle slope leads in.")

    assert found("bakery") == found("slope") == ["/contact/"]


# Freshness


def test_publishing_and_hiding_take_effect_at_once(knee):
    found("knee")
    Page.objects.filter(pk=knee.pk).update(title="Elbow pain")
    publish(knee, by=None, now=NOW, override_reason="A test")
    assert (found("elbow"), found("sore")) == (["/treatments/knee/"], ["/treatments/knee/"])

    unpublish(knee, by=None, now=NOW, override_reason="A test")
    assert found("elbow") == found("sore") == []


def test_a_scheduled_revision_is_found_from_its_go_live_time(knee):
    later = NOW + timedelta(hours=3)
    Page.objects.filter(pk=knee.pk).update(title="Elbow pain")
    publish(knee, by=None, now=NOW, goes_live_at=later, override_reason="A test")

    assert (found("elbow"), found("knee")) == ([], ["/treatments/knee/"])
    assert found("elbow", later - timedelta(microseconds=1)) == []
    assert found("elbow", later) == ["/treatments/knee/"]


def test_a_cancelled_revision_is_never_found(knee):
    later = NOW + timedelta(hours=3)
    Page.objects.filter(pk=knee.pk).update(title="Elbow pain")
    publish(knee, by=None, now=NOW, goes_live_at=later, override_reason="A test")
    found("knee")
    cancel_schedule(knee, by=None, now=NOW)

    assert (found("elbow", later), found("knee", later)) == ([], ["/treatments/knee/"])


def test_a_result_links_to_the_current_slug(knee):
    found("knee")
    knee.slug = "sore-knees"
    knee.save()

    assert found("knee") == ["/treatments/sore-knees/"]


def test_references_of_a_page_are_indexed_as_they_are_today(knee):
    snippet = make_page(kind="snippet", lede="")
    make_section(snippet, body="<p>Accordion.</p>")
    make_revision(snippet)
    other = make_page(title="Other", slug="other")
    SnippetHere.objects.create(parent=knee, region="main", snippet=snippet)
    Signpost.objects.create(parent=knee, region="main", title="Harpsichord", page=other)
    CallToAction.objects.create(parent=knee, region="main", label="Go", service=factories.make_service())
    make_revision(knee)
    assert found("accordion") == found("harpsichord") == ["/treatments/knee/"]

    make_revision(snippet, is_public=False)
    unpublish(other, by=None, now=NOW)
    assert found("accordion") == found("harpsichord") == []


def test_a_renamed_practitioner_is_found_by_the_new_name_only():
    person = factories.make_practitioner(name="Quentin", slug="q")
    assert found("quentin") == ["/team/q/"]
    person.name = "Rosalind"
    person.save()

    assert (found("quentin"), found("rosalind")) == ([], ["/team/q/"])


def test_an_index_of_an_older_format_is_rebuilt(knee, monkeypatch):
    found("knee")
    monkeypatch.setattr("content.search.index.SHAPE", 9)
    with CaptureQueriesContext(connection) as counted:
        found("knee")
    assert any("INSERT" in query["sql"] for query in counted)


# Ranking


def test_results_are_ranked_by_the_field_of_the_match():
    places = {"body": {}, "heading": {}, "lede": {"lede": "About zithers."}, "title": {"title": "Zithers"}}
    pages = {name: make_page(slug=name, **fields) for name, fields in places.items()}
    make_section(pages["body"], heading="One", body="<p>A zither.</p>")
    make_section(pages["heading"], heading="Zithers", body="<p>Two.</p>")
    for page in pages.values():
        make_revision(page)

    assert found("zither") == [f"/treatments/{name}/" for name in ("title", "lede", "heading", "body")]


def test_title_matches_list_pages_first():
    service = factories.make_service(name="Zither visit", slug="zither-visit")
    factories.make_practitioner([service], name="Zither Jones", slug="jones")
    make_page(title="Living with a zither", slug="zither", lede="Nothing else.")

    assert found("zither") == ["/treatments/zither/", "/book/zither-visit/", "/team/jones/"]


# Words


@pytest.mark.parametrize(
    "question", ["zoe", "ZOË", "Zoe\u0308", "obrien", "O\u2019Brien", "o'brien", "zoë o’b", "lukasz", "Łukasz"]
)
def test_accents_case_and_apostrophes_do_not_matter(question):
    factories.make_practitioner(name="Zoë O’Brien Łukasz", slug="zoe")
    assert found(question) == ["/team/zoe/"]


@pytest.mark.parametrize("question", ["physio", "sports physio", "need", "needling", "needles", "kne"])
def test_the_last_word_matches_as_prefix_and_every_word_by_its_stem(question):
    make_page(title="Physiotherapy for sports", slug="one", lede="A needle, a knee.")
    assert found(question) == ([] if question == "need" else ["/treatments/one/"])


@pytest.mark.parametrize(
    ("typed", "stands"),
    [("appointments", "visit"), ("price", "fees"), ("wheelchair", "steps"), ("physio", "therapist")],
)
def test_synonyms_are_found(typed, stands):
    page = make_page(title="One", slug="one")
    make_section(page, body=f"<p>This is about {stands}.</p>")
    make_revision(page)
    make_page(title="Two", slug="two")
    [result] = search(typed, page="", now=NOW).results

    assert result.address == "/treatments/one/"
    assert [piece.text for piece in result.excerpt if piece.is_marked] == [stands]


def test_a_whole_word_does_not_match_as_prefix_of_its_stem():
    make_page(title="Feelings", slug="feel")
    make_page(title="Fees", slug="fees", lede="Money.")
    assert found("fees") == ["/treatments/fees/"]


def test_only_the_last_word_matches_as_prefix(knee):
    assert search("kn sore", page="", now=NOW).is_part


def test_partial_results_are_shown_if_nothing_has_all_words(knee):
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
def test_a_misspelled_word_is_corrected(knee, typed, meant):
    results = search(typed, page="", now=NOW)
    assert (results.instead, [result.address for result in results.results]) == (meant, ["/treatments/knee/"])


@pytest.mark.parametrize("typed", ["gift card", "xqzwv card", "voucher car"])
def test_the_beginning_of_a_name_alone_finds_nobody(typed):
    factories.make_practitioner(name="Jordan Cardinal", slug="jordan")
    assert found(typed) == []
    assert found("jordan card") == found("card") == ["/team/jordan/"]


@pytest.mark.parametrize("typed", ["kids", "gift", "hand"])
def test_a_short_word_is_not_corrected_to_one_with_another_letter(typed):
    make_page(title="A kind lift for your band", slug="one", lede="All kinds of aids, a kiss, hard.")
    assert found(typed) == []


@pytest.mark.parametrize(
    ("typed", "meant"), [("backpain", "back pain"), ("kneecapache", "kneecap ache"), ("my backpain", "back pain")]
)
def test_two_words_written_as_one_are_found(typed, meant):
    make_page(title="Back pain", slug="back", lede="And how your kneecap can ache.")
    results = search(typed, page="", now=NOW)
    assert (results.instead, [result.address for result in results.results]) == (meant, ["/treatments/back/"])


def test_a_misspelled_word_among_others_gets_a_suggestion(knee, client):
    page = client.get("/search/?q=knee+gardners").content.decode()
    assert 'Did you mean <a href="/search/?q=knee%20gardeners">knee gardeners</a>?' in page


@pytest.mark.parametrize("question", ["xqzwv", "a", "the", "what is it", "日本語", "🦴", "  ", "-", '"', "*", "١٢٣"])
def test_an_empty_result_page_offers_links(knee, client, question):
    make_page(kind="treatments")
    make_page(kind="contact")
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
def test_no_query_causes_an_error(knee, client, question):
    from urllib.parse import quote

    encoded = quote(question, errors="surrogatepass")
    for address in (
        f"/search/?q={encoded}",
        f"/search/?q={encoded}&page=999999999999999999999",
        f"/search/?q=x&page={encoded}",
    ):
        response = client.get(address)
        assert response.status_code == 200
        page = response.content.decode()
        assert "<script>" not in page
        assert "\0" not in page


@pytest.mark.parametrize(
    "question", ['"knee', "knee OR", "(knee)", "knee:*", "knee\0", "<b>knee</b>", "!knee", "👩‍⚕️ knee"]
)
def test_punctuation_is_not_query_syntax(knee, question):
    assert found(question) == ["/treatments/knee/"]


# The results page


def test_matches_are_highlighted_and_everything_is_escaped(knee, client):
    Page.objects.filter(pk=knee.pk).update(title="Knee <i>pain</i>", lede="For <b>knees</b> & hips.")
    make_revision(Page.objects.get(pk=knee.pk))
    page = client.get("/search/", {"q": "knees<script>"}).content.decode()

    assert '<a href="/treatments/knee/">Knee &lt;i&gt;pain&lt;/i&gt;</a>' in page
    # The letters of the tags are words of their own, and highlighted too.
    assert "For &lt;b&gt;<mark>knees</mark>&lt;/b&gt; &amp; hips." not in page
    assert "<mark>" in page
    assert "<script>" not in page
    assert 'value="knees&lt;script&gt;"' in page


def test_an_excerpt_shows_the_part_with_most_matches():
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


def test_results_are_paginated_by_ten(client):
    for number in range(23):
        make_page(title=f"Zither {number}", slug=f"zither-{number}")
    first, last = (client.get("/search/", {"q": "zither", "page": page}).content.decode() for page in ("", "3"))

    assert first.count('class="result"') == 10
    assert 'href="/search/?q=zither&amp;page=2" rel="next"' in first
    assert last.count('class="result"') == 3
    assert '<ol role="list" class="results" start="21">' in last
    assert "page 3 of 3" in " ".join(unescape(last).split())
    pages = [found_on(client, page) for page in ("1", "2", "3")]
    assert len({address for addresses in pages for address in addresses}) == 23


def found_on(client, page):
    return [
        result.address for result in client.get("/search/", {"q": "zither", "page": page}).context["answer"].results
    ]


def test_the_results_page_is_not_cached_indexed_or_sent_as_referrer(client, knee):
    response = client.get("/search/", {"q": "knee"})
    page = response.content.decode()

    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Robots-Tag"] == "noindex"
    assert response.headers["Referrer-Policy"] == "same-origin"
    assert '<meta name="robots" content="noindex">' in page
    assert not response.cookies
    assert "csrfmiddlewaretoken" not in page
    assert client.post("/search/", {"q": "knee"}).status_code == 405


def test_the_page_works_on_an_empty_database(client):
    for address in ("/search/", "/search/?q=knee"):
        assert client.get(address).status_code == 200


@pytest.mark.parametrize("question", ["zither", "zither nowhere", "zihter", "xqzwv"])
def test_a_search_has_a_constant_number_of_queries(client, question):
    factories.make_clinic()
    factories.make_location()
    costs = set()
    for number in (1, 12):
        for _ in range(number):
            service = factories.make_service(name="Zither visit")
            factories.make_practitioner([service], name="Zither Jones", bio="A zither.")
            make_section(page := make_page(title="Zither"), body="<p>Zither.</p>")
            make_revision(page)
        client.get("/search/", {"q": question})
        with CaptureQueriesContext(connection) as counted:
            client.get("/search/", {"q": question})
        costs.add(len(counted))
    assert len(costs) == 1
    assert max(costs) <= 18  # Ten of them for the site context, which the process caches.


def test_an_error_does_not_log_the_query(client, knee, monkeypatch, caplog):
    def broken(*args, **kwargs):
        raise RuntimeError("Something broke")

    monkeypatch.setattr("content.search.query.backends.find", broken)
    client.raise_request_exception = False
    with caplog.at_level("DEBUG"):
        assert client.get("/search/?q=gonorrhoea").status_code == 500
    assert "gonorrhoea" not in caplog.text


def test_the_view_searches_at_the_current_time(knee, client):
    later = NOW + timedelta(hours=3)
    Page.objects.filter(pk=knee.pk).update(title="Elbow pain")
    publish(knee, by=None, now=NOW, goes_live_at=later, override_reason="A test")
    assert "/treatments/knee/" not in client.get("/search/?q=elbow").content.decode()
    with time_machine.travel(later, tick=False):
        assert "/treatments/knee/" in client.get("/search/?q=elbow").content.decode()


def test_both_databases_drop_the_same_stop_words(knee):
    """PostgreSQL drops its own stop words; if STOP_WORDS lacked one, the databases would find different entries."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite drops none.")
    from content.search.tokenizer import STOP_WORDS

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


# Synonyms that staff keep, and whole names


@pytest.mark.parametrize("question", ["migraine", "Migraines", "sick headaches"])
def test_a_synonym_of_the_staff_finds_its_words(knee, question):
    SearchSynonym.objects.create(typed="migraine, sick headache", words="kneecap, who comes")
    assert found(question) == ["/treatments/knee/"]


def test_a_synonym_replaces_its_phrase_and_keeps_the_other_words(knee):
    other = make_page(title="Elbow", slug="elbow", lede="For gardeners.")
    make_revision(other)
    SearchSynonym.objects.create(typed="patella", words="kneecap")
    assert found("patella gardener") == ["/treatments/knee/"]


def test_the_page_of_a_synonym_comes_first(knee):
    pages = make_site()
    SearchSynonym.objects.create(typed="MVA, car accident", page=pages["fees"])
    assert found("mva") == ["/fees/"]
    assert found("my car accidents") == ["/fees/"]
    make_page(title="Car accident pain", slug="car")
    assert found("car accident") == ["/fees/", "/treatments/car/"]


def test_a_page_that_is_hidden_is_not_shown_for_its_synonym(knee):
    SearchSynonym.objects.create(typed="patella", page=knee)
    assert found("patella") == ["/treatments/knee/"]
    unpublish(knee, by=None, now=NOW, override_reason="A test")
    assert found("patella") == []


def test_a_changed_synonym_works_at_once(knee):
    synonym = SearchSynonym.objects.create(typed="patella", words="kneecap")
    assert found("patella") == ["/treatments/knee/"]
    synonym.delete()
    assert found("patella") == []


def test_a_misspelled_synonym_is_corrected(knee):
    SearchSynonym.objects.create(typed="patella", words="kneecap")
    results = search("pattela", page="", now=NOW)
    assert (results.instead, [result.address for result in results.results]) == ("patella", ["/treatments/knee/"])


def test_a_whole_name_comes_first(knee):
    service = factories.make_service()
    factories.make_practitioner([service], name="Will Young", slug="will")
    make_page(title="Will Young writes about young people", slug="young", lede="Young and old.")
    assert found("Will Young")[0] == found("will  YOUNG")[0] == "/team/will/"
    make_page(title="Pain", slug="pain")
    assert found("pain")[0] == "/treatments/pain/"


def test_a_name_of_stop_words_alone_is_found(knee):
    factories.make_practitioner([factories.make_service()], name="Will Will", slug="will")
    assert found("will will") == ["/team/will/"]


def test_synonyms_add_no_queries(client, knee):
    SearchSynonym.objects.create(typed="patella", words="kneecap, runners", page=knee)
    counts = []
    for question in ("kneecap", "patella"):
        client.get("/search/", {"q": question})
        with CaptureQueriesContext(connection) as captured:
            client.get("/search/", {"q": question})
        counts.append(len(captured))
    assert counts[0] == counts[1]
