"""Factories: each creates one realistic row; any field can be overridden by keyword.

Required related rows, such as an appointment's location, are created unless they are given.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from importlib import import_module
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from booking.models import (
    CHOSEN,
    PENDING,
    Appointment,
    CancelReason,
    Clinic,
    Location,
    PartOfDay,
    Patient,
    PatientNote,
    Practitioner,
    PractitionerService,
    Room,
    Service,
    Status,
    WorkingHours,
)
from booking.scheduling import WaitlistRequest

_numbers = count(1)

# Tuesday, November 24, 2026, 11:15 a.m. in Alberta (UTC-06 all year since 2026).
VISIT_AT = datetime(2026, 11, 24, 17, 15, tzinfo=UTC)
MONDAY_TO_FRIDAY = range(5)


def make_clinic(**fields: Any) -> Clinic:
    clinic = Clinic(
        **{
            "name": "Dynamic Physiotherapy",
            "email": "hello@dynamic-physio.example",
            "phone": "+14035550100",
            "privacy_contact": "Dana Whitford, privacy officer, privacy@dynamic-physio.example",
            "collection_notice": "We ask for this to book and prepare your visit, under the Health Information Act.",
            "collection_notice_version": "2026-11-01",
            "emergency_signs": "New numbness around the groin\nNew loss of bladder or bowel control",
        }
        | fields
    )
    clinic.save()
    return clinic


def make_location(**fields: Any) -> Location:
    number = next(_numbers)
    return Location.objects.create(
        **{
            "name": "Okotoks",
            "slug": f"okotoks-{number}",
            "street": "12 Elizabeth Street",
            "city": "Okotoks",
            "province": "AB",
            "postal_code": "T1S 1A1",
            "time_zone": "America/Edmonton",
            "time_zone_label": "Alberta time",
            "parking_notes": "Free parking behind the building.",
            "step_free_notes": "Level entrance from the parking lot.",
            "directions": "The blue door beside the bakery.",
        }
        | fields
    )


def make_room(location: Location | None = None, **fields: Any) -> Room:
    return Room.objects.create(location=location or make_location(), **{"name": f"Room {next(_numbers)}"} | fields)


def make_service(**fields: Any) -> Service:
    number = next(_numbers)
    return Service.objects.create(
        **{
            "name": "Physiotherapy assessment",
            "slug": f"physiotherapy-assessment-{number}",
            "summary": "A first visit for any ache, injury or worry about movement.",
            "what_to_bring": "Loose clothing you can move in.\nA list of your medicines.",
            "duration": timedelta(minutes=45),
            "step": None,  # As long as the visit.
            "price": Decimal("140.00"),
            "late_cancellation_fee": "A visit cancelled later than that costs $70.",
            "needs_room": False,
        }
        | fields
    )


def make_practitioner(services: Iterable[Service] = (), **fields: Any) -> Practitioner:
    """Create a practitioner who offers ``services``."""
    number = next(_numbers)
    practitioner = Practitioner.objects.create(
        **{"name": "Steve Hansen", "slug": f"steve-hansen-{number}", "protected_title": "Physiotherapist"} | fields
    )
    for service in services:
        PractitionerService.objects.create(practitioner=practitioner, service=service)
    return practitioner


def make_hours(
    practitioner: Practitioner, location: Location, *, weekdays: Iterable[int] = MONDAY_TO_FRIDAY, **fields: Any
) -> list[WorkingHours]:
    """Create working hours on each of ``weekdays``, by default 9:00 to 17:00."""
    return [
        WorkingHours.objects.create(
            practitioner=practitioner,
            location=location,
            weekday=weekday,
            **{"start_time": time(9), "end_time": time(17)} | fields,
        )
        for weekday in weekdays
    ]


def make_patient(**fields: Any) -> Patient:
    return Patient.objects.create(
        **{"name": "Alice Martin", "email": "alice@patients.example", "phone": "+14035550123"} | fields
    )


def make_appointment(**fields: Any) -> Appointment:
    """Create an appointment (a hold with ``status="held"``); its local time follows from ``starts_at`` and location."""
    service = fields.pop("service", None) or make_service()
    location = fields.pop("location", None) or make_location()
    practitioner = fields.pop("practitioner", None) or make_practitioner([service])
    starts_at = fields.pop("starts_at", VISIT_AT)
    status = fields.pop("status", Status.BOOKED)
    if status in {*PENDING, Status.EXPIRED}:
        fields.setdefault("hold_expires_at", starts_at - timedelta(days=1))
    if status in {*CHOSEN, Status.EXPIRED}:
        fields.setdefault("hold_key", f"visitor-{next(_numbers)}")
    elif "patient" not in fields:
        fields["patient"] = make_patient()
    local = starts_at.astimezone(ZoneInfo(location.time_zone))
    return Appointment.objects.create(
        **{
            "status": status,
            "service": service,
            "location": location,
            "practitioner": practitioner,
            "starts_at": starts_at,
            "ends_at": starts_at + service.duration,
            "local_on": local.date(),
            "local_time": local.time(),
            "local_fold": local.fold,
            "time_zone": location.time_zone,
            "buffer_before": service.buffer_before,
            "buffer_after": service.buffer_after,
            "cancellation_window": service.cancellation_window,
            "price": service.price,
        }
        | fields
    )


def make_wish(service: Service, location: Location, **fields: Any) -> WaitlistRequest:
    """Return a waitlist request for any time in two weeks, with any practitioner."""
    return WaitlistRequest(
        **{
            "service": service,
            "location": location,
            "practitioner": None,
            "first_on": date(2026, 11, 23),
            "last_on": date(2026, 12, 7),
            "parts": frozenset(map(str, PartOfDay)),
            "is_first_visit": True,
            "name": "Alice Martin",
            "email": "alice@patients.example",
            "phone": "+14035550123",
            "notice_version": "2026-11-01",
        }
        | fields
    )


def make_note(patient: Patient, *, author: Any, at: datetime = VISIT_AT, **fields: Any) -> PatientNote:
    """A note on a patient, or with ``appointment`` on a visit."""
    defaults = {"text": "Brings a walker.", "created_at": at, "updated_at": at}
    return PatientNote.objects.create(**defaults | {"patient": patient, "author": author} | fields)


def restore_cancel_reasons() -> None:
    """Create the reasons that a new clinic starts with, unless there are any."""
    if not CancelReason.objects.exists():
        names = import_module("booking.migrations.0033_desk_models").REASONS
        CancelReason.objects.bulk_create(CancelReason(name=name, position=i) for i, name in enumerate(names, start=1))
