from django.apps import AppConfig
from django.db.models.signals import post_migrate

PICTURES_INTERVAL = 2.0  # seconds; one query if there is nothing to do
SHARE_IMAGES_INTERVAL = 60.0  # seconds
EDIT_SESSIONS_INTERVAL = 3600.0  # seconds
PICTURE_FILES_INTERVAL = 3600.0  # seconds

# Models that no public page shows: writing them does not invalidate cached pages.
UNVERSIONED_MODELS = {
    "PageFeedback",
    "EditSession",
    "ExternalLink",
    "ExternalLink_pages",
    "ExternalLink_people",
    "SearchEntry",
    "SearchIndex",
    # Blocks of drafts: readers see revisions, and an editor saves a draft every few seconds.
    "BeforeDuringAfter",
    "CallToAction",
    "Callout",
    "CareCard",
    "DefinitionList",
    "DoList",
    "LeadList",
    "NumberedSections",
    "PersonCard",
    "PlacedPicture",
    "Questions",
    "RiskTable",
    "Section",
    "Signpost",
    "SnippetHere",
    "Sources",
}


class ContentConfig(AppConfig):
    name = "content"
    verbose_name = "Pages"

    def ready(self) -> None:
        from booking.models import connect_version_signals
        from booking.site_context import register_context_provider
        from booking.statistics.pages import SitePages, register_site_pages
        from booking.worker import periodic_tasks
        from content.links import redirects, usage
        from content.media import preparation, share_images, uploads
        from content.publishing import edit_sessions
        from content.site import booking_pages, every_page
        from content.site.menus import make_missing_menus

        uploads.watch("content.Picture", "image")
        uploads.watch("booking.Practitioner", "photo")
        uploads.watch("booking.PractitionerDraft", "photo")
        connect_version_signals(self, but=UNVERSIONED_MODELS)
        register_context_provider(["menus", "notices", "live_kinds"], every_page.read)
        register_site_pages(SitePages(published=booking_pages.published, facts=booking_pages.facts))
        post_migrate.connect(lambda using, **_: make_missing_menus(using), sender=self, weak=False)
        usage.connect_signals()
        # A copy of the database may have its pictures where the site has them, and must not delete those.
        periodic_tasks.register_periodic_task(
            PICTURE_FILES_INTERVAL, "picture files", preparation.check_files, needs_clock=True, needs_site=True
        )
        periodic_tasks.register_periodic_task(
            PICTURES_INTERVAL, "pictures", preparation.prepare_waiting, needs_site=True
        )
        periodic_tasks.register_periodic_task(
            SHARE_IMAGES_INTERVAL,
            "pictures for shared links",
            share_images.create_missing,
            needs_clock=True,
            needs_site=True,
        )
        periodic_tasks.register_periodic_task(
            EDIT_SESSIONS_INTERVAL, "edit sessions", edit_sessions.delete_old, needs_clock=True
        )
        redirects.connect_signals()
