"""What the chooser shows of the library: search, filters, and each picture with its file and its usages."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from operator import and_
from typing import Any

from django.core.files.storage import default_storage
from django.core.paginator import Page as ListPage
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext, ngettext

from content.admin.editing.step_page import is_id
from content.links.usage import Usage, find_usages
from content.media.renditions import PictureFiles, sources_of
from content.models import Picture, PictureFile

PER_PAGE = 24
LONGEST_SEARCH = 100
MOST_WORDS = 8
ALL, UNUSED = "all", "unused"
State = PictureFile.State


@dataclass(frozen=True)
class LibraryFilter:
    """One choice of which pictures to show, and how many of those that were searched for it has."""

    value: str
    label: str
    count: int


@dataclass(frozen=True)
class LibraryQuery:
    """What was asked for in the address: words, a filter, a page of the list, and the picture that is shown."""

    words: str = ""
    show: str = ALL
    page: str = "1"
    picture: int = 0

    @classmethod
    def from_data(cls, data: QueryDict) -> "LibraryQuery":
        shown, picture = data.get("show", ALL), data.get("picture", "")
        words = "".join(character if character.isprintable() else " " for character in data.get("q", ""))
        return cls(
            words=" ".join(words.split())[:LONGEST_SEARCH].strip(),
            show=shown if shown in {ALL, UNUSED, *Picture.Subject.values} else ALL,
            page=data.get("page", "1"),
            picture=int(picture) if is_id(picture) else 0,
        )

    def address(self, base: str, **changes: Any) -> str:
        """Return the address of the list with this query, and without what is as it is at first."""
        values = {"q": self.words, "show": self.show, "page": self.page, "picture": self.picture} | changes
        first = {"q": "", "show": ALL, "page": "1", "picture": 0}
        query = QueryDict(mutable=True)
        query.update({name: str(value) for name, value in values.items() if value != first.get(name)})
        return f"{base}?{query.urlencode()}" if query else base


@dataclass(frozen=True)
class LibraryPicture:
    """A picture with its file, and where it is used."""

    picture: Picture
    file: PictureFile | None
    usages: list[Usage]

    @property
    def thumbnail(self) -> str:
        return thumbnail_url(self.picture, self.file)

    @property
    def large(self) -> str:
        return "" if _is_missing(self.file) else sources_of(self.picture.image, self.file).src

    @property
    def state(self) -> str:
        return state_of(self.file)

    @property
    def state_words(self) -> str:
        return state_words(self.file)

    @property
    def used_on(self) -> str:
        count = len(self.usages)
        return ngettext("%(count)d page", "%(count)d pages", count) % {"count": count} if count else gettext("not used")

    @property
    def is_undecided(self) -> bool:
        return not self.picture.alt and not self.picture.is_decorative


@dataclass(frozen=True)
class Library:
    """The answer to a query."""

    query: LibraryQuery
    filters: list[LibraryFilter]
    page: ListPage
    pictures: list[LibraryPicture]
    chosen: LibraryPicture | None


def search(query: LibraryQuery) -> Library:
    """Search the library, in a number of SQL queries that does not grow with it."""
    found = list(_matching(query.words).order_by("-created_at", "title"))
    chosen = next((one for one in found if one.pk == query.picture), None)
    if chosen is None and query.picture:
        chosen = Picture.objects.filter(pk=query.picture).first()
    usages = find_usages({one.pk: one for one in [*found, chosen] if one}.values(), now=timezone.now())
    by_filter = {
        ALL: (gettext("All"), found),
        **{
            subject.value: (str(subject.label), [one for one in found if one.subject == subject])
            for subject in Picture.Subject
        },
        UNUSED: (gettext("Not used"), [one for one in found if not usages[one.pk]]),
    }
    page = Paginator(by_filter[query.show][1], PER_PAGE).get_page(query.page)
    files = PictureFiles()
    files.load(str(one.image.name) for one in [*page.object_list, chosen] if one)

    def described(picture: Picture) -> LibraryPicture:
        return LibraryPicture(picture, files.get(str(picture.image.name)), usages[picture.pk])

    return Library(
        query=query,
        filters=[LibraryFilter(value, label, len(rows)) for value, (label, rows) in by_filter.items()],
        page=page,
        pictures=[described(picture) for picture in page.object_list],
        chosen=described(chosen) if chosen else None,
    )


def _matching(words: str) -> QuerySet[Picture]:
    """Return the pictures whose title, credit or description hold every word."""
    each = [
        Q(title__icontains=word) | Q(credit__icontains=word) | Q(alt__icontains=word)
        for word in words.split()[:MOST_WORDS]
    ]
    return Picture.objects.filter(reduce(and_, each)) if each else Picture.objects.all()


def states(ids: Iterable[int]) -> list[dict[str, Any]]:
    """Return what the scripts show of pictures, as JSON data."""
    pictures = list(Picture.objects.filter(pk__in=set(ids)))
    files = PictureFiles()
    files.load(str(picture.image.name) for picture in pictures)
    return [_as_json(picture, files.get(str(picture.image.name))) for picture in pictures]


def _as_json(picture: Picture, file: PictureFile | None) -> dict[str, Any]:
    return {
        "id": picture.pk,
        "title": picture.title,
        "thumbnail": thumbnail_url(picture, file),
        "state": state_of(file),
        "state_words": state_words(file),
        "alt": picture.alt,
        "is_decorative": picture.is_decorative,
    }


def thumbnail_url(picture: Picture, file: PictureFile | None) -> str:
    """Return the URL of the smallest rendition; of the original until there is one, "" if the file is missing."""
    if _is_missing(file):
        return ""
    renditions = file.renditions.get("webp") if file else None
    return default_storage.url(min(renditions)[1]) if renditions else str(picture.image.url)


def state_of(file: PictureFile | None) -> str:
    return file.state if file else State.WAITING


def state_words(file: PictureFile | None) -> str:
    """Return what to tell of a picture that is not ready; "" for one that is."""
    match state_of(file):
        case State.READY | State.REMOVED:
            return ""
        case State.FAILED:
            return gettext("We couldn't make smaller sizes of it. Save it as a JPEG and upload it again.")
        case State.MISSING:
            return gettext("Its file is missing. Upload it again, or ask the person who runs the site.")
        case _:
            return gettext("Being prepared…")


def _is_missing(file: PictureFile | None) -> bool:
    return state_of(file) == State.MISSING
