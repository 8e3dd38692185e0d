"""Delete a staff member's second factors, for somebody who has lost them."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from booking.privacy.change_log import log_values
from booking.scheduling import Actor
from clinic.accounts import second_factor
from clinic.models import StaffMember


class Command(BaseCommand):
    help = "Remove someone's passkeys, authenticator app and recovery codes, so they can set up new ones."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")

    def handle(self, *args: Any, **options: Any) -> None:
        user = StaffMember.objects.filter(username=options["username"]).first()
        if user is None:
            raise CommandError(f"There is no staff login called {options['username']!r}.")
        with transaction.atomic():
            log_values(Actor.system(), user, *second_factor.reset_values(user))
            count = second_factor.reset(user)
        self.stdout.write(f"{count} removed. Only the password is asked for until new ones are set up.")
