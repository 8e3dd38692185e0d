"""build_static bundles the stylesheets into one small file, idempotently."""

from pathlib import Path, PurePosixPath

import brotli
import pytest
from django.core.management import call_command

from clinic.management.commands import build_static

STATIC = Path(__file__).resolve().parents[3] / "static"


@pytest.fixture
def css(tmp_path):
    call_command("build_static", into=tmp_path, verbosity=0)
    return (tmp_path / "css" / "site.css").read_text()


def test_the_bundle_declares_the_layers_first_and_has_no_imports(css):
    assert css.startswith("@layer reset, tokens, elements, layout, components;\n")
    assert "@import" not in css
    for source in build_static.sources(STATIC / "css"):
        assert source.exists(), source


def test_every_url_in_the_bundle_leads_to_a_file(css):
    addresses = {match["address"] for match in build_static.URL.finditer(css)}
    assert "../fonts/bricolage.woff2" in addresses
    for address in addresses:
        assert (STATIC / "css" / address).resolve().is_file(), address


@pytest.mark.parametrize(
    ("written", "rebased"),
    [
        ('url("../../img/hills.svg")', 'url("../img/hills.svg")'),
        ("url('mark.svg')", 'url("components/mark.svg")'),
        ('url("/static/img/hills.svg")', 'url("/static/img/hills.svg")'),
        ('url("#hill")', 'url("#hill")'),
    ],
    ids=["up and over", "beside", "from the root", "inside the page"],
)
def test_urls_are_rewritten_relative_to_the_bundle(written, rebased):
    assert build_static.rebase(written, PurePosixPath("css/components/hero.css")) == rebased


def test_minifying_removes_only_comments_and_indentation():
    assert build_static.minify("/* why\n  so */\na {\n\n  color: red; /* yes */\n}\n") == "a {\ncolor: red;\n}\n"


def test_the_compressed_stylesheet_stays_small(css):
    assert len(brotli.compress(css.encode())) <= 14 * 1024


def test_building_again_writes_nothing(tmp_path):
    call_command("build_static", into=tmp_path, verbosity=0)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    call_command("build_static", into=tmp_path, verbosity=0)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()} == before
