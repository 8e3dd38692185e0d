"""The search index: copies of published text, rebuilt when the content version has changed."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class SearchEntry(models.Model):
    """One search document. Its words are also in the database's full-text index (see search/backends.py).

    Never edited: ``content/search/index.py`` replaces all rows at once.
    """

    class Kind(models.TextChoices):
        PAGE = "page", "Page"
        SERVICE = "service", _("Appointment you can book")
        PERSON = "person", "Team"
        QUESTION = "question", "Question"

    kind = models.CharField(max_length=10, choices=Kind)
    address = models.CharField(max_length=300)
    title = models.CharField(max_length=250)
    trail = models.CharField(max_length=300, blank=True, help_text=_("Where it is, such as Home › Treatments."))
    lede = models.TextField(blank=True)
    body = models.TextField(blank=True, help_text=_("One paragraph a line."))

    class Meta:
        default_permissions = ()
        verbose_name_plural = "search entries"

    def __str__(self) -> str:
        return self.title


class SearchIndex(models.Model):
    """Metadata of the search index, in one row: what it was built from, and data that every search needs.

    ``version`` is the content version (``booking.models.ContentVersion``), ``until`` the instant at which a
    scheduled change makes the entries stale, ``shape`` the format version of the code that wrote them.
    """

    version = models.BigIntegerField()
    until = models.DateTimeField(null=True, blank=True)
    shape = models.PositiveSmallIntegerField()
    vocabulary = models.JSONField(default=dict, help_text="How often each word occurs.")
    care_cards = models.JSONField(default=list, help_text=_("Who to call, and the signs that say so."))
    plain_words = models.JSONField(
        default=list, help_text=_("Words in titles: on their own they're no sign of danger.")
    )

    names = models.JSONField(default=dict, null=True, help_text="The entries of each title, by its normalized words.")
    synonyms = models.JSONField(default=list, null=True, help_text="What staff keep, as words: see search/synonyms.py.")

    class Meta:
        default_permissions = ()
        verbose_name = "state of the search index"
        verbose_name_plural = "states of the search index"

    def __str__(self) -> str:
        return f"Version {self.version}"
