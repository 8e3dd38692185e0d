"""External links on published pages, with the outcome of their last check."""

from django.db import models

from content.models.page import Page


class ExternalLink(models.Model):
    """One external URL, unique across pages. Written only by ``manage.py check_links``."""

    class Outcome(models.TextChoices):
        BROKEN = "broken", "Broken"
        UNSURE = "unsure", "Look yourself"
        MOVED = "moved", "Moved"
        WORKS = "works", "Works"

    address = models.CharField(max_length=1000, unique=True)
    outcome = models.CharField(max_length=10, choices=Outcome)
    words = models.CharField("what was found", max_length=1200)
    checked_at = models.DateTimeField("last checked")
    pages = models.ManyToManyField(Page, related_name="external_links", blank=True)
    people = models.ManyToManyField("booking.Practitioner", related_name="external_links", blank=True)

    class Meta:
        ordering = ["address"]
        verbose_name = "link to another site"
        verbose_name_plural = "links to other sites"

    def __str__(self) -> str:
        return self.address
