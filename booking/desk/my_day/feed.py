"""POST /desk/me/feed/: make, replace or revoke the address of one's own calendar feed."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from booking.staff.access import own_practitioner, staff_page
from booking.staff.calendar_feeds import replace_feed, revoke_feed


@require_POST
@staff_page(own="booking.view_own_day")
def feed(request: HttpRequest) -> HttpResponse:
    person = own_practitioner(request)
    assert person is not None
    change = {"renew": replace_feed, "revoke": revoke_feed}.get(request.POST.get("change", ""))
    if change is None:
        return HttpResponseBadRequest(gettext("This button is unknown. Go back and reload the page."))
    messages.success(request, change(person, by=request.user))
    return redirect("desk:me")
