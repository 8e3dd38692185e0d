"""Text cleaning, form fields and formatting: names in every script are valid, invisible characters are not."""

import unicodedata
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from booking import formatting
from booking.forms.fields import BirthDateField, EmailLineField, LineField, ParagraphsField, PhoneField
from booking.models import Location
from booking.text_cleaning import clean_line, clean_text, is_plain_digits

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
def test_a_name_in_any_script_is_valid_and_only_normalized(name):
    assert clean_line(name) == unicodedata.normalize("NFC", name)


@pytest.mark.parametrize(
    "typed",
    [
        "Al\u200dice",
        "Al\u200cice",
        "عل\u200dی",
        "김\u200d민",
    ],
    ids=ascii,
)
def test_a_joiner_without_effect_is_rejected(typed):
    """It is invisible, so two names that look alike would differ."""
    with pytest.raises(ValidationError):
        clean_line(typed)


@pytest.mark.parametrize("letter", "\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0", ids=ascii)
def test_letters_without_a_glyph_are_rejected(letter):
    for typed in (letter, f"Ali{letter}ce"):
        with pytest.raises(ValidationError):
            clean_line(typed)


@pytest.mark.parametrize("typed", ["Sick child 👩\u200d👧", "Rainbow 🏳\ufe0f\u200d🌈", "👩🏽\u200d⚕\ufe0f"], ids=ascii)
def test_emoji_sequences_are_valid(typed):
    assert clean_line(typed) == typed


@pytest.mark.parametrize(
    ("typed", "cleaned"),
    [
        ("  Alice \n", "Alice"),
        ("Alice   Martin", "Alice Martin"),
        ("Alice\u00a0Martin", "Alice Martin"),
        ("Zoe\u0308", "Zo\u00eb"),
        ("\u2003Alice\u2009\n", "Alice"),
    ],
    ids=["trimmed", "single spaces", "no-break space", "NFC", "wide and thin spaces"],
)
def test_a_line_is_normalized(typed, cleaned):
    assert clean_line(typed) == cleaned


@pytest.mark.parametrize(
    "typed",
    [
        "Alice\x00",
        "Alice\x1b[31m",
        "Alice\tMartin",
        "Alice\u202emartin",
        "Alice\u2066Martin",
        "Ali\u200bce",
        "Ali\u034fce",
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
def test_a_line_with_invisible_or_unreadable_characters_is_rejected(typed):
    with pytest.raises(ValidationError):
        clean_line(typed)


@pytest.mark.parametrize(
    ("typed", "cleaned"),
    [
        ("\ufeffAlice", "Alice"),
        ("Alice\u200b ", "Alice"),
        (" \u202aAlice Martin\u202c\n", "Alice Martin"),
        ("\u2068Alice\u2069", "Alice"),
        ("Alice\u00ad", "Alice"),
        ("Alice\u2028", "Alice"),
        ("\u200dAlice", "Alice"),
        ("Alice\u200d", "Alice"),
        ("علی\u200c", "علی"),
        ("\u200cعلی", "علی"),
        ("\u200d", ""),
    ],
    ids=ascii,
)
def test_invisible_characters_at_the_ends_of_a_line_are_dropped(typed, cleaned):
    assert clean_line(typed) == cleaned


@pytest.mark.parametrize(
    ("typed", "cleaned"),
    [
        ("Call \u202d+1 (403) 555\u20110123\u202c please", "Call +1 (403) 555\u20110123 please"),
        ("My physio\u00adthera\u00adpist", "My physiotherapist"),
        ("One\u200b\n\ufeffTwo", "One\nTwo"),
        ("\u2067שלום\u2069, hello\u200e", "שלום, hello"),
        ("Thanks\u034f \u034f", "Thanks"),
    ],
    ids=ascii,
)
def test_invisible_characters_in_paragraphs_are_dropped(typed, cleaned):
    assert clean_text(typed) == cleaned


@pytest.mark.parametrize("clean", [clean_line, clean_text])
def test_the_right_to_left_override_is_rejected_even_at_an_end(clean):
    """What is shown then differs from what is stored."""
    with pytest.raises(ValidationError):
        clean("\u202eecilA")


def test_paragraphs_keep_line_breaks():
    assert clean_text(" One \r\n\r\n\r\n\r\nTwo\tthree\r") == "One\n\nTwo three"


@pytest.mark.parametrize("typed", ["One\x00", "One\u202etwo", "One\ud800", "One\x0btwo"], ids=ascii)
def test_paragraphs_with_invisible_or_unreadable_characters_are_rejected(typed):
    with pytest.raises(ValidationError):
        clean_text(typed)


@pytest.mark.parametrize(
    "field", [LineField(max_length=10), ParagraphsField(max_length=10)], ids=["line", "paragraphs"]
)
def test_text_that_is_too_long_is_rejected(field):
    with pytest.raises(ValidationError):
        field.clean("x" * 100_000)


@pytest.mark.parametrize(
    "field", [LineField(max_length=10), ParagraphsField(max_length=10), EmailLineField(max_length=10)]
)
def test_too_long_says_how_much_fits(field):
    with pytest.raises(ValidationError, match=r"This is too long: use up to 10 characters\."):
        field.clean("alice@patients.example")


@pytest.mark.parametrize("typed", ["Z" + "\u0301" * 60, "Al\u0335\u0336" * 2 + "e" + "\u0488" * 9, "ส" + "\u0e49" * 20])
def test_dozens_of_accents_on_one_letter_are_rejected(typed):
    for clean in (clean_line, clean_text):
        with pytest.raises(ValidationError, match="more than 8 accents"):
            clean(typed)


def test_only_0_to_9_are_plain_digits():
    assert [is_plain_digits(value) for value in ("123", "١٢٣", "1²3", "", "-1")] == [True, False, False, False, False]


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("403-555-0123", "+14035550123"),
        ("(403) 555 0123", "+14035550123"),
        ("1.403.555.0123", "+14035550123"),
        ("+44 20 7946 0958", "+442079460958"),
        ("(403) 555\u20110123", "+14035550123"),
        ("403\u2013555\u20140123", "+14035550123"),
        ("403\u2212555\u22120123", "+14035550123"),
        ("\u202d+1 (403) 555\u20110123\u202c", "+14035550123"),
        ("\u202a4035550123", "+14035550123"),
        ("+1 403 555\u00ad0123", "+14035550123"),
        ("403-555-0123\u200b", "+14035550123"),
        ("403\u200d-555\u2060-0123", "+14035550123"),
        ("tel:+14035550123", "+14035550123"),
        ("Tel.: 403 555 0123", "+14035550123"),
        ("Cell: (403) 555-0123", "+14035550123"),
        ("tel://403-555-0123", "+14035550123"),
        ("\uff0b1 403 555 0123", "+14035550123"),
        ("\uff084\uff103\uff09555\uff0d0123", "+14035550123"),
        ("[403]\u2009555\u3000\u00b7 0123", "+14035550123"),
        ("403\t555\t0123", "+14035550123"),
    ],
    ids=ascii,
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
        "\u202e4035550123",
        "tel:",
        "tel:+1-403-555-0123;ext=12",
        "40355501²3",
    ],
    ids=ascii,
)
def test_an_invalid_phone_number_is_rejected(typed):
    with pytest.raises(ValidationError):
        PhoneField(max_length=40).clean(typed)


