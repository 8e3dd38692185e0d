"""Publishes one page again and again, and says when each change was in the database (seconds since 1970).

python -m bench.publisher times seconds-between
"""

import sys
import time

import django

django.setup()  # This module is run by itself.

from django.utils import timezone  # noqa: E402

from content import publishing  # noqa: E402
from content.models import Page  # noqa: E402


def main() -> None:
    times, between = int(sys.argv[1]), float(sys.argv[2])
    page = Page.objects.get(slug="dry-needling-for-back-pain")
    for number in range(1, times + 1):
        time.sleep(between)
        Page.objects.filter(pk=page.pk).update(title=f"Published {number}")
        publishing.publish(page, by=None, now=timezone.now(), override_reason="Measured")
        print(time.time(), flush=True)


if __name__ == "__main__":
    main()
