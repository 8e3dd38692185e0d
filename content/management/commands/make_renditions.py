"""Write missing AVIF, WebP and fallback renditions of all pictures."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from content.media import renditions, uploads


class Command(BaseCommand):
    help = "Write missing renditions of all pictures. The worker does so every few minutes."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--again", action="store_true", help="Write them all, even those that stand.")

    def handle(self, *args: Any, **options: Any) -> None:
        count, failed = 0, []
        for name, focus in uploads.every_picture():
            try:
                renditions.make_renditions(name, focus=focus, again=options["again"])
            except Exception as problem:  # One broken file must not stop the others.
                failed.append(f"{name} ({type(problem).__name__})")
            else:
                count += 1
        self.stdout.write(f"{count} pictures have their renditions.")
        if failed:
            raise CommandError(f"These pictures cannot be made ready: {', '.join(failed)}.")
