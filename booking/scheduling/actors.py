"""Actor: the patient, staff user or system on whose behalf a command runs."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from booking.models import AppointmentEvent, Practitioner

_Kind = AppointmentEvent.ActorKind


@dataclass(frozen=True)
class Actor:
    """A patient with a manage link, a logged-in staff user, or the system (worker, management command)."""

    kind: AppointmentEvent.ActorKind
    user: Any = None

    @classmethod
    def patient(cls) -> "Actor":
        return cls(_Kind.PATIENT)

    @classmethod
    def system(cls) -> "Actor":
        return cls(_Kind.SYSTEM)

    @classmethod
    def staff(cls, user: Any) -> "Actor":
        return cls(_Kind.STAFF, user)

    @property
    def is_staff(self) -> bool:
        return self.kind == _Kind.STAFF

    def may_merge(self) -> bool:
        return self.is_staff and self.user.has_perm("booking.merge_patient")

    def may_correct_patients(self) -> bool:
        return self.is_staff and self.user.has_perm("booking.correct_patient")

    def may_import_patients(self) -> bool:
        return self.is_staff and self.user.has_perm("booking.import_patients")

    def may_overbook(self) -> bool:
        return self.is_staff and self.user.has_perm("booking.overbook_appointment")

    def may_block_everyone(self) -> bool:
        return self.is_staff and self.user.has_perm("booking.block_time")

    def may_block(self, practitioners: Iterable[Practitioner]) -> bool:
        """Whether they may block the time of all these practitioners: of everyone, or their own."""
        if self.may_block_everyone():
            return True
        if not self.is_staff or not self.user.has_perm("booking.block_own_time"):
            return False
        return all(person.is_active and person.user_id == self.user.pk for person in practitioners)
