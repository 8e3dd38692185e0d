"""Redirects from former URLs, which readers and search engines still follow."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from content.models.page import Page


class SlugRedirect(models.Model):
    """A former URL path of a page, practitioner or service.

    It references the object and not a URL, so redirect chains and loops cannot form, however often a slug
    changes. Without an object (it was deleted) the path answers 410 Gone.
    """

    path = models.CharField(max_length=200, unique=True)
    page = models.ForeignKey(Page, on_delete=models.SET_NULL, null=True, related_name="slug_redirects")
    practitioner = models.ForeignKey(
        "booking.Practitioner", on_delete=models.SET_NULL, null=True, related_name="slug_redirects"
    )
    service = models.ForeignKey("booking.Service", on_delete=models.SET_NULL, null=True, related_name="slug_redirects")
    left_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "content_formeraddress"
        constraints = [
            models.CheckConstraint(
                condition=Q(page__isnull=True, practitioner__isnull=True)
                | Q(page__isnull=True, service__isnull=True)
                | Q(practitioner__isnull=True, service__isnull=True),
                name="former_address_leads_to_one_place",
                violation_error_message=_("An address can go to one thing only."),
            )
        ]

    def __str__(self) -> str:
        return self.path
