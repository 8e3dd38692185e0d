"""Load and remove the sample clinic, by default without its appointments, which would occupy the tests' slots."""

from typing import Any

from django.core.management import call_command


def load_sample(**options: Any) -> None:
    call_command("load_sample", **{"appointments": False, "verbosity": 0} | options)


def remove_sample(**options: Any) -> None:
    call_command("load_sample", **{"remove": True, "yes": True, "verbosity": 0} | options)
