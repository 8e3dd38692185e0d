"""Which pages a person wrote, for their own page."""

from datetime import datetime

from django.db.models import Subquery
from django.db.models.fields.json import KT

from booking import together
from booking.models import Practitioner
from content.live import heads, in_order, published
from content.models import Page, Revision

LISTED = 12  # More than that nobody reads through; all treatments have a page of their own.


def pages_by(person: Practitioner, *, now: datetime) -> tuple[list[Page], bool]:
    """The treatments of theirs that readers see, the latest reviewed first, and whether there are more than these."""
    theirs = Revision.objects.live(at=now).treatments().filter(head__written_by=person.pk)
    reviewed = KT("head__last_reviewed_on").desc(nulls_last=True)
    first = theirs.order_by(reviewed, "page__position", "page").values("pk")[: LISTED + 1]
    found = together.fetch(written=heads(Revision.objects.filter(pk__in=Subquery(first))))["written"]
    pages = [one.page for one in in_order(map(published, found))]
    pages.sort(key=lambda page: page.last_reviewed_on.toordinal() if page.last_reviewed_on else 0, reverse=True)
    return pages[:LISTED], len(pages) > LISTED
