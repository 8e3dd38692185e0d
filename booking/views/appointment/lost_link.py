"""/appointment/lost-link/: e-mail the links of all upcoming appointments to the address on file.

The response is the same whether or not the address has appointments: the worker looks them up when it sends.
"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from booking import messages, rate_limits
from booking.forms.appointment import LostLinkForm
from booking.private_pages import private_page


@private_page
@require_http_methods(["GET", "HEAD", "POST"])
def lost_link(request: HttpRequest) -> HttpResponse:
    """Ask for the e-mail address and queue one message."""
    form = LostLinkForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        now = timezone.now()
        email = form.cleaned_data["email"]
        rate_limits.consume_for_request(request, "lost link", email=email, now=now)
        messages.enqueue_link_request(email, now=now)
        return redirect(reverse("booking:lost_link") + "?asked=yes")
    context = {"form": form, "was_asked": request.GET.get("asked") == "yes" and request.method != "POST"}
    return render(request, "booking/appointment/lost_link.html", context, status=422 if form.errors else 200)
