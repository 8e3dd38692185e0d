"""/desk/conflicts/: the visits outside hours, and those whose patient was asked to move, for staff to resolve."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from booking.desk.blocks.inside import call_list, load_inside
from booking.models import AccessLogEntry
from booking.privacy.access_log import log_view
from booking.staff.access import desk_page, staff_page
from booking.staff.conflict_list import open_conflicts


@require_safe
@staff_page("booking.view_appointment", "booking.change_appointment")
def conflicts(request: HttpRequest) -> HttpResponse:
    found = open_conflicts()
    visits = [row.appointment for row in found]
    log_view(request, AccessLogEntry.Kind.LIST, visits)
    inside = load_inside(visits, now=timezone.now(), reasons={row.appointment.pk: row.why for row in found})
    may_change = request.user.has_perm("booking.change_appointment")  # type: ignore[union-attr]
    context = {
        "inside": inside,
        "call_list": call_list(inside),
        "can_ask": any(row.can_be_asked for row in inside),
        "may_change_visits": may_change,
        "may_ask": may_change,
    }
    return desk_page(request, "desk/blocks/conflicts.html", context)
