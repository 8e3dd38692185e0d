"""Pages are compressed; pictures, which are compressed already, are not."""

import gzip

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from tests.support import factories
from tests.support.content_factories import make_page
from tests.support.journey import make_small_clinic

pytestmark = pytest.mark.django_db


def get(client, address):
    return client.get(address, headers={"Accept-Encoding": "gzip, deflate, br"})


@pytest.mark.parametrize("address", ["/book/", "/", "/sitemap.xml"])
def test_a_page_is_compressed(client, address):
    make_small_clinic()
    for _ in range(5):
        make_page()  # Otherwise the sitemap is shorter than the random padding.
    plain, packed = client.get(address), get(client, address)

    assert "Content-Encoding" not in plain
    assert packed["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in packed["Vary"]
    assert gzip.decompress(packed.content) == plain.content
    assert len(packed.content) < len(plain.content)


def test_the_compressed_length_of_a_page_with_a_token_varies(client):
    """Against BREACH: each response masks its CSRF tokens anew and has random padding."""
    factories.make_clinic()
    address = "/appointment/lost-link/"

    assert len({len(get(client, address).content) for _ in range(30)}) > 3


def test_a_picture_is_not_compressed(client):
    default_storage.save("picture.webp", ContentFile(b"a" * 5000))
    response = get(client, "/media/picture.webp")

    assert "Content-Encoding" not in response
    assert response["Content-Length"] == "5000"
