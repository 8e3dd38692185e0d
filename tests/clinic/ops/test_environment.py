"""Environment variables: defaults, valid values, and error messages that say how to fix invalid ones."""

import os
import stat
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from clinic.ops import environment


@pytest.mark.parametrize(
    ("value", "accepted"),
    [
        ("https://www.yourclinic.example/", "https://www.yourclinic.example"),
        ("http://127.0.0.1:8123", "http://127.0.0.1:8123"),
        ("http://localhost", "http://localhost"),
        ("https://clinic.example:8443", "https://clinic.example:8443"),
        ("https://Clínica-MontrÉal.example/", "https://xn--clnica-montral-mkb7c.example"),
        ("https://WWW.Clinic.Example.", "https://www.clinic.example"),
        ("https://clinic.example:443", "https://clinic.example"),
        ("https://[2001:DB8::1]:8443", "https://[2001:db8::1]:8443"),
    ],
)
def test_a_site_url_is_scheme_and_host(value, accepted):
    assert environment.site_url({"SITE_URL": value}) == accepted


@pytest.mark.parametrize(
    "value",
    ["clinic.example", "ftp://clinic.example", "https://", "https://a.example/path", "https://a.example:port", "",
     "https://my clinic.example", "https://straße.example", "https://a..example", "https://-a.example"],
)  # fmt: skip
def test_an_invalid_site_url_is_refused_with_an_example(value):
    with pytest.raises(ImproperlyConfigured, match=r"SITE_URL=https://www\.yourclinic\.ca"):
        environment.site_url({"SITE_URL": value})


def test_http_is_refused_for_a_public_host():
    with pytest.raises(ImproperlyConfigured, match="https://"):
        environment.site_url({"SITE_URL": "http://clinic.example"})


def test_the_default_database_is_a_sqlite_file(tmp_path):
    config = environment.database(tmp_path, {})
    assert (config["ENGINE"], config["NAME"]) == ("django.db.backends.sqlite3", str(tmp_path / "clinic.sqlite3"))
    assert config["OPTIONS"]["transaction_mode"] == "IMMEDIATE"


def test_a_postgres_url_is_read(tmp_path):
    config = environment.database(tmp_path, {"DATABASE_URL": "postgres://u:p@db.example:5433/clinic"})
    assert (config["ENGINE"], config["HOST"], config["PORT"], config["NAME"]) == (
        "django.db.backends.postgresql", "db.example", 5433, "clinic",
    )  # fmt: skip


def test_postgres_connections_are_persistent_and_url_options_are_kept(tmp_path):
    config = environment.database(tmp_path, {"DATABASE_URL": "postgres://u:p@db.example/clinic?sslmode=require"})
    assert (config["CONN_MAX_AGE"], config["CONN_HEALTH_CHECKS"]) == (60, True)
    assert config["OPTIONS"] == {"sslmode": "require", "connect_timeout": 3, "tcp_user_timeout": 10_000}
    config = environment.database(tmp_path, {"DATABASE_URL": "postgres://u:p@db.example/clinic?connect_timeout=9"})
    assert config["OPTIONS"]["connect_timeout"] in {9, "9"}


def test_postgres_without_its_driver_is_refused_with_instructions(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(ImproperlyConfigured, match=r"requirements-postgres\.txt"):
        environment.database(tmp_path, {"DATABASE_URL": "postgres://u:p@db.example/clinic"})


@pytest.mark.parametrize("value", ["mysql://u:secret@db.example/x", "nonsense", "postgres//u:secret@db"])
def test_another_database_is_refused_without_repeating_its_password(tmp_path, value):
    with pytest.raises(ImproperlyConfigured) as error:
        environment.database(tmp_path, {"DATABASE_URL": value})
    assert "sqlite:///" in str(error.value)
    assert "secret" not in str(error.value)


def test_mails_are_written_to_files_by_default():
    assert environment.mail({}) == {"EMAIL_BACKEND": "clinic.ops.email_file_backend.EmailBackend"}


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
    config = environment.mail({"EMAIL_URL": url})
    assert (config["EMAIL_PORT"], config["EMAIL_USE_TLS"], config["EMAIL_USE_SSL"]) == (port, tls, ssl)
    assert (config["EMAIL_HOST_USER"], config["EMAIL_HOST_PASSWORD"]) == ("me@a.example", "p/w")


@pytest.mark.parametrize("url", ["mail.example", "imap://mail.example", "smtp://", "smtp://mail.example:port"])
def test_an_invalid_mail_url_is_refused(url):
    with pytest.raises(ImproperlyConfigured, match="EMAIL_URL"):
        environment.mail({"EMAIL_URL": url})


def test_a_secret_key_is_generated_once_and_readable_by_its_owner_only(tmp_path):
    assert environment.secret_key(tmp_path, {}) == ""
    key = environment.make_secret_key(tmp_path)
    assert len(key) >= 50
    assert environment.make_secret_key(tmp_path) == key
    assert environment.secret_key(tmp_path, {}) == key
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]


