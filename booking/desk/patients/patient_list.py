"""/desk/patients/: the patients in order of name, or those that a search finds.

The words of a search come by POST, so that they stand in no address and no log.
"""

from typing import Any

from django.core.paginator import Paginator
from django.db.models import Max, Min, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from booking.models import AGREED, AccessLogEntry, Patient, Status
from booking.privacy.access_log import log_view
from booking.staff.access import desk_page, staff_page, visible_patients
from booking.staff.search import find_patients
from booking.text_cleaning import is_plain_digits

PAGE_SIZE = 50
MAX_TERM = 200  # characters


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page("booking.view_patient", "booking.change_patient", own="booking.view_own_day")
def patients(request: HttpRequest) -> HttpResponse:
    """POST searches for ``q``. ``phone_only=1``: who books by phone only; ``merge=``: offers to compare with one."""
    given = request.POST if request.method == "POST" else request.GET
    term = request.POST.get("q", "").replace("\0", "").strip()[:MAX_TERM]
    only_phone = given.get("phone_only") == "1"
    rows = find_patients(visible_patients(request), term)
    if only_phone:
        rows = rows.filter(books_by_phone_only=True)
    compared = _compared(request, given.get("merge", ""))
    if compared is not None:
        rows = rows.exclude(pk=compared.pk)
    page = Paginator(_with_visits(rows), PAGE_SIZE).get_page(given.get("page"))
    kind = AccessLogEntry.Kind.SEARCH if term else AccessLogEntry.Kind.LIST
    log_view(request, kind, [*page.object_list, compared])
    context = {
        "section": "patients",
        "term": term,
        "only_phone": only_phone,
        "compared": compared,
        "page": page,
        "today": timezone.localdate(),
    }
    return desk_page(request, "desk/patients/list.html", context)


def _with_visits(rows: QuerySet[Patient]) -> QuerySet[Patient]:
    """Annotate when each patient comes next, and came last."""
    now = timezone.now()
    is_kept = Q(appointments__status__in=set(AGREED) - {Status.CANCELLED})
    return (
        rows.annotate(
            next_at=Min("appointments__starts_at", filter=is_kept & Q(appointments__ends_at__gt=now)),
            last_at=Max("appointments__starts_at", filter=is_kept & Q(appointments__ends_at__lte=now)),
        )
        .prefetch_related("tags")
        .order_by("name", "pk")
    )


def _compared(request: HttpRequest, pk: str) -> Patient | None:
    """The patient for whom another entry is looked for, to merge both."""
    user: Any = request.user
    if not user.has_perm("booking.merge_patient") or not is_plain_digits(pk) or len(pk) > 18:
        return None
    return visible_patients(request).filter(pk=int(pk)).first()
