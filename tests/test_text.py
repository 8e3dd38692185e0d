"""Typed text: names of every script pass, what cannot be meant is refused, words come out as written."""

import unicodedata
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from booking import words
from booking.fields import BirthDateField, EmailLineField, PhoneField
from booking.models import Location
from booking.text import LineField, ParagraphsField, clean_line, clean_text, is_plain_digits

NAMES = {
    "French": "Chloé Bélanger-Côté",
    "Irish": "Siobhán O’Brien",
    "typewriter apostrophe": "Jean-Luc d'Arc, Jr.",
    "Ukrainian": "Нина Ковальчук",
    "Greek": "Ελένη Παπαδοπούλου",
    "Armenian": "Անահիտ Սարգսյան",
    "Georgian": "ნინო ბერიძე",
    "Chinese": "李小龍",
    "Japanese": "髙橋さくら",
    "Japanese with a variant sign": "葛\U000e0100城",
    "Korean": "김민준",
    "Thai": "สมชาย ใจดี",
    "Khmer": "សុខ ពិសិដ្ឋ",
    "Burmese": "အောင်ဆန်း",
    "Lao": "ສົມພອນ",
    "Tibetan": "བསྟན་འཛིན་",
    "Arabic": "محمد الأمين",
    "Arabic with vowels": "مُحَمَّد",
    "Persian with a non-joiner": "علی\u200cرضا",
    "Hebrew": "שָׂרָה כֹּהֵן",
    "Hebrew with gershayim": "ישעיהו ז״ל",
    "Hindi": "अनुष्का श्रीवास्तव",
    "Hindi with a joiner": "क्\u200dष",
    "Bengali with a joiner": "র\u200d্যাচেল",
    "Sinhala with a joiner": "ශ්\u200dරී",
    "Malayalam with an older chillu": "മോഹന്\u200d",
    "Tamil": "கார்த்திக்",
    "Punjabi": "ਗੁਰਪ੍ਰੀਤ ਸਿੰਘ",
    "Amharic": "ሀይሌ ገብረሥላሴ",
    "Vietnamese": "Nguyễn Thị Minh Khai",
    "Icelandic": "Þórður Æsir Guðmundsdóttir",
    "Polish": "Łukasz Żółć",
    "Turkish": "İpek Işık",
    "Yoruba": "Ọláṣubọ̀mí",
    "Hawaiian": "Keʻala Kahananui",
    "Yolngu": "Ŋarritj",
    "Cree": "ᐊᓄᕆ ᑲᓂᐹᐏᑦ",
    "Inuktitut": "ᐱᑕ ᐃᕐᓂᖅ",
    "Blackfoot": "Áápohkomii Ninaistáko",
    "Blackfoot with a glottal stop": "Piitaakii’tsi Kyááyo",
    "Dene": "Tłı̨chǫ Dëne",
    "Nuxalk": "X̱wíɬt̓",
    "Cherokee": "ᏣᎳᎩ",
    "Adlam": "𞤀𞤁𞤂𞤢𞤥",
    "one letter": "O",
    "a middle dot": "Marcel·lí",
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_name_in_any_script_is_kept_as_it_is(name):
    assert clean_line(name) == unicodedata.normalize("NFC", name)


@pytest.mark.parametrize(
    "typed",
    [
        "Al\u200dice",
        "Al\u200cice",
        "\u200dAlice",
        "Alice\u200d",
        "علی\u200c",
        "\u200cعلی",
        "عل\u200dی",
        "\u200d",
        "김\u200d민",
    ],
    ids=ascii,
)
def test_a_joiner_that_joins_nothing_is_refused(typed):
    """Nobody sees it, so two names that look alike would be two people."""
    with pytest.raises(ValidationError):
        clean_line(typed)


@pytest.mark.parametrize("shapeless", "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0", ids=ascii)
def test_letters_without_a_shape_are_no_name(shapeless):
    for typed in (shapeless, f"Ali{shapeless}ce"):
        with pytest.raises(ValidationError):
            clean_line(typed)


@pytest.mark.parametrize("typed", ["Sick child 👩\u200d👧", "Rainbow 🏳\ufe0f\u200d🌈", "👩🏽\u200d⚕\ufe0f"], ids=ascii)
def test_pictures_made_of_several_signs_are_kept(typed):
    assert clean_line(typed) == typed


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Alice \n", "Alice"),
        ("Alice   Martin", "Alice Martin"),
        ("Alice\u00a0Martin", "Alice Martin"),
        ("Zoe\u0308", "Zo\u00eb"),
    ],
    ids=["trimmed", "single spaces", "no-break space", "NFC"],
)
def test_a_line_is_tidied(typed, kept):
    assert clean_line(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "Alice\x00",
        "Alice\x1b[31m",
        "Alice\tMartin",
        "Alice\u202emartin",
        "Alice\u2066Martin",
        "\ufeffAlice",
        "Ali\u200bce",
        "Al\u00adice",
        "Alice" + chr(0xD800),
        "Alice\ufffd",
        "Alice\ufdd0",
        "Alice\nBcc: bob@patients.example",
        "Alice\u2028Martin",
        "Alice\U000e0041",
    ],
    ids=ascii,
)
def test_a_line_with_what_cannot_be_meant_is_refused(typed):
    with pytest.raises(ValidationError):
        clean_line(typed)


