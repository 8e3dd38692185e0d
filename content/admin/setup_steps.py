"""The set-up list's step on pages: those that every clinic needs, the legal ones with an example to edit."""

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from booking.staff.setup_steps import SetupStep
from content.models import Page, Revision

LEGAL = (Page.Kind.PRIVACY, Page.Kind.ACCESSIBILITY)
NEEDED = (Page.Kind.HOME, Page.Kind.CONTACT, *LEGAL)


def page_steps() -> list[SetupStep]:
    """Whether the pages that every clinic needs are published."""
    live = set(Revision.objects.live(at=timezone.now()).filter(is_public=True).values_list("page__kind", flat=True))
    missing = [kind for kind in NEEDED if kind not in live]
    existing = set(Page.objects.filter(kind__in=NEEDED).values_list("kind", flat=True))
    names = ", ".join(str(kind.label) for kind in missing)
    offers_example = any(kind in LEGAL and kind not in existing for kind in missing)
    return [
        SetupStep(
            gettext("Pages"),
            gettext("Not published yet: %(names)s.") % {"names": names}
            if missing
            else gettext("Home, contact, privacy and accessibility are published."),
            is_done=not missing,
            url=reverse("admin:content_page_changelist"),
            link_text=gettext("Open the pages"),
            action="legal" if offers_example else "",
            action_text=gettext("Start the legal pages from an example"),
        )
    ]
