"""Drafts of practitioners' own parts of the team page: write, send to the office, publish or send back.

Publishing copies the draft's fields to the practitioner and deletes the draft.
"""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext

from booking.models import Practitioner, PractitionerDraft
from booking.privacy.change_log import log_added, log_changed, log_removed, values_of
from booking.scheduling import Actor
from booking.staff.history import log_change

State = PractitionerDraft.State
# Where the face is in most portraits, as for a new practitioner.
FOCAL_POINT = {"focal_x": 50, "focal_y": 30}


class OwnPageChanged(Exception):
    """The practitioner has changed the draft since it was shown to the office, or it is gone."""


def draft_of(practitioner: Practitioner) -> PractitionerDraft:
    """The practitioner's draft; an unsaved one with what the page says now if there is none."""
    draft = PractitionerDraft.objects.filter(practitioner=practitioner).first()
    if draft is not None:
        return draft
    current = {name: getattr(practitioner, name) for name in PractitionerDraft.FIELDS}
    return PractitionerDraft(practitioner=practitioner, **current)


def save_draft(draft: PractitionerDraft, *, is_sent: bool, by: Any, now: datetime) -> PractitionerDraft:
    """Save the draft, and send it to the office or keep it. What the office wrote stays until it is sent again."""
    draft.edited_at = now
    if is_sent:
        draft.state, draft.reply, draft.replied_by = State.SENT, "", None
    elif draft.state != State.RETURNED:
        draft.state = State.WRITING
    with transaction.atomic():
        current = PractitionerDraft.objects.select_for_update().filter(pk=draft.pk).first()
        before = values_of(current) if current else {}
        draft.save()
        if current:
            log_changed(Actor.staff(by), draft, before)
        else:
            log_added(Actor.staff(by), draft)
    return draft


def changed_fields(draft: PractitionerDraft) -> list[str]:
    """The fields in which the draft differs from the page."""
    fields = PractitionerDraft.FIELDS
    return [name for name in fields if getattr(draft, name) != getattr(draft.practitioner, name)]


def publish_draft(draft: PractitionerDraft, *, seen: str, by: Any) -> Practitioner:
    """Copy the draft to the practitioner's page and delete it.

    ``seen`` is the version that the office looked at (``version_of``). Raises OwnPageChanged if there is a newer one.
    """
    with transaction.atomic():
        current = _lock(draft, seen)
        practitioner = current.practitioner
        before = values_of(practitioner)
        changed = changed_fields(current)
        for name in changed:
            setattr(practitioner, name, getattr(current, name))
        changes = dict.fromkeys(changed)
        if "photo" in changed:
            changes |= dict.fromkeys(FOCAL_POINT)
            practitioner.focal_x, practitioner.focal_y = FOCAL_POINT.values()
        practitioner.save(update_fields=list(changes))
        log_changed(Actor.staff(by), practitioner, before)
        log_removed(Actor.staff(by), current)
        current.delete()
        words = ", ".join(changed) or gettext("nothing")
        log_change(by, practitioner, gettext("Published the practitioner's draft: %(fields)s.") % {"fields": words})
    return practitioner


def send_back_draft(draft: PractitionerDraft, *, seen: str, reply: str, by: Any) -> None:
    """Give the draft back to the practitioner with a word. Raises OwnPageChanged as ``publish_draft`` does."""
    with transaction.atomic():
        current = _lock(draft, seen)
        before = values_of(current)
        current.state, current.reply, current.replied_by = State.RETURNED, reply, by
        current.save(update_fields=["state", "reply", "replied_by"])
        log_changed(Actor.staff(by), current, before)
        log_change(by, current.practitioner, gettext("Sent the practitioner's draft back."))


def version_of(draft: PractitionerDraft) -> str:
    """Which version of the draft this is: it changes each time the draft is saved."""
    return draft.edited_at.isoformat()


def sent_drafts() -> list[PractitionerDraft]:
    """The drafts that wait for the office, oldest first."""
    rows = PractitionerDraft.objects.filter(state=State.SENT).select_related("practitioner")
    return list(rows.order_by("edited_at", "pk"))


def _lock(draft: PractitionerDraft, seen: str) -> PractitionerDraft:
    rows = PractitionerDraft.objects.select_for_update(of=("self",)).select_related("practitioner")
    current = rows.filter(pk=draft.pk, state=State.SENT).first()
    if current is None or version_of(current) != seen:
        raise OwnPageChanged
    return current
