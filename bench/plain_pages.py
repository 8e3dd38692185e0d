"""Plain templates for the yardsticks, with startproject's context processors, and text to fill a page."""

from functools import cache

from django.template.backends.django import DjangoTemplates

STARTPROJECT_CONTEXT_PROCESSORS = [
    "django.template.context_processors.request",
    "django.contrib.auth.context_processors.auth",
    "django.contrib.messages.context_processors.messages",
]
PARAGRAPH = "A plain sentence that somebody could read aloud. " * 8
PARAGRAPHS_A_SECTION = 3


@cache
def from_string(source: str):  # type: ignore[no-untyped-def]  # django-stubs does not export the backend's template class.
    options = {"context_processors": STARTPROJECT_CONTEXT_PROCESSORS}
    engine = DjangoTemplates({"NAME": "plain", "DIRS": [], "APP_DIRS": False, "OPTIONS": options})
    return engine.from_string(source)


@cache
def sections(size: int) -> list[dict[str, object]]:
    """Headings with paragraphs of about ``size`` bytes."""
    section: dict[str, object] = {
        "heading": "A heading of some words",
        "paragraphs": [PARAGRAPH] * PARAGRAPHS_A_SECTION,
    }
    length = len("<h2></h2>\n") + len("A heading of some words") + PARAGRAPHS_A_SECTION * (len(PARAGRAPH) + 8)
    return [section] * round(size / length)
