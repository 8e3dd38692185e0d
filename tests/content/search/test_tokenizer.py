"""Tokenizer: normalization, stems and spelling correction."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.search.excerpts import excerpt, highlight
from content.search.tokenizer import (
    MAX_QUERY_LENGTH,
    MAX_WORDS,
    closest,
    correct_spelling,
    edit_distance,
    is_same_stem,
    query_words,
    sanitize_query,
    words_of,
)


def test_words_are_normalized_to_letters_and_digits():
    assert words_of("Zoë’s X-ray_scan: 3.5 kg (L5/S1) <b>") == [
        "zoes",
        "x",
        "ray",
        "scan",
        "3",
        "5",
        "kg",
        "l5",
        "s1",
        "b",
    ]


def test_query_words_are_distinct_without_stop_words():
    assert query_words("What does the knee cost? The KNEE, please!") == ["knee", "cost"]


@given(st.text(max_size=2_000))
def test_any_query_gives_few_plain_words_and_one_line(text):
    words = query_words(text)
    assert len(words) <= MAX_WORDS
    assert all(word.isalnum() and len(word) <= 40 for word in words)
    shown = sanitize_query(text)
    assert len(shown) <= MAX_QUERY_LENGTH
    assert shown.isprintable()


@given(st.text(max_size=300), st.lists(st.text(min_size=1, max_size=8), min_size=1, max_size=4))
def test_highlighting_does_not_change_the_text(text, words):
    assert "".join(piece.text for piece in highlight(text, words)) == text
    excerpt(text, text, words)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        *[("needle", "needling"), ("numb", "numbness"), ("knee", "knees"), ("therapy", "therapies")],
        *[("walked", "walking"), ("plan", "planned"), ("health", "healthy"), ("physio", "physiotherapy")],
    ],
)
def test_forms_of_one_word_have_the_same_stem(one, other):
    assert is_same_stem(one, other)


@pytest.mark.parametrize(("one", "other"), [("back", "bad"), ("die", "diet"), ("fee", "feel"), ("need", "needle")])
def test_different_words_have_different_stems(one, other):
    assert not is_same_stem(one, other)


@pytest.mark.parametrize(
    ("one", "other", "distance"),
    [("knee", "knee", 0), ("kene", "knee", 1), ("kne", "knee", 1), ("knees", "knee", 1), ("hip", "knee", 4)],
)
def test_edit_distance_counts_a_transposition_as_one(one, other, distance):
    assert edit_distance(one, other, 10) == distance


def test_closest_prefers_small_distance_then_frequency():
    words = {"needle": 3, "needling": 9, "noodle": 1}
    assert (closest("neddle", words), closest("nedling", words), closest("xyz", words)) == ("needle", "needling", "")


def test_a_short_word_is_never_corrected():
    assert closest("hpi", {"hip": 5}) == ""


def test_only_unknown_words_are_corrected():
    words = {"needling": 9, "knees": 2, "pain": 4}
    assert correct_spelling(["needel", "knee", "pain"], words) == []
    assert correct_spelling(["needeling", "knee", "pain"], words) == ["needling", "knee", "pain"]
