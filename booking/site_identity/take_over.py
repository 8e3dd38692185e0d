"""Command: record this place as the site, and withhold the messages that the place before has sent."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from booking import messages
from booking.models import SiteIdentity
from booking.site_identity.memory import SiteMemory
from booking.site_identity.place import Place, current_place
from booking.site_identity.problems import WENT_BACK, SiteProblem, find_problem
from booking.site_identity.record import load_identity, muted_since, new_token


@dataclass(frozen=True)
class TakeOver:
    """What a take-over would do. ``made_here_since``: messages that were queued later are this copy's own."""

    problem: SiteProblem | None
    place: Place
    sent_until: datetime
    made_here_since: datetime | None
    last_sent_at: datetime | None
    last_take_over: datetime | None
    withheld: dict[str, int]
    checks: int

    @property
    def is_done(self) -> bool:
        """Whether this very take-over has been done."""
        return self.problem is None and self.last_take_over == self.sent_until


def plan_take_over(*, sent_until: datetime, now: datetime) -> TakeOver:
    """Look, and write nothing."""
    identity, place, memory = load_identity(), current_place(), SiteMemory()
    problem = find_problem(identity, place, now=now, memory=memory)
    made_here_since = muted_since(identity, place, memory, went_back=problem is WENT_BACK) if identity else None
    return TakeOver(
        problem,
        place,
        sent_until,
        made_here_since,
        messages.last_sent_at(),
        identity.sent_until if identity else None,
        messages.count_sent_elsewhere(until=sent_until, made_here_since=made_here_since),
        messages.delivery_checks_due(sent_until).count(),
    )


def take_over(plan: TakeOver, *, now: datetime) -> None:
    """Withhold the messages and record this place, in one transaction."""
    with transaction.atomic():
        SiteIdentity.objects.get_or_create(pk=SiteIdentity.PK)
        identity = SiteIdentity.objects.select_for_update().get(pk=SiteIdentity.PK)
        messages.withhold_sent_elsewhere(
            until=plan.sent_until, made_here_since=plan.made_here_since, reason=_reason(plan.sent_until)
        )
        identity.database, identity.site_url = plan.place.database, plan.place.site_url
        identity.token, identity.recorded_at = new_token(), now
        identity.sent_until = max(plan.sent_until, identity.sent_until or plan.sent_until)
        identity.went_back, identity.muted_place, identity.muted_at = False, "", None
        identity.save()


def _reason(sent_until: datetime) -> str:
    """For staff. In the current time zone."""
    until = timezone.localtime(sent_until)
    return (
        f"Due before {until:%Y-%m-%d %H:%M}, when this site was restored from a backup: it was sent from there, "
        "so it was not sent again. Ask the patient if in doubt."
    )
