"""I lost my link: sends the links to all visits ahead to the address on file, and says nothing else.

Whether or not there is a visit, the page does and says the same: the worker looks, later.
"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from booking import limits, messages
from booking.forms import LostLinkForm
from booking.views.privacy import private_page


@private_page
@require_http_methods(["GET", "HEAD", "POST"])
def lost_link(request: HttpRequest) -> HttpResponse:
    """Ask for the e-mail address, queue one mail, and say so."""
    form = LostLinkForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        now = timezone.now()
        email = form.cleaned_data["email"]
        limits.spend_for(request, "lost link", email=email, now=now)
        messages.links_asked_for(email, now=now)
        return redirect(reverse("booking:lost_link") + "?asked=yes")
    context = {"form": form, "was_asked": request.GET.get("asked") == "yes" and request.method != "POST"}
    return render(request, "booking/lost_link.html", context, status=422 if form.errors else 200)
