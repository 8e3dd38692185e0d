"""The set-up list of a new clinic: its steps up to the people with hours. ``clinic.ops.setup_list`` has the rest.

Each step is computed from the data.
"""

from dataclasses import dataclass, replace

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from booking.models import Clinic, Location, Practitioner, Room, Service
from booking.staff.notes import counted


@dataclass(frozen=True)
class SetupStep:
    """One step. ``why_not`` says why nothing can be booked online before it is done.

    It is done on the page at ``url``, or by a button that posts ``action`` to the set-up list.
    """

    title: str
    text: str
    is_done: bool
    url: str = ""
    link_text: str = ""
    why_not: str = ""
    action: str = ""
    action_text: str = ""


def booking_steps() -> list[SetupStep]:
    return [_clinic(), _locations(), _rooms(), _services(), _people()]


def _clinic() -> SetupStep:
    clinic = Clinic.objects.first()
    if clinic and not clinic.collection_notice:
        return SetupStep(
            gettext("The clinic"),
            gettext("Say why you ask patients for their details (the collection notice), and who answers questions."),
            is_done=False,
            url=reverse("admin:booking_clinic_change", args=[clinic.pk]),
            link_text=gettext("Enter it"),
        )
    return SetupStep(
        gettext("The clinic"),
        clinic.name if clinic else gettext("Its name, phone and email address: pages and emails need them."),
        is_done=clinic is not None,
        url=reverse("admin:booking_clinic_add"),
        link_text=gettext("Enter it"),
        why_not=gettext("The clinic has no name and no phone number."),
    )


def _locations() -> SetupStep:
    """A location, and opening hours at each."""
    places = list(Location.objects.all())
    without = list(Location.objects.filter(opening_hours__isnull=True))
    step = SetupStep(
        gettext("Location and opening hours"),
        ", ".join(place.name for place in places),
        is_done=bool(places) and not without,
        url=reverse("admin:booking_location_add"),
        link_text=gettext("Add it"),
    )
    if not places:
        return replace(
            step,
            text=gettext("Where you are, in which time zone, and when you're open."),
            why_not=gettext("There is no location."),
        )
    if without:
        names = ", ".join(place.name for place in without)
        return replace(
            step,
            text=gettext("No opening hours yet: %(names)s.") % {"names": names},
            url=reverse("admin:booking_location_change", args=[without[0].pk]),
            link_text=gettext("Enter them"),
        )
    return step


def _rooms() -> SetupStep:
    """A room at each location, if a service needs one."""
    in_rooms = _online().filter(needs_room=True).exists()
    without = Location.objects.exclude(rooms__in=Room.objects.all()).first() if in_rooms else None
    count = Room.objects.count()
    link = reverse("admin:booking_location_change", args=[without.pk]) if without else ""
    text = counted(count, "room") if count else gettext("None, and no service needs one so far.")
    if without:
        text = gettext("%(place)s has no room, and some services need one.") % {"place": without.name}
    return SetupStep(
        gettext("Rooms"),
        text,
        is_done=without is None and (count > 0 or Service.objects.filter(is_active=True).exists()),
        url=link or reverse("admin:booking_location_changelist"),
        link_text=gettext("Add rooms"),
        why_not=gettext("Your services need a room, and there is none.") if in_rooms and not count else "",
    )


def _services() -> SetupStep:
    count = _online().count()
    return SetupStep(
        gettext("Services"),
        counted(count, "service") + " " + gettext("can be booked online.")
        if count
        else gettext("What you offer, how long it takes and what it costs. To save typing, copy one."),
        is_done=count > 0,
        url=reverse("admin:booking_service_add"),
        link_text=gettext("Add a service"),
        why_not=gettext("There is no service that patients can book online."),
    )


def _people() -> SetupStep:
    """Everybody active has working hours and services, and somebody offers a service online."""
    today = timezone.localdate()
    valid = Q(working_hours__ends_on__isnull=True) | Q(working_hours__ends_on__gte=today)
    people = Practitioner.objects.active()
    working = set(people.filter(valid, working_hours__isnull=False).values_list("pk", flat=True))
    offering = set(people.filter(services__in=_online()).values_list("pk", flat=True))
    unready = [person for person in people if person.pk not in working & offering]
    why_not = ""
    if not working & offering:
        why_not = gettext("No one has both working hours and a service that can be booked online.")
    text = ", ".join(person.name for person in people) or gettext("Who treats patients, when, and what they offer.")
    if unready:
        first = unready[0]
        missing = gettext("working hours") if first.pk not in working else gettext("services")
        text = gettext("%(name)s has no %(what)s yet.") % {"name": first.name, "what": missing}
    return SetupStep(
        gettext("People with hours and services"),
        text,
        is_done=people.exists() and not unready,
        url=reverse("admin:booking_practitioner_change", args=[unready[0].pk])
        if unready
        else reverse("admin:booking_practitioner_add"),
        link_text=gettext("Enter them") if unready else gettext("Add a person"),
        why_not=why_not,
    )


def _online() -> QuerySet[Service]:
    """The services that patients can book online."""
    return Service.objects.filter(is_active=True, booked_by=Service.BookedBy.ONLINE)
