"""What is asked once before a visit is booked: outside a rule, for somebody who may be a patient already, or twice."""

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext

from booking import scheduling
from booking.desk.booking.choices import as_free_times
from booking.desk.booking.form import BookForm
from booking.desk.booking.panel import Findings, Question
from booking.desk.find.duplicates import SimilarPatient, possible_duplicates
from booking.models import Appointment, Status
from booking.scheduling import OVERBOOKING, Actor, Exemption, NeedsReason, SlotTaken, StaffRule


def exemption(request: HttpRequest, form: BookForm) -> Exemption | None:
    """The reason, and the rules that the panel asked about for this very time."""
    reason = form.cleaned_data["reason"] if form.cleaned_data["anyway"] else ""
    if not reason or request.POST.get("asked_for") != _asked_for(form):
        return None
    asked = set(request.POST.get("asked_rules", "").split(","))
    return Exemption(reason, {rule for rule in StaffRule if rule.value in asked})


def _asked_for(form: BookForm) -> str:
    """What a question was about: start, practitioner and location."""
    chosen = form.cleaned_data
    return f"{chosen['starts_at'].isoformat()} {chosen['practitioner'].pk} {chosen['location'].pk}"


def unasked_duplicates(request: HttpRequest, form: BookForm) -> list[SimilarPatient]:
    """Patients who may be this new one, unless the user was asked about them and is sure."""
    chosen = form.cleaned_data
    if chosen["patient"] is not None:
        return []
    duplicates = possible_duplicates(name=chosen["name"], phone=chosen["phone"], email=chosen["email"])
    asked = set(",".join(request.POST.getlist("asked_duplicates")).split(","))
    is_sure = chosen["is_really_new"] and {str(each.patient.pk) for each in duplicates} <= asked
    return [] if is_sure else duplicates


def refusal(request: HttpRequest, form: BookForm, error: SlotTaken) -> Findings:
    """The rules in words and, for who may book all the same, the question; with the nearest free times."""
    rules = error.rules if isinstance(error, NeedsReason) else frozenset()
    chosen = form.cleaned_data
    question = Question(
        sentences=error.sentences if isinstance(error, NeedsReason) else [error.message],
        may_answer=bool(rules) and (not OVERBOOKING & rules or Actor.staff(request.user).may_overbook()),
        asked_for=_asked_for(form),
        asked_rules=",".join(rule.value for rule in StaffRule if rule in rules),
    )
    if chosen["anyway"] and not chosen["reason"]:
        form.add_error("reason", gettext("Enter a reason."))
    nearest = scheduling.nearest_for_staff(
        service=chosen["service"],
        starts_at=chosen["starts_at"],
        now=timezone.now(),
        practitioner=chosen["practitioner"],
        location=chosen["location"],
    )
    return Findings(question=question, nearest=as_free_times(nearest), focus="question")


def same_visit(form: BookForm) -> Appointment | None:
    """The visit that this form has booked before, if it was sent twice."""
    chosen = form.cleaned_data
    visits = Appointment.objects.filter(
        status=Status.BOOKED, **{name: chosen[name] for name in ("service", "practitioner", "location", "starts_at")}
    )
    if chosen["patient"]:
        return visits.filter(patient=chosen["patient"]).first()
    return visits.filter(patient__name=chosen["name"], patient__phone=chosen["phone"]).first()
