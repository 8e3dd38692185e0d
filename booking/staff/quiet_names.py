"""Quiet mode: names of patients as first name and initial, for a screen that others may see. Kept in the session."""

from django.http import HttpRequest

from booking.models import Patient

SESSION_KEY = "desk_quiet_names"


def is_quiet(request: HttpRequest) -> bool:
    return bool(request.session.get(SESSION_KEY))


def set_quiet(request: HttpRequest, is_quiet: bool) -> None:
    request.session[SESSION_KEY] = is_quiet


def name_for(request: HttpRequest, patient: Patient | None) -> str:
    """The patient's name; in quiet mode "Liam M."."""
    if patient is None:
        return ""
    return quiet_name(patient.name) if is_quiet(request) else patient.name


def quiet_name(name: str) -> str:
    """First name and initial of the last: "Liam M."; a name of one word by its initial alone."""
    words = name.split()
    if len(words) < 2:
        return f"{name[:1]}."
    return f"{words[0]} {words[-1][0]}."
