"""Actor: the patient, staff user or system on whose behalf a command runs."""

from dataclasses import dataclass
from typing import Any

from booking.models import AppointmentEvent

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

    def may_import_patients(self) -> bool:
        return self.is_staff and self.user.has_perm("booking.import_patients")

    def may_overbook(self) -> bool:
        return self.is_staff and self.user.has_perm("booking.overbook_appointment")
