"""Print the version of the site."""

from typing import Any

from django.core.management.base import BaseCommand

from clinic.ops.version import site_version


class Command(BaseCommand):
    help = "Print the version of the site, with its commit if it is known."
    requires_system_checks = ()

    def handle(self, **options: Any) -> None:
        self.stdout.write(site_version())
