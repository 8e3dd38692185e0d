"""Each variable has a sensible default, and a wrong value stops the start with a way to mend it."""

import stat
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured

from clinic import environment


@pytest.mark.parametrize(
    ("value", "accepted"),
    [
        ("https://www.yourclinic.example/", "https://www.yourclinic.example"),
        ("http://127.0.0.1:8123", "http://127.0.0.1:8123"),
        ("http://localhost", "http://localhost"),
        ("https://clinic.example:8443", "https://clinic.example:8443"),
    ],
)
def test_a_site_url_is_scheme_and_host(value, accepted):
    assert environment.site_url({"SITE_URL": value}) == accepted


@pytest.mark.parametrize(
    "value",
    ["clinic.example", "ftp://clinic.example", "https://", "https://a.example/path", "https://a.example:port", ""],
)
def test_a_site_url_that_is_none_is_refused_with_an_example(value):
    with pytest.raises(ImproperlyConfigured, match=r"SITE_URL=https://www\.yourclinic\.ca"):
        environment.site_url({"SITE_URL": value})


def test_patients_details_do_not_travel_unencrypted():
    with pytest.raises(ImproperlyConfigured, match="https://"):
        environment.site_url({"SITE_URL": "http://clinic.example"})


def test_the_database_is_a_file_unless_told(tmp_path):
    config = environment.database(tmp_path, {})
    assert (config["ENGINE"], config["NAME"]) == ("clinic.queued_sqlite", str(tmp_path / "clinic.sqlite3"))
    assert config["OPTIONS"]["transaction_mode"] == "IMMEDIATE"


def test_a_postgres_url_is_read(tmp_path):
    config = environment.database(tmp_path, {"DATABASE_URL": "postgres://u:p@db.example:5433/clinic"})
    assert (config["ENGINE"], config["HOST"], config["PORT"], config["NAME"]) == (
        "clinic.watched_postgresql", "db.example", 5433, "clinic",
    )  # fmt: skip


def test_postgres_keeps_queries_planned_and_what_its_url_asks_for(tmp_path):
    config = environment.database(tmp_path, {"DATABASE_URL": "postgres://u:p@db.example/clinic?sslmode=require"})
    assert config["OPTIONS"] == {"server_side_binding": True, "prepare_threshold": None, "sslmode": "require"}


def test_postgres_without_its_driver_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(ImproperlyConfigured, match=r"requirements-postgres\.txt"):
        environment.database(tmp_path, {"DATABASE_URL": "postgres://u:p@db.example/clinic"})


@pytest.mark.parametrize("value", ["mysql://u:secret@db.example/x", "nonsense", "postgres//u:secret@db"])
def test_another_database_is_refused_without_repeating_its_password(tmp_path, value):
    with pytest.raises(ImproperlyConfigured) as refused:
        environment.database(tmp_path, {"DATABASE_URL": value})
    assert "sqlite:///" in str(refused.value)
    assert "secret" not in str(refused.value)


def test_mails_become_files_unless_told():
    assert environment.mail({}) == {"EMAIL_BACKEND": "clinic.mailfiles.EmailBackend"}


@pytest.mark.parametrize(
    ("url", "port", "tls", "ssl"),
    [
        ("smtp://me%40a.example:p%2Fw@mail.example", 587, True, False),
        ("smtps://me%40a.example:p%2Fw@mail.example", 465, False, True),
        ("smtp://me%40a.example:p%2Fw@localhost:25", 25, False, False),
    ],
    ids=["STARTTLS", "TLS", "this machine"],
)
def test_a_mail_server_is_read_from_its_url(url, port, tls, ssl):
    found = environment.mail({"EMAIL_URL": url})
    assert (found["EMAIL_PORT"], found["EMAIL_USE_TLS"], found["EMAIL_USE_SSL"]) == (port, tls, ssl)
    assert (found["EMAIL_HOST_USER"], found["EMAIL_HOST_PASSWORD"]) == ("me@a.example", "p/w")


@pytest.mark.parametrize("url", ["mail.example", "imap://mail.example", "smtp://", "smtp://mail.example:port"])
def test_a_mail_url_that_is_none_is_refused(url):
    with pytest.raises(ImproperlyConfigured, match="EMAIL_URL"):
        environment.mail({"EMAIL_URL": url})


def test_a_secret_key_is_made_once_and_kept_for_this_user_alone(tmp_path):
    made = environment.secret_key(tmp_path, {})
    assert len(made) >= 50
    assert environment.secret_key(tmp_path, {}) == made
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600


def test_a_short_or_damaged_secret_key_is_refused(tmp_path):
    with pytest.raises(ImproperlyConfigured, match="32"):
        environment.secret_key(tmp_path, {"SECRET_KEY": "short"})
    (tmp_path / "secret_key").write_text("")
    with pytest.raises(ImproperlyConfigured, match="Delete it"):
        environment.secret_key(tmp_path, {})


def test_the_media_folder_is_made_and_must_be_a_full_path(tmp_path):
    assert environment.media_root(tmp_path, {"MEDIA_ROOT": str(tmp_path / "a" / "b")}).is_dir()
    with pytest.raises(ImproperlyConfigured, match="full path"):
        environment.media_root(tmp_path, {"MEDIA_ROOT": "media"})
    (tmp_path / "file").write_text("")
    with pytest.raises(ImproperlyConfigured, match="cannot be made"):
        environment.media_root(tmp_path, {"MEDIA_ROOT": str(tmp_path / "file" / "media")})


def test_trusted_proxies_are_addresses_or_networks():
    assert len(environment.trusted_proxies({"TRUSTED_PROXIES": "127.0.0.1, 10.0.0.0/8 ::1"})) == 3
    with pytest.raises(ImproperlyConfigured, match="nginx"):
        environment.trusted_proxies({"TRUSTED_PROXIES": "nginx"})
