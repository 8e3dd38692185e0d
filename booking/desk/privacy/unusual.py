"""/desk/privacy/unusual/: how many looks each filter finds, with a link to them."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from booking.desk.privacy.filters import AccessLogFilterForm, last_days
from booking.models import AccessLogEntry
from booking.privacy.access_log import Kind, log_view
from booking.privacy.unusual_looks import EXPLANATIONS, Unusual, unusual_looks
from booking.staff.access import desk_page, staff_page


@dataclass(frozen=True)
class UnusualCount:
    label: str
    explanation: str
    count: int
    url: str


@require_safe
@staff_page("booking.view_accesslogentry")
def unusual(request: HttpRequest) -> HttpResponse:
    """The last 30 days, unless the address names others."""
    today = timezone.localdate()
    # Any filter: with one, the form requires both days.
    values = {**last_days(today), **request.GET.dict(), "unusual": Unusual.NIGHT.value, "kind": ""}
    form = AccessLogFilterForm(values)
    log_view(request, Kind.LOG, [])
    counts = _counts(form) if form.is_valid() else []
    days = [form["from"], form["to"]]
    context = {"section": "privacy", "form": form, "days": days, "counts": counts}
    return desk_page(request, "desk/privacy/unusual.html", context, status=200 if form.is_valid() else 422)


def _counts(form: AccessLogFilterForm) -> list[UnusualCount]:
    period, entries = form.period, AccessLogEntry.objects.all()
    assert period.first_on is not None
    assert period.last_on is not None
    days = {"from": period.first_on.isoformat(), "to": period.last_on.isoformat()}
    return [
        UnusualCount(
            str(kind.label),
            str(EXPLANATIONS[kind]),
            unusual_looks(entries, kind, period).count(),
            f"{reverse('desk:access_log')}?{urlencode({**days, 'unusual': kind.value})}",
        )
        for kind in Unusual
    ]
