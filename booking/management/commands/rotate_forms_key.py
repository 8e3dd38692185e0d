"""Encrypt all answers to health forms again with the newest key of FORMS_KEY."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from booking.intake import encryption
from booking.intake.rotation import rotate_all
from booking.ops.forms_key import HOW_TO_SET_A_FORMS_KEY


class Command(BaseCommand):
    help = (
        "Encrypt all answers to health forms again with the first key of FORMS_KEY. Afterwards the other keys can be "
        "taken away. The site may run meanwhile, with all of the keys."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        if not encryption.has_key():
            raise CommandError(f"There is no key. {HOW_TO_SET_A_FORMS_KEY}")
        done, unreadable = rotate_all()
        self.stdout.write(f"Encrypted with the newest key: {done}.")
        if unreadable:
            raise CommandError(
                f"{unreadable} could not be opened and stay as they are: FORMS_KEY lacks their key. Keep all keys."
            )