def test_of_two_processes_that_make_a_key_at_once_the_first_wins(tmp_path, monkeypatch):
    link = os.link

    def link_after_another(temporary, path):
        path.write_text("k" * 48)
        link(temporary, path)

    monkeypatch.setattr(os, "link", link_after_another)
    assert environment.make_secret_key(tmp_path) == "k" * 48
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]


def test_a_short_or_damaged_secret_key_is_refused(tmp_path):
    with pytest.raises(ImproperlyConfigured, match="32"):
        environment.secret_key(tmp_path, {"SECRET_KEY": "short"})
    (tmp_path / "secret_key").write_text("")
    with pytest.raises(ImproperlyConfigured, match="Delete it"):
        environment.secret_key(tmp_path, {})


def test_a_variable_replaces_the_key_under_var(tmp_path):
    environment.make_secret_key(tmp_path)
    assert environment.secret_key(tmp_path, {"SECRET_KEY": "v" * 40}) == "v" * 40
    (tmp_path / "named").write_text("f" * 40 + "\n")
    assert environment.secret_key(tmp_path, {"SECRET_KEY_FILE": str(tmp_path / "named")}) == "f" * 40


def test_a_key_file_with_several_lines_is_refused_without_repeating_them(tmp_path):
    (tmp_path / "keys").write_text("f" * 40 + "\n" + "g" * 40)
    with pytest.raises(ImproperlyConfigured, match="SECRET_KEY_FALLBACKS_FILE") as refusal:
        environment.secret_key(tmp_path, {"SECRET_KEY_FILE": str(tmp_path / "keys")})
    assert "ffff" not in str(refusal.value)


READERS = {
    "DATABASE_URL": lambda environ: environment.database(Path(), environ)["NAME"],
    "EMAIL_URL": lambda environ: environment.mail(environ)["EMAIL_HOST"],
    "SMS_URL": lambda environ: environment.sms("https://clinic.example", environ)["OPTIONS"]["host"],
    "SECRET_KEY": lambda environ: environment.secret_key(Path(), environ),
    "SECRET_KEY_FALLBACKS": environment.secret_key_fallbacks,
}
SECRETS = {
    "DATABASE_URL": ("sqlite:////srv/clinic.sqlite3", "/srv/clinic.sqlite3"),
    "EMAIL_URL": ("smtp://user:password@mail.example", "mail.example"),
    "SMS_URL": ("twilio://user:password@sms.example/+15875550123", "sms.example"),
    "SECRET_KEY": ("a" * 40, "a" * 40),
    "SECRET_KEY_FALLBACKS": ("b" * 40 + "\n" + "c" * 40, ["b" * 40, "c" * 40]),
}


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_may_be_in_a_file(tmp_path, name):
    text, read = SECRETS[name]
    (tmp_path / "secret").write_text(f"{text}\n")
    assert READERS[name]({f"{name}_FILE": str(tmp_path / "secret")}) == read


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_that_is_both_in_a_variable_and_in_a_file_is_refused(tmp_path, name):
    text, _ = SECRETS[name]
    (tmp_path / "secret").write_text(text)
    with pytest.raises(ImproperlyConfigured, match=f"{name} and {name}_FILE are both set"):
        READERS[name]({name: text, f"{name}_FILE": str(tmp_path / "secret")})


@pytest.mark.parametrize("name", SECRETS)
@pytest.mark.parametrize("file", ["missing", ".", "not-text"])
def test_a_secret_file_that_cannot_be_read_is_named(tmp_path, name, file):
    (tmp_path / "not-text").write_bytes(b"\xff\xfe")
    with pytest.raises(ImproperlyConfigured, match=f"{name}_FILE names .*{file}, which cannot be read"):
        READERS[name]({f"{name}_FILE": str(tmp_path / file)})


@pytest.mark.parametrize("name", sorted(SECRETS.keys() - {"SECRET_KEY_FALLBACKS"}))
def test_an_empty_secret_file_is_no_default(tmp_path, name):
    (tmp_path / "empty").write_text("\n")
    with pytest.raises(ImproperlyConfigured, match="is empty"):
        READERS[name]({f"{name}_FILE": str(tmp_path / "empty")})


