"""Write the AVIF, WebP and fallback renditions that are missing, of every picture pages may show."""

from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandParser

from content import pictures


class Command(BaseCommand):
    help = "Write missing renditions of all pictures. Needed only if the media folder lost some."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--again", action="store_true", help="Write them all, even those that stand.")

    def handle(self, *args: Any, **options: Any) -> None:
        count = 0
        for label, field in pictures.watched:
            for row in apps.get_model(label).objects.exclude(**{field: ""}):
                focus = (getattr(row, "focal_x", 50), getattr(row, "focal_y", 50))
                pictures.make_renditions(getattr(row, field).name, focus=focus, again=options["again"])
                count += 1
        self.stdout.write(f"{count} pictures have their renditions.")
