"""Print the data map as a Markdown page, or write it to docs/privacy/data-map.md."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from booking.privacy.data_map.page import data_map_page


class Command(BaseCommand):
    help = "Print which fields hold personal data, whose, what for, who sees it and how long it is kept."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--write", action="store_true", help="Write it to docs/privacy/data-map.md.")

    def handle(self, *, write: bool, **options: Any) -> None:
        page = data_map_page()
        if write:
            (settings.BASE_DIR / "docs" / "privacy" / "data-map.md").write_text(page, encoding="utf-8")
        else:
            self.stdout.write(page, ending="")
