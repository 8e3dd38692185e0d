"""The set-up list on the office's start page, until all is done: for owners, who may do every step."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext

from booking.models import SetupCheck
from booking.staff.formats import format_instant
from booking.staff.setup_steps import SetupStep, booking_steps
from clinic.accounts.adapter import mail_to
from clinic.checks import is_mail_unsent
from content.admin.setup_steps import page_steps
from content.sample.examples import load_legal_examples

Step = SetupCheck.Step


@dataclass(frozen=True)
class SetupList:
    steps: list[SetupStep]

    @property
    def done(self) -> int:
        return sum(step.is_done for step in self.steps)

    @property
    def reasons(self) -> list[str]:
        """Why nothing can be booked online yet."""
        return [step.why_not for step in self.steps if step.why_not and not step.is_done]


def setup_list(user: Any) -> SetupList | None:
    """The list for an owner; None if all is done, and for others."""
    if not is_for(user):
        return None
    checks = {check.step: check for check in SetupCheck.objects.select_related("by")}
    steps = [*booking_steps(), *page_steps(), _mail(user, checks.get(Step.MAIL)), _backup(checks.get(Step.BACKUP))]
    return None if all(step.is_done for step in steps) else SetupList(steps)


def is_for(user: Any) -> bool:
    """Whether this user sets the clinic up."""
    return bool(user.has_perms(["booking.change_clinic", "booking.add_practitioner", "content.add_page"]))


def page(request: HttpRequest) -> HttpResponse:
    """POST: do the step that the button names. The list itself stands on the start page."""
    if not is_for(request.user):
        raise PermissionDenied
    if request.method == "POST":
        act = _ACTIONS.get(request.POST.get("step", ""))
        if act is None:
            return HttpResponseBadRequest(gettext("This button is unknown. Go back and reload the page."))
        act(request)
    return redirect("admin:index")


def _mail(user: Any, check: SetupCheck | None) -> SetupStep:
    text = gettext("Send a test email to yourself, %(email)s, and look whether it arrives.") % {"email": user.email}
    if not user.email:
        text = gettext("Your login has no email address to send a test to. Add one on the Staff page.")
    if is_mail_unsent():
        text = gettext(
            "Emails are written to files, and patients get none: the person who runs the site sets EMAIL_URL."
        )
    is_done = check is not None and not is_mail_unsent()
    return SetupStep(
        gettext("Email"),
        _seen(check) if check and is_done else text,
        is_done=is_done,
        action="mail" if user.email else "",
        action_text=gettext("Send a test email"),
    )


def _backup(check: SetupCheck | None) -> SetupStep:
    """Backups are made outside the site, so that nothing shows them here: a person says that they saw one."""
    text = gettext(
        "A copy of the database, the pictures and the secret key, made every day and kept elsewhere. Ask the person "
        "who runs the site to show you one, and how it is restored."
    )
    return SetupStep(
        gettext("Backup"),
        _seen(check) if check else text,
        is_done=check is not None,
        action="backup",
        action_text=gettext("I have seen a backup"),
    )


def _seen(check: SetupCheck) -> str:
    name = check.by.get_full_name() or check.by.get_username()
    return gettext("%(what)s: %(name)s, %(when)s") % {
        "what": check.get_step_display(),
        "name": name,
        "when": format_instant(check.at),
    }


def _record(step: Step, user: Any) -> None:
    SetupCheck.objects.update_or_create(step=step, defaults={"at": timezone.now(), "by": user})


def _test_mail(request: HttpRequest) -> None:
    user: Any = request.user
    if not mail_to(user, gettext("A test"), "staff/email/test.txt", {}):
        messages.error(
            request,
            gettext("The test email could not be sent. Ask the person who runs the site: the log says why."),
        )
        return
    _record(Step.MAIL, user)
    messages.success(request, gettext("On its way to %(email)s. Look whether it arrives.") % {"email": user.email})


def _backup_seen(request: HttpRequest) -> None:
    _record(Step.BACKUP, request.user)
    messages.success(request, gettext("Noted, with your name and the time."))


def _legal_examples(request: HttpRequest) -> None:
    pages = load_legal_examples(by=request.user, now=timezone.now())
    names = ", ".join(page.title for page in pages)
    if names:
        messages.success(
            request, gettext("Drafts of an example: %(names)s. Edit them, then publish.") % {"names": names}
        )


_ACTIONS: dict[str, Callable[[HttpRequest], None]] = {
    "mail": _test_mail,
    "backup": _backup_seen,
    "legal": _legal_examples,
}
