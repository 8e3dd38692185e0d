"""Addresses that once led somewhere: readers and search engines still follow them."""

from django.db import models
from django.db.models import Q

from content.models.page import Page


class FormerAddress(models.Model):
    """An address that something had before; it leads to where that thing is today.

    It names the thing and not an address, so there are no chains and no loops, however often an
    address changes. With nothing left to name it says that what was here is gone.
    """

    path = models.CharField(max_length=200, unique=True)
    page = models.ForeignKey(Page, on_delete=models.SET_NULL, null=True, related_name="former_addresses")
    practitioner = models.ForeignKey(
        "booking.Practitioner", on_delete=models.SET_NULL, null=True, related_name="former_addresses"
    )
    service = models.ForeignKey(
        "booking.Service", on_delete=models.SET_NULL, null=True, related_name="former_addresses"
    )
    left_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(page__isnull=True, practitioner__isnull=True)
                | Q(page__isnull=True, service__isnull=True)
                | Q(practitioner__isnull=True, service__isnull=True),
                name="former_address_leads_to_one_place",
                violation_error_message="An address leads to one thing only.",
            )
        ]

    def __str__(self) -> str:
        return self.path
