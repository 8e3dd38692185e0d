"""Lists that are styled without bullets keep their semantics in Safari, which needs role="list" for that."""

import re

from django.conf import settings

LIST = re.compile(r"<(?:ul|ol)\b[^>]*>")
STYLED_ITEM = re.compile(r"<li\b[^>]*\bclass=\"([^\"]*)\"")
BULLETLESS = re.compile(r"list-style(?:-type)?:\s*none")


def bulletless_selectors() -> set[str]:
    """The selectors whose lists, or items, have no bullets."""
    found = set()
    for path in (settings.BASE_DIR / "static" / "css").rglob("*.css"):
        css = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
        for selectors, body in re.findall(r"([^{};]+)\{([^{}]*)\}", css):
            if BULLETLESS.search(body):
                found |= {selector.strip() for selector in selectors.split(",")}
    return found


def lists_without_role(text: str, selectors: set[str]) -> list[str]:
    """The opening tags of bulletless lists that lack the role."""
    own = {selector[1:] for selector in selectors if re.fullmatch(r"\.[\w-]+", selector)}
    within = {match[1] for selector in selectors if (match := re.fullmatch(r"\.([\w-]+) (?:ul|ol|li)", selector))}
    wrong = []
    tags = list(LIST.finditer(text))
    for number, tag in enumerate(tags):
        end = tags[number + 1].start() if number + 1 < len(tags) else len(text)
        before = text[tags[number - 1].end() if number else 0 : tag.end()]
        items = {name for item in STYLED_ITEM.findall(text[tag.end() : end]) for name in item.split()}
        names = set(re.findall(r"[\w-]+", "".join(re.findall(r"class=\"([^\"]*)\"", tag.group()))))
        around = set(re.findall(r"[\w-]+", " ".join(re.findall(r"class=\"([^\"]*)\"", before))))
        if (names & own or items & own or around & within) and 'role="list"' not in tag.group():
            wrong.append(tag.group())
    return wrong


def test_every_list_without_bullets_has_the_role_of_a_list():
    selectors = bulletless_selectors()
    assert {".plain-list", ".steps", ".cards"} <= selectors
    wrong = {
        str(path.relative_to(settings.BASE_DIR)): tags
        for folder in ("templates", "booking", "content", "clinic")
        for path in (settings.BASE_DIR / folder).rglob("*")
        if path.suffix in {".html", ".py"} and (tags := lists_without_role(path.read_text(), selectors))
    }
    assert wrong == {}


def test_the_check_finds_lists_by_their_class_their_items_and_their_container():
    selectors = {".plain", ".free li", ".item"}
    for html in ('<ul class="a plain">', '<div class="free"><ol><li>', '<ul>\n<li class="item">'):
        assert lists_without_role(html, selectors), html
        assert not lists_without_role(re.sub("<(ul|ol)", r'<\1 role="list"', html), selectors), html
    assert not lists_without_role('<ul class="a"><li>', selectors)
