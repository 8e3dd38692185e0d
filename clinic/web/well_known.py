"""Redirects from addresses that browsers and password managers ask for by themselves."""

from django.contrib.staticfiles.storage import staticfiles_storage
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_safe


@require_safe
def favicon(request: HttpRequest) -> HttpResponseRedirect:
    return HttpResponseRedirect(staticfiles_storage.url("img/favicon.ico"))


@require_safe
def change_password(request: HttpRequest) -> HttpResponseRedirect:
    """See "A Well-Known URL for Changing Passwords" (W3C): where staff change their password."""
    return HttpResponseRedirect(reverse("account_change_password"))
