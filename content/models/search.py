"""What the search finds: copies of published words, made anew whenever what is shown has changed."""

from django.db import models


class SearchEntry(models.Model):
    """One thing that can be found. Its words are also in the database's own full text index (see search/engines.py).

    Nobody edits these rows: ``content/search/index.py`` writes them all together.
    """

    class Kind(models.TextChoices):
        PAGE = "page", "Page"
        SERVICE = "service", "Visit you can book"
        PERSON = "person", "Team"
        QUESTION = "question", "Question"

    kind = models.CharField(max_length=10, choices=Kind)
    address = models.CharField(max_length=300)
    title = models.CharField(max_length=250)
    trail = models.CharField(max_length=300, blank=True, help_text="Where it stands, such as Home › Treatments.")
    lede = models.TextField(blank=True)
    body = models.TextField(blank=True, help_text="A paragraph a line.")

    class Meta:
        default_permissions = ()
        verbose_name_plural = "search entries"

    def __str__(self) -> str:
        return self.title


class SearchIndex(models.Model):
    """One row: of which state of the site the entries are, and what else a search has to know.

    ``version`` is the number of what is shown (``booking.models.ShownVersion``), ``until`` when the
    clock alone makes the entries stale, ``shape`` the number of the code that wrote them.
    """

    version = models.BigIntegerField()
    until = models.DateTimeField(null=True, blank=True)
    shape = models.PositiveSmallIntegerField()
    vocabulary = models.JSONField(default=dict, help_text="How often each word occurs.")
    care_cards = models.JSONField(default=list, help_text="Whom to call, and the signs that say so.")
    plain_words = models.JSONField(default=list, help_text="Words of titles: alone they are no sign of danger.")

    class Meta:
        default_permissions = ()
        verbose_name = "state of the search index"
        verbose_name_plural = "states of the search index"

    def __str__(self) -> str:
        return f"Version {self.version}"