def test_paragraphs_keep_their_lines():
    assert clean_text(" One \r\n\r\n\r\n\r\nTwo\tthree\r") == "One\n\nTwo three"


@pytest.mark.parametrize("typed", ["One\x00", "One\u202etwo", "One\ud800", "One\x0btwo"], ids=ascii)
def test_paragraphs_with_what_cannot_be_meant_are_refused(typed):
    with pytest.raises(ValidationError):
        clean_text(typed)


@pytest.mark.parametrize(
    "field", [LineField(max_length=10), ParagraphsField(max_length=10)], ids=["line", "paragraphs"]
)
def test_what_is_too_long_is_refused(field):
    with pytest.raises(ValidationError):
        field.clean("x" * 100_000)


def test_only_0_to_9_are_plain_digits():
    assert [is_plain_digits(value) for value in ("123", "١٢٣", "1²3", "", "-1")] == [True, False, False, False, False]


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("403-555-0123", "+14035550123"),
        ("(403) 555 0123", "+14035550123"),
        ("1.403.555.0123", "+14035550123"),
        ("+44 20 7946 0958", "+442079460958"),
    ],
)
def test_a_phone_number_is_canadian_unless_it_says_so(typed, number):
    assert PhoneField(max_length=40).clean(typed) == number


@pytest.mark.parametrize(
    "typed",
    [
        "555-0123",
        "403-555-0123 x12",
        "٤٠٣٥٥٥٠١٢٣",
        "1-800-FLOWERS",
        "911",
        "+999 1234567",
        "4" * 40,
        "\u202a4035550123",
    ],
    ids=ascii,
)
def test_what_is_no_whole_phone_number_is_refused(typed):
    with pytest.raises(ValidationError):
        PhoneField(max_length=40).clean(typed)


@pytest.mark.parametrize(
    "typed",
    ["alice", "alice@", "@patients.example", "a b@patients.example", "a@b@c.example", "alice@patients.example\nBcc: b"],
)
def test_what_is_no_mail_address_is_refused(typed):
    with pytest.raises(ValidationError):
        EmailLineField(max_length=254).clean(typed)


@pytest.mark.parametrize(
    "typed",
    [
        "1980-02-30",
        "19801124",
        "1980-W07-1",
        "24/11/1980",
        "٢٠٠٠-٠١-٠١",
        "9999-12-31",
        "2026-11-24",
        "1800-01-01",
        "0000-00-00",
    ],
    ids=ascii,
)
def test_what_is_no_date_of_birth_is_refused(typed):
    with pytest.raises(ValidationError):
        BirthDateField(today=date(2026, 11, 23)).clean(typed)


def test_a_child_born_today_has_a_date_of_birth():
    assert BirthDateField(today=date(2026, 11, 23)).clean("2026-11-23") == date(2026, 11, 23)


def test_days_and_times_are_written_in_words():
    local = words.at(datetime(2026, 11, 24, 16, 5, tzinfo=UTC), Location(time_zone="America/Edmonton"))
    assert (words.day(local), words.clock(local)) == ("Tuesday 24 November 2026", "10:05 am")


@pytest.mark.parametrize(
    ("wall", "said"),
    [(time(0, 0), "12:00 am"), (time(12, 0), "noon"), (time(23, 59), "11:59 pm"), (time(9), "9:00 am")],
)
def test_noon_has_a_name_and_midnight_is_twelve(wall, said):
    assert words.clock(wall) == said


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        (45, "45 minutes"),
        (60, "1 hour"),
        (61, "1 hour 1 minute"),
        (150, "2 hours 30 minutes"),
        (1440, "24 hours"),
        (4320, "3 days"),
    ],
)
def test_durations_are_written_in_words(minutes, said):
    assert words.duration(timedelta(minutes=minutes)) == said


def test_amounts_show_cents_only_where_there_are_some():
    assert [words.money(Decimal(value)) for value in ("120.00", "97.50", "1250")] == ["$120", "$97.50", "$1,250"]


def test_people_who_could_take_a_visit_are_listed_in_words():
    assert [words.one_of(names) for names in (["A"], ["A", "B"], ["A", "B", "C"])] == ["A", "A or B", "A, B or C"]
