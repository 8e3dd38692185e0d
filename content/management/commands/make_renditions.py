"""Write missing AVIF, WebP and fallback renditions of all pictures."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from content.media import preparation
from content.models import PictureFile

State = PictureFile.State


class Command(BaseCommand):
    help = "Write missing renditions of all pictures. The worker does so by itself."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--again", action="store_true", help="Write them all, even those that stand.")

    def handle(self, *args: Any, **options: Any) -> None:
        preparation.check_files()
        used, failed = preparation.used_pictures(), []
        for row in PictureFile.objects.filter(name__in=used).order_by("pk"):
            if row.state == State.READY and not options["again"]:
                continue
            claimed = preparation.claim(row.pk, if_due=False)
            if claimed is None or preparation.prepare(claimed, again=options["again"]) != State.READY:
                failed.append(row.name)
        self.stdout.write(f"{len(used) - len(failed)} pictures have their renditions.")
        if failed:
            raise CommandError(f"These pictures cannot be made ready, or a worker has them: {', '.join(failed)}.")
