"""Names in forms and mails: real names are kept, web addresses and phone numbers are not names."""

import time
from contextlib import suppress

import pytest
from django.core.exceptions import ValidationError

from booking.forms.fields import validate_is_a_name
from booking.text_cleaning import first_word, first_words, safe_in_mail, unlink
from tests.booking.test_text_cleaning import NAMES

WITH_DOTS = [
    "J.Top", "Mary St.Link", "Maria L.Ca", "A.Link", "W.Site", "J.Smith", "A.Lopez-García", "Nora St.John",
    "Ma.Teresa Cruz", "Jean-Luc.Godard", "Wm.Penn", "J.R.R.Tolkien", "Mary-Ann St.Co", "Robert Downey.Jr", "T.J.Ly",
    "Dr.Who", "X Æ A-12", "Maria.Delgado", "Anne M. de Ru", "Ms.Online",
]  # fmt: skip
ADDRESSES = [
    "http://evil.example", "www.evil.example/x", "evil.example/now", "cheap-pills.com", "EVIL.COM", "x.com",
    "eve@evil.example", "Win at bit.ly/abc", "t.me/evil", "evil\uff0ecom", "evil\u3002com", "my.evil.net today",
]  # fmt: skip


@pytest.mark.parametrize("name", [*WITH_DOTS, *NAMES.values()])
def test_a_real_name_is_accepted_and_shown_as_it_is(name):
    validate_is_a_name(name)
    assert safe_in_mail(name) == name


@pytest.mark.parametrize("name", ADDRESSES)
def test_a_web_address_is_no_name_in_forms_and_mails(name):
    with pytest.raises(ValidationError, match="not a web address"):
        validate_is_a_name(name)
    assert safe_in_mail(name) == ""


@pytest.mark.parametrize(
    ("name", "shown"), [("visit evil.co", "visit evil. co"), ("Anna.Ly", "Anna. Ly"), ("BIT.LY", "BIT. LY")]
)
def test_what_may_be_an_address_or_a_name_is_refused_and_made_harmless_in_mails(name, shown):
    with pytest.raises(ValidationError, match="type a space"):
        validate_is_a_name(name)
    validate_is_a_name(shown)
    assert safe_in_mail(name) == shown


@pytest.mark.parametrize("name", ["call 1-900-555-0100 now", "Alice 4035550123", "Al ４０３５５５０１２３"])
def test_a_phone_number_is_no_name_in_forms_and_mails(name):
    with pytest.raises(ValidationError, match="not a phone number"):
        validate_is_a_name(name)
    assert safe_in_mail(name) == ""


@pytest.mark.parametrize("name", ["A" * 500_000, "a." * 250_000, "a-" * 250_000, "a@" * 10 + "." * 400_000])
def test_a_very_long_name_is_judged_at_once(name):
    started = time.process_time()
    with suppress(ValidationError):
        validate_is_a_name(name)
    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("Alice Martin", "Alice"),
        ("Chloé Bélanger-Côté", "Chloé"),
        ("Jean-Pierre Roy", "Jean-Pierre"),
        ("D'Arcy Wu", "D'Arcy"),
        ("J.Smith", "J.Smith"),
        ("Ma.Teresa Cruz", "Ma.Teresa"),
        ("李小龍", "李小龍"),
        ("محمد الأمين", "محمد"),
        ("Your card was declined", "Your"),
        ("Your_card_was_declined", "Your"),
        ("Your,card,was,declined", "Your"),
        ("Your-card-was-declined", "Your-card"),
        ("Your.card.was.declined", "Your"),
        ("您的银行卡被拒绝请立即致电我们的客服中心", "您的银行卡被拒绝"),
        ("Call 1-900-555-0123 now", ""),
        ("bit.ly/win", ""),
        ("!!!", ""),
        ("", ""),
    ],
)
def test_an_unconfirmed_address_gets_no_more_than_the_first_word_of_a_name(name, word):
    assert first_word(name) == word


@pytest.mark.parametrize(
    ("name", "others", "shown"),
    [
        ("Alex Martin", ["Alex Martin", "Alex Tran"], "Alex M."),
        ("Alex Martin", ["ALEX MARTIN"], "Alex"),
        ("Alex Martin", ["Bea Martin"], "Alex"),
        ("Alex", ["Alex Tran"], "Alex"),
        ("Alex Call-now Élan", ["alex Tran"], "Alex É."),
        ("bit.ly/win Alex", ["Alex Tran"], ""),
    ],
)
def test_two_people_with_the_same_first_word_get_an_initial(name, others, shown):
    assert first_words(name, others) == shown


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("see bit.ly/x now", "see bit. ly/x now"),
        ("https://evil.com/a?b=1", "https: //evil. com/a?b=1"),
        ("www.x.co", "www. x. co"),
        ("bit。ly", "bit. ly"),
        ("write to a@b.com.", "write to a@b.com."),
        ("3.5 km\r\nThank you", "3.5 km\r\nThank you"),
    ],
)
def test_web_addresses_that_visitors_type_are_broken_for_staff(typed, shown):
    assert unlink(typed) == shown
