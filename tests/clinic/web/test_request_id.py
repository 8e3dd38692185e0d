"""Each request has an id: in the response, in its log lines, on the page for an error."""

import ipaddress
import logging
import re

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import path

from clinic.ops.logs.request_ids import current_request_id
from clinic.web.errors.views import not_found
from clinic.web.request_id import request_id_middleware

pytestmark = pytest.mark.django_db
SENT = "0123abcd-4567-89ef"


def failing(request):
    raise RuntimeError


def logging_view(request):
    logging.getLogger("clinic.test").warning("seen %s", current_request_id())
    return HttpResponse("ok")


urlpatterns = [path("failing/", failing), path("logging/", logging_view)]
handler404 = not_found


def id_of(**meta) -> str:
    request = RequestFactory().get("/", **meta)
    return request_id_middleware(lambda request: HttpResponse())(request).headers["X-Request-ID"]


@pytest.mark.parametrize("sent", [SENT, "a" * 8, "Z" * 64])
def test_a_trusted_proxy_s_id_is_taken(sent, settings):
    settings.TRUSTED_PROXIES = [ipaddress.ip_network("10.0.0.1")]
    assert id_of(REMOTE_ADDR="10.0.0.1", HTTP_X_REQUEST_ID=sent) == sent


@pytest.mark.parametrize("address", ["10.0.0.2", "203.0.113.9", "", "unix:"])
def test_an_id_of_anybody_else_is_not_taken(address, settings):
    settings.TRUSTED_PROXIES = [ipaddress.ip_network("10.0.0.1")]
    assert re.fullmatch("[0-9a-f]{32}", id_of(REMOTE_ADDR=address, HTTP_X_REQUEST_ID=SENT))


@pytest.mark.parametrize("sent", ["", "short", "a" * 65, "alice@mail.example", "1234 5678", "12345678\n", "١٢٣٤٥٦٧٨"])
def test_an_id_of_another_form_is_not_taken(sent, settings):
    settings.TRUSTED_PROXIES = [ipaddress.ip_network("10.0.0.1")]
    assert re.fullmatch("[0-9a-f]{32}", id_of(REMOTE_ADDR="10.0.0.1", HTTP_X_REQUEST_ID=sent))


def test_two_requests_have_two_ids():
    assert id_of() != id_of()


@pytest.mark.parametrize("address", ["/", "/nowhere/", "/healthz/", "/admin/", "/nul%00/"])
def test_every_response_has_the_id(address, client):
    assert re.fullmatch("[0-9a-f]{32}", client.get(address).headers["X-Request-ID"])


@pytest.mark.urls(__name__)
def test_the_error_page_shows_the_id_of_its_response():
    response = Client(raise_request_exception=False).get("/failing/")
    assert response.status_code == 500
    assert response.headers["X-Request-ID"] in response.content.decode()


@pytest.mark.urls(__name__)
def test_log_lines_of_a_request_see_its_id_and_later_ones_do_not(client, caplog):
    response = client.get("/logging/")
    assert [record.getMessage() for record in caplog.records if record.name == "clinic.test"] == [
        f"seen {response.headers['X-Request-ID']}"
    ]
    assert current_request_id() == ""
