"""Drawn maps of the clinic's locations."""

from django.db import models

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
        help_text="A drawing or a photo with the streets' names.",
    )
    night_picture = models.ForeignKey(
        Picture,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="night_maps",
        verbose_name="the same for dark screens",
        help_text="Empty: the first picture is shown there, too.",
    )
    alt = models.CharField(
        "what the map shows",
        max_length=300,
        help_text="Read aloud to people who cannot see it. The whole way stands in words with the location.",
    )
    caption = models.CharField(max_length=200, blank=True, help_text="What a reader has to know about the signs on it.")

    class Meta:
        ordering = ["location"]
        verbose_name = "map to a place"
        verbose_name_plural = "maps to our places"

    def __str__(self) -> str:
        return f"The way to {self.location}"
