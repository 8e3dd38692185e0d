"""The style guide shows every class of every component."""

import re
from pathlib import Path

import pytest

from tests.support.sample import load_sample

pytestmark = [pytest.mark.django_db, pytest.mark.once]
CSS = Path(__file__).resolve().parents[3] / "static" / "css" / "components"
# Classes that the style guide cannot show, and where they are used.
ELSEWHERE = {
    "handout": "a treatment page on paper",
    "handout__place": "stands on paper only",
    "print-directions": "the contact page on paper",
    "site-footer--slim": "below every booking page",
    "site-header__bar--slim": "above every booking page",
}


def classes_of(css: str) -> set[str]:
    """Return the classes in a stylesheet's selectors, but not values such as 0.5rem."""
    selectors = re.findall(r"([^{};]+)\{", re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL))
    return set(
        re.findall(r"\.(-?[a-zA-Z_][\w-]*)", " ".join(selector for selector in selectors if "@" not in selector))
    )


@pytest.fixture
def shown_classes(client) -> set[str]:
    load_sample()  # For the header and the footer.
    html = client.get("/styleguide/").content.decode()
    return {name for names in re.findall(r'\bclass="([^"]*)"', html) for name in names.split()}


def test_every_class_of_every_component_is_shown(shown_classes):
    missing = {
        path.name: sorted(classes_of(path.read_text()) - shown_classes - set(ELSEWHERE)) for path in CSS.glob("*.css")
    }

    assert {name: classes for name, classes in missing.items() if classes} == {}


def test_every_exception_exists_and_is_not_shown(shown_classes):
    classes = {name for path in CSS.glob("*.css") for name in classes_of(path.read_text())}

    assert set(ELSEWHERE) - classes == set()
    assert set(ELSEWHERE) & shown_classes == set()


def test_classes_are_found_in_selectors_only():
    css = "/* .not-this */ .card, .card--wide > .card__body:hover { margin: .5rem; background: url(a.svg) }"

    assert classes_of(f"@layer components {{ {css} @media (min-width: 1.5rem) {{ .tag {{ top: 0 }} }} }}") == {
        "card",
        "card--wide",
        "card__body",
        "tag",
    }