@pytest.mark.parametrize(
    "typed",
    [
        "alice",
        "alice@",
        "@patients.example",
        "a b@patients.example",
        "a@b@c.example",
        "alice@patients.example\nBcc: b",
        "root@localhost",
        "root@LOCALHOST.",
        "a@[127.0.0.1]",
        "a@[IPv6:::1]",
        "a@127.0.0.10",
        "desk@printer.local",
        "mailto:root@db.internal",
    ],
)
def test_an_invalid_email_address_is_rejected(typed):
    with pytest.raises(ValidationError):
        EmailLineField(max_length=254).clean(typed)


@pytest.mark.parametrize(
    "typed",
    [
        "\u200ball@patients.example\ufeff",
        "\u202aall@patients.example\u202c",
        "a\u00adll@patients.example",
        "mailto:all@patients.example",
        "MAILTO:all@patients.example?subject=Hello",
        "Al Lee <all@patients.example>",
        '"Lee, Al" <mailto:all@patients.example>;',
        "<all@patients.example>",
        "(all@patients.example)",
        "\u201call@patients.example\u201d",
        "all@patients.example.",
        "all@patients.example,",
        "all @patients. example",
        "all\uff20patients.example",
    ],
    ids=ascii,
)
def test_an_email_address_as_mail_programs_copy_it_is_valid(typed):
    assert EmailLineField(max_length=254).clean(typed) == "all@patients.example"


def test_a_pasted_dash_in_an_email_addresss_domain_is_a_hyphen():
    assert EmailLineField(max_length=254).clean("o'neil-b@st\u2011john.example") == "o'neil-b@st-john.example"


@pytest.mark.parametrize("typed", ["<>", ".", '"', "Al <all@patients.example>, Bo <bo@patients.example>"])
def test_punctuation_or_several_addresses_are_no_email_address(typed):
    with pytest.raises(ValidationError):
        EmailLineField(max_length=254, required=False).clean(typed)


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
def test_an_invalid_date_of_birth_is_rejected(typed):
    with pytest.raises(ValidationError):
        BirthDateField(today=date(2026, 11, 23)).clean(typed)


def test_a_child_born_today_has_a_date_of_birth():
    assert BirthDateField(today=date(2026, 11, 23)).clean("2026-11-23") == date(2026, 11, 23)


def test_days_and_times_are_written_in_words():
    local = formatting.at(datetime(2026, 11, 24, 16, 5, tzinfo=UTC), Location(time_zone="America/Edmonton"))
    assert (formatting.day(local), formatting.clock(local)) == ("Tuesday, November 24, 2026", "10:05 a.m.")


@pytest.mark.parametrize(
    ("wall", "text"),
    [(time(0, 0), "12:00 a.m."), (time(12, 0), "12:00 p.m."), (time(23, 59), "11:59 p.m."), (time(9), "9:00 a.m.")],
)
def test_noon_and_midnight_are_twelve(wall, text):
    assert formatting.clock(wall) == text


@pytest.mark.parametrize(
    ("minutes", "text"),
    [
        (45, "45 minutes"),
        (60, "1 hour"),
        (61, "1 hour 1 minute"),
        (150, "2 hours 30 minutes"),
        (1440, "24 hours"),
        (4320, "3 days"),
    ],
)
def test_durations_are_written_in_words(minutes, text):
    assert formatting.duration(timedelta(minutes=minutes)) == text


def test_amounts_show_cents_only_where_there_are_some():
    assert [formatting.money(Decimal(value)) for value in ("120.00", "97.50", "1250")] == ["$120", "$97.50", "$1,250"]


def test_people_who_could_take_a_visit_are_listed_in_words():
    assert [formatting.one_of(names) for names in (["A"], ["A", "B"], ["A", "B", "C"])] == ["A", "A or B", "A, B or C"]
