"""Parts of pages that say nothing but what the clinic's facts say: made once for them (``booking/context.py``)."""

from typing import Any

from django import template
from django.template.base import FilterExpression, NodeList, Parser, Token
from django.utils.safestring import SafeString, mark_safe

from booking.context import facts_of

register = template.Library()


class _FromFacts(template.Node):
    def __init__(self, nodelist: NodeList, keys: list[FilterExpression]) -> None:
        self.nodelist, self.keys = nodelist, keys

    def render(self, context: template.Context) -> SafeString:
        request = context.get("request")
        if request is None:
            return mark_safe(self.nodelist.render(context))  # noqa: S308
        made, key = facts_of(request).made, tuple(map(_fixed, (key.resolve(context) for key in self.keys)))
        if key not in made:
            made[key] = mark_safe(self.nodelist.render(context))  # noqa: S308
        return made[key]


def _fixed(key: Any) -> Any:
    return tuple(key) if isinstance(key, list) else key


@register.tag
def from_facts(parser: Parser, token: Token) -> template.Node:
    """``{% from_facts "footer" reach %}`` ... ``{% end_from_facts %}``: made once for the same facts and these values.

    Nothing else of the page may be asked for in it. The first value names the part.
    """
    keys = [parser.compile_filter(word) for word in token.split_contents()[1:]]
    nodelist = parser.parse(("end_from_facts",))
    parser.delete_first_token()
    return _FromFacts(nodelist, keys)
