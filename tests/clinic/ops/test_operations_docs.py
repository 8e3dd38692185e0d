"""Each page of docs/operations/ is followed by a test, and each of its commands is run or excepted with a reason.

The commands themselves run in tests/operations/test_docs_commands.py (make prove-operations).
"""

import re

import pytest

from tests.operations.test_docs_commands import DOCS, NOT_RUN, PAGES, commands_of, is_left_out
from tests.support.console_blocks import blocks_of

pytestmark = pytest.mark.once


def test_every_page_is_followed():
    assert sorted(PAGES) == sorted(page.name for page in DOCS.glob("*.md"))


def test_every_block_says_what_it_is():
    """Without a mark nobody knows whether a block is a command."""
    unmarked = {name: [block.line for block in blocks_of(DOCS / name) if not block.mark] for name in PAGES}
    assert {name: lines for name, lines in unmarked.items() if lines} == {}


def test_every_exception_is_needed():
    commands = [command for name in PAGES for _, block in commands_of(DOCS / name) for command in block]
    assert [pattern for pattern in NOT_RUN if not any(re.match(pattern, command) for command in commands)] == []


def test_no_command_hides_in_a_block_that_is_not_run():
    """A block of text may show a file or an answer, and commands only where they take the place of others."""
    words = re.compile(r"\s*(sudo|docker|curl|systemctl|\.venv/bin/python)\b")
    hidden = {
        name: [line for block in blocks_of(DOCS / name) if block.mark == "text" for line in block.commands]
        for name in PAGES
    }
    found = {name: [line for line in lines if words.match(line)] for name, lines in hidden.items()}
    assert {name: lines for name, lines in found.items() if lines} == {
        "install.md": ["sudo clinic createsuperuser", "sudo clinic load_sample --no-appointments"]
    }


def test_only_a_command_that_an_exception_names_is_left_out():
    assert is_left_out("apt-get update")
    assert not is_left_out("clinic restore /var/lib/clinic-backups/clinic-20261201T093000Z.tar")
