"""Structured data: one JSON-LD graph for each page, with the schema.org vocabulary.

Every value must be visible on the page or in its footer. No ratings, no FAQ markup, and no claim of a review that
has not happened.
"""

import json
import re
from collections.abc import Iterable
from datetime import time
from html import unescape
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import strip_tags
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from booking.formatting import WEEKDAYS
from booking.models import Clinic, Location, OpeningHours, Practitioner
from booking.site_context import SpecialDay
from content.media.renditions import PictureFiles, picture_files_of
from content.models import BeforeDuringAfter, LeadList, Page, PersonCard, RiskTable
from content.pages.page_view import RenderedPage

Node = dict[str, Any]
ABOUT = ("about", "about-us")  # Slugs of a page about the clinic itself.


def for_page(
    request: HttpRequest,
    *,
    page: Page | None,
    reading: RenderedPage | None,
    crumbs: list[tuple[str, str]],
    person: Practitioner | None = None,
    people: Iterable[Practitioner] = (),
    **_context: Any,
) -> "LazyGraph":
    """Return the graph of one page, built when the template renders it."""
    return LazyGraph(request=request, page=page, reading=reading, crumbs=crumbs, person=person, people=people)


class LazyGraph:
    """A graph that is built in the template, where the site context is available (see the json_ld tag)."""

    def __init__(self, **params: Any) -> None:
        self.params = params

    @property
    def tells_every_date(self) -> bool:
        """Whether the page lists all upcoming special dates (contact does), not only the near ones."""
        page = self.params["page"]
        return page is not None and page.kind == Page.Kind.CONTACT

    def graph(
        self,
        *,
        clinic: Clinic | None,
        location: Location | None,
        hours: Iterable[OpeningHours],
        special: Iterable[SpecialDay],
    ) -> Node:
        nodes = _nodes(clinic=clinic, location=location, hours=hours, special=special, **self.params)
        return {"@context": "https://schema.org", "@graph": nodes}


def script(graph: Node) -> SafeString:
    """Return the graph as a script element, escaped so that no value can close it or open another."""
    text = json.dumps(graph, ensure_ascii=False, separators=(",", ":"))
    for character, escape in (
        ("<", "\\u003C"),
        (">", "\\u003E"),
        ("&", "\\u0026"),
        ("\u2028", "\\u2028"),
        ("\u2029", "\\u2029"),
    ):
        text = text.replace(character, escape)
    return mark_safe(f'<script type="application/ld+json">{text}</script>')  # noqa: S308


def absolute_url(path: str) -> str:
    """Return the absolute URL of a path of this site. Media URLs may be absolute already."""
    return f"{settings.SITE_URL}{path}" if path.startswith("/") and not path.startswith("//") else path


def _nodes(
    *,
    request: HttpRequest,
    page: Page | None,
    reading: RenderedPage | None,
    crumbs: list[tuple[str, str]],
    person: Practitioner | None,
    people: Iterable[Practitioner],
    clinic: Clinic | None,
    location: Location | None,
    hours: Iterable[OpeningHours],
    special: Iterable[SpecialDay],
) -> list[Node]:
    here, files = absolute_url(request.path), picture_files_of(request)
    nodes = [_clinic(clinic, location, hours, special)] if clinic else []
    if crumbs:
        nodes.append(_crumbs(crumbs, here))
    if page and reading:
        nodes.append(_web_page(page, reading, here, files, has_crumbs=bool(crumbs)))
        if page.kind == Page.Kind.TREATMENT:
            nodes.append(_therapy(page, reading, here))
    return nodes + _people(page, reading, person, people, files)


def _people(
    page: Page | None, reading: RenderedPage | None, person: Practitioner | None, people: Iterable[Practitioner],
    files: PictureFiles,
) -> list[Node]:  # fmt: skip
    """Return the people on the page: in full on their own page and on their cards, else name, title and maybe photo."""
    in_full = [person] if person else []
    named: list[Practitioner | None] = []
    pictured: list[Practitioner] = []
    if page and reading:
        in_full += [card.practitioner for card in reading.of_kind(PersonCard)]
        named = [page.written_by, page.reviewed_by] if page.kind == Page.Kind.TREATMENT else []
        pictured = list(people) if page.kind in (Page.Kind.HOME, Page.Kind.TEAM) else []
    whole_ids, pictured_ids = {row.pk for row in in_full}, {row.pk for row in [*in_full, *pictured]}
    people_by_id = {row.pk: row for row in [*in_full, *pictured, *named] if row}
    photos = {pk: files.sources(row.photo).src for pk, row in people_by_id.items() if pk in pictured_ids and row.photo}
    return [_person(row, photos.get(pk, ""), in_full=pk in whole_ids) for pk, row in people_by_id.items()]


def _id(path: str, name: str) -> str:
    return f"{absolute_url(path)}#{name}"


def _clinic_id() -> str:
    return _id(reverse("content:home"), "clinic")


