"""Edit sessions: who edits a draft right now, and the draft as it was before each session.

A session is one opened editor of a page. Its key comes from the browser; it never gives access to anything, and a key
of someone else's session is replaced by a new one.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db.models import QuerySet
from django.utils import timezone

from content.blocks import page_content
from content.models import EditSession, Page

LIFETIME = timedelta(days=30)
PRESENCE = timedelta(minutes=2)  # How long someone counts as editing after the last sign of them.


def usable_key(text: str, *, page: Page, by: Any) -> UUID:
    """Return the key from the browser, or a new one if it is malformed or belongs to another page or user."""
    try:
        key = UUID(text)
    except ValueError:
        return uuid4()
    is_taken = EditSession.objects.filter(key=key).exclude(page=page, user=by).exists()
    return uuid4() if is_taken else key


def session_of(page: Page, *, by: Any, key: UUID) -> EditSession | None:
    return EditSession.objects.filter(page=page, user=by, key=key).first()


def record_presence(page: Page, *, by: Any, key: UUID, now: datetime) -> EditSession:
    """Record that the user is editing the page at this instant."""
    session, is_new = EditSession.objects.get_or_create(
        key=key, defaults={"page": page, "user": by, "started_at": now, "seen_at": now}
    )
    if not is_new:
        EditSession.objects.filter(pk=session.pk).update(seen_at=now)
    return session


def begin_saving(page: Page, *, by: Any, key: UUID, now: datetime) -> EditSession:
    """Keep the draft as it is in the database, before the first save of this session. Later saves change nothing.

    Call it in the transaction of the save, before anything is written.
    """
    session = record_presence(page, by=by, key=key, now=now)
    if session.saved_at is None:
        before = page_content.content_of_draft(Page.objects.get(pk=page.pk))
        session.head, session.blocks, session.schema = before.head, before.blocks, page_content.SCHEMA
        session.save(update_fields=["head", "blocks", "schema"])
    return session


def finish_saving(page: Page, *, by: Any, key: UUID, saved_at: datetime) -> None:
    """Record that the session has changed the draft. ``saved_at`` is the new ``edited_at`` of the page."""
    EditSession.objects.filter(page=page, user=by, key=key).update(saved_at=saved_at, seen_at=saved_at)


def other_editors(page: Page, *, than: Any, now: datetime) -> list[str]:
    """Return the names of other people who are editing this page."""
    sessions = EditSession.objects.filter(page=page, seen_at__gt=now - PRESENCE, seen_at__lte=now)
    users = {session.user_id: session.user for session in sessions.exclude(user=than).select_related("user")}
    return sorted(name_of(user) for user in users.values())


def name_of(user: Any) -> str:
    return str(user.get_full_name() or user.get_username()) if user else ""


def restorable(page: Page, *, now: datetime) -> QuerySet[EditSession]:
    """Return the sessions whose draft from before can be restored, newest first."""
    sessions = EditSession.objects.filter(page=page, saved_at__isnull=False, started_at__gt=now - LIFETIME)
    return sessions.select_related("user").order_by("-started_at", "-pk")


def last_saved(page: Page) -> EditSession | None:
    """Return the session that made the last change of the draft, if it was made in an editor."""
    return EditSession.objects.filter(page=page, saved_at=page.edited_at).order_by("-pk").first()


def delete_old() -> str:
    """Delete sessions after ``LIFETIME``. For the worker; returns a sentence for its log."""
    count, _by_model = EditSession.objects.filter(seen_at__lte=timezone.now() - LIFETIME).delete()
    return f"Deleted {count} edit sessions." if count else ""
