"""RowsField: cleaning, validation, order and the form widget."""

import json

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.http import QueryDict

from content.fields import markup
from content.fields.rich_text import clean_html
from content.fields.rows import Column, RowsFormField, RowsWidget, clean_rows
from content.models import DefinitionList, Sources
from tests.content.blocks.test_markup_and_citations import FORBIDDEN, HOSTILE
from tests.support.content_factories import make_page

COLUMNS = [Column("term", "Term", max_length=20), Column("text", "Text", is_long=True, is_required=False)]
pytestmark = pytest.mark.django_db


def rows(*cells):
    return [{"term": term, "text": text} for term, text in cells]


def posted(**fields):
    data = QueryDict(mutable=True)
    for name, value in fields.items():
        data[name.replace("__", "-")] = value
    return data


def test_rows_keep_their_columns_only():
    raw_rows = [{"term": "  Core ", "text": "Middle\r\nof you", "colour": "red"}]

    assert clean_rows(COLUMNS, raw_rows) == [{"term": "Core", "text": "<p>Middle<br>of you</p>"}]


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("**Bold** and [fees](/fees/)", '<p><strong>Bold</strong> and <a href="/fees/">fees</a></p>'),
        ("- one\n- two", "<ul><li>one</li><li>two</li></ul>"),
        ("2 < 3 & 'so'", "<p>2 &lt; 3 &amp; 'so'</p>"),
        ("<p>As <em>typed</em></p>", "<p>As <em>typed</em></p>"),
        ("<strong>No paragraph</strong>", "<p><strong>No paragraph</strong></p>"),
        ("No paragraph<p>and one</p>", "<p>No paragraph</p><p>and one</p>"),
        ("<p>treat&shy;ment</p>", "<p>treatment</p>"),
        ("<p> </p><ul><li></li></ul>", ""),
    ],
)
def test_a_long_cell_is_rich_text(written, stored):
    assert COLUMNS[1].clean(written) == stored
    assert COLUMNS[1].clean(stored) == stored


@pytest.mark.parametrize(
    "text", ['It\'s "so"', "a & b < c > d", "1 \u00a0 2", "[x](/a?b=1&c='d'\"e)\n\n**b**", "1. one\n2) two\n\n* three"]
)
def test_text_becomes_html_that_the_sanitizer_leaves_as_it_is(text):
    assert clean_html(markup.to_html(text)) == markup.to_html(text)


@pytest.mark.parametrize("html", HOSTILE)
def test_hostile_html_in_a_long_cell_is_cleaned_by_every_write(html):
    page = make_page()
    items = [{"term": "Core", "text": f"<p>Middle</p>{html}"}]
    block = DefinitionList(parent=page, region="main", items=items)
    block.full_clean()
    block.save()
    DefinitionList.objects.bulk_create([DefinitionList(parent=page, region="main", items=items)])
    DefinitionList.objects.filter(pk=block.pk).update(items=items)

    for rows_ in DefinitionList.objects.values_list("items", flat=True):
        assert [fragment for fragment in FORBIDDEN if fragment in rows_[0]["text"].lower()] == []


def test_the_limit_of_a_long_cell_counts_what_readers_see():
    column = Column("text", "Text", is_long=True, max_length=20)

    assert column.clean('<p><a href="https://clinic.example/a/long/address/">twenty characters!!!</a></p>')
    for too_long in ("<p>twenty-one characters</p>", "<b>" * 100 + "x"):
        with pytest.raises(ValidationError) as error:
            column.clean(too_long)
        assert "The limit is 20." in error.value.messages[0]


@pytest.mark.parametrize("value", ["<p>a\u202eb</p>", "<p>a&#x202e;b</p>", "<p>a\x00b</p>", "a\ud800"], ids=ascii)
def test_characters_that_cannot_be_read_are_refused_in_a_long_cell(value):
    with pytest.raises(ValidationError):
        COLUMNS[1].clean(value)


def test_text_that_the_release_before_has_stored_is_read_as_html():
    block = DefinitionList.objects.create(parent=make_page(), region="main", items=[{"term": "Core", "text": "x"}])
    with connection.cursor() as cursor:
        stored = json.dumps([{"term": "Core", "text": "**Middle**"}])
        cursor.execute("UPDATE content_definitionlist SET items = %s WHERE id = %s", [stored, block.pk])

    block.refresh_from_db()

    assert block.items == [{"term": "Core", "text": "<p><strong>Middle</strong></p>"}]


def test_an_empty_row_is_dropped():
    assert clean_rows(COLUMNS, rows(("Core", ""), (" ", "<p></p>"), ("Disc", ""))) == rows(("Core", ""), ("Disc", ""))


def test_a_row_may_lack_a_required_cell_until_it_is_published():
    assert clean_rows(COLUMNS, rows(("Core", "<p>x</p>"), ("", "<p>alone</p>"))) == rows(
        ("Core", "<p>x</p>"), ("", "<p>alone</p>")
    )


