"""Check the links to other sites on published pages."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from booking.outbound_http import FetchResult
from content.links import external_links
from content.models import ExternalLink


class Command(BaseCommand):
    help = (
        "Visit every link to another site on published pages, and record what was found in "
        "the office under “Links to other sites”. Nothing runs this automatically; once a "
        "month is plenty."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        counts = external_links.check(now=timezone.now(), tell=self._report)
        summary = ", ".join(f"{ExternalLink.Outcome(name).label.lower()}: {count}" for name, count in counts.items())
        self.stdout.write(f"{sum(counts.values())} links. {summary}.")

    def _report(self, address: str, result: FetchResult) -> None:
        if result.outcome != ExternalLink.Outcome.WORKS:
            self.stdout.write(f"{address}\n  {result.words}")
