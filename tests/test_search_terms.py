"""Words are made alike before anything is looked for, and slips are forgiven within bounds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.search.excerpts import excerpt, marked
from content.search.terms import (
    LONGEST_QUESTION,
    MOST_WORDS,
    as_shown,
    asked,
    closest,
    corrected,
    is_kin,
    slips_between,
    words_of,
)


def test_words_are_folded_and_nothing_but_letters_and_digits():
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


def test_what_is_asked_is_each_word_once_without_those_that_say_nothing():
    assert asked("What does the knee cost? The KNEE, please!") == ["knee", "cost"]


@given(st.text(max_size=2_000))
def test_whatever_is_typed_gives_few_plain_words_and_one_line(text):
    words = asked(text)
    assert len(words) <= MOST_WORDS
    assert all(word.isalnum() and len(word) <= 40 for word in words)
    shown = as_shown(text)
    assert len(shown) <= LONGEST_QUESTION
    assert shown.isprintable()


@given(st.text(max_size=300), st.lists(st.text(min_size=1, max_size=8), min_size=1, max_size=4))
def test_marking_changes_no_letter(text, words):
    assert "".join(piece.text for piece in marked(text, words)) == text
    excerpt(text, text, words)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        *[("needle", "needling"), ("numb", "numbness"), ("knee", "knees"), ("therapy", "therapies")],
        *[("walked", "walking"), ("plan", "planned"), ("health", "healthy"), ("physio", "physiotherapy")],
    ],
)
def test_forms_of_one_word_are_kin(one, other):
    assert is_kin(one, other)


@pytest.mark.parametrize(("one", "other"), [("back", "bad"), ("die", "diet"), ("fee", "feel"), ("need", "needle")])
def test_other_words_are_not(one, other):
    assert not is_kin(one, other)


@pytest.mark.parametrize(
    ("one", "other", "slips"),
    [("knee", "knee", 0), ("kene", "knee", 1), ("kne", "knee", 1), ("knees", "knee", 1), ("hip", "knee", 4)],
)
def test_slips_are_counted_with_neighbours_swapped_as_one(one, other, slips):
    assert slips_between(one, other, 10) == slips


def test_the_nearest_word_is_meant_and_of_equals_the_most_frequent():
    words = {"needle": 3, "needling": 9, "noodle": 1}
    assert (closest("neddle", words), closest("nedling", words), closest("xyz", words)) == ("needle", "needling", "")


def test_a_short_word_is_never_replaced():
    assert closest("hpi", {"hip": 5}) == ""


def test_only_words_that_occur_nowhere_are_corrected():
    words = {"needling": 9, "knees": 2, "pain": 4}
    assert corrected(["needel", "knee", "pain"], words) == []
    assert corrected(["needeling", "knee", "pain"], words) == ["needling", "knee", "pain"]
