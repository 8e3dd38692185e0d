"""The overlap constraints against a model that compares every pair of rows: both must accept the same rows.

Random sequences of steps insert, move, reassign, cancel, restore, overbook and delete appointments, with
``save()``, ``update()``, ``bulk_create()`` and raw SQL.
"""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from booking.models import OCCUPYING, PENDING, Appointment, Status
from tests.support.factories import (
    make_appointment,
    make_location,
    make_patient,
    make_practitioner,
    make_room,
    make_service,
)

pytestmark = pytest.mark.django_db

DAY = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
SLOTS = 24  # of ten minutes; few, so that most steps overlap another row
STEPS = 100


@dataclass(frozen=True)
class Row:
    """An appointment in the model; start and end in slots."""

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
    """Whether no two of these rows overlap."""
    rows = list(rows)
    return not any(row.collides(other) for index, row in enumerate(rows) for other in rows[:index])


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
    """All rows of the database as rows of the model."""
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


class RandomHistory:
    """A random sequence of steps, applied to the database and to the model."""

    def __init__(self, seed):
        self.random = Random(seed)
        self.rows = {}
        self.outcomes = Counter()
        self.place, self.service, self.patient = make_location(), make_service(), make_patient()
        self.people = [make_practitioner().pk for _ in range(2)]
        self.rooms = [make_room(self.place).pk for _ in range(2)] + [None]

    def random_row(self):
        start = self.random.randrange(SLOTS)
        return Row(
            practitioner=self.random.choice(self.people),
            room=self.random.choice(self.rooms),
            start=start,
            end=start + self.random.randrange(1, 7),
            status=self.random.choice([Status.BOOKED, Status.BOOKED, *Status]),
            overbooked=self.random.random() < 0.15,
        )

    def unsaved(self, row):
        appointment = Appointment(
            **fields_of(row), location=self.place, service=self.service, patient=self.patient, price=0,
            local_on=DAY.date(), local_time=DAY.time(), time_zone=self.place.time_zone,
        )  # fmt: skip
        if row.status in PENDING:
            appointment.hold_expires_at, appointment.hold_key = DAY, appointment.uid.hex
        return appointment

    # Steps: each returns the new rows, the replaced keys, and a function that writes them.

    def insert(self):
        row = self.random_row()
        appointment = self.unsaved(row)

        def write():
            appointment.save(force_insert=True)
            return [(appointment.pk, row)]

        return [row], [], write

    def insert_together(self):
        rows = [self.random_row() for _ in range(self.random.randrange(2, 4))]
        appointments = [self.unsaved(row) for row in rows]

        def write():
            Appointment.objects.bulk_create(appointments)
            return [(appointment.pk, row) for appointment, row in zip(appointments, rows, strict=True)]

        return rows, [], write

    def change(self):
        """Change the time, practitioner, room, status or overbooking of one row."""
        pk = self.random.choice(sorted(self.rows))
        other = self.random_row()
        changes = self.random.choice(
            [
                {"start": other.start, "end": other.end},
                {"end": self.rows[pk].start + self.random.randrange(1, 12)},
                {"practitioner": other.practitioner},
                {"room": other.room},
                {"status": Status.CANCELLED},
                {"status": Status.BOOKED},
                {"status": self.random.choice([Status.EXPIRED, Status.ARRIVED, Status.NOSHOW])},
                {"overbooked": not self.rows[pk].overbooked},
            ]
        )
        row = replace(self.rows[pk], **changes)
        write_row = self.random.choice([self.by_save, self.by_update, self.by_raw_sql])

        def write():
            write_row(pk, row)
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
        pk = self.random.choice(sorted(self.rows))

        def write():
            Appointment.objects.filter(pk=pk).delete()
            return []

        return [], [pk], write

    def apply(self, step):
        after, replaced, write = step()
        expected = accepts([*(row for pk, row in self.rows.items() if pk not in replaced), *after])
        try:
            with transaction.atomic():
                written = write()
        except IntegrityError as error:
            accepted, message = False, str(error)
        else:
            accepted, message = True, ""
            for pk in replaced:
                del self.rows[pk]
            self.rows |= dict(written)
        assert accepted == expected, f"{step.__name__} of {after} among {self.rows}: {message}"
        assert accepted or "no_overlap" in message
        assert as_stored() == self.rows
        self.outcomes[step.__name__, accepted] += 1


@pytest.mark.parametrize("seed", range(12))
def test_the_database_accepts_exactly_what_a_comparison_of_all_pairs_accepts(seed):
    history = RandomHistory(seed)
    for _ in range(STEPS):
        step = history.random.choice(
            [history.insert, history.insert_together, history.change, history.change, history.change, history.delete]
        )
        if history.rows or step in (history.insert, history.insert_together):
            history.apply(step)
    # Both outcomes must have occurred, or the test proves nothing.
    assert {accepted for _, accepted in history.outcomes} == {True, False}


@pytest.mark.parametrize("seed", range(100, 104))
def test_a_form_is_refused_exactly_when_the_database_would_refuse(seed):
    history = RandomHistory(seed)
    rejections = Counter()
    for _ in range(STEPS):
        row = history.random_row()
        appointment = history.unsaved(row)
        try:
            appointment.validate_constraints()
        except ValidationError:
            is_rejected = True
        else:
            is_rejected = False
        assert is_rejected != accepts([*history.rows.values(), row])
        rejections[is_rejected] += 1
        if not is_rejected:
            appointment.save()
            history.rows[appointment.pk] = row
    assert rejections[True]
    assert rejections[False]


def test_two_rows_that_collide_in_one_statement_are_refused_together():
    first = make_appointment()
    second = make_appointment(practitioner=first.practitioner, starts_at=first.ends_at, location=first.location)
    with pytest.raises(IntegrityError), transaction.atomic():
        Appointment.objects.filter(pk__in=[first.pk, second.pk]).update(starts_at=DAY, ends_at=instant(3))