def _clinic(
    clinic: Clinic, location: Location | None, hours: Iterable[OpeningHours], special: Iterable[SpecialDay]
) -> Node:
    node: Node = {
        "@type": "MedicalClinic",
        "@id": _clinic_id(),
        "name": clinic.name,
        "url": absolute_url(reverse("content:home")),
        "telephone": str(clinic.phone),
        "email": clinic.email,
        "medicalSpecialty": "https://schema.org/Physiotherapy",
        "potentialAction": {
            "@type": "ReserveAction",
            "name": gettext("Book an appointment"),
            "target": {"@type": "EntryPoint", "urlTemplate": absolute_url(reverse("booking:services"))},
        },
    }
    if location:
        node["address"] = {
            "@type": "PostalAddress",
            "streetAddress": location.street,
            "addressLocality": location.city,
            "addressRegion": location.get_province_display(),
            "postalCode": location.postal_code,
            "addressCountry": "CA",
        }
    opening = [
        {
            "@type": "OpeningHoursSpecification",
            "dayOfWeek": f"https://schema.org/{WEEKDAYS[row.weekday]}",
            "opens": f"{row.opens:%H:%M}",
            "closes": f"{row.closes:%H:%M}",
        }
        for row in hours
    ]
    if opening:
        node["openingHoursSpecification"] = opening
    dates = [
        _special_hours(day, *span)
        for day in special
        if location and day.location.pk == location.pk
        for span in day.hours or [(time(0), time(0))]
    ]
    if dates:
        node["specialOpeningHoursSpecification"] = dates
    return node


def _special_hours(day: SpecialDay, opens: time, closes: time) -> Node:
    """Opening hours of one date. Midnight to midnight means closed, as search engines read it."""
    node: Node = {
        "@type": "OpeningHoursSpecification",
        "opens": f"{opens:%H:%M}",
        "closes": f"{closes:%H:%M}",
        "validFrom": day.on.isoformat(),
        "validThrough": day.on.isoformat(),
    }
    return node | ({"name": day.name} if day.name else {})


def _crumbs(crumbs: list[tuple[str, str]], here: str) -> Node:
    return {
        "@type": "BreadcrumbList",
        "@id": f"{here}#breadcrumbs",
        "itemListElement": [
            {"@type": "ListItem", "position": position, "name": title, "item": absolute_url(path) if path else here}
            for position, (title, path) in enumerate(crumbs, start=1)
        ],
    }


def _web_page(page: Page, reading: RenderedPage, here: str, files: PictureFiles, *, has_crumbs: bool) -> Node:
    is_medical = page.kind == Page.Kind.TREATMENT
    is_about = page.kind == Page.Kind.ORDINARY and page.slug in ABOUT
    node: Node = {
        "@type": "MedicalWebPage" if is_medical else "AboutPage" if is_about else "WebPage",
        "@id": f"{here}#page",
        "url": here,
        "name": page.title,
        "description": page.lede,
        "inLanguage": "en-CA",
        "dateModified": reading.changed_at.isoformat(),
        "publisher": {"@id": _clinic_id()},
    }
    if has_crumbs:
        node["breadcrumb"] = {"@id": f"{here}#breadcrumbs"}
    if reading.hero and not page.hero_is_decorative:
        node["primaryImageOfPage"] = {
            "@type": "ImageObject",
            "url": absolute_url(files.sources(reading.hero).src),
            "caption": page.hero_alt,
        }
    if page.written_by and is_medical:
        node["author"] = {"@id": _person_id(page.written_by)}
    if page.reviewed_by and page.last_reviewed_on and is_medical:
        node["reviewedBy"] = {"@id": _person_id(page.reviewed_by)}
        node["lastReviewed"] = page.last_reviewed_on.isoformat()
    if reading.sources:
        node["citation"] = [_citation(source.text, source.link) for source in reading.sources]
    if is_medical:
        node["about"] = {"@id": f"{here}#therapy"}
    return node


def _citation(text: str, link: str) -> Node:
    node: Node = {"@type": "CreativeWork", "name": text}
    return node | {"url": link} if link else node


def _therapy(page: Page, reading: RenderedPage, here: str) -> Node:
    node: Node = {"@type": "MedicalTherapy", "@id": f"{here}#therapy", "name": page.title, "description": page.lede}
    if page.other_names:
        node["alternateName"] = page.other_names
    ask_first = [
        _plain_row(row)
        for block in reading.of_kind(LeadList)
        if block.purpose == LeadList.Purpose.ASK_FIRST
        for row in block.items
    ]
    if ask_first:
        node["contraindication"] = [{"@type": "MedicalContraindication", "name": text} for text in ask_first]
    effects = [row["effect"] for block in reading.of_kind(RiskTable) for row in block.rows if row["effect"]]
    if effects:
        node["adverseOutcome"] = [{"@type": "MedicalEntity", "name": _plain(effect)} for effect in effects]
    for visit in reading.of_kind(BeforeDuringAfter)[:1]:
        node["preparation"] = _plain(visit.before)
        node["howPerformed"] = _plain(visit.during)
        node["followup"] = _plain(visit.after)
    return node


def _plain_row(row: dict[str, str]) -> str:
    lead, body = row.get("lead", ""), _plain(row.get("body", ""))
    return f"{_plain(lead)} {body}".strip()


def _plain(html: str) -> str:
    """Return the text without tags and citation numbers."""
    spaced = re.sub(r"</(p|li|ul|ol)>|<br ?/?>", " ", str(html))
    return " ".join(re.sub(r"\s?\[\d[\d, ]*\]", "", unescape(strip_tags(spaced))).replace("**", "").split())


def _person_id(person: Practitioner) -> str:
    return _id(person.get_absolute_url(), "person")


def _person(person: Practitioner, photo: str, *, in_full: bool) -> Node:
    node: Node = {
        "@type": "Person",
        "@id": _person_id(person),
        "name": person.name,
        "jobTitle": person.protected_title,
        "worksFor": {"@id": _clinic_id()},
    }
    if person.is_active:
        node["url"] = absolute_url(person.get_absolute_url())
    if person.credentials and in_full:
        node["hasCredential"] = {"@type": "EducationalOccupationalCredential", "name": person.credentials}
    if photo:
        node["image"] = absolute_url(photo)
    return node
