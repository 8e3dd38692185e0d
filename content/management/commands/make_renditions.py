"""Write the AVIF, WebP and fallback renditions that are missing, of every picture pages may show."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from content import pictures


class Command(BaseCommand):
    help = "Write missing renditions of all pictures. The worker does so every few minutes."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--again", action="store_true", help="Write them all, even those that stand.")

    def handle(self, *args: Any, **options: Any) -> None:
        count = 0
        for name, focus in pictures.every_picture():
            pictures.make_renditions(name, focus=focus, again=options["again"])
            count += 1
        self.stdout.write(f"{count} pictures have their renditions.")
