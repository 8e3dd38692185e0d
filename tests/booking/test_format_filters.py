"""Filters that decide where dates and email addresses may break over lines."""

from booking.templatetags.formats import breakable, unbroken_date


def test_a_day_number_stays_beside_its_month():
    assert unbroken_date("Tuesday, December 1") == "Tuesday, December\N{NO-BREAK SPACE}1"


def test_an_email_address_breaks_at_its_signs_and_is_escaped():
    assert breakable("m.olsen@example.com") == "m.<wbr>olsen<wbr>@example.<wbr>com"
    assert breakable('"<b>"@a.example') == "&quot;&lt;b&gt;&quot;<wbr>@a.<wbr>example"
