"""What templates of pages need: blocks, pictures, and words with their citations."""

import re
from collections.abc import Collection
from typing import Any

from django import template
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from booking.context import facts_of
from content import markup, next_free, pictures, share_cards, structured_data
from content.citations import cite
from content.menus import MenuLink
from content.models import Section
from content.renderer import renderer

register = template.Library()
_HYPHENATED = re.compile(r"\b\w{1,8}-\w{1,8}\b")  # Short enough for a large heading on a narrow phone.
_clean = Section._meta.get_field("body").sanitize  # type: ignore[union-attr]


@register.simple_tag(takes_context=True)
def blocks(context: template.Context, of: Any) -> SafeString:
    """The blocks of one part of a page, each in its own template."""
    return mark_safe("".join(renderer.handle(of, context)))  # noqa: S308


@register.simple_tag(takes_context=True)
def menu(context: template.Context, kind: str) -> list[tuple[MenuLink, str]]:
    """The links of one menu, each with what aria-current says of it: this page, the part it is in, or nothing."""
    links = (context.get("menus") or {}).get(kind, [])
    request = context.get("request")
    path, name = getattr(request, "path", ""), getattr(getattr(request, "resolver_match", None), "view_name", "")
    is_here = any(link.address == path for link in links)  # Then it is in no other part.
    return [
        (link, "page" if link.address == path else "true" if name in link.below and not is_here else "")
        for link in links
    ]


@register.simple_tag(takes_context=True)
def json_ld(context: template.Context) -> SafeString:
    """The page's graph for search engines, as a data block that nothing executes."""
    data = context.get("structured_data")
    if data is None:
        return mark_safe("")
    facts = {name: context.get(name) or None for name in ("clinic", "location")}
    special = context.get("special_days" if data.tells_every_date else "special_days_soon") or ()
    return structured_data.script(data.graph(hours=context.get("opening_hours") or (), special=special, **facts))


@register.simple_tag(takes_context=True)
def next_free_here(context: template.Context) -> SafeString:
    """The next free time of the page's service, or the mark of where it is to stand."""
    opening = context.get("next_free")
    return next_free.LATER if opening is next_free.LATER else next_free.in_html(opening, facts_of(context["request"]))


@register.simple_tag(takes_context=True)
def share_picture(context: template.Context) -> dict[str, str] | None:
    """Address and words of the picture for shared links: the page's (or person's) card, or its own picture cut."""
    subject = context.get("page") or context.get("person")
    if not subject:
        return None
    clinic = getattr(context.get("clinic"), "name", "")
    card, seen = share_cards.card_of(subject, clinic), getattr(subject, "hero_alt", "")
    if card.address:
        words = ". ".join(filter(None, [f"{card.title}, {clinic}" if clinic else card.title, seen]))
        return {"address": structured_data.address(card.address), "alt": words}
    hero = getattr(subject, "hero_picture", None)
    url = pictures.share_url(hero.image) if hero else ""
    return {"address": structured_data.address(url), "alt": seen or card.title} if url else None


@register.filter
def rich(html: str, sources: Collection[int] = ()) -> SafeString:
    """Rich text, cleaned once more on its way out, with its citations."""
    return cite(_clean(html or ""), sources)


@register.filter
def words(text: str, sources: Collection[int] = ()) -> SafeString:
    """Paragraphs and lists of a row's long cell, with their citations."""
    return cite(markup.to_html(text or ""), sources)


@register.filter
def lead_and_body(row: dict[str, str], sources: Collection[int] = ()) -> SafeString:
    """A list item: its first words, in bold, begin its first paragraph."""
    lead, body = row.get("lead", ""), row.get("body", "")
    if not lead or not body:
        return line(lead, sources) if lead else words(body, sources)
    html: str = markup.to_html(body)
    bold = f"<strong>{markup.to_line(lead)}</strong>"
    html = f"<p>{bold} {html[3:]}" if html.startswith("<p>") else f"<p>{bold}</p>{html}"
    return cite(html, sources)


@register.filter
def whole_words(text: str) -> SafeString:
    """A title in which a short word with a hyphen stays on one line: "non-binary" does not end it with "non-"."""
    return mark_safe(_HYPHENATED.sub(r'<span class="nowrap">\g<0></span>', escape(text)))  # noqa: S308


@register.filter
def line(text: str, sources: Collection[int] = ()) -> SafeString:
    """A row's short cell, with its citations."""
    return cite(markup.to_line(text or ""), sources)


@register.filter
def source_links(numbers: str, sources: Collection[int] = ()) -> SafeString:
    """A cell that holds nothing but source numbers: links on the line, which no figure can be mistaken for."""
    known = [int(number) for number in numbers.split(",") if number.strip().isdigit() and int(number) in sources]
    return format_html_join(
        ", ", '<a href="#source-{0}"><span class="visually-hidden">source </span>{0}</a>', zip(known)
    )


@register.inclusion_tag("includes/_picture.html")
def picture(
    file: Any,
    alt: str = "",
    sizes: str = "100vw",
    eager: bool = False,
    css: str = "",
    focus: Any = None,
) -> dict[str, Any]:
    """A <picture> of a stored image. ``focus`` may be the library's Picture, whose focal point counts.

    Lazy by default; ``eager`` is for the one picture at the head of a page.
    """
    classes = [css, _focus_class(focus)] if focus is not None else [css]
    return {
        "shown": pictures.show(file) if file else None,
        "alt": alt,
        "sizes": sizes,
        "eager": eager,
        "css": " ".join(filter(None, classes)),
    }


@register.inclusion_tag("content/_map.html")
def map_to(place: Any, maps: dict[int, Any] | None, sizes: str) -> dict[str, Any]:
    """The drawn map of a location, by day and by night; nothing where there is none."""
    found = (maps or {}).get(place.pk)
    if found is None:
        return {"map": None}
    night = pictures.show(found.night_picture.image) if found.night_picture else None
    return {"map": found, "day": pictures.show(found.picture.image), "night": night, "sizes": sizes}


@register.simple_tag
def fetch_picture_ahead(file: Any, width: str) -> SafeString:
    """A line for the head: where the screen is wide enough to show this picture at once, fetch it at once.

    ``width`` is how wide it stands beside the heading. On a phone the words come first, and a picture that
    takes its share of a slow line keeps them waiting.
    """
    shown = pictures.show(file) if file else None
    if shown is None or not shown.sources:
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
    """The focal point as classes of picture.css, to the nearest tenth each way; the middle needs none."""
    tenths = [(axis, (percent + 5) // 10 * 10) for axis, percent in (("x", focus.focal_x), ("y", focus.focal_y))]
    classes = [f"focus-{axis}-{tenth}" for axis, tenth in tenths if tenth != 50]
    return " ".join(["focus", *classes]) if classes else ""
