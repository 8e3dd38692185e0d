"""The style guide shows every component in every state: a new class cannot be forgotten there."""

import re
from pathlib import Path

import pytest
from django.core.management import call_command

pytestmark = [pytest.mark.django_db, pytest.mark.once]
CSS = Path(__file__).resolve().parent.parent / "static" / "css" / "components"
# What the style guide cannot show, and why.
ELSEWHERE = {
    "leaflet": "a treatment page on paper",
    "leaflet__place": "stands on paper only",
    "prints-the-way": "the contact page on paper",
}


def classes_of(css: str) -> set[str]:
    """The classes that a stylesheet's selectors name; values such as 0.5rem are none."""
    selectors = re.findall(r"([^{};]+)\{", re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL))
    return set(re.findall(r"\.(-?[a-zA-Z_][\w-]*)", " ".join(one for one in selectors if "@" not in one)))


@pytest.fixture
def shown(client) -> set[str]:
    call_command("load_sample", verbosity=0)  # The header and the footer show what the clinic has.
    html = client.get("/styleguide/").content.decode()
    return {name for names in re.findall(r'\bclass="([^"]*)"', html) for name in names.split()}


def test_every_class_of_every_component_is_shown(shown):
    forgotten = {path.name: sorted(classes_of(path.read_text()) - shown - set(ELSEWHERE)) for path in CSS.glob("*.css")}

    assert {name: classes for name, classes in forgotten.items() if classes} == {}


def test_what_is_said_to_be_elsewhere_is_a_class_and_not_shown(shown):
    every = {name for path in CSS.glob("*.css") for name in classes_of(path.read_text())}

    assert set(ELSEWHERE) - every == set()
    assert set(ELSEWHERE) & shown == set()


def test_classes_are_read_from_selectors_alone():
    css = "/* .not-this */ .card, .card--wide > .card__body:hover { margin: .5rem; background: url(a.svg) }"

    assert classes_of(f"@layer components {{ {css} @media (min-width: 1.5rem) {{ .tag {{ top: 0 }} }} }}") == {
        "card",
        "card--wide",
        "card__body",
        "tag",
    }
