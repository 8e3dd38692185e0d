"""Notes on the admin's start page."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Note:
    """A note. ``tone`` is its colour: sky for information, straw for a task, rose for a failure."""

    tone: str
    heading: str
    text: str
    link: str
    link_text: str

    @property
    def count(self) -> str:
        """The number that the heading starts with, else an empty string; displayed large."""
        first = self.heading.partition(" ")[0]
        return first if first.isdigit() else ""

    @property
    def what(self) -> str:
        """The heading without ``count``."""
        return self.heading.removeprefix(self.count).strip()


def counted(count: int, noun: str, plural: str = "") -> str:
    return f"{count} {noun if count == 1 else plural or f'{noun}s'}"
