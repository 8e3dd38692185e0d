"""Sittings of editors at a draft, for autosave: who edits a page right now, and the draft as it was before."""

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from content.models.page import Page


class EditSession(models.Model):
    """One opened editor of a page, from the first change until it is closed.

    ``key`` identifies the browser tab. ``head`` and ``blocks`` are the draft as it was before the first save of this
    session (the format of ``Revision``, in version ``schema``), so that a session can be undone; they are empty until
    then.
    """

    page = models.ForeignKey(Page, on_delete=models.CASCADE, related_name="edit_sessions")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.UUIDField(unique=True)
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    saved_at = models.DateTimeField(null=True)
    schema = models.PositiveSmallIntegerField(default=0)
    head = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    blocks = models.JSONField(default=list, encoder=DjangoJSONEncoder)

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["page", "seen_at"], name="edit_session_by_page_and_time")]

    def __str__(self) -> str:
        return f"{self.page}, {self.started_at:%Y-%m-%d %H:%M}"