def test_earlier_secret_keys_are_listed_newest_first_and_never_short():
    new, old = "b" * 40, "a" * 40
    assert environment.secret_key_fallbacks({}) == []
    assert environment.secret_key_fallbacks({"SECRET_KEY_FALLBACKS": f" {new}\n{old} "}) == [new, old]
    with pytest.raises(ImproperlyConfigured) as refusal:
        environment.secret_key_fallbacks({"SECRET_KEY_FALLBACKS": f"{new} secret-but-short"})
    assert "secret-but-short" not in str(refusal.value)


@pytest.mark.parametrize(
    ("name", "read"), [("MEDIA_ROOT", environment.media_root), ("STATIC_ROOT", environment.static_root)]
)
def test_a_folder_is_an_absolute_path_and_not_made_here(tmp_path, name, read):
    assert read(tmp_path, {name: str(tmp_path / "a" / "b")}) == tmp_path / "a" / "b"
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ImproperlyConfigured, match="full path"):
        read(tmp_path, {name: "folder"})


@pytest.mark.parametrize("options", ["", "?pool=true"])
def test_a_pooler_in_transaction_mode_gets_no_server_side_cursors_and_no_pool(tmp_path, options):
    url = f"postgres://u:p@db.example/clinic{options}"
    config = environment.database(tmp_path, {"DATABASE_URL": url, "DATABASE_POOLER": "transaction"})
    assert config["DISABLE_SERVER_SIDE_CURSORS"] is True
    assert "pool" not in config.get("OPTIONS", {})
    without = environment.database(tmp_path, {"DATABASE_URL": url})
    assert not without.get("DISABLE_SERVER_SIDE_CURSORS")
    with pytest.raises(ImproperlyConfigured, match="transaction"):
        environment.database(tmp_path, {"DATABASE_URL": url, "DATABASE_POOLER": "session"})


def test_pictures_are_in_a_folder_unless_an_object_store_is_named():
    assert environment.media_storage({}) == {"BACKEND": "django.core.files.storage.FileSystemStorage"}
    url = "s3://KEY:a%2Fb%40c@127.0.0.1:8333/bucket/clinic?region=ca-central-1&tls=off"
    options = environment.media_storage({"MEDIA_STORAGE": url})["OPTIONS"]
    assert options == {
        "access_key": "KEY",
        "secret_key": "a/b@c",
        "endpoint_url": "http://127.0.0.1:8333",
        "region_name": "ca-central-1",
        "bucket_name": "bucket",
        "location": "clinic",
    }
    plain = environment.media_storage({"MEDIA_STORAGE": "s3://KEY:SECRET@s3.example.ca/bucket"})["OPTIONS"]
    assert (plain["endpoint_url"], plain["location"]) == ("https://s3.example.ca", "")


@pytest.mark.parametrize(
    "value",
    ["bucket", "s3://host/bucket", "s3://KEY:hush@host", "s3://KEY@host/bucket", "s3://KEY:hush@host/b?acl=public",
     "s3://KEY:hush@host/b?tls=no", "https://KEY:hush@host/bucket", "s3://KEY:hush@host:x/bucket"],
)  # fmt: skip
def test_a_wrong_object_store_is_refused_without_its_secret(value):
    with pytest.raises(ImproperlyConfigured, match="MEDIA_STORAGE") as refusal:
        environment.media_storage({"MEDIA_STORAGE": value})
    assert "hush" not in str(refusal.value)


def test_trusted_proxies_are_addresses_or_networks():
    networks, unix = environment.trusted_proxies({"TRUSTED_PROXIES": "127.0.0.1, 10.0.0.0/8 ::1"})
    assert (len(networks), unix) == (3, False)
    with pytest.raises(ImproperlyConfigured, match="nginx"):
        environment.trusted_proxies({"TRUSTED_PROXIES": "nginx"})


def test_trusted_proxies_may_name_the_unix_socket():
    networks, unix = environment.trusted_proxies({"TRUSTED_PROXIES": "127.0.0.1, unix"})
    assert (len(networks), unix) == (1, True)


@pytest.mark.parametrize("url", ["https://clínica.example", "https://[2001:db8::1]", "https://www.clinic.example"])
def test_the_site_answers_to_the_host_of_its_own_address(rf, settings, url):
    settings.SITE_URL = environment.site_url({"SITE_URL": url})
    settings.ALLOWED_HOSTS = [environment.host_of(settings.SITE_URL)]
    host = settings.SITE_URL.removeprefix("https://")
    assert rf.get("/", headers={"host": host}).get_host() == host
