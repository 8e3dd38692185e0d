from django.apps import AppConfig

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
        from content.notices import ABOVE_EVERY_PAGE

        pictures.watch("content.Picture", "image")
        pictures.watch("booking.Practitioner", "photo")
        watch_what_is_shown(self, but=NOT_SHOWN)
        show_on_every_page("notices", ABOVE_EVERY_PAGE)
        uses.guard()
        chores.every(BETWEEN_PICTURES, "pictures", pictures.catch_up)
        chores.every(BETWEEN_CARDS, "pictures for shared links", share_cards.catch_up)
        former.connect()
