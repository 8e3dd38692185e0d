"""Template tags of content pages: blocks, menus, structured data, pictures, and texts with citations."""

import re
from collections.abc import Callable, Collection
from datetime import datetime
from itertools import groupby
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from feincms3.renderer import render_in_context

from content.blocks.citations import cite
from content.blocks.folds import Fold, with_folds
from content.blocks.marks import begin_mark, end_mark, mark
from content.blocks.renderer import renderer
from content.fields import markup
from content.media import renditions, share_images
from content.media.typefaces import needs_other_face
from content.models import Section
from content.pages import next_slot, structured_data
from content.search import tokenizer
from content.site.menus import MenuLink

register = template.Library()
_HYPHENATED = re.compile(r"\b\w{1,8}-\w{1,8}\b")  # Short enough for one line of a large heading on a narrow phone.
_WORDS = re.compile(r"(\s+)")
_clean = Section._meta.get_field("body").sanitize  # type: ignore[union-attr]


@register.simple_tag(takes_context=True)
def blocks(context: template.Context, of: Any) -> SafeString:
    """Render blocks of a page, in order and with their folds."""
    html: list[str] = []
    for is_fold, parts in groupby(with_folds(of), key=lambda part: isinstance(part, Fold)):
        if is_fold:
            html += [
                mark(fold.section, render_in_context(context, "content/_fold.html", {"fold": fold}), context)
                for fold in parts
            ]
        else:
            html += renderer.handle(list(parts), context)
    return mark_safe("".join(html))  # noqa: S308


@register.simple_tag(takes_context=True)
def begin_block(context: template.Context, block: Any) -> SafeString:
    """Mark the start of a block whose template shows others too, for the editor (content/blocks/marks.py)."""
    return begin_mark(block, context)


@register.simple_tag(takes_context=True)
def end_block(context: template.Context) -> SafeString:
    return end_mark(context)


@register.simple_tag(takes_context=True)
def menu(context: template.Context, kind: str) -> list[tuple[MenuLink, str]]:
    """Return the links of a menu, each with its aria-current value: "page", "true" for the current section, or ""."""
    links = (context.get("menus") or {}).get(kind, [])
    request = context.get("request")
    path, name = getattr(request, "path", ""), getattr(getattr(request, "resolver_match", None), "view_name", "")
    is_listed = any(link.address == path for link in links)  # Then no section is marked as current.
    return [
        (link, "page" if link.address == path else "true" if link.is_above(path, name) and not is_listed else "")
        for link in links
    ]


@register.simple_tag(takes_context=True)
def json_ld(context: template.Context) -> SafeString:
    """Render the page's schema.org graph as a JSON-LD script."""
    data = context.get("structured_data")
    if data is None:
        return mark_safe("")
    facts = {name: context.get(name) or None for name in ("clinic", "location")}
    special = context.get("special_days" if data.tells_every_date else "special_days_soon") or ()
    return structured_data.script(data.graph(hours=context.get("opening_hours") or (), special=special, **facts))


@register.simple_tag(takes_context=True)
def share_picture(context: template.Context) -> dict[str, str] | None:
    """Return the URL and alternative text of the Open Graph picture: a generated card, or the cropped hero picture."""
    subject = context.get("page") or context.get("person")
    if not subject:
        return None
    clinic, files = getattr(context.get("clinic"), "name", ""), _picture_files(context)
    card, hero_alt = share_images.share_image_for(subject, clinic), getattr(subject, "hero_alt", "")
    address = card.address(files)
    if address:
        alt = ". ".join(filter(None, [f"{card.title}, {clinic}" if clinic else card.title, hero_alt]))
        return {"address": structured_data.absolute_url(address), "alt": alt}
    hero = getattr(subject, "hero_picture", None)
    url = files.share_url(hero.image) if hero else ""
    return {"address": structured_data.absolute_url(url), "alt": hero_alt or card.title} if url else None


@register.filter
def day_in_words(start: datetime) -> str:
    """Today; tomorrow; Monday, November 30: the day of a local time, seen from now."""
    return next_slot.day_in_words(start, timezone.now())


@register.filter
def rich(html: str, sources: Collection[int] = ()) -> SafeString:
    """Render rich text with citations, sanitized again on output."""
    return cite(_clean(html or ""), sources)


@register.filter
def lead_and_body(row: dict[str, str], sources: Collection[int] = ()) -> SafeString:
    """Render a list item whose bold lead starts its first paragraph."""
    lead, body = row.get("lead", ""), row.get("body", "")
    if not lead or not body:
        return line(lead, sources) if lead else rich(body, sources)
    html = _clean(body)
    bold = f"<strong>{markup.to_line(lead)}</strong>"
    html = f"<p>{bold} {html[3:]}" if html.startswith("<p>") else f"<p>{bold}</p>{html}"
    return cite(html, sources)


