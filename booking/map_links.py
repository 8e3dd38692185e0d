"""Links that open directions to a location in a map app.

Nothing is sent before somebody opens the link, and it holds the clinic's address only. Phones open the app of that name
where it is installed. Formats: Google Maps URLs (developers.google.com/maps/documentation/urls), Apple Map Links
(developer.apple.com, Map Links), and OpenStreetMap's search.
"""

from urllib.parse import urlencode

from booking.models import Clinic, Location

_ADDRESSES = {
    Clinic.MapApp.GOOGLE: ("https://www.google.com/maps/dir/?", {"api": "1"}, "destination"),
    Clinic.MapApp.APPLE: ("https://maps.apple.com/?", {}, "daddr"),
    Clinic.MapApp.OPEN_STREET_MAP: ("https://www.openstreetmap.org/search?", {}, "query"),
}


def directions_url(location: Location, clinic: Clinic | None) -> str:
    """The link in the app that the clinic has chosen; "" for none."""
    if not clinic or clinic.map_app == Clinic.MapApp.NONE:
        return ""
    start, values, name = _ADDRESSES[Clinic.MapApp(clinic.map_app)]
    return start + urlencode({**values, name: f"{location.address}, Canada"})
