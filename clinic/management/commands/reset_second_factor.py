"""Delete a staff member's second factors, for somebody who has lost them."""

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError

from clinic.accounts import second_factor


class Command(BaseCommand):
    help = "Remove someone's passkeys, authenticator app and recovery codes, so they can set up new ones."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")

    def handle(self, *args: Any, **options: Any) -> None:
        user = get_user_model().objects.filter(username=options["username"]).first()
        if user is None:
            raise CommandError(f"There is no staff login called {options['username']!r}.")
        count = second_factor.reset(user)
        self.stdout.write(f"{count} removed. Only the password is asked for until new ones are set up.")
