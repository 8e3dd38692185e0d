"""For the page that says an address leads nowhere: the words of that address, to search for instead."""

from django import template

from content.search import terms

register = template.Library()


@register.simple_tag
def words_of_address(path: str) -> str:
    """Words to begin a search with; asks no database, and never fails."""
    return terms.of_address(str(path or ""))
