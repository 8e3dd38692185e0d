"""What booking needs to know of the site's pages. The app that has the pages registers it.

A booking link on a page carries the page's name as ``?from=``: its slug, or its kind for a page without one.
"""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date

_NAME = re.compile(r"[-a-zA-Z0-9_]{1,80}", re.ASCII)


@dataclass(frozen=True)
class PageFacts:
    """A published page: how many readers said that it helped them, and how many that it did not."""

    name: str
    title: str
    helped: int
    did_not_help: int

    @property
    def answers(self) -> int:
        return self.helped + self.did_not_help


@dataclass(frozen=True)
class SitePages:
    """``published``: those of these names that are names of published pages.

    ``facts``: of all published pages, with the answers in the months from one day to another. One query each.
    """

    published: Callable[[Collection[str]], set[str]]
    facts: Callable[[date, date], list[PageFacts]]


_registered: list[SitePages] = []


def register_site_pages(pages: SitePages) -> None:
    """Call it from ``AppConfig.ready()``."""
    _registered[:] = [pages]


def page_facts(first_on: date, last_on: date) -> list[PageFacts]:
    return _registered[0].facts(first_on, last_on) if _registered else []


def published_name(name: str) -> str:
    """The name itself if it is that of a published page, else "": what is stored and repeated in links.

    One query; none if no page can have this name.
    """
    is_possible = bool(_registered) and _NAME.fullmatch(name) is not None
    return name if is_possible and name in _registered[0].published([name]) else ""
