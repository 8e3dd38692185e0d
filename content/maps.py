"""The drawn maps of our places, read in the same query as the page that shows them."""

from typing import Any

from booking import together
from content.models import Picture, PlaceMap


def parts() -> dict[str, Any]:
    """What the page that shows them reads as well."""
    every = PlaceMap.objects.all()
    shown = Picture.objects.filter(pk__in=every.values("picture"))
    shown = shown | Picture.objects.filter(pk__in=every.values("night_picture"))
    return {"maps": together.Part(every), "map_pictures": together.Part(shown)}


def by_location(found: dict[str, list[Any]]) -> dict[int, PlaceMap]:
    """Each location's map with its pictures, by the location's id."""
    pictures = {picture.pk: picture for picture in found["map_pictures"]}
    for each in found["maps"]:
        each.picture = pictures[each.picture_id]
        each.night_picture = pictures.get(each.night_picture_id or 0)
    return {each.location_id: each for each in found["maps"]}
