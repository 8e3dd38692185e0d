"""A backup that is restored elsewhere has everything, and sends nothing until somebody takes it over."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from booking.messages.rendering.email import message_id
from booking.models import Message
from tests.operations import alone, books
from tests.operations.people import Ledger, Patient
from tests.proofs import race_site
from tests.support import mail_server

pytestmark = [pytest.mark.prove, pytest.mark.operations]

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LATER = timedelta(days=2, hours=12)  # When reminders of the visits, which are in three days, have become due.


@pytest.fixture(params=["PostgreSQL", pytest.param("SQLite", marks=pytest.mark.long)])
def databases(request, site, tmp_path):
    """The URLs of a clinic's database, and of an empty one elsewhere."""
    if request.param == "SQLite":
        prepared = request.getfixturevalue("prepared")
        return f"sqlite:///{prepared}", f"sqlite:///{tmp_path / 'elsewhere.sqlite3'}"
    site.database.copy("clinic", "original")
    site.database.create("elsewhere")
    return [site.database.url(name, address="127.0.0.1") for name in ("original", "elsewhere")]


def done(host, *words, ahead=timedelta(0)):
    ran = alone.manage(host, *words, ahead=ahead)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def machine(site, folder, url, mail):
    folder.mkdir()
    alone.furnish(folder, site)
    return alone.lonely(site.hosts[0], folder, DATABASE_URL=url, EMAIL_URL=f"smtp://127.0.0.1:{mail.port}")


def test_a_restored_copy_has_everything_and_sends_only_what_comes_after_it_is_taken_over(
    site, databases, tmp_path, report
):
    ledger = Ledger()
    with mail_server.running() as mail:
        original = machine(site, tmp_path / "original", databases[0], mail)
        copy = machine(site, tmp_path / "copy", databases[1], mail)
        copy.environment["MEDIA_ROOT"] = str(tmp_path / "elsewhere")
        done(original, "take_over", "--sent-until", "now", "--yes", "--force")  # It is the site.
        with race_site.connected(databases[0]), alone.up(original):
            first, second = site.wishes(2)
            Patient(original.front, ledger).book(first)
            done(original, "work", "--once")
            Patient(original.front, ledger).book(second)
        done(original, "backup", "--to", str(tmp_path / "backups"))
        (file,) = (tmp_path / "backups").glob("clinic-*.tar")
        done(original, "work", "--once")  # The backup does not know that this is sent.
        sent = mail.ids()
        assert {booking.email for booking in ledger.booked} <= {str(each["To"]) for each in mail.received}

        done(copy, "restore", str(file))
        checked = done(copy, "restore_check", str(file))
        assert "Nothing is missing" in checked
        assert files_in(tmp_path / "elsewhere") >= files_in(site.folder / "media" / "pictures")
        with race_site.connected(databases[1]):
            assert books.lost_bookings(ledger) == []
        for hours in (0, 24):
            assert alone.manage(copy, "work", "--once", ahead=timedelta(hours=hours)).returncode != 0
        assert mail.ids() == sent

        until = timezone.now() + HOUR  # When the site before was stopped.
        done(copy, "take_over", "--sent-until", until.isoformat(), "--yes", ahead=DAY)
        done(copy, "work", "--once", ahead=LATER)
        new = mail.ids() - sent
        with race_site.connected(databases[1]):
            later = {message_id(key) for key in Message.objects.filter(due_at__gt=until).values_list("key", flat=True)}
            assert Message.objects.filter(state=Message.State.WAITING, due_at__lte=until).count() == 0
            assert books.doubled_bookings() == []
        report(f"{checked.strip()} Sent before: {sent.total()}, by the copy: 0, once taken over: {new.total()}")
        assert set(new)
        assert set(new) <= later
        assert books.repeated_mails(mail) == {}


def files_in(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*") if path.is_file()}
