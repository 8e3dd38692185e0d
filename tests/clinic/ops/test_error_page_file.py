"""The front server's error page is written whole, or not at all."""

from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from tests.support import factories


@pytest.mark.parametrize("step", ["replace", "chmod"])
def test_a_failed_error_page_leaves_no_file_and_the_earlier_page(step, tmp_path: Path, db, monkeypatch):
    factories.make_clinic()
    page = tmp_path / "page.html"
    page.write_text("the earlier page")

    def fail(*args):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(f"clinic.ops.error_page.os.{step}", fail)
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("write_error_page", page)
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]
    assert page.read_text() == "the earlier page"
