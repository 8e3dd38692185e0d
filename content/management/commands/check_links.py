"""Ask other sites whether the links that our pages lead to still stand."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from content import external_links
from content.link_visits import Answer
from content.models import ExternalLink


class Command(BaseCommand):
    help = (
        "Visit every link to another site on published pages, and write down what was found: it stands in the office "
        "under “Links to other sites”. Nothing runs this by itself; once a month is plenty."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        counts = external_links.check(now=timezone.now(), tell=self._tell)
        said = ", ".join(f"{ExternalLink.Outcome(name).label.lower()}: {count}" for name, count in counts.items())
        self.stdout.write(f"{sum(counts.values())} links. {said}.")

    def _tell(self, address: str, answer: Answer) -> None:
        if answer.outcome != ExternalLink.Outcome.WORKS:
            self.stdout.write(f"{address}\n  {answer.words}")
