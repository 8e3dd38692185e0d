"""A WSGI application behind the proxy middleware that answers with the client's address and scheme."""

import os

import django
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpResponse

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")
django.setup()

from clinic.web.proxies import trusted_proxy_middleware  # noqa: E402  (needs the settings)

answer = trusted_proxy_middleware(lambda request: HttpResponse(f"{request.META['REMOTE_ADDR']} {request.scheme}"))


def application(environ, start_response):
    response = answer(WSGIRequest(environ))
    start_response("200 OK", list(response.items()))
    return [response.content]
