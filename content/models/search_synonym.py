"""Synonyms of the site search, which staff keep."""

from django.core.exceptions import ValidationError
from django.db import models

from content.models.page import Page


class SearchSynonym(models.Model):
    """What people type, and what it finds besides: other words, or a page that comes first."""

    typed = models.CharField(
        "what people type",
        max_length=200,
        help_text="Words or phrases, separated by commas, such as: MVA, car accident.",
    )
    words = models.CharField(
        "also find",
        max_length=200,
        blank=True,
        help_text="Words or phrases that the site uses for it, separated by commas, such as: hands-on, manual therapy.",
    )
    page = models.ForeignKey(
        Page,
        verbose_name="and show this page first",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="While it is published.",
    )

    class Meta:
        ordering = ["typed"]
        verbose_name = "search synonym"

    def __str__(self) -> str:
        return self.typed

    def clean(self) -> None:
        if not self.words and self.page is None:
            raise ValidationError({"words": "Write other words, or choose a page to show first."})
        if self.page is not None and not self.page.get_absolute_url():
            raise ValidationError({"page": "A snippet has no address of its own. Choose a page."})
