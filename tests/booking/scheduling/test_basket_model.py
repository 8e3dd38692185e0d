"""Random visitors with baskets, compared after every step with a model that knows only the rules."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID, uuid4

import pytest
import time_machine

from booking import scheduling
from booking.models import Appointment, Clinic, Status
from booking.scheduling import Actor, PatientDetails, Visitor

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clinic", "practitioner")]
PATIENT = Actor.patient()
NINE = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
STARTS = [NINE + timedelta(hours=hour) for hour in range(7)]
LIMIT, HOLD, LONGEST = 4, timedelta(minutes=10), timedelta(minutes=40)


@dataclass
class ModelBasket:
    """What one visitor has chosen: the end of each hold, lapsed ones included."""

    id: UUID = field(default_factory=uuid4)
    ends: dict[datetime, datetime] = field(default_factory=dict)
    begun_at: datetime | None = None

    def end_if_chosen(self, now):
        return min(now + HOLD, (self.begun_at or now) + LONGEST)


class Model:
    """One practitioner: a start belongs to one basket, or is booked."""

    def __init__(self, visitors):
        self.baskets = {name: ModelBasket() for name in visitors}
        self.booked: set[datetime] = set()

    def live(self, now):
        return {
            (name, start) for name, basket in self.baskets.items() for start, end in basket.ends.items() if now < end
        }

    def is_free(self, start, name, now):
        return start not in self.booked and not any(other != name and held == start for other, held in self.live(now))

    def hold(self, name, starts, now):
        basket = self.baskets[name]
        if now >= basket.end_if_chosen(now):
            return False
        kept = {start for start, end in basket.ends.items() if now < end or self.is_free(start, name, now)}
        new = [start for start in starts if start not in kept]
        if new and len(kept) + len(new) > LIMIT:
            return False
        if not all(self.is_free(start, name, now) for start in new):
            return False
        basket.begun_at = basket.begun_at or now
        basket.ends = dict.fromkeys([*kept, *new], basket.end_if_chosen(now))
        return True

    def remove(self, name, starts, now):
        self.baskets[name].ends.pop(starts[0], None)
        return True

    def extend(self, name, starts, now):
        basket = self.baskets[name]
        if not basket.ends:
            return True
        if now >= basket.end_if_chosen(now):
            return False
        if not all(now < end or self.is_free(start, name, now) for start, end in basket.ends.items()):
            return False
        basket.ends = dict.fromkeys(basket.ends, basket.end_if_chosen(now))
        return True

    def book(self, name, starts, now):
        basket = self.baskets[name]
        if not all(now < end or self.is_free(start, name, now) for start, end in basket.ends.items()):
            return False
        self.booked |= set(basket.ends)
        self.baskets[name] = ModelBasket()
        return True

    def expire(self, name, starts, now):
        return True


class Product:
    """The same operations by the commands. Each returns whether it was done."""

    def __init__(self, service, location, visitors):
        self.service, self.location = service, location
        self.ids = {name: uuid4() for name in visitors}
        self.forms = 0

    def basket(self, name):
        return scheduling.load_basket(self.ids[name], name)

    def hold(self, name, starts, now):
        scheduling.hold_several(
            service=self.service, wishes=[(start, None) for start in starts], basket_id=self.ids[name], holder=name,
            by=PATIENT, now=now, location=self.location, visitor=Visitor(is_staff=True),
        )  # fmt: skip

    def remove(self, name, starts, now):
        for visit in self.basket(name).visits:
            if visit.starts_at == starts[0]:
                scheduling.return_time(visit=visit, basket_id=self.ids[name], by=PATIENT, now=now)

    def extend(self, name, starts, now):
        scheduling.extend_basket(
            basket_id=self.ids[name], holder=name, by=PATIENT, now=now, visitor=Visitor(is_staff=True)
        )

    def book(self, name, starts, now):
        self.forms += 1
        person = PatientDetails(name=f"Patient {name}", email=f"{name}@patients.example", phone="+14035550123")
        details = {visit.reference: person for visit in self.basket(name).visits}
        scheduling.book_basket(
            basket_id=self.ids[name], holder=name, details=details, submission_key=f"form {self.forms}", by=PATIENT,
            now=now, visitor=Visitor(is_staff=True),
        )  # fmt: skip
        self.ids[name] = uuid4()

    def expire(self, name, starts, now):
        scheduling.expire_holds(now=now)

    def live(self, now):
        rows = Appointment.objects.filter(status=Status.HELD, hold_expires_at__gt=now)
        return set(rows.values_list("hold_key", "starts_at"))


@pytest.mark.parametrize("seed", range(8))
def test_every_step_does_what_the_rules_say(seed, service, location):
    Clinic.objects.update(visits_ahead_per_email=50)
    service.series_limit = LIMIT
    service.save()
    random, visitors, refused = Random(seed), ["a", "b", "c"], 0
    model, product = Model(visitors), Product(service, location, visitors)
    now = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
    for _ in range(45):
        now += timedelta(minutes=random.choice([0, 1, 2, 4, 11]))
        name = random.choice(visitors)
        deed = random.choices(["hold", "remove", "extend", "book", "expire"], [8, 3, 3, 2, 2])[0]
        starts = random.sample(STARTS, random.randint(1, 3))
        if deed == "book" and not model.baskets[name].ends:
            continue
        expected = getattr(model, deed)(name, starts, now)
        with time_machine.travel(now, tick=False):
            try:
                getattr(product, deed)(name, starts, now)
                was_done = True
            except scheduling.SchedulingError:
                was_done = False
        assert (deed, was_done) == (deed, expected)
        refused += not was_done
        assert product.live(now) == model.live(now)
        booked = Appointment.objects.filter(status=Status.BOOKED).values_list("starts_at", flat=True)
        assert set(booked) == model.booked
        assert len(booked) == len(model.booked)
        if not model.baskets[name].ends and deed in {"remove", "book"}:  # Begin anew, as the pages do.
            model.baskets[name], product.ids[name] = ModelBasket(), uuid4()
    assert refused
