"""Let this copy of the database send messages from now on, without those that the original has sent."""

import sys
from argparse import ArgumentParser
from datetime import datetime, tzinfo
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from booking.models import Location
from booking.site_identity import TakeOver, plan_take_over, take_over


class Command(BaseCommand):
    help = (
        "After a backup was restored, or a standby promoted: make this database the site's, so that its worker sends "
        "messages. What was due until --sent-until was sent by the site before and is not sent again. Stop the site "
        "before for good first: two sites with one database's past would both send what comes."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--sent-until",
            metavar="TIME",
            help="When the site before stopped sending, such as 2026-12-01T14:30, in the clinic's time zone unless the "
            "time names another (2026-12-01T21:30Z); or now.",
        )
        parser.add_argument("--dry-run", action="store_true", help="Say what would be done, and write nothing.")
        parser.add_argument("--yes", action="store_true", help="Do not ask.")
        parser.add_argument(
            "--force", action="store_true", help="Also if this database is not known to be a copy or set back."
        )

    def handle(self, *, sent_until: str | None, dry_run: bool, yes: bool, force: bool, **options: Any) -> None:
        now = timezone.now()
        with timezone.override(_clinic_zone()):
            plan = plan_take_over(sent_until=_parsed(sent_until, now) if sent_until else now, now=now)
            for line in _lines(plan):
                self.stdout.write(line)
            if not sent_until:
                raise CommandError("Say when the site before stopped sending: --sent-until TIME. Nothing was written.")
            if plan.is_done:
                self.stdout.write("It was taken over before, with the same time. Nothing is left to do.")
                return
            if plan.problem is None and not force:
                raise CommandError(
                    "This database is served where it was before, so there is nothing to take over, and nothing was "
                    "written. If it was restored from a backup all the same, repeat this with --force."
                )
            if dry_run:
                self.stdout.write("This is a dry run: nothing was written.")
            elif not yes and not self.confirm():
                self.stdout.write("Nothing was written.")
            else:
                take_over(plan, now=now)
                self.stdout.write("Taken over: this place is the site now. The workers send within some seconds.")

    def confirm(self) -> bool:
        if not sys.stdin.isatty():
            raise CommandError(
                "There is no terminal to ask on, so nothing was written. Look with --dry-run first, then add --yes."
            )
        return input("Is the site before stopped for good, and shall this one take over? [y/N] ").strip().lower() in {
            "y",
            "yes",
        }


def _clinic_zone() -> tzinfo:
    location = Location.objects.only("time_zone").first()
    return location.zone if location else timezone.get_default_timezone()


def _parsed(text: str, now: datetime) -> datetime:
    """Return the instant. Raises CommandError if it is none, or in the future."""
    if text == "now":
        return now
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise CommandError(f"{text!r} is no time. Write it as 2026-12-01T14:30, or now.") from error
    at = at if timezone.is_aware(at) else timezone.make_aware(at)
    if at > now:
        raise CommandError(f"{_time(at)} is in the future. Nothing can have been sent until then.")
    return at


def _lines(plan: TakeOver) -> list[str]:
    """The plan as lines of text, without patients' data."""
    lines = [plan.problem.text if plan.problem else "This database is served where it was before."]
    newest = f"was sent on {_time(plan.last_sent_at)}" if plan.last_sent_at else "has not been sent yet"
    lines.append(f"As far as this database knows, its newest message {newest}.")
    lines.append(f"Messages due until {_time(plan.sent_until)}, which will not be sent from here:")
    lines += [f"  {kind}: {count}" for kind, count in plan.withheld.items()] or ["  none"]
    if plan.made_here_since:
        lines.append(f"Messages that were queued here since {_time(plan.made_here_since)} are not among them.")
    if plan.checks:
        lines.append(f"Text messages that will not be asked about: {plan.checks}.")
    return lines


def _time(at: datetime) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M %Z}"
