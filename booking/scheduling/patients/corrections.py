"""Commands: correct a patient's data at their request, or record that a correction was refused and why."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext

from booking.models import ChangeLogEntry, Patient
from booking.privacy.change_log import log_changed, log_values, values_of
from booking.scheduling.actors import Actor
from booking.scheduling.exceptions import WrongStatus
from booking.scheduling.patients.contact import set_contact

CORRECTABLE = ("name", "preferred_name", "pronouns", "date_of_birth", "phone", "email", "contact_name")
_CONTACT = {"phone", "email"}


def correct_patient(
    *, patient: Patient, values: Mapping[str, Any], reason: str, by: Actor, now: datetime, send: bool = False
) -> Patient:
    """Write these fields, of ``CORRECTABLE``; the change log keeps the old values and the reason.

    ``send``: queue confirmations of the upcoming visits. A new email address ends the links sent so far in any case.
    Raises WrongStatus.
    """
    if unknown := set(values) - set(CORRECTABLE):
        raise ValueError(f"cannot be corrected: {sorted(unknown)}")
    with transaction.atomic():
        patient = _lock(patient, by)
        before = values_of(patient)
        if _CONTACT & set(values):
            contact = {name: values.get(name, getattr(patient, name)) for name in _CONTACT}
            set_contact(patient, **contact, by=by, now=now, send=send)
        details = [name for name in values if name not in _CONTACT]
        for name in details:
            setattr(patient, name, values[name])
        if details:
            patient.save(update_fields=details)
        if not log_changed(by, patient, before, reason=reason, action=ChangeLogEntry.Action.CORRECTED):
            raise WrongStatus(gettext("The data say so already. Nothing was corrected."))
        return patient


def refuse_correction(*, patient: Patient, asked: str, reason: str, statement: str, by: Actor) -> None:
    """Record that a correction was refused: what was asked for, why not, and the patient's statement of disagreement.

    Raises WrongStatus.
    """
    with transaction.atomic():
        patient = _lock(patient, by)
        after = {"asked": asked, "statement": statement}
        log_values(by, patient, {}, after, action=ChangeLogEntry.Action.REFUSED, reason=reason)


def _lock(patient: Patient, by: Actor) -> Patient:
    if not by.may_correct_patients():
        raise WrongStatus(gettext("Your login may not correct patients' data."))
    locked = Patient.objects.current().select_for_update(of=("self",)).filter(pk=patient.pk).first()
    if locked is None:
        raise WrongStatus(gettext("This patient was merged with another, or is no longer kept."))
    return locked
