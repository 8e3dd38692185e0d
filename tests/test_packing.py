"""Pages made for one visitor leave packed; files, and pages that may be kept, are packed elsewhere."""

import gzip

import pytest
from django.core.management import call_command

from tests import make

pytestmark = pytest.mark.django_db


def ask(client, address):
    return client.get(address, headers={"Accept-Encoding": "gzip, deflate, br"})


def test_a_page_of_booking_leaves_packed(client):
    make.make_clinic()
    plain, packed = client.get("/book/"), ask(client, "/book/")

    assert "Content-Encoding" not in plain
    assert packed["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in packed["Vary"]
    assert gzip.decompress(packed.content) == plain.content
    assert len(packed.content) < len(plain.content) / 2


def test_the_same_page_with_a_token_does_not_always_have_the_same_length(client):
    make.make_clinic()
    address = "/appointment/lost-link/"

    assert len({len(ask(client, address).content) for _ in range(30)}) > 3


@pytest.mark.parametrize("address", ["/", "/fees/"])
def test_a_page_that_may_be_kept_leaves_django_unpacked(client, address):
    call_command("load_sample", verbosity=0)
    response = ask(client, address)

    assert hasattr(response, "keep")
    assert "Content-Encoding" not in response


def test_other_than_pages_is_left_alone(client):
    make.make_clinic()

    assert "Content-Encoding" not in ask(client, "/sitemap.xml")
