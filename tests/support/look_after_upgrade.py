"""Inspect a site whose database an earlier release wrote, and print the result as JSON.

    python tests/support/look_after_upgrade.py FACTS    with DATABASE_URL, VAR_DIR and SECRET_KEY set

``FACTS`` is that database's facts.json. The clock is frozen at the time at which the earlier release visited the links.
"""

import json
import os
import sys
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import django
import time_machine
from django.conf import settings
from django.test import Client


def inspect_site(facts: dict[str, Any]) -> dict[str, Any]:
    from django.contrib.auth.models import Group
    from django.utils import timezone

    from content.models import Page, Revision
    from content.publishing.publish import publish

    page = Page.objects.get(kind=Page.Kind.TREATMENT, slug="dry-needling-for-back-pain")
    titles = [title_at(page.get_absolute_url())]
    first = Revision.objects.filter(page=page).order_by("pk")[0]
    page.title = first.head["title"]
    page.save()
    publish(page, by=None, now=timezone.now(), override_reason="A test of upgrades")
    titles.append(title_at(page.get_absolute_url()))
    role = Group.objects.get(name=facts["role_renamed_to"])
    names = [f"{label}.{name}" for label, name in role.permissions.values_list("content_type__app_label", "codename")]
    return {
        "links": {address: opened(address) for address in facts["links"]},
        "permissions": sorted(names),
        "feed": opened(facts["feed"]),
        "preview": opened(facts["preview"]),
        "preview_text": get(facts["preview"]).content.decode(),
        "old_address": opened(facts["old_address"]),
        "titles": titles,
        "groups": sorted(Group.objects.values_list("name", flat=True)),
    }


def get(address: str) -> Any:
    host = urlsplit(settings.SITE_URL).netloc
    return Client(headers={"host": host}).get(address, follow=True)


def opened(address: str) -> list[Any]:
    """Return the status and the final URL after redirects."""
    response = get(address)
    return [response.status_code, response.redirect_chain[-1][0] if response.redirect_chain else address]


def title_at(address: str) -> str:
    """Return the text of the page's <h1>."""
    html = get(address).content.decode()
    return html.split("<h1", 1)[1].split(">", 1)[1].split("</h1>", 1)[0].strip()


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")
    django.setup()
    facts = json.loads(Path(sys.argv[1]).read_text())
    with time_machine.travel(datetime.fromisoformat(facts["looked_at"]), tick=False):
        print(json.dumps(inspect_site(facts)))
