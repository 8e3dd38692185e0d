"""The sample clinic: fictional practitioners, location, services and hours.

Phone numbers are from the range reserved for fiction, email domains end in ``.example`` (RFC 2606),
and there are no credentials and no register numbers.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Model
from django.utils import timezone

from booking.models import (
    Break,
    Clinic,
    Closure,
    Insurer,
    IntakeForm,
    Location,
    OpeningHours,
    Practitioner,
    PractitionerService,
    Room,
    Service,
    TimeOff,
    WorkingHours,
)
from booking.sample_intake import FORM_OF_SERVICE, load_forms

MON, TUE, WED, THU, FRI, SAT = range(6)
COLLEGE_REGISTER = "https://www.cpta.ab.ca/"

# Used on the page before booking and on the treatment pages, whose advice must not differ.
EMERGENCY_SIGNS = [
    "numbness around your groin, genitals or back passage",
    "new trouble passing urine, or new loss of bladder or bowel control",
    "new weakness or numbness in one or both legs",
    "back pain after a serious fall or crash",
    "back pain with a fever, or with chest pain",
]

CLINIC = {
    "name": "Dynamic Physiotherapy",
    "email": "hello@dynamic-physio.example",
    "phone": "+14035550140",
    "privacy_contact": "Privacy officer, Dynamic Physiotherapy, privacy@dynamic-physio.example, 403-555-0141",
    "collection_notice": (
        "We ask for these details to book your appointment, to reach you about it and to have your file ready. "
        "Alberta's Health Information Act allows us to collect what we need for your care. "
        "Only the people who look after you and your booking will see them. "
        "Questions? Ask our privacy officer: privacy@dynamic-physio.example or 403-555-0141."
    ),
    "collection_notice_version": "2026-11-30",
    "emergency_signs": "\n".join(f"{sign[0].upper()}{sign[1:]}" for sign in EMERGENCY_SIGNS),
    "college": "College of Physiotherapists of Alberta",
    "fees_note": (
        "We bill many insurers directly. Tell us your plan when you arrive, and we'll check it with you. "
        "You can pay by debit, credit card or cash, and you'll always get a receipt."
    ),
}

LOCATION = {
    "name": "Okotoks",
    "slug": "okotoks",
    "street": "12 Sample Street",
    "city": "Okotoks",
    "province": "AB",
    "postal_code": "T1S 1A1",
    "time_zone": "America/Edmonton",
    "time_zone_label": "Alberta time",
    "parking_notes": "Free parking in front of the door. One space is marked for people with a parking placard.",
    "step_free_notes": (
        "There are no steps between the parking lot and the treatment rooms. Doors are 91\N{NO-BREAK SPACE}cm wide. "
        "The washroom has grab bars."
    ),
    "directions": (
        "From Northridge Drive, turn east onto Elizabeth Street, then right onto Sample Street, toward the river. We "
        "are in the low white house with the teal door, between the parking lot and the bakery."
    ),
    "latitude": Decimal("50.72550"),
    "longitude": Decimal("-113.97490"),
}

OPENING = {day: (time(7), time(19)) for day in (MON, TUE, WED, THU)} | {
    FRI: (time(7), time(18)),
    SAT: (time(9), time(13)),
}

INSURERS = [  # Invented names: no real insurer is said to be billed.
    ("Prairie Sample Benefits", ""),
    ("Foothills Example Life", "Group plans only."),
    ("Sample Mutual of the Rockies", "We'll need your plan and member number."),
    ("Bow Valley Example Health", ""),
]

ROOMS = ["River room", "Ridge room"]

_LOOSE = "Loose clothing you can move in, such as shorts and a T-shirt."
_MEDICATIONS = "A list of the medications you take."
_CARDS = "On your first visit, photo ID, and your benefits card if you'd like us to bill your plan."
_SAME_DAY_FEE = "If you cancel less than 24 hours ahead, half the fee may apply."

SERVICES: list[dict[str, Any]] = [
    {
        "slug": "physiotherapy-assessment",
        "name": "Physiotherapy assessment",
        "summary": "For any new ache, injury or worry about how you move, and for your first visit here.",
        "description": "We'll listen, look at how you move, and build a plan together.",
        "what_to_bring": f"{_LOOSE}\n{_MEDICATIONS}\nAny reports or scans you have.\n{_CARDS}",
        "duration": timedelta(minutes=45),
        "price": Decimal("140.00"),
        "insurer_code": "SAMPLE-PA45",
        "shows_emergency_signs": True,  # Many of its patients have back pain.
    },
    {
        "slug": "back-assessment",
        "name": "Back assessment",
        "summary": "For pain or stiffness in your back, whether new or old.",
        "description": "We'll ask about your pain, look at how your back and hips move, and build a plan together.",
        "what_to_bring": f"{_LOOSE}\n{_MEDICATIONS}\nAny reports or scans of your back.\n{_CARDS}",
        "duration": timedelta(minutes=45),
        "price": Decimal("140.00"),
        "insurer_code": "SAMPLE-BA45",
        "shows_emergency_signs": True,
    },
    {
        "slug": "pelvic-health-assessment",
        "name": "Pelvic health assessment",
        "summary": "For bladder, bowel or pelvic pain concerns. Everyone is welcome.",
        "description": "We talk first. Any examination is your choice, and you can stop at any time.",
        "what_to_bring": f"Comfortable clothes.\n{_MEDICATIONS}\n{_CARDS}\nSomeone to be with you, if you like.",
        "duration": timedelta(minutes=60),
        "price": Decimal("165.00"),
        "insurer_code": "SAMPLE-PH60",
    },
    {
        "slug": "dry-needling",
        "name": "Dry needling",
        "summary": "For patients who have had an assessment with us, with needling as part of their plan.",
        "description": "We'll check how you've been, ask about risks again, and needle only if you still want it.",
        "what_to_bring": f"{_LOOSE}\nEat something in the two hours before.",
        "duration": timedelta(minutes=30),
        "price": Decimal("95.00"),
        "insurer_code": "SAMPLE-DN30",
        "audience": Service.Audience.RETURNING,
        "needs_needling_authorisation": True,
        "shows_emergency_signs": True,
    },
    {
        "slug": "physiotherapy-follow-up",
        "name": "Physiotherapy follow-up",
        "summary": "For patients who have had an assessment with us.",
        "description": "We'll look at what has changed, treat you, and update your plan.",
        "what_to_bring": _LOOSE,
        "duration": timedelta(minutes=30),
        "price": Decimal("95.00"),
        "insurer_code": "SAMPLE-PF30",
        "audience": Service.Audience.RETURNING,
    },
]

ASSESSMENTS = ["physiotherapy-assessment", "back-assessment", "physiotherapy-follow-up"]


@dataclass(frozen=True)
class Person:
    """One sample practitioner: model fields, service slugs and weekly hours."""

    row: dict[str, Any]
    services: list[str]
    hours: dict[tuple[int, ...], tuple[time, time]]
    pause: tuple[time, time] | None = None
    own_prices: dict[str, Decimal] = field(default_factory=dict)


PEOPLE = [
    Person(
        row={
            "slug": "steve-hansen",
            "name": "Steve Hansen",
            "pronouns": "he/him",
            "summary": "Backs, necks, and getting people back to what they like doing.",
            "bio": (
                "Steve sees people whose backs keep them from lifting, sitting or sleeping. "
                "He starts by asking questions and watching you move.\n\n"
                "His plans rely on exercise you can do at home. "
                "He uses dry needling when you both agree that it's worth trying."
            ),
            "authorised_for_needling": True,
            "colour": "#11473F",
        },
        services=[*ASSESSMENTS, "dry-needling"],
        hours={(MON, TUE, WED, THU): (time(8), time(16)), (FRI,): (time(8), time(12))},
        pause=(time(12), time(12, 30)),
    ),
    Person(
        row={
            "slug": "amara-okafor",
            "name": "Amara Okafor",
            "pronouns": "she/her",
            "languages": "Igbo, French",
            "summary": "Sports injuries, shoulders and running.",
            "bio": (
                "Amara works with runners, lifters and people who move for a living. "
                "She likes to test what you can do now, and again in three weeks.\n\n"
                "She offers dry needling along with exercise."
            ),
            "authorised_for_needling": True,
            "colour": "#8A6400",
        },
        services=[*ASSESSMENTS, "dry-needling"],
        hours={(TUE, WED, THU): (time(11), time(19)), (SAT,): (time(9), time(13))},
        pause=(time(14, 30), time(15)),
    ),
    Person(
        row={
            "slug": "mei-lin-tran",
            "name": "Mei Lin Tran",
            "pronouns": "she/her",
            "languages": "Vietnamese, Cantonese",
            "summary": "Pelvic health for people of every gender.",
            "bio": (
                "Mei Lin sees people with bladder, bowel and pelvic concerns, before and after birth or surgery, "
                "and at any age.\n\n"
                "She starts with a conversation. She explains each step, and nothing happens unless you say yes."
            ),
            "colour": "#5C3B7C",
        },
        services=["pelvic-health-assessment", "physiotherapy-assessment", "physiotherapy-follow-up"],
        hours={(MON, WED): (time(10), time(18)), (FRI,): (time(10), time(18))},
        pause=(time(13), time(13, 30)),
    ),
    Person(
        row={
            "slug": "jordan-cardinal",
            "name": "Jordan Cardinal",
            "pronouns": "they/them",
            "languages": "Cree",
            "summary": "Long-lasting pain, balance, and moving well as you get older.",
            "bio": (
                "Jordan works with people who have lived with pain for a long time, or who worry about falling.\n\n"
                "They plan in small steps, and family is welcome to come along."
            ),
            "colour": "#1D5C8A",
        },
        services=ASSESSMENTS,
        hours={(MON, TUE, THU, FRI): (time(7), time(15))},
        pause=(time(11), time(11, 30)),
    ),
]


def load_clinic(today: date) -> Iterator[Model]:
    """Create the missing rows of the sample clinic; yields every row that was created.

    Rows are looked up by their natural keys, so a second run creates nothing. Dependent rows (hours,
    rooms, offers) are created only together with their practitioner or location.
    """
    clinic, created = Clinic.objects.get_or_create(pk=1, defaults=CLINIC)
    if created:
        yield clinic
    location, created = Location.objects.get_or_create(slug=LOCATION["slug"], defaults=LOCATION)
    if created:
        yield location
        yield from _location_rows(location, today)
    for position, (name, note) in enumerate(INSURERS, start=1):
        insurer, created = Insurer.objects.get_or_create(name=name, defaults={"note": note, "position": position})
        if created:
            yield insurer
    yield from load_forms(timezone.now())
    forms = {form.name: form for form in IntakeForm.objects.filter(name__in=FORM_OF_SERVICE.values())}
    services: dict[str, Service] = {}
    for position, row in enumerate(SERVICES, start=1):
        extra: dict[str, Any] = {"position": position, "late_cancellation_fee": _SAME_DAY_FEE}
        extra["intake_form"] = forms.get(FORM_OF_SERVICE.get(row["slug"], ""))
        extra["buffer_after"] = timedelta(minutes=10)
        if row.get("audience") == Service.Audience.RETURNING:
            extra["first_visit_service"] = services["physiotherapy-assessment"]
        service, created = Service.objects.get_or_create(slug=row["slug"], defaults=row | extra)
        services[service.slug] = service
        if created:
            yield service
    for position, person in enumerate(PEOPLE, start=1):
        row = {"protected_title": "Physiotherapist", "register_url": COLLEGE_REGISTER, "position": position}
        practitioner, created = Practitioner.objects.get_or_create(slug=person.row["slug"], defaults=row | person.row)
        if created:
            yield practitioner
            yield from _practitioner_rows(practitioner, person, services, location, today)


def _location_rows(location: Location, today: date) -> Iterator[Model]:
    for day, (opens, closes) in OPENING.items():
        yield OpeningHours.objects.create(location=location, weekday=day, opens=opens, closes=closes)
    for position, name in enumerate(ROOMS, start=1):
        yield Room.objects.create(location=location, name=name, position=position)
    christmas = date(today.year, 12, 25)
    for on, name in ((christmas, "Christmas Day"), (christmas + timedelta(days=7), "New Year's Day")):
        yield Closure.objects.create(location=location, on=on, name=name)


def _practitioner_rows(
    practitioner: Practitioner, person: Person, services: dict[str, Service], location: Location, today: date
) -> Iterator[Model]:
    for slug in person.services:
        yield PractitionerService.objects.create(
            practitioner=practitioner, service=services[slug], own_price=person.own_prices.get(slug)
        )
    for days, (start, end) in person.hours.items():
        for day in days:
            yield WorkingHours.objects.create(
                practitioner=practitioner, location=location, weekday=day, start_time=start, end_time=end
            )
            if person.pause and start < person.pause[0] and person.pause[1] < end:
                yield Break.objects.create(
                    practitioner=practitioner, weekday=day, start_time=person.pause[0], end_time=person.pause[1]
                )
    if practitioner.slug == "mei-lin-tran":
        # A course, two weeks from now, from Wednesday noon to Friday.
        wednesday = today + timedelta(days=14 - today.weekday() + WED)
        yield TimeOff.objects.create(
            practitioner=practitioner,
            starts_on=wednesday,
            start_time=time(12),
            ends_on=wednesday + timedelta(days=2),
            note="Course",
        )
