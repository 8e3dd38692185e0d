"""The retention periods: what the design proposes, what is accepted, and what happens without one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from booking.models import RetentionPeriods
from booking.privacy.change_log import ChangedBy, log_changed, values_of


@dataclass(frozen=True)
class Period:
    """``proposed``: the suggestion beside the field. ``without``: what happens while the field is empty.

    The words are lazy translations.
    """

    name: str
    label: Any
    lowest: int
    highest: int
    proposed: Any
    without: Any


PERIODS = (
    Period(
        "patients_years",
        _("Patients: years after the last appointment"),
        6,
        100,
        _("No figure is suggested. Read the College's standard on records, and ask a lawyer."),
        _("no one is listed for removal."),
    ),
    Period(
        "minors_until_age",
        _("Patients who were under 18: age from which those years count"),
        18,
        30,
        _("No figure is suggested. Ask as above: records of minors are usually kept longer."),
        _("no one who was under 18 at their last appointment is listed."),
    ),
    Period("access_log_years", _("Access log: years"), 2, 100, _("Suggested: 10 years."), _("it is kept for good.")),
    Period(
        "message_days",
        _("Technical details of messages: days after sending, once the appointment is over"),
        7,
        3650,
        _("Suggested: 30 days. What was sent and when stays."),
        _("they are kept for good; daily summaries are deleted after 30 days."),
    ),
    Period(
        "contact_days",
        _("Messages from the contact form, words of page feedback, requests for a lost link: days"),
        7,
        3650,
        _("Suggested: 30 days, which is also what the sample privacy page tells readers. Keep the two alike."),
        _("they are deleted 30 days after they were sent."),
    ),
    Period(
        "waitlist_days",
        _("Waitlist entries: days after they end"),
        7,
        3650,
        _("Suggested: 90 days."),
        _("they are deleted 90 days after they end."),
    ),
    Period(
        "backup_days",
        _("Backups: days until the last copy is gone"),
        1,
        3650,
        _("Ask whoever runs the server. Certificates say until when details are still in backups."),
        _("certificates don't say how long details stay in backups."),
    ),
)


def current_periods() -> RetentionPeriods:
    """The stored periods; without any, an unsaved row in which all are off."""
    return RetentionPeriods.objects.filter(pk=1).first() or RetentionPeriods(pk=1)


def save_periods(values: Mapping[str, int | None], *, by: ChangedBy) -> bool:
    """Set these periods, None for off, and log the change. Returns whether anything changed."""
    with transaction.atomic():
        RetentionPeriods.objects.get_or_create(pk=1)
        row = RetentionPeriods.objects.select_for_update().get(pk=1)
        before = values_of(row)
        for name, value in values.items():
            setattr(row, name, value)
        row.save()
        return log_changed(by, row, before) is not None
