"""Drawn maps of the clinic's locations."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from booking.models import Location
from content.models.picture import Picture


class PlaceMap(models.Model):
    """The map picture of one location, shown on the contact page next to the directions in words.

    It is a picture of the library on purpose: an embedded third-party map would send visitors' addresses to
    that site.
    """

    location = models.OneToOneField(Location, on_delete=models.CASCADE, related_name="map")
    picture = models.ForeignKey(
        Picture,
        on_delete=models.PROTECT,
        related_name="maps",
        help_text=_("A drawing or a photo with street names."),
    )
    night_picture = models.ForeignKey(
        Picture,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="night_maps",
        verbose_name="the same for dark screens",
        help_text=_("Leave empty to show the first picture there, too."),
    )
    alt = models.CharField(
        "what the map shows",
        max_length=300,
        help_text=_("Read aloud to people who can't see it. The full directions are written with the location."),
    )
    caption = models.CharField(
        max_length=200, blank=True, help_text=_("What readers need to know about the symbols on it.")
    )

    class Meta:
        ordering = ["location"]
        verbose_name = _("map")
        verbose_name_plural = _("maps")

    def __str__(self) -> str:
        return f"Map to {self.location}"
