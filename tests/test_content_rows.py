"""Rows inside a block: what is kept, what is refused, and in which order."""

import pytest
from django.core.exceptions import ValidationError
from django.http import QueryDict

from content.models import DefinitionList, Sources
from content.rows import Column, RowsFormField, RowsWidget, clean_rows
from tests.make_content import make_page

COLUMNS = [Column("term", "Term", max_length=20), Column("text", "Text", is_long=True, is_required=False)]
pytestmark = pytest.mark.django_db


def rows(*cells):
    return [{"term": term, "text": text} for term, text in cells]


def posted(**fields):
    data = QueryDict(mutable=True)
    for name, value in fields.items():
        data[name.replace("__", "-")] = value
    return data


def test_rows_hold_their_columns_and_nothing_else():
    given = [{"term": "  Core ", "text": "Middle\r\nof you", "colour": "red"}]

    assert clean_rows(COLUMNS, given) == [{"term": "Core", "text": "Middle\nof you"}]


def test_an_empty_row_is_dropped():
    assert clean_rows(COLUMNS, rows(("Core", ""), (" ", ""), ("Disc", ""))) == rows(("Core", ""), ("Disc", ""))


def test_a_missing_cell_is_named_with_its_row():
    with pytest.raises(ValidationError) as refused:
        clean_rows(COLUMNS, rows(("Core", "x"), ("", "alone")))

    assert refused.value.messages == ["Row 2. Term: write something here, or empty the whole row."]


@pytest.mark.parametrize(
    "value",
    ["Core\x00", "Core\u202e", "Core\ud800", "x" * 21],
    ids=["NUL", "direction override", "lone surrogate", "too long"],
)
def test_what_cannot_be_meant_is_refused(value):
    with pytest.raises(ValidationError):
        clean_rows(COLUMNS, rows((value, "")))


@pytest.mark.parametrize("value", ["text", {"term": "x"}, ["x"], 3], ids=["text", "object", "list of texts", "number"])
def test_what_is_no_list_of_rows_is_refused(value):
    with pytest.raises(ValidationError):
        clean_rows(COLUMNS, value)


def test_rows_are_cleaned_on_the_way_into_the_database_whoever_writes_them():
    page = make_page()
    DefinitionList.objects.bulk_create(
        [DefinitionList(parent=page, region="main", items=[{"term": " Core ", "text": "x", "extra": "<script>"}])]
    )

    assert DefinitionList.objects.get().items == [{"term": "Core", "text": "x"}]
    with pytest.raises(ValidationError):
        DefinitionList.objects.update(items=[{"term": "", "text": "alone"}])


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

    found = [row["term"] for row in widget.value_from_datadict(data, {}, "items")]

    assert found == ["first", "between", "third", "new"]


def test_a_row_marked_for_deletion_is_gone():
    data = posted(items__total="2", items__0__term="stays", items__1__term="goes", items__1__delete="1")

    assert RowsWidget(COLUMNS).value_from_datadict(data, {}, "items") == rows(("stays", ""))


@pytest.mark.parametrize("total", ["999999999999", "-1", "٣", "", "1e9"])
def test_a_forged_count_of_rows_does_no_harm(total):
    data = posted(items__total=total, items__0__term="x", items__0__position="nan")

    assert RowsWidget(COLUMNS).value_from_datadict(data, {}, "items") in ([], rows(("x", "")))


def test_the_form_shows_what_is_there_and_room_for_more():
    html = " ".join(RowsWidget(COLUMNS).render("items", rows(("Core", "Middle <of> you")), {"id": "id_items"}).split())

    assert 'name="items-0-term" id="id_items-0-term" value="Core"' in html
    assert "Middle &lt;of&gt; you" in html
    assert 'name="items-3-term"' in html
    assert 'name="items-total" value="4"' in html
    assert "style=" not in html


def test_names_survive_the_cloning_of_forms():
    """The admin copies the form whose prefix is __prefix__ and puts a number in its place."""
    html = RowsWidget(COLUMNS).render("block-__prefix__-items", [], {"id": "id_block-__prefix__-items"})

    assert 'name="block-__prefix__-items-0-term"' in html
    assert 'id="id_block-__prefix__-items-0-term"' in html


def test_rows_as_they_were_are_no_change():
    field = RowsFormField(columns=COLUMNS)

    assert field.has_changed(rows(("Core", "")), [{"term": "Core ", "text": ""}]) is False
    assert field.has_changed(rows(("Core", "")), rows(("Disc", ""))) is True


def test_a_doi_is_written_bare():
    items = [{"text": "George 2021", "doi": "10.2519/jospt.2021.0304", "address": ""}]

    assert Sources(parent=make_page(), region="main", items=items).full_clean() is None


@pytest.mark.parametrize("doi", ["https://doi.org/10.2519/jospt.2021.0304", '10.1234/"><script>', "10.1/x"])
def test_what_is_no_doi_is_refused(doi):
    with pytest.raises(ValidationError) as refused:
        Sources(parent=make_page(), region="main", items=[{"text": "George 2021", "doi": doi}]).full_clean()

    assert refused.value.messages == ["Row 1. DOI: write the DOI as 10.2519/jospt.2021.0304."]


def test_a_source_address_is_https():
    items = [{"text": "x", "doi": "", "address": "javascript:alert(1)"}]
    with pytest.raises(ValidationError) as refused:
        Sources(parent=make_page(), region="main", items=items).full_clean()

    assert refused.value.messages == ["Row 1. Address: write a whole address that begins with https://."]
