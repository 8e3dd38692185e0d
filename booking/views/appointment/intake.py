"""/appointment/form/: the health form of the open appointment, page by page, and a page to look it over and send it.

It opens by the link in the patient's email alone: the answers of a visit that was booked with a mistyped address must
not be shown to whom that address belongs, nor asked of whoever sits at the browser that booked it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from booking import rate_limits
from booking.forms.intake import IntakePageForm, initial_of
from booking.intake import answers as intake
from booking.intake.asked import answers_of, is_open, version_for
from booking.intake.encryption import Answers, AnswersUnreadable, FormsKeyMissing
from booking.intake.questions import AnsweredQuestion, AskedQuestion, answered, pages_of
from booking.models import Appointment, IntakeAnswers, IntakeFormVersion, Status
from booking.private_pages import private_page
from booking.text_cleaning import is_plain_digits
from booking.views.appointment.manage import mismatch_page, not_found_page
from booking.views.session import BookingSession

_CLOSED_STATUS = {"none": 404, "link": 403, "cancelled": 410, "started": 410, "unreadable": 503}


@dataclass(frozen=True)
class OpenedForm:
    """The form of the appointment that is open in this session, with the answers so far."""

    appointment: Appointment
    version: IntakeFormVersion
    row: IntakeAnswers | None
    answers: Answers

    @property
    def is_done(self) -> bool:
        return self.row is not None and self.row.state == IntakeAnswers.State.DONE

    @property
    def pages_done(self) -> int:
        return self.row.pages_done if self.row else 0

    @property
    def hidden_values(self) -> dict[str, str]:
        """What a page says of itself when it is saved."""
        return {
            "reference": self.appointment.reference,
            "shown": str(self.version.number),
            "seen": intake.stamp_of(self.row),
        }

    def context(self) -> dict[str, Any]:
        return {
            "appointment": self.appointment,
            "service": self.appointment.service,
            "version": self.version,
            "is_done": self.is_done,
            "pages_done": self.pages_done,
            "page_count": len(pages_of(self.version)),
        }


@private_page
@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """What the form is for, and the way into it."""
    form = _open(request, timezone.now())
    if isinstance(form, HttpResponse):
        return form
    next_page = min(form.pages_done + 1, len(pages_of(form.version)))
    return render(request, "booking/intake/start.html", form.context() | {"next_page": next_page})


@private_page
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, number: int) -> HttpResponse:
    """One page of questions. POST saves it and leads on."""
    now = timezone.now()
    form = _open(request, now)
    if isinstance(form, HttpResponse):
        return form
    if request.method == "POST":
        if request.POST.getlist("reference") != [form.appointment.reference]:
            return mismatch_page(request, form.appointment, now)
        if form.row is not None and _shown_version(request, form.version) != form.version:
            return _show_again(request, number, now, gettext("The questions have changed since this page was shown."))
    pages = pages_of(form.version)
    if number > form.pages_done + 1 or number > len(pages):
        return redirect("booking:intake_review") if number > len(pages) else _to_page(form.pages_done + 1)
    if number < 1:
        return _to_page(1)
    questions = pages[number - 1]
    if request.method != "POST":
        fields = IntakePageForm(questions=questions, initial=initial_of(questions, form.answers) | form.hidden_values)
        return _show_page(request, form, number, fields)
    fields = IntakePageForm(request.POST, questions=questions)
    if not fields.is_valid():
        return _show_page(request, form, number, fields, status=422)
    rate_limits.consume_for_request(request, "form", now=now)
    try:
        row = intake.save_page(
            appointment=form.appointment,
            version=form.version,
            page=number,
            answers=fields.answers,
            seen=fields.cleaned_data["seen"],
            now=now,
        )
    except (intake.QuestionsChanged, intake.AnswersChanged) as change:
        return _show_again(request, number, now, str(change))
    except intake.FormClosed:
        return _closed(request, form.appointment, "started")
    except intake.PagesMissing as missing:
        return _to_page(missing.page)
    except (AnswersUnreadable, FormsKeyMissing):
        return _closed(request, form.appointment, "unreadable")
    request.session.modified = True  # Its two hours begin again.
    is_last = number == len(pages) or row.pages_done == len(pages)
    return redirect("booking:intake_review") if is_last else _to_page(number + 1)


@private_page
@require_http_methods(["GET", "HEAD", "POST"])
def review(request: HttpRequest) -> HttpResponse:
    """All answers. POST sends the form; afterwards they can still be changed."""
    now = timezone.now()
    form = _open(request, now)
    if isinstance(form, HttpResponse):
        return form
    if form.pages_done < len(pages_of(form.version)):
        return _to_page(form.pages_done + 1)
    if request.method == "POST":
        if request.POST.getlist("reference") != [form.appointment.reference]:
            return mismatch_page(request, form.appointment, now)
        try:
            intake.send(appointment=form.appointment, now=now)
        except intake.FormClosed:
            return _closed(request, form.appointment, "started")
        except intake.PagesMissing as missing:
            return _to_page(missing.page)
        return redirect("booking:intake_review")
    context = form.context() | {"pages": answered(form.version, form.answers)}
    return render(request, "booking/intake/review.html", context)


def _open(request: HttpRequest, now: datetime) -> OpenedForm | HttpResponse:
    """The form of the appointment that is open in this session, or the page that says why it is closed."""
    session = BookingSession(request)
    appointment = session.opened_appointment(now)
    if appointment is None:
        return not_found_page(request)
    row = answers_of(appointment)
    version = _version(request, appointment, row)
    if version is None:
        had_form = appointment.service.intake_form_id is not None and not is_open(appointment, now)
        return _closed(request, appointment, _why_closed(appointment) if had_form else "none")
    if not session.came_by_link_of(appointment):
        return _closed(request, appointment, "link")
    if not is_open(appointment, now):
        return _closed(request, appointment, _why_closed(appointment))
    try:
        answers = intake.open_answers(row, appointment).answers if row else {}
    except AnswersUnreadable:
        return _closed(request, appointment, "unreadable")
    return OpenedForm(appointment, version, row, answers)


def _version(request: HttpRequest, appointment: Appointment, row: IntakeAnswers | None) -> IntakeFormVersion | None:
    """The version that the patient answers: that of the answers so far, else the one that the page showed."""
    if row is not None:
        return row.version
    newest = version_for(appointment)
    return newest and (_shown_version(request, newest) or newest)


def _shown_version(request: HttpRequest, other: IntakeFormVersion) -> IntakeFormVersion | None:
    """The version that the posted page showed, of the same form as another; None if there is no such version."""
    shown = request.POST.get("shown", "")
    if not is_plain_digits(shown) or len(shown) > 9:
        return None
    return IntakeFormVersion.objects.filter(form=other.form_id, number=int(shown)).exclude(questions=[]).first()


def _show_again(request: HttpRequest, number: int, now: datetime, why: str) -> HttpResponse:
    """The page as it is now, with what was typed, and what has changed."""
    form = _open(request, now)
    if isinstance(form, HttpResponse):
        return form
    shown = _shown_version(request, form.version)
    typed_on = pages_of(shown)[number - 1 : number] if shown and number > 0 else []
    pages = pages_of(form.version)
    number = max(1, min(number, form.pages_done + 1, len(pages)))
    data = request.POST.copy()
    for name, value in form.hidden_values.items():
        data[name] = value
    fields = IntakePageForm(data, questions=pages[number - 1])
    fields.add_error(None, why)
    return _show_page(request, form, number, fields, status=409, without_place=_without_place(data, typed_on, fields))


def _without_place(data: QueryDict, typed_on: list[list[AskedQuestion]], fields: IntakePageForm) -> list[Any]:
    """What was typed in answer to questions that the page no longer asks."""
    questions = [question for page in typed_on for question in page if question.key not in fields.fields]
    typed = IntakePageForm(data, questions=questions)
    typed.is_valid()
    rows = [AnsweredQuestion(one, one.in_words(typed.answers.get(one.key))) for one in questions]
    return [row for row in rows if row.answer]


def _show_page(
    request: HttpRequest, form: OpenedForm, number: int, fields: IntakePageForm, *, status: int = 200, **more: Any
) -> HttpResponse:
    context = form.context() | {"form": fields, "number": number, "previous": number - 1} | more
    return render(request, "booking/intake/page.html", context, status=status)


def _why_closed(appointment: Appointment) -> str:
    return "cancelled" if appointment.status == Status.CANCELLED else "started"


def _closed(request: HttpRequest, appointment: Appointment, why: str) -> HttpResponse:
    context = {"appointment": appointment, "service": appointment.service, "why": why}
    return render(request, "booking/intake/closed.html", context, status=_CLOSED_STATUS[why])


def _to_page(number: int) -> HttpResponse:
    return redirect("booking:intake_page", number)
