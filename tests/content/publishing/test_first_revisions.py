"""Migration 0003 creates the first revision of each published page, and none for drafts."""

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from content.blocks import page_content
from content.models import Page, Revision

pytestmark = [pytest.mark.prove, pytest.mark.long]

BEFORE, AFTER = [("content", "0002_revisions")], [("content", "0003_first_revisions")]
AT = datetime(2026, 3, 4, 5, 6, tzinfo=UTC)


@pytest.mark.django_db(transaction=True)
def test_every_published_page_gets_its_first_revision():
    executor = MigrationExecutor(connection)
    executor.migrate(BEFORE)
    old = executor.loader.project_state(BEFORE).apps
    try:
        OldPage, Section = old.get_model("content", "Page"), old.get_model("content", "Section")
        fields = {"lede": "A few words.", "edited_at": AT}
        shown = OldPage.objects.create(title="Shown", slug="shown", is_published=True, published_at=AT, **fields)
        OldPage.objects.create(title="Draft", slug="draft", is_published=False, **fields)
        home = OldPage.objects.create(title="Home", kind="home", is_published=True, published_at=AT, **fields)
        for page, region, ordering in ((shown, "main", 20), (shown, "main", 10), (home, "end", 5), (home, "main", 30)):
            Section.objects.create(
                parent=page, region=region, ordering=ordering, heading=f"{region} {ordering}", body="<p>Words.</p>"
            )
        executor = MigrationExecutor(connection)
        executor.migrate(AFTER)
    finally:
        # Load the graph again: a partly applied squash is replaced by its single migrations.
        executor = MigrationExecutor(connection)
        executor.migrate([key for key in executor.loader.graph.leaf_nodes() if key[0] == "content"])

    live = {revision.page.title: revision for revision in Revision.objects.live(at=AT)}
    assert sorted(live) == ["Home", "Shown"]
    for revision in live.values():
        assert page_content.content_of_revision(revision).digest == page_content.content_of_draft(revision.page).digest
        assert (revision.goes_live_at, revision.changed_at, revision.made_by) == (AT, AT, None)
    assert [block["fields"]["heading"] for block in live["Shown"].blocks] == ["main 10", "main 20"]
    assert [block["fields"]["heading"] for block in live["Home"].blocks] == ["main 30", "end 5"]
    assert Page.objects.get(title="Draft").revisions.count() == 0
