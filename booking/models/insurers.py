"""Insurers that the clinic bills directly."""

from django.db import models


class InsurerQuerySet(models.QuerySet["Insurer"]):
    def active(self) -> "InsurerQuerySet":
        return self.filter(is_active=True)


class Insurer(models.Model):
    """An insurer that the clinic bills directly: listed on the fees page, kept by staff."""

    name = models.CharField(max_length=120, unique=True, help_text="As patients know it from their benefits card.")
    note = models.CharField(
        max_length=160, blank=True, help_text="If patients need to know more, such as: group plans only."
    )
    is_active = models.BooleanField(default=True, help_text="Untick to take it off the list.")
    position = models.PositiveSmallIntegerField("order", default=0, help_text="Lower numbers come first.")

    objects = InsurerQuerySet.as_manager()

    class Meta:
        ordering = ["position", "name"]
        verbose_name = "insurer billed directly"
        verbose_name_plural = "insurers billed directly"

    def __str__(self) -> str:
        return self.name
