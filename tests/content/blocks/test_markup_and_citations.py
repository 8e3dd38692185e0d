"""Rich text, row markup and citations: rendering, and protection against injected HTML."""

from types import SimpleNamespace

import pytest
from django.utils.html import escape

from content.blocks.citations import cite
from content.fields.markup import to_html, to_line
from content.models import Section
from content.templatetags.content_tags import block_heading, one_face_a_word, whole_words
from tests.support.content_factories import make_page, make_section

HOSTILE = [
    "<script>alert(1)</script>",
    '<img src=x onerror="alert(1)">',
    '<a href="javascript:alert(1)">x</a>',
    '<a href="data:text/html,<script>alert(1)</script>">x</a>',
    "<svg><script>alert(1)</script></svg>",
    '<p style="background:url(//evil.example)">x</p>',
    "<iframe src=//evil.example></iframe>",
    '<form action="//evil.example"><input name=x></form>',
    '<a href="/x" onclick="alert(1)">x</a>',
    '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
]
FORBIDDEN = ("<script", "onerror", "javascript:", "data:", "<svg", "style=", "<iframe", "<form", "onclick", "<img")


@pytest.mark.django_db
@pytest.mark.parametrize("html", HOSTILE)
def test_rich_text_is_sanitized_by_every_way_of_saving(html):
    page = make_page()
    section = make_section(page, body=html)
    Section.objects.bulk_create([Section(parent=page, region="main", body=html)])
    Section.objects.filter(pk=section.pk).update(body=html)

    for stored in Section.objects.values_list("body", flat=True):
        assert [fragment for fragment in FORBIDDEN if fragment in stored.lower()] == []


@pytest.mark.django_db
def test_rich_text_keeps_the_markup_of_the_editor():
    html = '<p><strong>Bold</strong> <em>italic</em><br><a href="/fees/">fees</a></p><ul><li><p>one</p></li></ul>'

    assert make_section(make_page(), body=html).body == html


def test_row_text_becomes_paragraphs_and_lists():
    text = "First.\nSecond line.\n\nThen:\n- one\n- **two**\n1. first"

    lists = "<ul><li>one</li><li><strong>two</strong></li></ul><ol><li>first</li></ol>"
    assert to_html(text) == f"<p>First.<br>Second line.</p><p>Then:</p>{lists}"


@pytest.mark.parametrize("html", HOSTILE)
def test_html_in_a_row_is_escaped(html):
    assert "<" not in to_line(html).replace("<strong>", "").replace("</strong>", "")


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("[fees](/fees/)", '<a href="/fees/">fees</a>'),
        ("[below](#risks)", '<a href="#risks">below</a>'),
        ("[call](tel:811)", '<a href="tel:811">call</a>'),
        ("[x](//evil.example)", "[x](//evil.example)"),
        ("[x](javascript:alert(1))", "[x](javascript:alert(1))"),
        ('[x](/a"onclick="b)', '<a href="/a&quot;onclick=&quot;b">x</a>'),
    ],
)
def test_links_in_rows_allow_only_safe_urls(text, html):
    assert to_line(text) == html


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("[a](https://x.example/**b) c**", '<a href="https://x.example/**b">a</a> c**'),
        ("**[a](/x/)** b", '<strong><a href="/x/">a</a></strong> b'),
        ("**see [a](/x/) and [b](/y/)**", '<strong>see <a href="/x/">a</a> and <a href="/y/">b</a></strong>'),
        ("[so **very** a](/x/)", '<a href="/x/">so <strong>very</strong> a</a>'),
        ("[a **b](/x/) c**", '<a href="/x/">a **b</a> c**'),
        ("\x000\x00 **a**", "0 <strong>a</strong>"),
    ],
    ids=["in an address", "around a link", "around two", "inside a link", "across its edge", "placeholder"],
)
def test_bold_does_not_change_urls_of_links(text, html):
    assert to_line(text) == html


def link(number):
    return f'<a href="#source-{number}"><span class="visually-hidden">source </span>{number}</a>'


def test_a_citation_links_to_its_source():
    assert cite("<p>It may help [1].</p>", {1}) == f'<p>It may help<sup class="source-mark">{link(1)}</sup>.</p>'


def test_several_sources_share_one_mark():
    assert cite("So [1, 3]", {1, 2, 3}) == f'So<sup class="source-mark">{link(1)}, {link(3)}</sup>'


def test_a_citation_without_a_source_is_unchanged():
    assert cite("So [9] and [1]", {1}) == f'So [9] and<sup class="source-mark">{link(1)}</sup>'


@pytest.mark.parametrize(
    "html",
    ['<a href="/x?a=[1]">words</a>', '<a href="/x">see [1]</a>', '<a title="a > [1]" href="/x">y</a>', "&#91;1&#93;"],
    ids=["inside a tag", "words of a link", "a bracket inside a tag", "escaped brackets"],
)
def test_citations_are_replaced_in_text_only(html):
    assert cite(html, {1}) == html


def test_citing_keeps_entities():
    assert cite("<p>A &lt;b&gt; &amp; c&nbsp;[2]</p>", {2}) == (
        f'<p>A &lt;b&gt; &amp; c&nbsp;<sup class="source-mark">{link(2)}</sup></p>'
    )


def test_a_short_hyphenated_word_does_not_wrap_in_a_title_and_html_is_escaped():
    assert whole_words("Trans, non-binary & <b>self-care</b>") == (
        'Trans, <span class="nowrap">non-binary</span> &amp; &lt;b&gt;<span class="nowrap">self-care</span>&lt;/b&gt;'
    )
    assert whole_words("Physiotherapeutically-oriented") == "Physiotherapeutically-oriented"


@pytest.mark.parametrize("word", ["Tsuut\u02bcina", "ᐊᓄᕆ", "Ковальчук", "<Ω>"])
def test_a_word_with_a_letter_that_the_heading_face_lacks_is_marked_in_headings(word):
    marked = f'<span class="other-face">{escape(word)}</span>'
    assert one_face_a_word(f"Needling {word} & more") == f"Needling {marked} &amp; more"
    block = SimpleNamespace(heading=f"In {word}", level=2, anchor="in")
    assert block_heading(block) == f'<h2 id="in">In {marked}</h2>'
    assert whole_words(f"{word} non-binary") == f'{marked} <span class="nowrap">non-binary</span>'


@pytest.mark.parametrize("text", ["Nguyễn Thị", "Māori", "Needling \U0001f4aa → more", "O’Brien"])
def test_a_word_that_the_heading_face_has_is_not_marked(text):
    assert one_face_a_word(text) == text