@register.filter
def whole_words(text: str) -> SafeString:
    """Set a heading's words whole: no line break within "non-binary", no two typefaces within a word."""
    return _set_words(text, lambda word: _HYPHENATED.sub(r'<span class="nowrap">\g<0></span>', word))


@register.filter
def one_face_a_word(text: str) -> SafeString:
    """Set words with letters that the face of headings lacks in another face, wholly."""
    return _set_words(text, lambda word: word)


def _set_words(text: str, other_markup: Callable[[str], str]) -> SafeString:
    """Escape and mark each word; ``other_markup`` marks those that the face of headings has."""
    marked = []
    for word in _WORDS.split(text):
        escaped = str(escape(word))
        needs_mark = needs_other_face(word)
        marked.append(f'<span class="other-face">{escaped}</span>' if needs_mark else other_markup(escaped))
    return mark_safe("".join(marked))  # noqa: S308


@register.filter
def line(text: str, sources: Collection[int] = ()) -> SafeString:
    """Render a short cell's markup in one line, with citations."""
    return cite(markup.to_line(text or ""), sources)


@register.filter
def source_links(numbers: str, sources: Collection[int] = ()) -> SafeString:
    """Render a cell of source numbers as links, not superscript, which could be read as part of a figure."""
    known = [int(number) for number in numbers.split(",") if number.strip().isdigit() and int(number) in sources]
    return format_html_join(
        ", ", '<a href="#source-{0}"><span class="visually-hidden">source </span>{0}</a>', zip(known)
    )


@register.simple_tag
def block_heading(block: Any, css: str = "") -> SafeString:
    """Render the heading of a block, if it has one. Not a template, because a page has dozens of them."""
    if not block.heading:
        return SafeString()
    class_attr = format_html(' class="{}"', css) if css else ""
    return format_html(
        '<h{0} id="{1}"{2}>{3}</h{0}>', block.level, block.anchor, class_attr, one_face_a_word(block.heading)
    )


def _picture_files(context: template.Context) -> renditions.PictureFiles:
    return renditions.picture_files_of(context.get("request"))


@register.inclusion_tag("includes/_picture.html", takes_context=True)
def picture(
    context: template.Context,
    file: Any,
    alt: str = "",
    sizes: str = "100vw",
    eager: bool = False,
    css: str = "",
    focus: Any = None,
) -> dict[str, Any]:
    """Render a <picture> of a stored image.

    ``focus`` is the Picture whose focal point applies. Lazy by default; ``eager`` is for a page's hero picture.
    """
    classes = [css, _focus_class(focus)] if focus is not None else [css]
    return {
        "shown": _picture_files(context).sources(file) if file else None,
        "alt": alt,
        "sizes": sizes,
        "eager": eager,
        "css": " ".join(filter(None, classes)),
    }


@register.inclusion_tag("content/_map.html", takes_context=True)
def map_to(context: template.Context, place: Any, maps: dict[int, Any] | None, sizes: str) -> dict[str, Any]:
    """Render the map of a location, for light and dark colour schemes; nothing if there is none."""
    place_map = (maps or {}).get(place.pk)
    if place_map is None:
        return {"map": None}
    files = _picture_files(context)
    night = files.sources(place_map.night_picture.image) if place_map.night_picture else None
    day = files.sources(place_map.picture.image)
    return {"map": place_map, "day": day, "night": night, "sizes": sizes}


@register.simple_tag(takes_context=True)
def fetch_picture_ahead(context: template.Context, file: Any, width: str) -> SafeString:
    """Render a preload link for the hero picture, on screens that are wide enough to show it above the fold.

    ``width`` is its CSS width next to the heading. Phones show the text first, which a preload would slow down.
    """
    shown = _picture_files(context).sources(file) if file else None
    if not shown or not shown.sources:
        return SafeString()
    kind, srcset = shown.sources[0]
    return format_html(
        '<link rel="preload" as="image" type="{}" imagesrcset="{}" imagesizes="(min-width: 56rem) {}, 92vw"'
        ' media="(min-width: 40rem)" fetchpriority="high">',
        kind,
        srcset,
        width,
    )


def _focus_class(focus: Any) -> str:
    """Return the focal point as classes of picture.css, in steps of ten percent; none for the centre."""
    tenths = [(axis, (percent + 5) // 10 * 10) for axis, percent in (("x", focus.focal_x), ("y", focus.focal_y))]
    classes = [f"focus-{axis}-{tenth}" for axis, tenth in tenths if tenth != 50]
    return " ".join(["focus", *classes]) if classes else ""


@register.simple_tag
def words_of_address(path: str) -> str:
    """Return a search query from the words of a URL path, for the 404 page; needs no database."""
    return tokenizer.query_from_path(str(path or ""))
