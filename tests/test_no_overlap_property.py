"""The database's guards against a model that compares every pair: what one refuses the other refuses.

Random lives of appointments: inserted one by one or together, moved, given to somebody else, called
off, called back, overbooked, made plain again, deleted; by save, update(), bulk_create and raw SQL.
"""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from booking.models import OCCUPYING, Appointment, Status
from tests.make import make_appointment, make_location, make_patient, make_practitioner, make_room, make_service

pytestmark = pytest.mark.django_db

DAY = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
SLOTS = 24  # of ten minutes: so few that most steps meet something
STEPS = 100


@dataclass(frozen=True)
class Row:
    """An appointment as the model sees it; start and end in slots."""

    practitioner: int
    room: int | None
    start: int
    end: int
    status: Status = Status.BOOKED
    overbooked: bool = False

    @property
    def is_guarded(self):
        return self.status in OCCUPYING and not self.overbooked

    def collides(self, other):
        shares = self.practitioner == other.practitioner or (self.room is not None and self.room == other.room)
        return self.is_guarded and other.is_guarded and shares and self.start < other.end and other.start < self.end


def accepts(rows):
    """Whether these rows may stand together."""
    rows = list(rows)
    return not any(one.collides(two) for index, one in enumerate(rows) for two in rows[:index])


def instant(slot):
    return DAY + slot * timedelta(minutes=10)


def fields_of(row):
    return {
        "practitioner_id": row.practitioner,
        "room_id": row.room,
        "starts_at": instant(row.start),
        "ends_at": instant(row.end),
        "status": str(row.status),
        "overbooked_reason": "On purpose" if row.overbooked else "",
    }


def as_stored():
    """All rows of the database, as the model sees them."""
    return {
        row.pk: Row(
            row.practitioner_id,
            row.room_id,
            (row.starts_at - DAY) // timedelta(minutes=10),
            (row.ends_at - DAY) // timedelta(minutes=10),
            Status(row.status),
            bool(row.overbooked_reason),
        )
        for row in Appointment.objects.all()
    }


class Life:
    """One random sequence of steps, on the database and in the model at once."""

    def __init__(self, seed):
        self.dice = Random(seed)
        self.rows = {}
        self.outcomes = Counter()
        self.place, self.service, self.patient = make_location(), make_service(), make_patient()
        self.people = [make_practitioner().pk for _ in range(2)]
        self.rooms = [make_room(self.place).pk for _ in range(2)] + [None]

    def some_row(self):
        start = self.dice.randrange(SLOTS)
        return Row(
            practitioner=self.dice.choice(self.people),
            room=self.dice.choice(self.rooms),
            start=start,
            end=start + self.dice.randrange(1, 7),
            status=self.dice.choice([Status.BOOKED, Status.BOOKED, *Status]),
            overbooked=self.dice.random() < 0.15,
        )

    def unsaved(self, row):
        appointment = Appointment(
            **fields_of(row), location=self.place, service=self.service, patient=self.patient, price=0,
            local_on=DAY.date(), local_time=DAY.time(), time_zone=self.place.time_zone,
        )  # fmt: skip
        if row.status == Status.HELD:
            appointment.hold_expires_at, appointment.hold_key = DAY, appointment.uid.hex
        return appointment

    # Steps: each returns what the rows would be, and a function that writes it.

    def insert(self):
        row = self.some_row()
        appointment = self.unsaved(row)

        def write():
            appointment.save(force_insert=True)
            return [(appointment.pk, row)]

        return [row], [], write

    def insert_together(self):
        rows = [self.some_row() for _ in range(self.dice.randrange(2, 4))]
        appointments = [self.unsaved(row) for row in rows]

        def write():
            Appointment.objects.bulk_create(appointments)
            return [(appointment.pk, row) for appointment, row in zip(appointments, rows, strict=True)]

        return rows, [], write

    def change(self):
        """Another time, person, room, status or standing for one row."""
        pk = self.dice.choice(sorted(self.rows))
        other = self.some_row()
        changes = self.dice.choice(
            [
                {"start": other.start, "end": other.end},
                {"end": self.rows[pk].start + self.dice.randrange(1, 12)},
                {"practitioner": other.practitioner},
                {"room": other.room},
                {"status": Status.CANCELLED},
                {"status": Status.BOOKED},
                {"status": self.dice.choice([Status.EXPIRED, Status.ARRIVED, Status.NOSHOW])},
                {"overbooked": not self.rows[pk].overbooked},
            ]
        )
        row = replace(self.rows[pk], **changes)
        way = self.dice.choice([self.by_save, self.by_update, self.by_raw_sql])

        def write():
            way(pk, row)
            return [(pk, row)]

        return [row], [pk], write

    def by_save(self, pk, row):
        appointment = Appointment.objects.get(pk=pk)
        for name, value in fields_of(row).items():
            setattr(appointment, name, value)
        appointment.save()

    def by_update(self, pk, row):
        Appointment.objects.filter(pk=pk).update(**fields_of(row))

    def by_raw_sql(self, pk, row):
        fields = fields_of(row)
        for name in ("starts_at", "ends_at"):
            fields[name] = connection.ops.adapt_datetimefield_value(fields[name])
        with connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE booking_appointment SET {', '.join(f'{name} = %s' for name in fields)} WHERE id = %s",
                [*fields.values(), pk],
            )

    def delete(self):
        pk = self.dice.choice(sorted(self.rows))

        def write():
            Appointment.objects.filter(pk=pk).delete()
            return []

        return [], [pk], write

    def take(self, step):
        after, replaced, write = step()
        expected = accepts([*(row for pk, row in self.rows.items() if pk not in replaced), *after])
        try:
            with transaction.atomic():
                written = write()
        except IntegrityError as problem:
            accepted, why = False, str(problem)
        else:
            accepted, why = True, ""
            for pk in replaced:
                del self.rows[pk]
            self.rows |= dict(written)
        assert accepted == expected, f"{step.__name__} of {after} among {self.rows}: {why}"
        assert accepted or "no_overlap" in why
        assert as_stored() == self.rows
        self.outcomes[step.__name__, accepted] += 1


@pytest.mark.parametrize("seed", range(12))
def test_the_database_accepts_exactly_what_a_comparison_of_all_pairs_accepts(seed):
    life = Life(seed)
    for _ in range(STEPS):
        step = life.dice.choice([life.insert, life.insert_together, life.change, life.change, life.change, life.delete])
        if life.rows or step in (life.insert, life.insert_together):
            life.take(step)
    # A life that never met a refusal would have proved nothing.
    assert {accepted for _, accepted in life.outcomes} == {True, False}


@pytest.mark.parametrize("seed", range(100, 104))
def test_a_form_is_refused_exactly_when_the_database_would_refuse(seed):
    life = Life(seed)
    told = Counter()
    for _ in range(STEPS):
        row = life.some_row()
        appointment = life.unsaved(row)
        try:
            appointment.validate_constraints()
        except ValidationError:
            is_told = True
        else:
            is_told = False
        assert is_told != accepts([*life.rows.values(), row])
        told[is_told] += 1
        if not is_told:
            appointment.save()
            life.rows[appointment.pk] = row
    assert told[True]
    assert told[False]


def test_two_rows_that_collide_in_one_statement_are_refused_together():
    first = make_appointment()
    second = make_appointment(practitioner=first.practitioner, starts_at=first.ends_at, location=first.location)
    with pytest.raises(IntegrityError), transaction.atomic():
        Appointment.objects.filter(pk__in=[first.pk, second.pk]).update(starts_at=DAY, ends_at=instant(3))
