from django.apps import AppConfig
from django.db.models.signals import post_migrate

BETWEEN_PICTURES = 300.0  # seconds
BETWEEN_CARDS = 60.0

# What no public page shows: kept pages may stay while it is written.
NOT_SHOWN = {"PageAnswers", "ExternalLink", "ExternalLink_pages", "ExternalLink_people", "SearchEntry", "SearchIndex"}


class ContentConfig(AppConfig):
    name = "content"
    verbose_name = "Pages"

    def ready(self) -> None:
        from booking import chores
        from booking.context import show_on_every_page
        from booking.models import watch_what_is_shown
        from content import former, pictures, share_cards, uses
        from content.menus import ON_EVERY_PAGE, make_missing_menus
        from content.notices import ABOVE_EVERY_PAGE

        pictures.watch("content.Picture", "image")
        pictures.watch("booking.Practitioner", "photo")
        watch_what_is_shown(self, but=NOT_SHOWN)
        show_on_every_page("notices", ABOVE_EVERY_PAGE)
        show_on_every_page("menus", ON_EVERY_PAGE)
        post_migrate.connect(lambda using, **_: make_missing_menus(using), sender=self, weak=False)
        uses.guard()
        chores.every(BETWEEN_PICTURES, "pictures", pictures.catch_up)
        chores.every(BETWEEN_CARDS, "pictures for shared links", share_cards.catch_up)
        former.connect()
