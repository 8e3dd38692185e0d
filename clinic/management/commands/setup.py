"""Set a new site up: the database, the clinic, its location and the first login, from questions or variables."""

import getpass
import os
import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from booking.ops.secret_key import has_secret_key, require_secret_key
from clinic.ops import environment, first_setup

PASSWORD_FILE = "SETUP_PASSWORD_FILE"  # noqa: S105 (the name of a variable)


class Command(BaseCommand):
    help = (
        "Set a new site up: prepare the database, and ask for the clinic, its address and the first login. "
        "What is there already stays. Without a terminal, or with --no-input, the answers come from options or from "
        f"variables (SETUP_CLINIC_NAME, ...), and the password from the file that {PASSWORD_FILE} names."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        for question in first_setup.QUESTIONS:
            parser.add_argument(
                question.option,
                default=os.environ.get(question.variable),
                help=f"{question.text} ({question.variable}).",
            )
        parser.add_argument("--no-input", action="store_false", dest="interactive", help="Ask nothing.")

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.IS_HTTPS:  # A local site gets one at the end.
            require_secret_key()
        self.migrate()
        there, questions = first_setup.existing(), first_setup.open_questions()
        for what, name in there.items():
            self.stdout.write(f"{what} is there already: {name}")
        if not questions and has_secret_key():
            self.stdout.write("Nothing was changed.")
            return
        try:
            self.set_up(questions, options)
        except (KeyboardInterrupt, EOFError):
            raise CommandError("\nStopped. Nothing was set up.", returncode=130) from None

    def migrate(self) -> None:
        try:
            call_command("migrate", check_unapplied=True, verbosity=0)
        except SystemExit:
            self.stdout.write("Preparing the database ...")
            self.stdout.flush()
            call_command("migrate", verbosity=0)

    def set_up(self, questions: list[first_setup.SetupQuestion], options: dict[str, Any]) -> None:
        is_asking = options["interactive"] and sys.stdin.isatty()
        password = ""
        if is_asking:
            values = {question.name: self.ask(question, options[question.name]) for question in questions}
            if "login" in values:
                password = self.ask_password(values)
        else:
            values, password = answers(questions, options)
        generated = first_setup.write(values, password)
        for question in questions:
            self.stdout.write(f"  {question.text}: {values[question.name]}")
        if generated:
            self.stdout.write(f"\n  Password of {values['login']}, shown this once:  {generated}\n")
        self.stdout.write(f"Done. Log in at {settings.SITE_URL}/admin/, where a list says what comes next.")

    def ask(self, question: first_setup.SetupQuestion, given: str | None) -> Any:
        """Return a valid answer: the option or variable, or what is typed."""
        suggestion = f" [{question.default}]" if question.default else ""
        while True:
            try:
                return question.clean(given if given is not None else input(f"{question.text}{suggestion}: "))
            except ValidationError as problem:
                self.stderr.write("\n".join([*([f"{given!r}:"] if given is not None else []), *problem.messages]))
                given = None

    def ask_password(self, values: dict[str, Any]) -> str:
        """Return the password from the file, or one that is typed once; "" for one that is made here."""
        password = password_in_file()
        while True:
            password = password or getpass.getpass("Password (press Enter to have one made): ")
            problems = first_setup.password_problems(password, values) if password else []
            if not problems:
                return password
            self.stderr.write("\n".join(problems))
            password = ""


def answers(questions: list[first_setup.SetupQuestion], options: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """Return all values and the password. Raises CommandError with everything that is missing or wrong."""
    values: dict[str, Any] = {}
    problems = []
    for question in questions:
        given = options[question.name]
        try:
            values[question.name] = question.clean(given or "")
        except ValidationError as problem:
            what = " ".join(problem.messages) if given else f"missing ({question.text})"
            problems.append(f"{question.option} or {question.variable}: {what}")
    password = ""
    if {"login", "login_email"} <= values.keys():
        password = password_in_file()
        found = first_setup.password_problems(password, values) if password else []
        problems += [f"{PASSWORD_FILE}: {problem}" for problem in found]
    if problems:
        raise CommandError("\n".join(["Nothing was set up.", *problems]))
    return values, password


def password_in_file() -> str:
    """Return the password in the file that SETUP_PASSWORD_FILE names; "" without it."""
    path = os.environ.get(PASSWORD_FILE, "")
    try:
        return environment.secret("SETUP_PASSWORD", {PASSWORD_FILE: path})
    except ImproperlyConfigured as problem:
        raise CommandError(f"Nothing was set up. {problem}") from problem