def test_the_error_for_a_cell_names_its_row():
    with pytest.raises(ValidationError) as error:
        clean_rows(COLUMNS, rows(("Core", "x"), ("y" * 21, "")))

    assert error.value.messages == ["Row 2. Term: This has 21 characters. The limit is 20."]


@pytest.mark.parametrize(
    "value",
    ["Core\x00", "Core\u202e", "Core\ud800", "x" * 21],
    ids=["NUL", "direction override", "lone surrogate", "too long"],
)
def test_invalid_characters_and_long_texts_are_refused(value):
    with pytest.raises(ValidationError):
        clean_rows(COLUMNS, rows((value, "")))


@pytest.mark.parametrize("value", ["text", {"term": "x"}, ["x"], 3], ids=["text", "object", "list of texts", "number"])
def test_a_value_that_is_not_a_list_of_rows_is_refused(value):
    with pytest.raises(ValidationError):
        clean_rows(COLUMNS, value)


def test_rows_are_cleaned_by_every_write_to_the_database():
    page = make_page()
    DefinitionList.objects.bulk_create(
        [DefinitionList(parent=page, region="main", items=[{"term": " Core ", "text": "x", "extra": "<script>"}])]
    )

    assert DefinitionList.objects.get().items == [{"term": "Core", "text": "<p>x</p>"}]
    with pytest.raises(ValidationError):
        DefinitionList.objects.update(items=[{"term": "Core\u202e", "text": "x"}])


def test_the_form_reads_rows_in_the_order_of_their_numbers():
    widget = RowsWidget(COLUMNS)
    data = posted(
        items__total="4",
        items__0__term="third",
        items__0__position="30",
        items__1__term="first",
        items__1__position="10",
        items__2__term="between",
        items__2__position="15",
        items__3__term="new",
        items__3__position="",
    )

    terms = [row["term"] for row in widget.value_from_datadict(data, {}, "items")]

    assert terms == ["first", "between", "third", "new"]


def test_a_row_marked_for_deletion_is_dropped():
    data = posted(items__total="2", items__0__term="stays", items__1__term="goes", items__1__delete="1")

    assert RowsWidget(COLUMNS).value_from_datadict(data, {}, "items") == rows(("stays", ""))


@pytest.mark.parametrize("total", ["999999999999", "-1", "٣", "", "1e9"])
def test_a_forged_row_count_is_limited(total):
    data = posted(items__total=total, items__0__term="x", items__0__position="nan")

    assert RowsWidget(COLUMNS).value_from_datadict(data, {}, "items") in ([], rows(("x", "")))


def test_the_widget_shows_stored_and_spare_rows():
    html = " ".join(RowsWidget(COLUMNS).render("items", rows(("Core", "Middle <of> you")), {"id": "id_items"}).split())

    assert 'name="items-0-term" id="id_items-0-term" value="Core"' in html
    assert "Middle &lt;of&gt; you" in html
    assert 'name="items-3-term"' in html
    assert 'name="items-total" value="4"' in html
    assert "style=" not in html


def test_input_names_work_in_cloned_forms():
    """The admin clones the empty form and replaces __prefix__ by a number."""
    html = RowsWidget(COLUMNS).render("block-__prefix__-items", [], {"id": "id_block-__prefix__-items"})

    assert 'name="block-__prefix__-items-0-term"' in html
    assert 'id="id_block-__prefix__-items-0-term"' in html


def test_has_changed_compares_cleaned_rows():
    field = RowsFormField(columns=COLUMNS)

    assert field.has_changed(rows(("Core", "")), [{"term": "Core ", "text": ""}]) is False
    assert field.has_changed(rows(("Core", "")), rows(("Disc", ""))) is True


def test_a_doi_without_a_url_is_valid():
    items = [{"text": "George 2021", "doi": "10.2519/jospt.2021.0304", "address": ""}]

    assert Sources(parent=make_page(), region="main", items=items).full_clean() is None


@pytest.mark.parametrize("doi", ["https://doi.org/10.2519/jospt.2021.0304", '10.1234/"><script>', "10.1/x"])
def test_an_invalid_doi_is_refused(doi):
    with pytest.raises(ValidationError) as error:
        Sources(parent=make_page(), region="main", items=[{"text": "George 2021", "doi": doi}]).full_clean()

    assert error.value.messages == ["Row 1. DOI: enter the DOI as 10.2519/jospt.2021.0304."]


def test_the_url_of_a_source_must_be_https():
    items = [{"text": "x", "doi": "", "address": "javascript:alert(1)"}]
    with pytest.raises(ValidationError) as error:
        Sources(parent=make_page(), region="main", items=items).full_clean()

    assert error.value.messages == ["Row 1. Address: enter a full address that starts with https://."]
